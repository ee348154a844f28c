import ast
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Accepted, Pattern, PatternKind
from qeforge.domain.recipe import Fake
from qeforge.memory.parts import parts_of
from qeforge.memory.recall import recall
from tests.memory.samples import PROJECT, call, keep, memory_in, module, target

CART = "from shop.texts import Cart"
OUTSIDE = """
import subprocess
from subprocess import check_output as ask


def version(name: str) -> str:
    return ask([name, "--version"]).decode()


def push(branch: str) -> int:
    return subprocess.run(["git", "push", branch]).returncode
"""


def parts(candidate: Candidate, *, raised: bool = False, source: str | None = None) -> list[Pattern]:
    where = module() if source is None else module(source, "shop.outside")
    name = candidate.target.partition(":")[2]
    one = Accepted(candidate=candidate, goals=1, raised=raised)
    return list(parts_of(where, target(name, where), one, project=PROJECT))


def test_an_object_is_remembered_by_its_class_as_it_was_built() -> None:
    [found] = parts(call("cart.add('tea', 1)", "Cart.add", arrange=("cart = Cart('ann')",)))
    assert (found.kind, found.shape, found.act) == (PatternKind.CONSTRUCTION, "object Cart shop.texts", "Cart('ann')")
    assert (found.imports, found.roles, found.arrange) == ((CART,), (), ())


def test_what_an_object_is_made_from_is_put_in() -> None:
    made = call(
        "area(1, box.width)",
        "area",
        imports=("import decimal", "from shop.boxes import Box as Case, Lid", "from shop.texts import area"),
        arrange=("size = decimal.Decimal('2')", "lid = Lid(size)", "box = Case(lid, folder=tmp_path)"),
        fixtures=("tmp_path", "capsys"),
    )
    lid, box = parts(made)
    assert (lid.shape, lid.act) == ("object Lid shop.boxes", "Lid(decimal.Decimal('2'))")
    assert (box.shape, box.act) == ("object Box shop.boxes", "Case(Lid(decimal.Decimal('2')), folder=tmp_path)")
    assert (box.imports, box.fixtures) == (("import decimal", "from shop.boxes import Box as Case, Lid"), ("tmp_path",))


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("lambda name: name", "Cart(lambda name: name)"),
        ("(name, lambda name: name)", "Cart(('ann', lambda name: name))"),
        ("lambda *name, other=name: other", "Cart(lambda *name, other='ann': other)"),
        ("lambda: name", "Cart(lambda: 'ann')"),
        ("lambda name: both", None),  # `both` would read the parameter
    ],
)
def test_what_a_lambda_takes_is_no_local_name(value: str, made: str | None) -> None:
    arrange = ("name = 'ann'", "both = [name]", f"cart = Cart({value})")
    found = parts(call("cart.add('tea', 1)", "Cart.add", arrange=arrange, imports=(CART,)))
    assert [one.act for one in found] == ([made] if made else [])


def test_what_grows_without_measure_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    unparse = ast.unparse

    def counted(node: ast.AST) -> str:
        text = unparse(node)
        written.append(len(text))
        return text

    monkeypatch.setattr(ast, "unparse", counted)
    lists = tuple(f"x{number} = [{', '.join([f'x{number + 1}'] * 25)}]" for number in range(3))
    made = call("cart.add('tea', 1)", "Cart.add", arrange=(*lists, "x3 = 0", "cart = Cart(x0)"), imports=(CART,))
    assert parts(made) == []
    assert sum(written) < 2_000


@pytest.mark.parametrize(
    "arrange",
    [
        ("cart = Cart(name)",),  # a name from nowhere
        ("name = 'a'", "name = 'b'", "cart = Cart(name)"),  # which of the two
        ("name = [name]", "cart = Cart(name)"),  # without end
        (f"cart = Cart('{'x' * 300}')",),  # too long
        ("cart = Decimal('1')",),  # nobody's of the project
        ("carts = [Cart(name) for name in 'ab']",),  # means something in its place alone
    ],
)
def test_what_does_not_stand_for_itself_is_no_construction(arrange: tuple[str, ...]) -> None:
    imports = (CART, "from decimal import Decimal")
    assert parts(call("cart.add('tea', 1)", "Cart.add", arrange=arrange, imports=imports)) == []


def test_an_act_that_raised_says_nothing_of_what_it_makes() -> None:
    made = call("Cart('')", "Cart.__init__", imports=(CART,))
    assert [one.act for one in parts(made)] == ["Cart('')"]
    assert parts(made, raised=True) == []


