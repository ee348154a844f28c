from dataclasses import replace

from qeforge.analysis.reflection import attribute_kinds
from qeforge.analysis.symbols import read_symbols
from tests.engine.test_operands import TARGET

SYMBOLS = read_symbols(
    """\
from other import Style

class Rule: ...

class Sheet:
    def __setattr__(self, name, value):
        if isinstance(value, Style):
            value = value.lower()
        super().__setattr__(name, value)

    def all(self):
        return [v for v in vars(self).values() if isinstance(v, (Rule, str))]

    def handlers(self):
        return [n for n in dir(self) if callable(getattr(self, n))]

    def one(self, value):
        return isinstance(value, Rule)
""",
    "m",
)


def kinds(method: str) -> tuple[str, ...]:
    return attribute_kinds(SYMBOLS, replace(TARGET, qualname=f"Sheet.{method}", owner="Sheet"))


def test_a_method_that_lists_attributes_wants_what_it_and_setattr_check_for() -> None:
    assert kinds("all") == ("m.Rule", "str", "other.Style")
    assert kinds("handlers") == ("callable", "other.Style")


def test_a_method_that_checks_an_argument_lists_nothing() -> None:
    assert kinds("one") == ()
