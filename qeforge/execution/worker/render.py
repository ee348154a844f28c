"""Values back to source: the text that a person would write in a test to make an equal value."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from math import copysign, isfinite, isnan
from typing import Any

from . import naming

MAX_DEPTH = 6
MAX_ITEMS = 30
MAX_SOURCE = 1_500  # characters
_MAX_NODES = 300
_MAX_BITS = 4_000
_MAX_FORMATTED = 300  # characters of a text that is written with the name of a folder in it

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{4,}|\b0x(?:7f|55|56)[0-9a-f]{10}\b")


class Unrenderable(Exception):
    """No readable source makes an equal value."""


def has_address(text: str) -> bool:
    """Whether a text shows a memory address."""
    return _ADDRESS.search(text) is not None


class Renderer:
    """Renders one value; afterwards `imports` are the statements that its source needs.

    Args:
        tmp_path: the folder that the test's `tmp_path` stands for, None when it has none.
        watch: called with the value and each part of it.

    Attributes:
        checked: whether the source is right by construction; else evaluate it and compare.
    """

    def __init__(self, tmp_path: str | None = None, watch: Callable[[Any], None] | None = None) -> None:
        self._watch = watch
        self.imports: set[str] = set()
        self.checked = True
        self.tmp_path = tmp_path
        self._nodes = 0
        self._inside: set[int] = set()

    def render(self, value: Any) -> str:
        """Source of the value. Raises Unrenderable, or whatever the value's own code raises."""
        source = self.item(value, 0)
        if len(source) > MAX_SOURCE or has_address(source):
            raise Unrenderable
        return source

    def item(self, value: Any, depth: int) -> str:
        """Source of a part of the value."""
        if self._watch is not None:
            self._watch(value)
        kind = type(value)
        literal = _LITERALS.get(kind)
        if literal is not None:
            if (kind is str or kind is bytes) and len(value) > MAX_SOURCE:
                raise Unrenderable
            if kind is str and self.tmp_path is not None and self.tmp_path in value:
                return self._temporary_text(value)
            return literal(value)
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > _MAX_NODES or id(value) in self._inside:
            raise Unrenderable
        self._inside.add(id(value))
        try:
            container = _CONTAINERS.get(kind)
            if container is not None:
                return container(self, value, depth + 1)
            from . import render_objects  # only values beyond literals pay for it

            return render_objects.render(self, value, depth + 1)
        finally:
            self._inside.discard(id(value))

    def items(self, values: Iterable[Any], depth: int) -> list[str]:
        """Sources of the items of a container, at most `MAX_ITEMS`."""
        sources: list[str] = []
        for value in values:
            if len(sources) == MAX_ITEMS:
                raise Unrenderable
            sources.append(self.item(value, depth))
        return sources

    def call(self, name: str, arguments: Iterable[str] = (), keywords: Mapping[str, str] | None = None) -> str:
        """A call expression; its value is to be checked."""
        self.checked = False
        texts = [*arguments, *(f"{key}={text}" for key, text in (keywords or {}).items())]
        return f"{name}({', '.join(texts)})"

    def reference(self, obj: Any) -> str:
        """The expression for a class or function that can be imported."""
        found = naming.importable(obj)
        if found is None:
            raise Unrenderable
        statement, source = found
        if statement:
            self.imports.add(statement)
        return source

    def mapping(self, value: Mapping[Any, Any], depth: int) -> str:
        """A dict display of its items."""
        if len(value) > MAX_ITEMS:
            raise Unrenderable
        pairs = [f"{self.item(key, depth)}: {self.item(item, depth)}" for key, item in value.items()]
        return "{" + ", ".join(pairs) + "}"

    def _temporary_text(self, value: str) -> str:
        assert self.tmp_path is not None
        if value == self.tmp_path:
            return "str(tmp_path)"
        rest = value[len(self.tmp_path) + 1 :]
        parts = rest.split("/")
        if value.startswith(f"{self.tmp_path}/") and not any(part in ("", ".", "..") for part in parts):
            return f"str(tmp_path / {rest!r})"
        if len(value) > _MAX_FORMATTED or not value.isprintable():
            return repr(value)
        pieces = re.split(re.escape(self.tmp_path) + r"(?![\w.-])", value)
        escaped = "{tmp_path}".join(piece.replace("{", "{{").replace("}", "}}") for piece in pieces)
        return f"f{escaped!r}" if len(pieces) > 1 else repr(value)