@pytest.mark.parametrize(
    ("statement", "stands_for"),
    [
        ("monkeypatch.setattr('subprocess.run', lambda *args, **kwargs: None)", "subprocess.run"),
        ("monkeypatch.setattr(subprocess, 'run', lambda *args, **kwargs: None)", "subprocess.run"),
        ("monkeypatch.setattr('shop.outside.ask', lambda *args, **kwargs: None)", "subprocess.check_output"),
        ("monkeypatch.setattr(outside, 'ask', lambda *args, **kwargs: None)", "subprocess.check_output"),
        ("monkeypatch.setattr('shop.outside.subprocess.run', lambda *args, **kwargs: None)", "subprocess.run"),
    ],
)
def test_a_stand_in_is_remembered_by_what_it_stands_for(statement: str, stands_for: str) -> None:
    imports = ("import subprocess", "from shop import outside", "from shop.outside import push")
    fixtures = ("monkeypatch",)
    made = call("push('a')", "push", at="shop.outside", arrange=(statement,), imports=imports, fixtures=fixtures)
    [found] = parts(made, source=OUTSIDE)
    assert (found.kind, found.shape) == (PatternKind.FAKE, f"outside {stands_for} ")
    assert (found.act, found.imports, found.fixtures) == ("lambda *args, **kwargs: None", (), ())


@pytest.mark.parametrize(
    "statement",
    [
        "monkeypatch.setattr('shop.outside.push', print)",  # the project's own
        "monkeypatch.setattr(unknown, 'run', print)",
        "monkeypatch.setattr('subprocess.run', answers)",
        "monkeypatch.setattr('subprocess.run', tmp_path)",
        "monkeypatch.setattr('no name', print)",
        "monkeypatch.setattr('shop.outside.subprocess', print)",  # a whole module
        "monkeypatch.setenv('TOKEN', 'abc')",
    ],
)
def test_other_changes_are_no_stand_in(statement: str) -> None:
    fixtures = ("monkeypatch", "tmp_path")
    made = call("push('a')", "push", at="shop.outside", arrange=(statement,), fixtures=fixtures)
    assert parts(made, source=OUTSIDE) == []


def test_another_module_gets_the_objects_whose_class_it_names(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("cart.add('tea', 1)", "Cart.add", arrange=("cart = Cart('ann')",), imports=(CART,)))
    for source in (
        "def total(cart):\n    return 1\n",
        "def total(given: 'Cart'):\n    return 1\n",
        "def total(*given: 'list[Cart | None]'):\n    return 1\n",
        "def total(given) -> 'Cart':\n    return 1\n",
        "from shop import texts\n\ndef total(given):\n    return isinstance(given, texts.Cart)\n",
        "from shop.texts import Cart as Case\n\ndef total(given):\n    return isinstance(given, Case)\n",
        "from shop.texts import *\n\ndef total(given):\n    return isinstance(given, Cart)\n",
    ):
        [recipe] = recall(memory, module(source, "shop.sums"), project=PROJECT, everywhere=False).recipes
        assert recipe.target.startswith("memory:")
        assert recipe.receiver is not None
        assert (recipe.receiver.source, recipe.receiver.type_name) == ("Cart('ann')", "shop.texts.Cart")
        assert recipe.receiver.imports == (CART,)
    told = module("def total(carts):\n    '''Not of the Cart.'''\n    return 'Cart'  # Cart\n", "shop.sums")
    assert recall(memory, told, project=PROJECT, everywhere=False).recipes == ()
    other = module("def total(carts):\n    return 1\n", "shop.sums")
    assert recall(memory, other, project=PROJECT, everywhere=False).recipes == ()
    named = module("def total(cart):\n    return 1\n", "else.sums")
    assert recall(memory, named, project="/elsewhere", everywhere=True).recipes == ()  # not theirs to import


def test_a_module_gets_the_stand_ins_for_what_it_calls(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    statement = "monkeypatch.setattr('subprocess.run', lambda *args, **kwargs: 7)"
    where = module(OUTSIDE, "shop.outside")
    made = call("push('a')", "push", at="shop.outside", arrange=(statement,), fixtures=("monkeypatch",))
    from tests.memory.samples import learned, place

    memory.keep(place("push", at="shop.outside"), learned(made, of=where), at=1.0)
    source = "from subprocess import run as go\n\ndef f(x):\n    return go(x)\n"
    found = recall(memory, module(source, "other.calls"), project="/elsewhere", everywhere=True)
    assert found.fakes == (Fake(stands_for="subprocess.run", source="lambda *args, **kwargs: 7"),)
    without = module("import subprocess\n\ndef f(x):\n    return subprocess.call(x)\n", "other.calls")
    assert recall(memory, without, project="/elsewhere", everywhere=True).fakes == ()
