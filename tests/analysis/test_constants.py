from pathlib import Path

import pytest

from qeforge.analysis.constants import LONGEST, Constants, module_constants, target_constants
from tests.analysis.modules import module_of

SHOP = '''
"""Doc of the shop."""
import re
from enum import Enum
from typing import Literal

__all__ = ["buy"]
__version__ = "1.2"
RATES = {"basic": 0.2, "full": 0.5}
CODE = re.compile(r"[A-Z]{3}" r"\\d+", re.IGNORECASE)
PREFIX = "SHOP-"

class State(Enum):
    """States."""
    OPEN = "open"
    SHUT = "shut"

def buy(name: "str", kind: Literal["a"] = "basic", count=1):
    """Buys."""
    if name.startswith(PREFIX) and count > -5:
        raise ValueError("no such name")
    logger.info("bought")
    state = State.OPEN
    return RATES[kind] * 100, {"total": b"x"}, name.get("price"), state

def check(code):
    return CODE.match(code) or re.match("^" + PREFIX + "$", code, re.M | re.S)

if __name__ == "__main__":
    buy("main")
'''


def of_target(name: str, root: Path = Path("nowhere"), source: str = SHOP) -> Constants:
    module = module_of(source, root=root)
    return target_constants(module, next(target for target in module.targets if target.qualname == name))


def test_a_module_gives_its_literals_once_in_order() -> None:
    found = module_constants(module_of(SHOP))
    assert found.strings[:5] == ("'basic'", "'full'", "'[A-Z]{3}\\\\d+'", "'SHOP-'", "'open'")
    assert found.numbers == ("0.2", "0.5", "1", "-5", "100")
    assert found.bytes_ == ("b'x'",)
    assert found.keys == ("'basic'", "'full'", "'total'", "'price'")
    assert found.patterns == ("(?i)[A-Z]{3}\\d+", "(?ms)^SHOP-$")


@pytest.mark.parametrize(
    "text", ["Doc of the shop.", "States.", "Buys.", "no such name", "bought", "buy", "1.2", "str", "a", "main"]
)
def test_what_nothing_is_compared_with_is_left_out(text: str) -> None:
    assert repr(text) not in module_constants(module_of(SHOP)).strings


def test_a_target_gives_its_own_literals_and_those_it_mentions() -> None:
    buy = of_target("buy")
    assert set(buy.strings) >= {"'basic'", "'SHOP-'", "'full'"}
    assert "'shut'" not in buy.strings
    assert set(buy.numbers) == {"1", "-5", "100", "0.2", "0.5"}
    assert buy.patterns == ()
    check = of_target("check")
    assert check.patterns == ("(?i)[A-Z]{3}\\d+", "(?ms)^SHOP-$")
    assert check.numbers == ()


def test_class_constants_and_collections_are_followed() -> None:
    source = """
    LEVELS = ("low", *HIGH)
    HIGH = ["high"]
    class Door:
        SIGNS = frozenset({"a", "b"})
        def test(self, x):
            return x in self.SIGNS or x in LEVELS
    """
    assert of_target("Door.test", source=source).strings == ("'a'", "'b'", "'low'", "'high'")


def test_constants_of_sibling_modules_are_followed(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "words.py").write_text("import re\nGOOD = ('fine', 7)\nLINE = re.compile('a+')\n")
    source = "from .words import *\nfrom .words import LINE\ndef f(x):\n    return LINE.match(x) or x in GOOD\n"
    found = of_target("f", tmp_path, source)
    assert (found.strings, found.numbers, found.patterns) == (("'fine'",), ("7",), ("a+",))


def test_long_texts_are_left_out() -> None:
    assert module_constants(module_of(f"a = {'b' * LONGEST!r}")).strings == ()


def test_a_module_without_literals_has_none() -> None:
    assert module_constants(module_of("def f(x): return x")) == Constants()
