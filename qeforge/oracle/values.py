"""Values to assertions: equality where the value can be written down, otherwise the public state that tells most."""

import ast
import math
from collections.abc import Iterator
from dataclasses import replace

from qeforge.codegen.syntax import expression, is_literal
from qeforge.domain.observation import Facet, Snapshot
from qeforge.domain.testcase import Assertion
from qeforge.oracle.imports import import_for
from qeforge.oracle.patterns import string_source

MOST_ATTRIBUTES = 5
"""Assertions on the state of one object."""

LONGEST_TEXT = 900
LONGEST_SOURCE = 500
"""Characters of an expected value; beyond that nobody reads it, and its size and beginning are asserted instead."""

LONGEST_STATE = 900
"""Characters of all that is asserted of one object, beyond the first."""

_SINGLETONS = frozenset({"None", "True", "False", "...", "Ellipsis", "NotImplemented"})
_IDENTICAL_TYPES = frozenset(
    {"type", "module", "function", "builtin_function_or_method", "abc.ABCMeta", "enum.EnumType"}
)
_CALLABLES = frozenset({"function", "builtin_function_or_method", "method", "functools.partial", "method-wrapper"})
_LARGE = 1e4
_PYTEST = ("import pytest",)


def value_assertions(subject: str, value: Snapshot, *, facet: Facet, module: str) -> tuple[Assertion, ...]:
    """Assertions that `subject`, an expression of the test, has the value of a snapshot; most telling first.

    Args:
        subject: `result`, `account.balance`.
        value: what was seen there.
        facet: the part of the observation it belongs to.
        module: the module under test.
    """
    kept: list[Assertion] = []
    room = LONGEST_STATE
    for code, imports in tuple(_checks(subject, value, module, depth=0))[:MOST_ATTRIBUTES]:
        if not kept or len(code) <= room:
            kept.append(Assertion(facet=facet, code=f"assert {code}", imports=imports))
            room -= len(code)
    return tuple(kept)


def state_of(act: ast.expr | None, value: Snapshot) -> Snapshot:
    """For an act that only builds what the snapshot shows (`Point(1, 2)` gave `Point(x=1, y=2)`), the same value by its
    attributes: comparing it with itself would say nothing."""
    built = expression(value.source) if value.source else None
    match act, built:
        case ast.Call(func=ast.Name(id=called)), ast.Call(
            func=ast.Name(id=shown), args=[], keywords=[_, *_] as keywords
        ):
            if called != shown or not all(k.arg and not k.arg.startswith("_") for k in keywords):
                return value
            parts = tuple((f".{k.arg}", _plain(k.value, value)) for k in keywords)
            return Snapshot(type_name=value.type_name, attributes=parts)
        case ast.Call(), ast.Call() if ast.dump(act) == ast.dump(built):
            return replace(value, source=None)
        case _:
            return value


def _plain(node: ast.expr, whole: Snapshot) -> Snapshot:
    name = type(node.value).__name__ if isinstance(node, ast.Constant) else ""
    return Snapshot(type_name=name, source=ast.unparse(node), imports=() if is_literal(node) else whole.imports)


