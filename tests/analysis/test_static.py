import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.analysis.static import MISSING, RegexText, StaticValues, literal_source
from tests.analysis.modules import module_of

MODULE = """
import re, string
A = 1
NAMES = ["a", "b"]
TABLE = {"k": A, "n": unknown()}
LOOP = LOOP + 1
LEFT = RIGHT
RIGHT = LEFT
class Box:
    SIZE = 3
"""


def value(expression: str, **local: object) -> object:
    return StaticValues.of(module_of(MODULE)).value(ast.parse(expression, mode="eval").body, owner="Box", local=local)


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("A + 2 - 1", 2),
        ("-A", -1),
        ("NAMES + ['c']", ["a", "b", "c"]),
        ("(*NAMES, 'c')", ("a", "b", "c")),
        ("{'b', 'a', 'b'}", ("b", "a")),
        ("frozenset(NAMES)", ("a", "b")),
        ("TABLE", {"k": 1, "n": MISSING}),
        ("dict(a=A)", {"a": 1}),
        ("f'{A}-{NAMES[0]}'", MISSING),
        ("f'{A}-x'", "1-x"),
        ("'%s/%d' % ('a', A)", "a/1"),
        ("'{}{x}'.format(A, x='b')", "1b"),
        ("'-'.join(NAMES)", "a-b"),
        ("'a b'.split()", ["a", "b"]),
        ("'ab' * 2", "abab"),
        ("self.SIZE + Box.SIZE", 6),
        ("string.digits", "0123456789"),
        ("re.I | re.M", 10),
        ("re.compile('a' + 'b', re.I | re.X)", RegexText("(?ix)ab")),
        ("re.escape('a.b')", "a\\.b"),
        ("x + 'c'", "bc"),
    ],
)
def test_values_are_found_without_running_anything(expression: str, expected: object) -> None:
    assert value(expression, x="b") == expected


@pytest.mark.parametrize(
    "expression",
    [
        *("unknown", "f()", "LOOP", "LEFT", "1 / 0", "'%d' % 'a'", "'{}'.format()", "'%9999999d' % 1", "..."),
        *("'{:99999}'.format(1)", "'a' * 10**9", "[1][5]", "2 ** 9 ** 9", "'a' + 1", "{}.missing", "[*unknown]"),
        *("{**TABLE}", "'a'.join([1])"),
    ],
)
def test_what_is_not_known_is_missing(expression: str) -> None:
    assert value(expression) is MISSING


def test_local_names_hide_those_of_the_module() -> None:
    assert value("A", A=MISSING) is MISSING
    assert value("A", A=5) == 5
    assert value("TABLE", A=5) == {"k": 1, "n": MISSING}


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(PLAIN)
def test_sources_of_plain_values_give_them_back(plain: object) -> None:
    source = literal_source(plain, longest=100_000)
    assert source is None or ast.literal_eval(source) == plain


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), {1}, object(), [object()], "a" * 500, RegexText("a")])
def test_other_values_have_no_source(odd: object) -> None:
    assert literal_source(odd) is None
