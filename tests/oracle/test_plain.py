import pytest

from qeforge.analysis.targets import find_targets
from qeforge.domain.candidate import Candidate
from qeforge.oracle.plain import MISFIT, Plainness

SOURCE = """
class Money:
    def __init__(self, amount: Decimal): return 1

def size(text: str, width: int = 72, marker: "str | None" = None): return 1
def join(words: Sequence[str]): return 1
def mode(kind: Literal["r", "w"]): return 1
def pay(money: Money): return 1
def table(rows, gap=2): return 1
def pairs(items: list[tuple[str, int]], extra: dict[str, str] = {}): return 1
def anything(value: Any, other: T): return 1
def later(call: Callable[[], None] = None): return 1
"""
TARGETS = {target.id: target for target in find_targets(SOURCE, "shop")}
PLAIN = Plainness(
    TARGETS,
    guessed={("shop:table", "rows"): frozenset({"list"})},
    familiar=("user@example.com", "a,b\n1,2\n", "HTTPServer"),
    particular=("HTTPServer",),
)


def oddity(act: str, *arrange: str) -> int:
    name = act.partition("(")[0]
    return PLAIN.oddity(Candidate(target=f"shop:{name}", act=act, arrange=arrange))


@pytest.mark.parametrize(
    "act",
    [
        "size('user@example.com', 10)",
        "join(['user@example.com'])",
        "size('user@example.com', marker='user@example.com')",
        "table(['user@example.com'], 3)",
        "anything(1, 1)",
        "anything(['user@example.com'], True)",
    ],
)
def test_typed_and_familiar_values_are_not_odd(act: str) -> None:
    assert oddity(act) == 0


@pytest.mark.parametrize(
    ("plain", "odd"),
    [
        ("size('hello')", "size('')"),
        ("table([1], 3)", "table([1], _gap=3)"),
        ("table(rows())", "table(Book().rows())"),
        ("size('user@example.com')", "size('HTTPServer')"),
        ("size('HTTPServer')", "size('HTTPSer')"),
        ("size('')", "size(b'')"),
        ("size('user@example.com')", "size('user@exampl')"),
        ("size('hello')", "size('%A')"),
        ("size('hello')", "size('\\x00')"),
        ("size('hello')", "size('   ')"),
        ("size('a,b\\n1,2\\n')", f"size({'x' * 80!r})"),
        ("size('hello', 3)", "size('hello', 0)"),
        ("size('hello', 3)", "size('hello', -1)"),
        ("size('hello', -1)", "size('hello', --1)"),
        ("size('hello', 3)", "size('hello', 65536)"),
        ("size('hello', 65536)", "size('hello', 'abc')"),
        ("size('hello', marker=None)", "size('hello', marker=[])"),
        ("join(['abc'])", "join([])"),
        ("join([])", "join('abc')"),
        ("join(['abc'])", "join([1])"),
        ("mode('w')", "mode('x')"),
        ("pay(Money(Decimal('1')))", "pay(1)"),
        ("pay(Money(Decimal('10')))", "pay(Money(10))"),
        ("pay(1)", "pay(MagicMock())"),
        ("table(['abc'])", "table('abc')"),
        ("pairs([('abc', 1)])", "pairs([(1, 'abc')])"),
        ("pairs([], {'abc': 'abc'})", "pairs([], {'abc': 1})"),
        ("later(lambda: None)", "later(3)"),
        ("anything(date(2020, 1, 1), 1)", "anything(date(4, 1, 1), 1)"),
    ],
)
def test_what_a_person_would_not_write_is_odder(plain: str, odd: str) -> None:
    assert oddity(plain) < oddity(odd)


def test_a_wrong_type_weighs_more_than_any_strange_value_of_the_right_one() -> None:
    assert oddity("size(1)") >= MISFIT > oddity("size('\\x00')")


def test_variables_are_looked_through() -> None:
    assert oddity("size(text)", "text = b'abc'") >= MISFIT
    assert oddity("join(words)", "words = ['abc']") == oddity("join(['abc'])")


def test_what_is_no_python_is_odd() -> None:
    assert oddity("size(") == MISFIT


@pytest.mark.parametrize("step", ["monkeypatch.chdir(tmp_path)", "money.count()"])
def test_everything_that_is_done_first_weighs(step: str) -> None:
    assert oddity("table([1])", step) > oddity("table([1])", "rows = [1]") == oddity("table([1])")