def _float(value: float) -> str:
    if isfinite(value):
        return repr(value)
    if isnan(value):
        return "float('nan')"
    return "float('inf')" if value > 0 else "float('-inf')"


def _complex(value: complex) -> str:
    plain = isfinite(value.real) and isfinite(value.imag)
    if plain and copysign(1, value.real) > 0 and copysign(1, value.imag) > 0:
        return repr(value)
    return f"complex({_float(value.real)}, {_float(value.imag)})"


def _int(value: int) -> str:
    if value.bit_length() > _MAX_BITS:
        raise Unrenderable
    return repr(value)


def _list(self: Renderer, value: list[Any], depth: int) -> str:
    return f"[{', '.join(self.items(value, depth))}]"


def _tuple(self: Renderer, value: tuple[Any, ...], depth: int) -> str:
    sources = self.items(value, depth)
    return f"({sources[0]},)" if len(sources) == 1 else f"({', '.join(sources)})"


def _set(self: Renderer, value: set[Any], depth: int) -> str:
    return "{" + ", ".join(sorted(self.items(value, depth))) + "}" if value else "set()"


def _frozenset(self: Renderer, value: frozenset[Any], depth: int) -> str:
    return f"frozenset({_set(self, set(value), depth)})" if value else "frozenset()"


def _slice(self: Renderer, value: slice, depth: int) -> str:
    return f"slice({', '.join(self.items((value.start, value.stop, value.step), depth))})"


def _bytearray(value: bytearray) -> str:
    if len(value) > MAX_SOURCE:
        raise Unrenderable
    return f"bytearray({bytes(value)!r})" if value else "bytearray()"


_LITERALS: dict[type, Callable[[Any], str]] = {
    type(None): repr,
    bool: repr,
    int: _int,
    float: _float,
    complex: _complex,
    str: repr,
    bytes: repr,
    bytearray: _bytearray,
    range: repr,
    type(...): lambda value: "...",
    type(NotImplemented): repr,
}

_CONTAINERS: dict[type, Callable[[Renderer, Any, int], str]] = {
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    dict: Renderer.mapping,
    slice: _slice,
}

_CHEAP = {type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented)}


def quick_source(value: Any, limit: int = 200) -> str | None:
    """Source of a small value made of builtin literals only, None for all else; runs no foreign code."""
    try:
        source = _quick(value, 0)
    except (Unrenderable, RecursionError):
        return None
    return source if len(source) <= limit else None


def _quick(value: Any, depth: int) -> str:
    kind = type(value)
    if kind in _CHEAP:
        if (kind is str or kind is bytes) and len(value) > MAX_SOURCE:
            raise Unrenderable
        return _LITERALS[kind](value)
    if depth > 3 or kind not in (list, tuple, set, frozenset, dict) or len(value) > MAX_ITEMS:
        raise Unrenderable
    if kind is dict:
        pairs = [f"{_quick(key, depth + 1)}: {_quick(item, depth + 1)}" for key, item in value.items()]
        return "{" + ", ".join(pairs) + "}"
    sources = [_quick(item, depth + 1) for item in value]
    if kind is list:
        return f"[{', '.join(sources)}]"
    if kind is tuple:
        return f"({sources[0]},)" if len(sources) == 1 else f"({', '.join(sources)})"
    display = "{" + ", ".join(sorted(sources)) + "}" if sources else "set()"
    if kind is set:
        return display
    return f"frozenset({display})" if sources else "frozenset()"


def rebuild(source: str, imports: Iterable[str], names: Mapping[str, Any]) -> Any:
    """What the source gives in a clean namespace that holds `names` only."""
    namespace: dict[str, Any] = dict(names)
    for statement in imports:
        exec(statement, namespace)
    return eval(source, namespace)


def standard(module: str) -> Any:
    """A module of the standard library if something has loaded it: without it no value of its types exists."""
    return sys.modules.get(module)
