"""Source for objects beyond literals: the standard library's values, enums, records, whatever `repr` rebuilds."""

import ast
import dataclasses
import enum
import types
from collections.abc import Callable
from typing import Any

from . import clock_shift, naming
from .render import Renderer, Unrenderable, standard

_Rule = Callable[[Renderer, Any, int], str]


def render(self: Renderer, value: Any, depth: int) -> str:
    """Source of a value that is no literal and no plain container. Raises Unrenderable when nothing fits."""
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)):
        return _named(self, value)
    kind = type(value)
    if kind is types.MappingProxyType:
        return _proxy(self, value, depth)
    rule = _RULES.get((kind.__module__, kind.__qualname__))
    if rule is not None and kind is clock_shift.real(naming.resolve(kind.__module__, kind.__qualname__)):
        return rule(self, value, depth)
    if isinstance(value, enum.Enum):
        return _enum(self, value, depth)
    for matches, build in _RECORDS:
        if matches(kind):
            return build(self, value, depth)
    return _by_repr(self, value)


def _named(self: Renderer, value: Any) -> str:
    if value is type(None):
        return "type(None)"
    source = self.reference(value)
    if source.endswith("<lambda>"):
        raise Unrenderable
    return source


def _enum(self: Renderer, value: enum.Enum, depth: int) -> str:
    kind = type(value)
    owner = self.reference(kind)
    if value.name is not None and kind.__members__.get(value.name) is value:
        return f"{owner}.{value.name}"
    if not isinstance(value, enum.Flag):
        raise Unrenderable
    parts = [member for member in kind if member.value and member.value & value.value == member.value]
    if not parts:
        return self.call(owner, [repr(value.value)])
    self.checked = False
    return " | ".join(f"{owner}.{member.name}" for member in parts)


def _is_namedtuple(kind: type) -> bool:
    return issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple)


def _namedtuple(self: Renderer, value: Any, depth: int) -> str:
    sources = self.items(tuple(value), depth)
    return self.call(self.reference(type(value)), (), dict(zip(type(value)._fields, sources, strict=True)))


def _dataclass(self: Renderer, value: Any, depth: int) -> str:
    keywords = {
        field.name: self.item(getattr(value, field.name), depth)
        for field in dataclasses.fields(value)
        if field.init and not _is_default(field, getattr(value, field.name))
    }
    return self.call(self.reference(type(value)), (), keywords)


def _is_default(field: Any, value: Any) -> bool:
    if field.default is dataclasses.MISSING or type(field.default) is not type(value):
        return False
    return bool(field.default == value)


def _is_attrs(kind: type) -> bool:
    return isinstance(getattr(kind, "__attrs_attrs__", None), tuple)


def _attrs(self: Renderer, value: Any, depth: int) -> str:
    keywords = {
        getattr(field, "alias", None) or field.name.lstrip("_"): self.item(getattr(value, field.name), depth)
        for field in type(value).__attrs_attrs__
        if field.init
    }
    return self.call(self.reference(type(value)), (), keywords)


def _is_pydantic(kind: type) -> bool:
    return any(
        base.__module__.partition(".")[0] == "pydantic" and base.__name__ == "BaseModel" for base in kind.__mro__
    )


def _pydantic(self: Renderer, value: Any, depth: int) -> str:
    kind = type(value)
    fields = getattr(kind, "model_fields", None) or getattr(kind, "__fields__", {})
    given = getattr(value, "model_fields_set", None)
    if given is None:
        given = getattr(value, "__fields_set__", fields)
    keywords = {
        (getattr(field, "alias", None) or name): self.item(getattr(value, name), depth)
        for name, field in fields.items()
        if name in given
    }
    return self.call(self.reference(kind), (), keywords)


_RECORDS: tuple[tuple[Callable[[type], bool], _Rule], ...] = (
    (_is_namedtuple, _namedtuple),
    (dataclasses.is_dataclass, _dataclass),
    (_is_attrs, _attrs),
    (_is_pydantic, _pydantic),
)


def _inherits(kind: type, method: str) -> bool:
    """Whether it has `object`'s version of a method."""
    return getattr(kind, method) is getattr(object, method)


def _by_repr(self: Renderer, value: Any) -> str:
    """What the object itself says it is: `IPv4Address('10.0.0.1')`, if its class compares by value."""
    kind = type(value)
    if _inherits(kind, "__eq__") or _inherits(kind, "__repr__"):
        raise Unrenderable
    text = repr(value)
    try:
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Call) or ast.unparse(tree.func) not in (kind.__name__, kind.__qualname__):
            raise Unrenderable
        for argument in (*tree.args, *(keyword.value for keyword in tree.keywords)):
            ast.literal_eval(argument)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise Unrenderable from None
    name = ast.unparse(tree.func)
    return self.call(self.reference(kind), [text[len(name) + 1 : -1]])


def _from(self: Renderer, module: str, name: str) -> str:
    self.imports.add(f"from {module} import {name}")
    return name


def _numbers(module: str, name: str, *fields: str, required: int) -> _Rule:
    """A call with the fields in order, without trailing zeros that are not required; `tzinfo`, `fold` as keywords."""

    def rule(self: Renderer, value: Any, depth: int) -> str:
        numbers = [getattr(value, field) for field in fields]
        while len(numbers) > required and not numbers[-1]:
            numbers.pop()
        keywords = {}
        if getattr(value, "tzinfo", None) is not None:
            keywords["tzinfo"] = self.item(value.tzinfo, depth)
        if getattr(value, "fold", 0):
            keywords["fold"] = repr(value.fold)
        return self.call(_from(self, module, name), [repr(number) for number in numbers], keywords)

    return rule


