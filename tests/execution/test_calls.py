"""What the recorder of calls tells of code that runs in this process."""

import importlib.util
import io
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qeforge.domain.recipe import Given, Recipe
from qeforge.execution.observed_calls import recipe_of
from qeforge.execution.worker.calls import MOST_PER_CALLABLE, CallRecorder

SHOP = """
from dataclasses import dataclass
from functools import wraps


class Owner:
    def __init__(self, name):
        self.name = name


class Account:
    def __init__(self, owner, balance=0, *, currency="EUR"):
        self.owner, self.balance, self.currency, self.notes = owner, balance, currency, {}

    def deposit(self, amount):
        self._note("deposit", amount)
        self.balance += amount

    def _note(self, *parts, **more):
        self.notes[parts] = more

    def __setitem__(self, key, value):
        self.notes[key] = value

    def __getitem__(self, key):
        return self.notes[key]

    @property
    def rich(self):
        return self.balance > 10

    @classmethod
    def empty(cls, name):
        return cls(Owner(name))

    @staticmethod
    def parse(text):
        return Account(Owner(text))


class Savings(Account):
    def __init__(self, owner, rate):
        super().__init__(owner, 1)


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Shy:
    def __repr__(self):
        raise RuntimeError("not me")

    def __eq__(self, other):
        raise RuntimeError("not me")

    __hash__ = None


@dataclass
class Line:
    amount: int
    text: str = ""


def logged(function):
    @wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


@logged
def report(lines, title="x"):
    for line in lines:
        yield f"{title} {line.amount}"


def opened(name):
    class Hidden(Account):
        pass

    return Hidden(Owner(name))


def show(value):
    return value


def load(text):
    return [Line(int(part)) for part in text.split()][0]


def only(a, b=2, /, c=3):
    return a + b + c


async def later(account):
    return account.balance
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    path = tmp_path / "shop.py"
    path.write_text(SHOP)
    spec = importlib.util.spec_from_file_location("shop", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "shop", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(module)
    return module


def told(arguments: tuple[Given, ...]) -> str:
    return ", ".join(f"{g.name}={g.value.source}" if g.keyword else g.value.source for g in arguments)


def line(recipe: Recipe) -> str:
    """A recipe in one line: `Account(1).[deposit(2)].withdraw(3)`."""
    name = recipe.target.partition(":")[2]
    steps = "".join(f".[{step.method}({told(step.arguments)})]" for step in recipe.steps)
    if recipe.receiver is None:
        return f"{name}({told(recipe.arguments)})"
    return f"{recipe.receiver.source}{steps}.{name.rpartition('.')[2]}({told(recipe.arguments)})"


def recorded(play: Callable[[], object], recorder: CallRecorder | None = None, *, passed: bool = True) -> list[Recipe]:
    recorder = recorder or CallRecorder(["shop"], "/private/folder")
    recorder.begin()
    assert recorder.start()
    try:
        play()
    finally:
        recorder.stop()
    return [recipe_of(call) for call in recorder.end(passed)]


def lines(play: Callable[[], object]) -> list[str]:
    return [line(recipe) for recipe in recorded(play)]


def test_objects_are_told_by_the_calls_that_made_them(shop: types.ModuleType) -> None:
    def play() -> None:
        account = shop.Account(shop.Owner("ann"), 5)
        account.deposit(10)
        assert account.rich

    assert lines(play) == [
        "Owner('ann')",
        "Account(Owner('ann'), balance=5)",
        "Account(Owner('ann'), balance=5).deposit(10)",
        "Account(Owner('ann'), balance=5)._note('deposit', 10)",
        "Account(Owner('ann'), balance=5).[deposit(10)].rich()",
    ]


def test_recipes_say_types_and_imports(shop: types.ModuleType) -> None:
    [_, recipe] = recorded(lambda: shop.Account(shop.Owner("ann")))
    assert recipe.target == "shop:Account"
    [owner] = recipe.arguments
    assert (owner.name, owner.value.type_name, owner.value.imports) == (
        "owner",
        "shop.Owner",
        ("from shop import Owner",),
    )


def test_items_that_were_set_are_steps(shop: types.ModuleType) -> None:
    def play() -> None:
        account = shop.Account(None)
        account["a"] = 1
        assert account["a"] == 1

    assert lines(play)[1:] == [
        "Account(None).__setitem__('a', 1)",
        "Account(None).[__setitem__('a', 1)].__getitem__('a')",
    ]


def test_class_methods_and_static_methods(shop: types.ModuleType) -> None:
    found = lines(lambda: (shop.Account.empty("zed"), shop.Account.parse("bob")))
    assert "Account.empty('zed')" in found
    assert ("Account.parse('bob')" in found) == (sys.version_info >= (3, 11))


def test_a_generator_is_one_call_however_often_it_goes_on(shop: types.ModuleType) -> None:
    found = lines(lambda: list(shop.report([shop.Line(1), shop.Line(2, text="b")], title="T")))
    assert found == ["Line(1)", "Line(2, text='b')", "report([Line(1), Line(2, text='b')], title='T')"]


def test_a_coroutine_is_recorded(shop: types.ModuleType) -> None:
    import asyncio

    assert "later(Account(None))" in lines(lambda: asyncio.run(shop.later(shop.Account(None))))


def test_what_a_function_returned_is_told_by_its_call(shop: types.ModuleType) -> None:
    class Unknown:
        pass

    def play() -> None:
        made = shop.opened("bob")  # of a class that nothing can import
        shop.show(made)
        shop.show(Unknown())

    assert lines(play) == ["opened('bob')", "Owner('bob')", "show(opened('bob'))"]


def test_the_constructor_of_a_base_is_not_taken_for_that_of_the_class(shop: types.ModuleType) -> None:
    found = recorded(lambda: shop.Savings(shop.Owner("ann"), rate=lambda: 1))  # a lambda has no source
    assert [recipe.target for recipe in found] == ["shop:Owner"]


def test_iterators_and_streams_are_told_without_using_them_up(shop: types.ModuleType) -> None:
    items = iter([1, 2, 3])
    next(items)
    assert lines(lambda: (shop.show(items), shop.show(io.StringIO("a\nb")))) == [
        "show(iter([2, 3]))",
        "show(io.StringIO('a\\nb'))",
    ]
    assert list(items) == [2, 3]


def test_positional_only_parameters_are_not_named(shop: types.ModuleType) -> None:
    assert lines(lambda: (shop.only(1, 2, 4), shop.only(1, 5))) == ["only(1, c=4)", "only(1, 5)"]


def test_objects_that_mind_being_looked_at_are_left_alone(shop: types.ModuleType) -> None:
    assert lines(lambda: (shop.show(shop.Shy()), shop.show([shop.Shy()]), shop.show(1))) == ["show(1)"]


def test_objects_without_weak_references_are_told_until_the_test_ends(shop: types.ModuleType) -> None:
    recorder = CallRecorder(["shop"], "/private/folder")
    slotted = shop.Slotted
    kept: list[object] = []
    recorded(lambda: kept.append(slotted(1)), recorder)
    assert recorded(lambda: shop.show(kept[0]), recorder) == []


def test_objects_do_not_live_longer_for_it(shop: types.ModuleType) -> None:
    import weakref

    dead: list[bool] = []

    def play() -> None:
        account = shop.Account(None)
        seen = weakref.ref(account)
        del account
        dead.append(seen() is None)

    recorded(play)
    assert dead == [True]


def test_values_with_private_paths_and_without_source_are_left_out(shop: types.ModuleType) -> None:
    def play() -> None:
        shop.show("/private/folder/a.txt")
        shop.show(lambda: 1)
        shop.show("x" * 500)
        shop.show(object())

    assert lines(play) == []


def test_of_a_test_that_failed_nothing_is_kept(shop: types.ModuleType) -> None:
    assert recorded(lambda: shop.show(1), passed=False) == []


def test_each_call_is_kept_once_and_not_too_many(shop: types.ModuleType) -> None:
    recorder = CallRecorder(["shop"], "/private/folder")
    assert len(recorded(lambda: [shop.show(number % 3) for number in range(9)], recorder)) == 3
    assert recorded(lambda: shop.show(1), recorder) == []
    assert len(recorded(lambda: [shop.show(number) for number in range(90)], recorder)) == MOST_PER_CALLABLE - 3


def test_calls_of_other_packages_are_none_of_its_business(shop: types.ModuleType) -> None:
    recorder = CallRecorder(["other"], "/private/folder")
    assert recorded(lambda: shop.show(1), recorder) == []


@pytest.fixture
def profiler() -> Iterator[list[str]]:
    heard: list[str] = []
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: heard.append(event))
    yield heard
    sys.setprofile(before)


def test_a_profiler_that_is_there_stays(profiler: list[str]) -> None:
    mine = sys.getprofile()
    recorder = CallRecorder(["shop"], "/private/folder")
    recorder.begin()
    assert not recorder.start()
    recorder.stop()
    assert sys.getprofile() is mine