def _checks(subject: str, value: Snapshot, module: str, depth: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    node = expression(value.source) if value.source is not None else None
    if node is not None and value.source is not None:
        yield from _equality(subject, node, value)
        return
    parts = sorted(value.attributes, key=lambda part: _dullness(part[1]))
    told = False
    for suffix, part in parts:
        inner = _access(subject, suffix)
        if suffix == ".mock_calls" and part.source == "[]":
            continue  # a stand-in that came back as it went in
        if part.source is not None:
            told = True
            yield from _checks(inner, part, module, depth + 1)
        elif depth == 0 and part.attributes:
            for found in _checks(inner, part, module, depth + 1):
                told = True
                yield found
    if value.text is not None and not told and depth == 0 and 0 < len(value.text) <= LONGEST_SOURCE:
        told = True
        yield f"str({subject}) == {string_source(value.text)}", ()
    if not told and depth == 0:
        yield from _type_check(subject, value, module)


def _type_check(subject: str, value: Snapshot, module: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if value.type_name in _CALLABLES:
        yield f"callable({subject})", ()
        return
    named = import_for(value.type_name, module)
    if named is not None:
        yield f"isinstance({subject}, {named[0]})", named[1]


def _access(subject: str, suffix: str) -> str:
    """`result` and `.name` → `result.name`; `len()` → `len(result)`."""
    if suffix.startswith((".", "[")):
        return subject + suffix
    return f"{suffix.removesuffix('()')}({subject})"


def _dullness(value: Snapshot) -> int:
    """How little an attribute tells, for sorting: a set value, something empty, None, an object."""
    if value.source is None:
        return 3
    if value.source == "None":
        return 2
    return 1 if value.source in ("''", '""', "0", "0.0", "[]", "{}", "()", "False", "set()", "b''") else 0


def _equality(subject: str, node: ast.expr, value: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    source = value.source or ""
    if source in _SINGLETONS or value.type_name in _IDENTICAL_TYPES:
        yield f"{subject} is {source}", value.imports
    elif _is_nan(node):
        yield f"math.isnan({subject})", ("import math",)
    elif len(source) > (LONGEST_TEXT if isinstance(node, ast.Constant) else LONGEST_SOURCE):
        yield from _beginning(subject, node, value)
    else:
        expected = approximate(node)
        if expected is not None:
            yield f"{subject} == {expected}", (*value.imports, *_PYTEST)
        else:
            yield f"{subject} == {source}", value.imports


def _beginning(subject: str, node: ast.expr, value: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What can be said in short about something long."""
    match node:
        case ast.Constant(value=str() | bytes() as text):
            yield f"len({subject}) == {len(text)}", ()
            yield f"{subject}.startswith({text[:40]!r})", ()
            yield f"{subject}.endswith({text[-20:]!r})", ()
        case ast.List(elts=items) | ast.Tuple(elts=items):
            yield f"len({subject}) == {len(items)}", ()
            for index in (0, -1):
                yield from _short(f"{subject}[{index}]", items[index], value)
        case ast.Dict(keys=keys, values=values):
            yield f"len({subject}) == {len(keys)}", ()
            for key, item in list(zip(keys, values, strict=True))[:3]:
                if isinstance(key, ast.Constant):
                    yield from _short(f"{subject}[{ast.unparse(key)}]", item, value)
        case ast.Set(elts=items):
            yield f"len({subject}) == {len(items)}", ()
        case ast.Constant(value=int()):
            yield f"{subject} == {value.source}", ()
        case _:
            yield f"repr({subject}).startswith({ast.unparse(node).partition('(')[0] + '('!r})", ()


def _short(subject: str, node: ast.expr, whole: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    source = ast.unparse(node)
    if len(source) <= 80:
        yield from _equality(subject, node, Snapshot(type_name="", source=source, imports=whole.imports))


def approximate(node: ast.expr) -> str | None:
    """The expected value with every finite float in lists, tuples and dicts as `pytest.approx`, readably rounded; None
    when there is no float to approximate."""
    number = _float(node)
    if number is not None:
        return _approx(number)
    if _numbers(node):
        rounded = _Rounded().visit(node)
        return f"pytest.approx({ast.unparse(rounded)})"
    replaced = _Approximated()
    whole = replaced.visit(ast.parse(ast.unparse(node), mode="eval").body)
    return ast.unparse(whole) if replaced.changed else None


def _approx(number: float) -> str:
    if math.isnan(number):
        return "pytest.approx(float('nan'), nan_ok=True)"
    if abs(number) < _LARGE:
        return f"pytest.approx({_rounded(number, 10)!r})"
    return f"pytest.approx({_rounded(number, 13)!r}, rel=1e-09)"


def _rounded(number: float, digits: int) -> float:
    """With fewer digits when that makes it shorter: 0.30000000000000004 is 0.3 to everybody."""
    short = float(f"{number:.{digits}g}")
    return short if len(repr(short)) < len(repr(number)) else number


def _float(node: ast.expr) -> float | None:
    """The finite float that a literal is, or nan."""
    match node:
        case ast.Constant(value=float() as number) if math.isfinite(number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float() as number)) if math.isfinite(number):
            return -number
        case _ if _is_nan(node):
            return math.nan
        case _:
            return None


def _is_nan(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(text))]):
            return text.lower().lstrip("+-") == "nan"
        case ast.Attribute(value=ast.Name(id="math"), attr="nan") | ast.Name(id="nan"):
            return True
        case _:
            return False


def _numbers(node: ast.expr) -> bool:
    """A flat list, or dict, of two or more modest floats: `approx` takes it whole."""
    match node:
        case ast.List(elts=items) | ast.Dict(values=items):
            known = [_float(item) for item in items]
            return len(known) > 1 and all(k is not None and abs(k) < _LARGE for k in known)
        case _:
            return False


class _Rounded(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(_rounded(node.value, 10)) if isinstance(node.value, float) else node


class _Approximated(ast.NodeTransformer):
    """Floats in displays; not those inside calls, whose values must be equal as a whole, nor keys and set items."""

    changed = False

    def visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.expr):
            return node
        number = _float(node)
        if number is not None:
            self.changed = True
            return ast.parse(_approx(number), mode="eval").body
        match node:
            case ast.List() | ast.Tuple():
                node.elts = [self._inner(item) for item in node.elts]
            case ast.Dict():
                node.values = [self._inner(item) for item in node.values]
        return node

    def _inner(self, node: ast.expr) -> ast.expr:
        if _numbers(node):
            self.changed = True
            return ast.parse(f"pytest.approx({ast.unparse(_Rounded().visit(node))})", mode="eval").body
        visited = self.visit(node)
        assert isinstance(visited, ast.expr)
        return visited
