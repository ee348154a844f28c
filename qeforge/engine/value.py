"""An argument: an expression, and what a test must do around it."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_MUTABLE = frozenset({"list", "dict", "set", "bytearray"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One way to write an argument.

    Args:
        source: the expression.
        type_name: what it evaluates to, as error messages name it (`int`, `str`, `SimpleNamespace`).
        imports: whole import statements.
        fixtures: pytest fixtures used.
        before: statements that must stand before it is built (a local class).
        setup: statements after it is bound; `{name}` is the variable.
        shared: it has state that the call may change, so that it gets a variable of its own.
    """

    source: str
    type_name: str = ""
    imports: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    shared: bool = False

    @property
    def lifted(self) -> bool:
        """Whether it needs a variable."""
        return self.shared or bool(self.setup)

    @property
    def plain(self) -> bool:
        """Whether it can stand inside a larger expression."""
        return not self.setup


def literal(source: str) -> Value:
    """A value from the source of a literal; its type is read off the syntax.

    Raises:
        ValueError: the source is not one expression.
    """
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError) as problem:
        raise ValueError(f"not an expression: {source!r}") from problem
    type_name = _type_of(node)
    return Value(source=source, type_name=type_name, shared=type_name in _MUTABLE)


def of(value: object) -> Value:
    """A value from a Python object whose `repr` is its source."""
    type_name = type(value).__name__
    return Value(source=repr(value), type_name=type_name, shared=type_name in _MUTABLE)


def combine(template: str, parts: Sequence[Value], *, type_name: str, shared: bool = False, **extra: object) -> Value:
    """A larger expression: `template` with one `{}` for each part, imports and fixtures joined."""
    pieces = template.split("{}")
    source = pieces[0] + "".join(part.source + piece for part, piece in zip(parts, pieces[1:], strict=True))
    whole = Value(
        source=source,
        type_name=type_name,
        imports=merged(part.imports for part in parts),
        fixtures=merged(part.fixtures for part in parts),
        before=merged(part.before for part in parts),
        shared=shared,
    )
    return replace(whole, **extra) if extra else whole  # type: ignore[arg-type]


def call(
    callee: str, arguments: Sequence[tuple[str, Value]], *, type_name: str, imports: tuple[str, ...] = ()
) -> Value:
    """`callee(…)`: each argument with its keyword, empty for a positional one. The callee may be any expression, an
    empty dict in it included."""
    template = ", ".join(f"{name}={{}}" if name else "{}" for name, _ in arguments)
    built = combine(f"({template})", [value for _, value in arguments], type_name=type_name, shared=True)
    return replace(built, source=callee + built.source, imports=merged((built.imports, imports)))


def merged(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """All of them once, first come first."""
    return tuple(dict.fromkeys(item for group in groups for item in group))


def unique(values: Iterable[Value]) -> list[Value]:
    """Each source, with what stands around it, once, order kept."""
    found: dict[tuple[object, ...], Value] = {}
    for value in values:
        found.setdefault((value.source, value.setup, value.before), value)
    return list(found.values())


def _type_of(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return type(value).__name__
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Tuple():
            return "tuple"
        case ast.Lambda():
            return "function"
        case ast.JoinedStr():
            return "str"
        case ast.UnaryOp(operand=operand):
            return _type_of(operand)
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
        case _:
            return ""
