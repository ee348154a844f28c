import ast

import pytest

from qeforge.analysis.complexity import cognitive, cyclomatic


def number(source: str) -> int:
    return cyclomatic(ast.parse(source).body[0])


@pytest.mark.parametrize(
    "body, expected",
    [
        ("return 1", 1),
        ("if a: pass", 2),
        ("if a: pass\n elif b: pass\n else: pass", 3),
        ("for x in a: pass\n else: pass", 2),
        ("while a: pass", 2),
        ("return a if b else c", 2),
        ("return a and b and c or d", 4),
        ("assert a", 2),
        ("try: pass\n except A: pass\n except B: pass\n finally: pass", 3),
        ("return [x for x in a if x if y]", 4),
        ("return lambda x: x or 1", 2),
        ("match a:\n  case 1: pass\n  case {'k': v}: pass\n  case _: pass", 3),
        ("match a:\n  case x if x > 1: pass", 2),
        ("with a: pass", 1),
    ],
)
def test_each_decision_counts_once(body: str, expected: int) -> None:
    assert number(f"def f(a, b, c, d):\n {body}\n") == expected


def test_async_constructs_count_like_the_plain_ones() -> None:
    assert number("async def f(a):\n async for x in a:\n  async with x: pass\n") == 2


def test_nested_functions_and_classes_have_their_own_number() -> None:
    source = "def f(a):\n def g(b):\n  if b: pass\n class C:\n  def m(self): return 1 or 2\n return g\n"
    assert number(source) == 1


def test_defaults_and_decorators_belong_to_the_scope_around() -> None:
    assert number("@decorate(1 or 2)\ndef f(a=1 if 2 else 3): pass\n") == 1


def test_long_chains_do_not_exhaust_the_stack() -> None:
    arms = "".join(f" elif a == {n}: pass\n" for n in range(900))
    assert number(f"def f(a):\n if a: pass\n{arms}") == 902


@pytest.mark.parametrize(
    "body, expected",
    [
        ("return 1", 0),
        ("if a: pass", 1),
        ("if a: pass\n else: pass", 2),
        ("if a: pass\n elif b: pass\n else: pass", 3),
        ("if a:\n  if b: pass", 3),
        ("for x in a:\n  while b:\n   if c: pass", 6),
        ("if a:\n  pass\n elif b:\n  if c: pass", 4),
        ("return a and b and c", 1),
        ("return a and b or c", 2),
        ("try: pass\n except A:\n  if b: pass", 3),
        ("return f(a)", 1),
        ("return lambda x: x if a else b", 2),
        ("def g():\n  if a: pass\n return g", 2),
        ("class C:\n  def m(self):\n   if a: pass", 0),
    ],
)
def test_what_is_nested_is_harder(body: str, expected: int) -> None:
    assert cognitive(ast.parse(f"def f(a, b, c):\n {body}\n").body[0]) == expected
