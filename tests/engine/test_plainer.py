from qeforge.analysis.targets import find_targets
from qeforge.engine.plainer import natural_types, plainer
from qeforge.engine.plan import Argument, Plan, Step, to_candidate
from qeforge.engine.value import Value, literal

TARGETS = {
    t.qualname: t for t in find_targets("def f(a, b=1): return a\nclass C:\n    def m(self, a): return a\n", "shop")
}
POOLS = {"a": [literal("'abc'"), literal("'xyz'")], "b": [literal("2")]}


def acts(plan: Plan, *receivers: Value) -> list[str]:
    made = [to_candidate(new) for new in plainer(plan, POOLS, receivers)]
    return list(dict.fromkeys("; ".join((*one.arrange, one.act)) for one in made))


def test_all_arguments_come_first_then_one_after_another() -> None:
    plan = Plan(
        target=TARGETS["f"],
        arguments=(
            Argument(name="a", value=literal("''")),
            Argument(name="b", value=literal("-9"), keyword=True),
        ),
    )
    assert acts(plan) == ["f('abc', b=2)", "f('xyz', b=2)", "f('')", "f('abc', b=-9)", "f('', b=2)", "f('xyz', b=-9)"]


def test_a_method_gets_the_likeliest_receiver_and_fewer_steps() -> None:
    plain, odd = (Value(source=f"C({text})", type_name="C", shared=True) for text in ("", "-1"))
    plan = Plan(
        target=TARGETS["C.m"],
        receiver=odd,
        steps=(Step(method="m", arguments=(Argument(name="a", value=literal("0")),)),),
        arguments=(Argument(name="a", value=literal("''")),),
    )
    found = acts(plan, plain)
    assert found[0] == "c = C(); c.m('abc')"
    assert "c = C(-1); c.m('')" in found
    assert "c = C(); c.m(0); c.m('')" in found


def test_values_of_the_natural_type_come_before_strangers() -> None:
    pools = {"a": [literal("b'x'"), literal("'abc'"), literal("'xyz'")]}
    plan = Plan(target=TARGETS["f"], arguments=(Argument(name="a", value=literal("0")),))
    first = next(iter(plainer(plan, pools, ())))
    assert to_candidate(first).act == "f('abc')"


def test_an_iterator_is_no_type_of_its_own() -> None:
    lists = [literal("[1]"), literal("[2]")]
    iterators = [Value(source=f"iter([{n}])", type_name="iterator") for n in (1, 2)]
    assert natural_types([*iterators, *lists]) == {"list"}
    assert natural_types([literal("1"), literal("'a'"), literal("None")]) == frozenset()


def in_world(plan: Plan) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """Arrangement, fixtures and further imports of what is offered with the same arguments."""
    offered = [to_candidate(new) for new in plainer(plan, {}, ())]
    return [(c.arrange, c.fixtures, c.imports[1:]) for c in offered if c.arrange != to_candidate(plan).arrange]


def test_surroundings_go_with_their_fixtures_and_imports() -> None:
    folder, clock = "monkeypatch.chdir(tmp_path)", 'monkeypatch.setattr("sys.stdin", io.StringIO("a"))'
    plan = Plan(
        target=TARGETS["f"],
        arguments=(Argument(name="a", value=literal("'abc'")),),
        world=(folder, clock),
        world_fixtures=("monkeypatch", "tmp_path"),
        world_imports=("import io",),
    )
    assert ((), (), ()) in in_world(plan)
    assert ((clock,), ("monkeypatch",), ("import io",)) in in_world(plan)
    assert ((folder,), ("monkeypatch", "tmp_path"), ()) in in_world(plan)


def test_a_definition_goes_with_the_statement_that_uses_it() -> None:
    fixed = "class FixedDate(date):\n    pass"
    plan = Plan(
        target=TARGETS["f"],
        world=(fixed, 'monkeypatch.setattr("shop.date", FixedDate)'),
        world_fixtures=("monkeypatch",),
        world_imports=("from datetime import date",),
    )
    assert set(in_world(plan)) >= {((), (), ())}
    assert not any(arrange == (fixed,) for arrange, _, _ in in_world(plan))


def test_imports_that_the_call_itself_needs_stay() -> None:
    plan = Plan(
        target=TARGETS["f"],
        arguments=(Argument(name="a", value=Value(source="io.StringIO()", type_name="StringIO")),),
        world=("monkeypatch.chdir(tmp_path)",),
        world_fixtures=("monkeypatch", "tmp_path"),
        world_imports=("import io",),
    )
    assert ((), (), ("import io",)) in in_world(plan)
