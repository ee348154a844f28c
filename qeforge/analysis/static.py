"""Values that expressions have whatever happens: constants, collections of them, texts put together, regexes."""

import ast
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from qeforge.analysis.symbols import Symbols, read_symbols, symbols_of
from qeforge.analysis.syntax import decode_source
from qeforge.domain.target import SourceModule


class Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
"""No value is known. A value of its own, as None is a value too."""

LARGEST_VALUE = 20_000
"""Items or characters at most; what is longer is of no use as an input and only costs time."""

LARGEST_BITS = 512
"""Integers with more bits are not computed."""

DEEPEST = 12
"""Levels of names and operators followed."""

_STRING_NAMES = {f"string.{name}": getattr(string, name) for name in string.__all__ if name.islower()} | {
    "string.ascii_letters": string.ascii_letters
}
_FLAGS: Mapping[str, int] = {f"re.{name}": int(flag) for name, flag in re.RegexFlag.__members__.items()}
_INLINE_FLAGS = ((re.ASCII, "a"), (re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s"), (re.VERBOSE, "x"))
_SHARED_ROOTS = frozenset({"site-packages", "dist-packages"})
"""Folders whose packages have nothing to do with one another."""

_COLLECTIONS: Mapping[str, type] = {"frozenset": frozenset, "set": set, "tuple": tuple, "list": list, "dict": dict}
_WIDE_FIELD = re.compile(r"\d{4}|\*")
"""A format that could pad to any length."""

_TEXT_METHODS = frozenset({"format", "join", "split", "upper", "lower", "strip", "splitlines", "encode"})


@dataclass(frozen=True, slots=True)
class RegexText:
    """A compiled regex: its text, with the flags that change its meaning in front (`(?i)…`)."""

    text: str


def with_flags(text: str, flags: int) -> str:
    """The pattern with its flags inside, so that one text says all."""
    letters = "".join(letter for flag, letter in _INLINE_FLAGS if flags & flag)
    return f"(?{letters}){text}" if letters else text


def pattern_text(value: object, flags: object = 0) -> str | None:
    """The text of a regex given as a string or a compiled pattern, flags inside; None for anything else."""
    if isinstance(value, RegexText):
        return value.text
    return with_flags(value, flags if isinstance(flags, int) else 0) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression stands: the class around it, and values of local names."""

    owner: str | None
    local: Mapping[str, object]


_MODULE = _Scope(None, {})


@dataclass(slots=True)
class StaticValues:
    """Evaluates expressions of one module without running any of it.

    Names are looked up among the module's constants, the constants of `owner` classes, and the constants of sibling
    modules below `import_root` that are imported by name or by `*`.
    """

    symbols: Symbols
    import_root: Path | None = None
    _names: dict[str, object] = field(default_factory=dict)
    _siblings: dict[str, "StaticValues | None"] = field(default_factory=dict)

    @classmethod
    def of(cls, module: SourceModule) -> "StaticValues":
        """For `module`, its siblings within reach."""
        return _values_of(symbols_of(module), module.import_root)

    def value(
        self, node: ast.expr | None, *, owner: str | None = None, local: Mapping[str, object] | None = None
    ) -> object:
        """The value of an expression, `MISSING` when it depends on anything that runs.

        Args:
            node: an expression of this module.
            owner: qualname of the class around it; its constants are seen as `self.NAME` and `cls.NAME`.
            local: values of local names, `MISSING` for those without one; they hide the module's.
        """
        return MISSING if node is None else self._value(node, _Scope(owner, local or {}), 0)

    def name(self, name: str, depth: int = 0) -> object:
        """The value of a constant of the module, or of one that it imports."""
        if name in self._names:
            return self._names[name]
        self._names[name] = MISSING  # an assignment that mentions itself has no value
        node = self.symbols.constants.get(name)
        value: object
        if node is not None:
            value = self._value(node, _MODULE, depth + 1)
        elif name in self.symbols.imports:
            value = self.dotted(self.symbols.imports[name], depth + 1)
        else:
            value = MISSING
            for star in self.symbols.stars:
                sibling = self._sibling(star)
                value = sibling.name(name, depth + 1) if sibling and depth < DEEPEST else MISSING
                if value is not MISSING:
                    break
        self._names[name] = value
        return value

    def dotted(self, path: str, depth: int = 0) -> object:
        """The value of a constant given by its import path."""
        if path in _STRING_NAMES:
            return _STRING_NAMES[path]
        if path in _FLAGS:
            return _FLAGS[path]
        module, _, attribute = path.rpartition(".")
        if not module or depth >= DEEPEST:
            return MISSING
        sibling = self._sibling(module)
        return sibling.name(attribute, depth + 1) if sibling else MISSING

    def _sibling(self, module: str) -> "StaticValues | None":
        if module not in self._siblings:
            self._siblings[module] = self._read_sibling(module)
        return self._siblings[module]

    def _read_sibling(self, module: str) -> "StaticValues | None":
        own = self.symbols.module
        if self.import_root is None or not module or module == own:
            return None
        if module.partition(".")[0] != own.partition(".")[0] and self.import_root.name in _SHARED_ROOTS:
            return None
        base = self.import_root.joinpath(*module.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            try:
                source = decode_source(path.read_bytes())
                symbols = read_symbols(source, module, path.name == "__init__.py")
                return StaticValues(symbols, self.import_root, _siblings=self._siblings)
            except (OSError, SyntaxError, ValueError):
                continue
        return None

    def _value(self, node: ast.expr, scope: _Scope, depth: int) -> object:
        if depth > DEEPEST:
            return MISSING
        try:
            value = self._compute(node, scope, depth)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return MISSING
        if isinstance(value, str | bytes | tuple | list | set | frozenset | dict) and len(value) > LARGEST_VALUE:
            return MISSING
        return value

    def _compute(self, node: ast.expr, scope: _Scope, depth: int) -> object:
        match node:
            case ast.Constant():
                return MISSING if node.value is ... else node.value
            case ast.Name():
                return scope.local[node.id] if node.id in scope.local else self.name(node.id, depth)
            case ast.Attribute():
                return self._attribute(node, scope, depth)
            case ast.Tuple() | ast.List() | ast.Set():
                return self._sequence(node, scope, depth)
            case ast.Dict():
                return self._dict(node, scope, depth)
            case ast.JoinedStr():
                return self._joined(node, scope, depth)
            case ast.BinOp():
                return self._binary(node, scope, depth)
            case ast.UnaryOp(op=ast.USub()):
                inner = self._value(node.operand, scope, depth + 1)
                return -inner if isinstance(inner, int | float) else MISSING
            case ast.Call():
                return self._call(node, scope, depth)
        return MISSING

    def _attribute(self, node: ast.Attribute, scope: _Scope, depth: int) -> object:
        if isinstance(node.value, ast.Name):
            base = node.value.id
            if scope.owner and base in ("self", "cls"):
                return self.name(f"{scope.owner}.{node.attr}", depth)
            if f"{base}.{node.attr}" in self.symbols.constants:
                return self.name(f"{base}.{node.attr}", depth)
        path = self.symbols.dotted(node)
        return self.dotted(path, depth + 1) if path else MISSING

    def _sequence(self, node: ast.Tuple | ast.List | ast.Set, scope: _Scope, depth: int) -> object:
        values: list[object] = []
        for element in node.elts:
            inner = element.value if isinstance(element, ast.Starred) else element
            value = self._value(inner, scope, depth + 1)
            if value is MISSING:
                return MISSING
            if isinstance(element, ast.Starred):
                values.extend(value if isinstance(value, list | tuple) else ())
            else:
                values.append(value)
        if isinstance(node, ast.Set):
            return tuple(dict.fromkeys(values))  # ordered as written: nothing may depend on hashes
        return tuple(values) if isinstance(node, ast.Tuple) else values

    def _dict(self, node: ast.Dict, scope: _Scope, depth: int) -> object:
        result: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            known = self._value(key, scope, depth + 1) if key is not None else MISSING
            if known is MISSING:
                return MISSING
            result[known] = self._value(value, scope, depth + 1)
        return result

    def _joined(self, node: ast.JoinedStr, scope: _Scope, depth: int) -> object:
        parts: list[str] = []
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            value = self._value(inner, scope, depth + 1)
            plain = not isinstance(part, ast.FormattedValue) or (part.conversion == -1 and part.format_spec is None)
            if not plain or not isinstance(value, str | int):
                return MISSING
            parts.append(str(value))
        return "".join(parts)

    def _binary(self, node: ast.BinOp, scope: _Scope, depth: int) -> object:
        left = self._value(node.left, scope, depth + 1)
        right = self._value(node.right, scope, depth + 1)
        if left is MISSING or right is MISSING:
            return MISSING
        match node.op, left, right:
            case ast.Add(), str(), str():
                return left + right
            case ast.Add(), bytes(), bytes():
                return left + right
            case ast.Add(), tuple(), tuple():
                return left + right
            case ast.Add(), list(), list():
                return left + right
            case ast.Mult(), str(), int():
                return left * right if 0 <= right <= 1000 else MISSING
            case ast.Mod(), str(), _:
                return MISSING if _WIDE_FIELD.search(left) else left % right
            case ast.BitOr(), int(), int():
                return left | right
            case ast.BitOr(), dict(), dict():
                return left | right
            case ((ast.Add() | ast.Sub() | ast.Mult()), int(), int()):
                if max(left.bit_length(), right.bit_length()) > LARGEST_BITS:
                    return MISSING
                return {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}[type(node.op)]
        return MISSING

    def _call(self, node: ast.Call, scope: _Scope, depth: int) -> object:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _TEXT_METHODS:
            base = self._value(node.func.value, scope, depth + 1)
            if isinstance(base, str):
                return self._text_method(base, node, scope, depth)
        path = self.symbols.dotted(node.func)
        if path == "re.compile" and node.args:
            flags = node.args[1] if len(node.args) > 1 else keyword(node, "flags")
            text = self._value(node.args[0], scope, depth + 1)
            number = self._value(flags, scope, depth + 1) if flags is not None else 0
            return (
                RegexText(with_flags(text, number if isinstance(number, int) else 0))
                if isinstance(text, str)
                else MISSING
            )
        if path == "re.escape" and len(node.args) == 1:
            text = self._value(node.args[0], scope, depth + 1)
            return re.escape(text) if isinstance(text, str) else MISSING
        if path is not None and path in _COLLECTIONS and len(node.args) == 1 and not node.keywords:
            inner = self._value(node.args[0], scope, depth + 1)
            if isinstance(inner, str | list | tuple):
                return tuple(dict.fromkeys(inner)) if path in ("set", "frozenset") else _COLLECTIONS[path](inner)
            return inner if isinstance(inner, dict) else MISSING
        if path == "dict" and not node.args and all(each.arg for each in node.keywords):
            return {each.arg: self._value(each.value, scope, depth + 1) for each in node.keywords}
        return MISSING

    def _text_method(self, base: str, node: ast.Call, scope: _Scope, depth: int) -> object:
        arguments = [self._value(each, scope, depth + 1) for each in node.args]
        named = {each.arg: self._value(each.value, scope, depth + 1) for each in node.keywords if each.arg}
        if MISSING in arguments or MISSING in named.values() or len(named) != len(node.keywords):
            return MISSING
        assert isinstance(node.func, ast.Attribute)
        if node.func.attr == "format" and _WIDE_FIELD.search(base):
            return MISSING
        result: object = getattr(base, node.func.attr)(*arguments, **named)
        return result


@lru_cache(maxsize=32)
def _values_of(symbols: Symbols, import_root: Path) -> StaticValues:
    return StaticValues(symbols, import_root)


def keyword(node: ast.Call, name: str) -> ast.expr | None:
    """The argument passed by that keyword, None without one."""
    return next((each.value for each in node.keywords if each.arg == name), None)


def literal_source(value: object, longest: int = 400) -> str | None:
    """Source text of a plain value; None for what has no literal, and for text longer than `longest` characters."""
    if not _is_plain(value):
        return None
    text = repr(value)
    return text if len(text) <= longest else None


def _is_plain(value: object, depth: int = 0) -> bool:
    if isinstance(value, float):
        return value == value and value not in (float("inf"), float("-inf"))
    if value is None or isinstance(value, bool | int | str | bytes | complex):
        return True
    if depth > 4:
        return False
    if isinstance(value, dict):
        return all(_is_plain(k, depth + 1) and _is_plain(v, depth + 1) for k, v in value.items())
    return isinstance(value, tuple | list) and all(_is_plain(each, depth + 1) for each in value)