def _timedelta(self: Renderer, value: Any, depth: int) -> str:
    fields = {name: repr(getattr(value, name)) for name in ("days", "seconds", "microseconds") if getattr(value, name)}
    return self.call(_from(self, "datetime", "timedelta"), () if fields else ["0"], fields)


def _timezone(self: Renderer, value: Any, depth: int) -> str:
    name = _from(self, "datetime", "timezone")
    if value is type(value).utc:
        return f"{name}.utc"
    return self.call(name, [self.item(argument, depth) for argument in value.__getinitargs__()])


def _zone(self: Renderer, value: Any, depth: int) -> str:
    if value.key is None:
        raise Unrenderable
    return self.call(_from(self, "zoneinfo", "ZoneInfo"), [repr(value.key)])


def _text(module: str, name: str) -> _Rule:
    def rule(self: Renderer, value: Any, depth: int) -> str:
        return self.call(_from(self, module, name), [repr(str(value))])

    return rule


def _fraction(self: Renderer, value: Any, depth: int) -> str:
    return self.call(_from(self, "fractions", "Fraction"), [repr(value.numerator), repr(value.denominator)])


def _path(name: str) -> _Rule:
    def rule(self: Renderer, value: Any, depth: int) -> str:
        text = str(value)
        if self.tmp_path is not None and text.startswith(self.tmp_path) and name == "Path":
            rest = text[len(self.tmp_path) :].lstrip("/")
            return f"tmp_path / {rest!r}" if rest else "tmp_path"
        return self.call(_from(self, "pathlib", name), [repr(text)])

    return rule


def _pattern(self: Renderer, value: Any, depth: int) -> str:
    module = standard("re")
    self.imports.add("import re")
    default = module.compile("" if isinstance(value.pattern, str) else b"").flags
    flags = [
        f"re.{flag.name}" for flag in module.RegexFlag if flag & value.flags & ~default and flag.name not in ("DEBUG",)
    ]
    return self.call("re.compile", [repr(value.pattern), *([" | ".join(flags)] if flags else [])])


def _ordered(self: Renderer, value: Any, depth: int) -> str:
    return self.call(_from(self, "collections", "OrderedDict"), [self.mapping(value, depth)] if value else [])


def _default_dict(self: Renderer, value: Any, depth: int) -> str:
    factory = self.item(value.default_factory, depth)
    return self.call(
        _from(self, "collections", "defaultdict"), [factory, *([self.mapping(value, depth)] if value else [])]
    )


def _counter(self: Renderer, value: Any, depth: int) -> str:
    return self.call(_from(self, "collections", "Counter"), [self.mapping(value, depth)] if value else [])


def _deque(self: Renderer, value: Any, depth: int) -> str:
    keywords = {} if value.maxlen is None else {"maxlen": repr(value.maxlen)}
    items = ", ".join(self.items(value, depth))
    return self.call(_from(self, "collections", "deque"), [f"[{items}]"] if value or not keywords else ["()"], keywords)


def _chain_map(self: Renderer, value: Any, depth: int) -> str:
    return self.call(_from(self, "collections", "ChainMap"), self.items(value.maps, depth))


def _proxy(self: Renderer, value: Any, depth: int) -> str:
    return self.call(_from(self, "types", "MappingProxyType"), [self.mapping(value, depth)])


def _simple_namespace(self: Renderer, value: Any, depth: int) -> str:
    fields = {name: self.item(item, depth) for name, item in vars(value).items() if name.isidentifier()}
    return self.call(_from(self, "types", "SimpleNamespace"), (), fields)


def _array(self: Renderer, value: Any, depth: int) -> str:
    items = "[" + ", ".join(self.items(value, depth)) + "]"
    return self.call(_from(self, "array", "array"), [repr(value.typecode), items])


def _mock_call(self: Renderer, value: Any, depth: int) -> str:
    name, arguments, keywords = value if len(value) == 3 else ("", *value)
    self.imports.add("from unittest.mock import call")
    callee = f"call{name}" if name.startswith("(") or not name else f"call.{name}"
    named = {key: self.item(item, depth) for key, item in keywords.items()}
    return self.call(callee, self.items(arguments, depth), named)


def _mock_calls(self: Renderer, value: Any, depth: int) -> str:
    return f"[{', '.join(self.items(value, depth))}]"


_RULES: dict[tuple[str, str], _Rule] = {
    ("datetime", "datetime"): _numbers(
        "datetime", "datetime", "year", "month", "day", "hour", "minute", "second", "microsecond", required=3
    ),
    ("datetime", "date"): _numbers("datetime", "date", "year", "month", "day", required=3),
    ("datetime", "time"): _numbers("datetime", "time", "hour", "minute", "second", "microsecond", required=2),
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    ("zoneinfo", "ZoneInfo"): _zone,
    ("decimal", "Decimal"): _text("decimal", "Decimal"),
    ("fractions", "Fraction"): _fraction,
    ("uuid", "UUID"): _text("uuid", "UUID"),
    ("re", "Pattern"): _pattern,
    ("collections", "OrderedDict"): _ordered,
    ("collections", "defaultdict"): _default_dict,
    ("collections", "Counter"): _counter,
    ("collections", "deque"): _deque,
    ("collections", "ChainMap"): _chain_map,
    ("types", "SimpleNamespace"): _simple_namespace,
    ("array", "array"): _array,
    ("unittest.mock", "_Call"): _mock_call,
    ("unittest.mock", "_CallList"): _mock_calls,
}
for _module in ("pathlib", "pathlib._local"):  # 3.13 tells where it really is
    _RULES[_module, "PosixPath"] = _path("Path")
    _RULES[_module, "PurePosixPath"] = _path("PurePosixPath")
    _RULES[_module, "PureWindowsPath"] = _path("PureWindowsPath")
