"""Small facts about expressions: what is a plain value, how long strings are laid out."""

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Sequence

VALUE_MAKERS = frozenset({
    "Decimal", "Fraction", "Path", "PurePath", "PurePosixPath", "PureWindowsPath", "UUID", "bytearray", "bytes",
    "complex", "date", "datetime", "float", "frozenset", "range", "set", "slice", "time", "timedelta", "timezone",
})  # fmt: skip
"""Constructors of the standard library that only carry a value: they may be moved about like literals."""

VALUE_MODULES = frozenset({"builtins", "datetime", "decimal", "fractions", "pathlib", "uuid"})
"""Where these constructors are."""

_MANY_LINES, _SHORT_LINE = 8, 6
_PATTERN_AT = 15
"""Columns that indentation, `match=` and a comma take of the line of a pattern."""

BUILTINS = frozenset(dir(builtins))

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What comes of parsing and writing out a text that is no Python, holds null characters, or is nested too deeply."""


def expression(source: str) -> ast.expr | None:
    """The source as an expression, or None when it is not one."""
    try:
        return ast.parse(source.strip(), mode="eval").body
    except UNREADABLE:
        return None


def statements(source: str) -> list[ast.stmt]:
    """The source as statements.

    Raises:
        SyntaxError: it does not parse.
    """
    return ast.parse(source).body


def is_constant(node: ast.expr) -> bool:
    """Whether it is a single value that nothing can change: a constant, maybe with a sign."""
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant))


def is_literal(node: ast.AST) -> bool:
    """A constant, a sign before one, or a display of such."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float() | complex())):
            return True
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=ast.Constant(value=complex())):
            return is_literal(left)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return all(map(is_literal, items))
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and is_literal(key) for key in keys) and all(map(is_literal, values))
        case _:
            return False


def is_value(node: ast.AST, foreign: Collection[str] = ()) -> bool:
    """A literal, a sum of literal numbers (`10**6`), or what only wraps one: `Decimal("1.5")`,
    `datetime.date(2024, 1, 2)`, `Color.RED`.

    Args:
        node: the expression.
        foreign: names that stand for something else than in the standard library.
    """
    match node:
        case ast.BinOp() | ast.UnaryOp():
            return _is_sum(node) or is_literal(node)
        case ast.Call(func=func, args=args, keywords=keywords):
            named = all(keyword.arg for keyword in keywords)
            given = (*args, *(keyword.value for keyword in keywords))
            return named and _is_maker(func, foreign) and all(is_value(each, foreign) for each in given)
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return owner[:1].isupper() and name.isupper()
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return all(is_value(item, foreign) for item in items)
        case ast.Dict(keys=keys, values=values):
            return all(each is not None and is_value(each, foreign) for each in (*keys, *values))
        case _:
            return is_literal(node)


def _is_maker(node: ast.expr, foreign: Collection[str]) -> bool:
    """Whether it names a constructor of a value; a method of some object may have the same name."""
    match node:
        case ast.Name(id=name):
            return name in VALUE_MAKERS and name not in foreign
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return name in VALUE_MAKERS and owner in VALUE_MODULES and owner not in foreign
        case _:
            return False


def _is_sum(node: ast.expr) -> bool:
    """Literal numbers, maybe joined by operators."""
    match node:
        case ast.BinOp(left=left, right=right):
            return _is_sum(left) and _is_sum(right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _is_sum(operand)
        case ast.Constant(value=value):
            return isinstance(value, int | float | complex)
        case _:
            return False


def names_in(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Every plain name that is read, written or deleted, once for each place."""
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                yield inner.id


def bound_names(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that the statements assign, define or import."""
    found = set()
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
                found.add(inner.id)
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(inner.name)
            elif isinstance(inner, ast.arg):
                found.add(inner.arg)
            elif isinstance(inner, ast.ExceptHandler) and inner.name:
                found.add(inner.name)
            elif isinstance(inner, ast.alias):
                found.add((inner.asname or inner.name).partition(".")[0])
    return found


def snake(name: str) -> str:
    """`HTTPServer2` → `http_server2`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().strip("_")


def lay_out_strings(text: str, width: int) -> str:
    """String literals as people write them: raw where that saves backslashes, and long ones split into adjacent ones,
    at line breaks, then at words, in parentheses where needed."""
    tree = ast.parse(text)
    lines = text.split("\n")
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    enclosed = _enclosed(tree)
    patterns = _patterns(tree)
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and node.lineno == node.end_lineno
    ]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        assert isinstance(node.value, str)
        line = lines[node.lineno - 1]
        raw = line.encode()
        source = raw[node.col_offset : node.end_col_offset].decode()
        if not source.startswith(("'", '"')):
            continue
        whole = len(_string(node.value)) <= width - _PATTERN_AT if id(node) in patterns else len(source) <= width - 28
        pieces = [node.value] if whole else _pieces(node.value, width - 16)
        indent = " " * (len(line) - len(line.lstrip()))
        joined = f"\n{indent}    ".join(map(_string, pieces))
        if len(pieces) > 1 and id(node) not in enclosed:
            joined = f"(\n{indent}    {joined}\n{indent})"
        lines[node.lineno - 1] = (raw[: node.col_offset] + joined.encode() + raw[node.end_col_offset :]).decode()
    return "\n".join(lines)


def _string(value: str) -> str:
    """`repr`, or a raw literal where the only escapes are doubled backslashes."""
    if "\\" in value and value.isprintable() and value[-1] != "\\":
        for quote in ('"', "'"):
            if quote not in value:
                return f"r{quote}{value}{quote}"
    return repr(value)


def _pieces(value: str, width: int) -> list[str]:
    pieces = []
    for line in _packed(value.splitlines(keepends=True), width) if "\n" in value[:-1] else [value]:
        while len(repr(line)) > width:
            cut = line.rfind(" ", width // 3, width - 4) + 1 or width - 4
            while cut > 8 and len(repr(line[:cut])) > width:
                cut = line.rfind(" ", 4, cut - 1) + 1 or cut // 2
            pieces.append(line[:cut])
            line = line[cut:]
        if line:
            pieces.append(line)
    return pieces


def _packed(lines: list[str], width: int) -> list[str]:
    """The lines as they are, or several to a piece where there are many short ones: one letter a line is no picture."""
    if len(lines) <= _MANY_LINES or sum(map(len, lines)) > _SHORT_LINE * len(lines):
        return lines
    packed = [""]
    for line in lines:
        if len(repr(packed[-1] + line)) > width:
            packed.append("")
        packed[-1] += line
    return packed


def _patterns(tree: ast.AST) -> set[int]:
    """Ids of what is given as `match=`: broken in two, a pattern is hard to read."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "match"}


def _enclosed(tree: ast.AST) -> set[int]:
    """Ids of expressions that stand as a lone argument of a call, where adjacent strings need no parentheses."""
    return {
        id(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords
    }
