from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Claim
from qeforge.domain.report import Suspect
from qeforge.memory.store import Store, StoreError
from qeforge.memory.suspects import SuspectStore

CART, TAX = Path("/shop/cart.py"), Path("/shop/tax.py")
ONE = Suspect(
    target="shop.cart:take",
    act="take(cart, -1)",
    claim=Claim(expected="ValueError", source="docstring", raises=True),
    observed="returned []",
    arrange=("cart = Cart()",),
    imports=("from shop.cart import Cart, take",),
    fixtures=("tmp_path",),
)
TWO = replace(ONE, target="shop.cart:mean", act="mean([])")
DIGESTS = {"shop.cart:take": "a1", "shop.cart:mean": "b2"}


@pytest.fixture
def store(tmp_path: Path) -> SuspectStore:
    return SuspectStore(Store(tmp_path / "memory.db"))


def kept(store: SuspectStore) -> list[tuple[Path, str]]:
    return [(one.path, one.suspect.target) for one in store.all()]


def test_suspects_come_back_as_they_went_in(store: SuspectStore) -> None:
    store.replace(CART, "shop.cart", [ONE, TWO, ONE], digests=DIGESTS, at=5.0)
    first, second = store.all()
    assert (first.suspect, second.suspect) == (ONE, TWO)
    assert (first.at, first.path, first.module, first.digest) == (5.0, CART, "shop.cart", "a1")


def test_a_run_of_a_module_replaces_what_was_known_of_it_alone(store: SuspectStore) -> None:
    store.replace(CART, "shop.cart", [ONE, TWO], digests=DIGESTS, at=1.0)
    store.replace(TAX, "shop.tax", [ONE], digests=DIGESTS, at=1.0)
    store.replace(CART, "shop.cart", [TWO], digests=DIGESTS, at=2.0)
    assert kept(store) == [(CART, TWO.target), (TAX, ONE.target)]
    store.replace(CART, "shop.cart", [], digests=DIGESTS, at=3.0)
    assert kept(store) == [(TAX, ONE.target)]


def test_a_run_of_some_targets_leaves_the_others(store: SuspectStore) -> None:
    store.replace(CART, "shop.cart", [ONE, TWO], digests=DIGESTS, at=1.0)
    store.replace(CART, "shop.cart", [], digests=DIGESTS, targets={TWO.target}, at=2.0)
    assert kept(store) == [(CART, ONE.target)]


def test_what_has_no_digest_is_not_kept(store: SuspectStore) -> None:
    store.replace(CART, "shop.cart", [ONE, TWO], digests={TWO.target: "b2"}, at=1.0)
    assert kept(store) == [(CART, TWO.target)]


def test_half_a_character_in_a_message_is_kept_as_its_code(store: SuspectStore) -> None:
    store.replace(CART, "shop.cart", [replace(ONE, observed="raised Odd: \ud800")], digests=DIGESTS, at=1.0)
    assert store.all()[0].suspect.observed == "raised Odd: \\ud800"


def test_without_a_suspect_no_database_is_made(store: SuspectStore, tmp_path: Path) -> None:
    store.replace(CART, "shop.cart", [], digests=DIGESTS, at=1.0)
    assert store.all() == []
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    with pytest.raises(StoreError, match="damaged"):
        SuspectStore(Store(path)).replace(CART, "shop.cart", [ONE], digests=DIGESTS, at=1.0)
