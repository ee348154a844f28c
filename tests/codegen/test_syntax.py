import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.codegen.syntax import bound_names, expression, is_literal, is_value, lay_out_strings, snake


@pytest.mark.parametrize(
    ("source", "literal", "value"),
    [
        ("1", True, True),
        ("-1.5", True, True),
        ("[1, {'a': (2, None)}]", True, True),
        ("1 + 2j", True, True),
        ("Decimal('1')", False, True),
        ("datetime.date(2024, 1, 2)", False, True),
        ("[Decimal('1')]", False, True),
        ("Color.RED", False, True),
        ("color.red", False, False),
        ("Account('Ann')", False, False),
        ("x", False, False),
        ("{**x}", False, False),
        ("Decimal(x)", False, False),
        ("1 + 2", False, True),
        ("-(10**6)", False, True),
        ("[1 / 3]", False, True),
        ("x + 1", False, False),
        ("'a' + 'b'", False, False),
        ("cache.set('a', 1)", False, False),
        ("rope.slice(0, 2)", False, False),
        ("slice(0, 2)", False, True),
    ],
)
def test_literals_and_values(source: str, literal: bool, value: bool) -> None:
    node = expression(source)
    assert node is not None
    assert (is_literal(node), is_value(node)) == (literal, value)


@pytest.mark.parametrize(
    "source", ["date(1)", "[date(1)]", "{1: date(2)}", "Decimal(date(1))", "datetime.date(1, 2, 3)"]
)
def test_a_foreign_name_makes_no_value(source: str) -> None:
    node = expression(source)
    assert node is not None
    assert is_value(node)
    assert not is_value(node, {"date", "datetime"})


def test_what_is_no_expression_is_none() -> None:
    assert expression("x = 1") is None
    assert expression("(") is None
    assert expression("\0") is None


@pytest.mark.parametrize(
    ("name", "words"), [("HTTPServer2", "http_server2"), ("_Private", "private"), ("already_so", "already_so")]
)
def test_snake(name: str, words: str) -> None:
    assert snake(name) == words


def test_bound_names() -> None:
    code = "a = b\ndef f(x): pass\nclass C: pass\nimport d.e as g, h.i\ntry: pass\nexcept E as error: pass\ndel z"
    assert bound_names([ast.parse(code)]) == {"a", "f", "x", "C", "g", "h", "error", "z"}


def test_long_strings_are_split_at_line_breaks_and_words() -> None:
    text = "def test_x():\n    assert f() == " + repr("first line\n" + "word " * 30 + "\n")
    laid_out = lay_out_strings(text, 60)
    assert max(map(len, laid_out.splitlines())) <= 60
    assert "== (\n" in laid_out
    assert "        'first line\\n'\n" in laid_out


def test_short_strings_and_docstrings_stay() -> None:
    text = "def test_x():\n    '''" + "word " * 30 + "'''\n    assert f() == 'a\\nb\\n'"
    assert lay_out_strings(text, 60) == text


def test_backslashes_are_written_raw() -> None:
    assert lay_out_strings("x = 'a\\\\.b'", 88) == 'x = r"a\\.b"'
    assert lay_out_strings("x = 'a\\n\\\\'", 88) == "x = 'a\\n\\\\'"


@given(st.text(), st.text())
def test_laying_out_changes_no_value(first: str, second: str) -> None:
    text = f"x = f({first!r}, [{second!r}], {first + second!r})\ny = g({second!r})\nz = {first!r}"
    assert ast.dump(ast.parse(lay_out_strings(text, 50))) == ast.dump(ast.parse(text))


def test_a_pattern_stays_whole_where_it_has_a_line_for_itself() -> None:
    pattern = r"^a\(b\) " + "word " * 8 + "end"
    text = f"with pytest.raises(ValueError, match={pattern!r}):\n    f()"
    assert f'match=r"{pattern}"' in lay_out_strings(text, len(pattern) + 18)
    assert "match=(\n" in lay_out_strings(text, len(pattern) + 17)
    assert "x=(\n" in lay_out_strings(text.replace("match=", "x="), len(pattern) + 18)


def test_many_very_short_lines_share_a_piece() -> None:
    text = "".join(f"{letter}\n" for letter in "the quick brown fox jumps over")
    laid = lay_out_strings(f"assert result == {text!r}", 60)
    assert ast.literal_eval(laid.partition("== ")[2]) == text
    assert len(laid.splitlines()) < 8
