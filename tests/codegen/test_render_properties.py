"""Whatever the values, a rendered suite is Python, is settled by one formatting, has unique names, and passes."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

from qeforge.codegen.formatting import format_source
from qeforge.codegen.header import read_header
from qeforge.codegen.names import LONGEST
from qeforge.codegen.render import functions_of, render
from qeforge.domain.candidate import Candidate
from qeforge.domain.testcase import Suite, TestCase
from tests.codegen.minijudge import cases_for, targets_of

SUBJECT = """
def echo(value, extra=None):
    return value

def refuse(text):
    raise ValueError(text)
"""
PATH = Path("/nowhere/tests/test_mirror.py")
LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def mirror() -> ModuleType:
    module = ModuleType("mirror")
    exec(compile(SUBJECT, "mirror.py", "exec"), vars(module))
    module.__file__ = "mirror.py"
    return module


MODULE = mirror()


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    name = draw(st.sampled_from(["echo", "refuse"]))
    value = repr(draw(LITERALS if name == "echo" else st.text()))
    extra = f", extra={draw(LITERALS)!r}" if name == "echo" and draw(st.booleans()) else ""
    arrange = (f"value = {value}",) if draw(st.booleans()) else ()
    return Candidate(
        target=f"mirror:{name}",
        act=f"{name}({'value' if arrange else value}{extra})",
        arrange=arrange,
        imports=(f"from mirror import {name}",),
    )


@contextmanager
def importable() -> Iterator[None]:
    sys.modules["mirror"] = MODULE
    try:
        yield
    finally:
        del sys.modules["mirror"]


def judged(offered: list[Candidate]) -> tuple[TestCase, ...]:
    with importable():
        return tuple(case for case in cases_for(offered, MODULE) if case.assertions)


def functions_in(text: str) -> Iterator[tuple[str, Callable[..., None], list[dict[str, object]]]]:
    """Name, function, and the arguments of each row."""
    space: dict[str, object] = {}
    with importable():
        exec(text, space)
    for name, function in space.items():
        if not name.startswith("test_") or not callable(function):
            continue
        marks = getattr(function, "pytestmark", [])
        rows: list[dict[str, object]] = [{}]
        if marks:
            columns, values = marks[0].args
            several = isinstance(columns, tuple)
            rows = [dict(zip(columns, row, strict=True)) if several else {columns: row} for row in values]
        yield name, function, rows


@settings(deadline=None, max_examples=40)
@given(st.lists(candidates(), max_size=7))
def test_a_rendered_suite_holds(offered: list[Candidate]) -> None:
    targets = targets_of(SUBJECT, "mirror")
    suite = Suite(module="mirror", path=PATH, cases=judged(offered))
    raw = render(suite, targets)
    text = format_source(raw, PATH)
    assert format_source(text, PATH) == text
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"test_[a-z0-9_]+", name) and len(name) <= LONGEST for name in names)
    assert set(functions_of(suite, targets)) == set(names)
    header = read_header(text)
    assert header is not None
    assert not header.edited
    assert set(header.tests) == set(names)
    for _, function, rows in functions_in(text):
        for row in rows:
            function(**row)
    assert render(suite, targets) == raw
