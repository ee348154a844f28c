import pytest

from qeforge.analysis.units import concerned, shape_of
from tests.analysis.modules import module_of

SOURCE = '''
"""A shop."""
import math
from decimal import Decimal

RATE = 2
LIMIT = RATE * 10
TABLE = {}
TABLE["a"] = 1


def rate():
    return RATE


def price(amount):
    """What to pay."""
    return amount + rate()


def shout(text):
    return text.upper()


class Cart:
    size = 3

    def __init__(self, owner):
        self.owner = owner

    def add(self, name):
        return [self.owner, name]

    def twice(self, name):
        return self.add(name) * 2


class Large(Cart):
    def fill(self):
        return LIMIT


def root(number):
    return math.sqrt(number)
'''
CART = {"Cart.__init__", "Cart.add", "Cart.twice"}


def after(*changes: tuple[str, str]) -> set[str] | None:
    """Qualnames of targets to work on again after these replacements."""
    source = SOURCE
    for old, new in changes:
        assert source.count(old) == 1
        source = source.replace(old, new)
    found = concerned(module_of(source), shape_of(SOURCE))
    return None if found is None else {name.partition(":")[2] for name in found}


def test_nothing_changed_nothing_to_do() -> None:
    assert after() == set()


@pytest.mark.parametrize(
    "old, new",
    [
        ("return text.upper()", "return text.upper()  # loud"),
        ("def shout(text):", "# how loud\n\n\ndef shout( text ):"),
        ("size = 3", "size = 3  # at most"),
    ],
)
def test_comments_and_layout_are_no_change(old: str, new: str) -> None:
    assert after((old, new)) == set()


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("text.upper()", "text.lower()", {"shout"}),
        ("What to pay.", "What to pay.\n\n    >>> price(1)\n    3\n    ", {"price"}),
        ("return text.upper()", "return text.upper()  # pragma: no cover", {"shout"}),
        ("return RATE", "return RATE + 1", {"rate", "price"}),
        ("return [self.owner, name]", "return [name]", {"Cart.add", "Cart.twice"}),
        ("self.owner = owner", "self.owner = str(owner)", {*CART, "Large", "Large.fill"}),
        ("size = 3", "size = 4", {*CART, "Large", "Large.fill"}),
        ("RATE * 10", "RATE * 11", {"Large.fill"}),
        ("RATE = 2\n", "RATE = 3\n", {"rate", "price", "Large.fill"}),
        ("import math", "import cmath as math", {"root"}),
        ("def root(number):", "def added():\n    return 1\n\n\ndef root(number):", {"added"}),
        ("def shout(text):\n    return text.upper()\n", "", set()),
    ],
)
def test_what_changed_and_what_uses_it(old: str, new: str, expected: set[str]) -> None:
    assert after((old, new)) == expected


@pytest.mark.parametrize(
    "old, new",
    [
        ('TABLE["a"] = 1', 'TABLE["a"] = 2'),
        ('TABLE["a"] = 1', 'TABLE["a"] = 1\nprint(TABLE)'),
        ('"""A shop."""', '"""A shop.\n\n>>> rate()\n2\n"""'),
        ("import math", "import math\nfrom os.path import *"),
        ("RATE = 2\n", "RATE = 2  # pragma: no cover\n"),
        ("RATE = 2\n", "if math:\n    RATE = 2\n"),
    ],
)
def test_another_import_of_the_module_concerns_all_of_it(old: str, new: str) -> None:
    assert after((old, new)) is None


def test_code_for_type_checkers_and_scripts_runs_at_no_import() -> None:
    script = 'if __name__ == "__main__":\n    print(rate())\n'
    before = shape_of(SOURCE + script)
    assert concerned(module_of(SOURCE + script.replace("rate()", "price(1)")), before) == frozenset()


def test_getter_and_setter_are_one_part() -> None:
    source = (
        "class A:\n    @property\n    def x(self):\n        return self._x\n\n"
        "    @x.setter\n    def x(self, value):\n        self._x = value\n"
    )
    module = module_of(source.replace("= value", "= value + 1"), "m")
    assert concerned(module, shape_of(source)) == frozenset({"m:A.x"})
