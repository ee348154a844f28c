"""Fixtures of conftest files, and the objects that they give."""

from pathlib import Path

from qeforge.analysis.recipes import fixture_names, fixture_recipes
from tests.analysis.modules import module_of

ACCOUNT = "class Account:\n    def __init__(self, owner):\n        self.owner = owner\n"

CONFTEST = """
import pytest
from pytest import fixture
from typing import Iterator
from shop import Account
import shop.account

@pytest.fixture
def plain():
    return Account("ann")

@fixture(scope="session", name="renamed")
def _annotated() -> "Account":
    return make()

@pytest.fixture()
def yielded() -> Iterator[shop.account.Account]:
    yield make()

@pytest.fixture
def assigned():
    account = Account("bob")
    account.open()
    yield account

@pytest.fixture
def number():
    return 3

@pytest.fixture(params=[1, 2])
def several(request):
    return Account(request.param)

@pytest.fixture
async def waiting():
    return Account("x")

def helper():
    return Account("y")
"""


def test_fixtures_that_a_test_may_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "conftest.py"
    path.write_text(CONFTEST)
    assert fixture_names([path]) == {"plain", "renamed", "yielded", "assigned", "number"}


def test_fixtures_that_give_an_object_of_a_known_class(tmp_path: Path) -> None:
    path = tmp_path / "conftest.py"
    path.write_text(CONFTEST)
    recipes = fixture_recipes([path], [module_of(ACCOUNT, "shop.account")])
    assert [recipe.target for recipe in recipes] == [
        f"conftest:{name}" for name in ("plain", "renamed", "yielded", "assigned")
    ]
    receiver = recipes[0].receiver
    assert receiver is not None
    assert (receiver.source, receiver.type_name, receiver.fixtures) == ("plain", "shop.account.Account", ("plain",))


def test_a_conftest_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    broken = tmp_path / "conftest.py"
    broken.write_text("def (")
    assert fixture_names([broken, tmp_path / "missing.py"]) == frozenset()
