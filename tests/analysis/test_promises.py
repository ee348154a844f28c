from pathlib import Path

import pytest

from qeforge.analysis.promises import promise_digests, promise_digests_at
from tests.analysis.modules import module_of

SOURCE = '''"""Of the module."""


class Cart:
    """Of the class."""

    def add(self):
        """Of the method."""
        return 1


def total():
    """Of the function."""
    return 2
'''


def changed(old: str, new: str) -> set[str]:
    before, after = (promise_digests(module_of(text)) for text in (SOURCE, SOURCE.replace(old, new)))
    return {name.partition(":")[2] for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("old", "concerned"),
    [
        ("Of the module", {"Cart", "Cart.add", "total"}),
        ("Of the class", {"Cart", "Cart.add"}),
        ("Of the method", {"Cart.add"}),
        ("Of the function", {"total"}),
        ("return 2", {"total"}),
    ],
)
def test_code_and_every_docstring_that_may_speak_of_it_count(old: str, concerned: set[str]) -> None:
    assert changed(old, f"{old}0") == concerned


def test_layout_and_comments_do_not_count() -> None:
    assert changed("return 2", "return  2  # two") == set()


def test_a_file_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "cart.py"
    assert promise_digests_at(path, "shop.cart") == {}
    path.write_text(SOURCE, encoding="utf-8")
    assert promise_digests_at(path, "shop.cart") == promise_digests(module_of(SOURCE))
    path.write_text("def broken(:\n", encoding="utf-8")
    assert promise_digests_at(path, "shop.cart") == {}
