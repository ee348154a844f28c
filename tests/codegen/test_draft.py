import ast
from dataclasses import replace

from qeforge.codegen.draft import Draft, draft, simplify
from qeforge.domain.observation import Facet
from qeforge.domain.testcase import Assertion
from tests.oracle.build import candidate, case


def simplified(act: str, *arrange: str, check: str = "assert result == 1") -> str:
    one = replace(case(act, check), candidate=candidate(act, *arrange))
    made = draft(one)
    simplify(made)
    return shown(made)


def shown(made: Draft) -> str:
    return "\n".join(map(ast.unparse, (*made.arrange, *made.act)))


def test_a_value_that_is_used_once_moves_into_the_call() -> None:
    assert simplified("f(x, y)", "x = 1", "y = Decimal('2')") == "f(1, Decimal('2'))"


def test_a_chain_of_values_collapses() -> None:
    assert simplified("f(items)", "x = 1", "items = [x]") == "f([1])"


def test_what_is_not_used_goes() -> None:
    assert simplified("f(1)", "x = 1", "y = Account('Ann')") == "y = Account('Ann')\nf(1)"


def test_what_is_checked_afterwards_stays() -> None:
    assert simplified("f(items)", "items = []", check="assert items == [1]") == "items = []\nf(items)"


def test_what_is_used_twice_stays() -> None:
    assert simplified("f(x, x)", "x = 1") == "x = 1\nf(x, x)"


def test_receivers_and_objects_stay() -> None:
    assert simplified("text.upper()", "text = 'a'") == "text = 'a'\ntext.upper()"
    assert simplified("f(account)", "account = Account('Ann')") == "account = Account('Ann')\nf(account)"


def test_what_runs_more_than_once_or_later_stays() -> None:
    assert simplified("f(lambda: x)", "x = []") == "x = []\nf(lambda: x)"
    assert simplified("[x for _ in y]", "x = []", "y = [1]").startswith("x = []")


def test_what_is_assigned_again_stays() -> None:
    assert simplified("f(x)", "x = 1", "x += 1") == "x = 1\nx += 1\nf(x)"


def test_long_values_stay() -> None:
    assert simplified("f(x)", f"x = {'a' * 70!r}").startswith("x = ")


def test_a_named_path_is_checked_by_its_name() -> None:
    check = Assertion(facet=Facet.FILES, code="assert (tmp_path / 'x').read_text() == ''", fixtures=("tmp_path",))
    subject = candidate("f(path)", "path = tmp_path / 'x'", fixtures=("tmp_path",))
    made = draft(replace(case("f(path)"), candidate=subject, assertions=(check,)))
    simplify(made)
    assert ast.unparse(made.checks[0]) == "assert path.read_text() == ''"


def test_contexts_and_checks_are_told_apart() -> None:
    assertions = (
        Assertion(facet=Facet.EXCEPTION, code="pytest.raises(SystemExit)"),
        Assertion(facet=Facet.EXCEPTION, code="assert excinfo.value.code == 2"),
    )
    made = draft(replace(case("f(1)"), assertions=assertions))
    assert len(made.contexts) == len(made.checks) == 1


def test_a_slice_stands_in_its_brackets() -> None:
    assert simplified("items[index]", "items = f()", "index = slice(1, None)") == "items = f()\nitems[1:]"
    assert simplified("del items[slice(1, 3, -1)]", "items = f()") == "items = f()\ndel items[1:3:-1]"
    assert simplified("items[slice(2)]", "items = f()") == "items = f()\nitems[slice(2)]"
    assert simplified("f(slice(1, 2))") == "f(slice(1, 2))"


def test_bounds_that_are_unpacked_stay_in_the_call() -> None:
    for act in ("items[slice(*pair, 1)]", "items[slice(0, *pair)]"):
        assert simplified(act, "items = f()", "pair = f()").endswith(act)


def test_another_slice_stays_a_call() -> None:
    own = "def slice(start, stop):\n    return f(start)"
    assert simplified("items[slice(1, 2)]", own).endswith("items[slice(1, 2)]")
    one = case("f(1)")
    imported = replace(one.candidate, act="items[slice(1, 2)]", imports=("from shop import slice",))
    made = draft(replace(one, candidate=imported))
    simplify(made)
    assert shown(made) == "items[slice(1, 2)]"
