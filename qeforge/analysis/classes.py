"""What kind of class the source defines, and what calling it takes."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from qeforge.analysis.names import dotted, last_part
from qeforge.analysis.signatures import parameters, text
from qeforge.domain.facts import ClassKind
from qeforge.domain.target import Parameter, ParameterKind

_BASES = {
    "Enum": ClassKind.ENUM,
    "IntEnum": ClassKind.ENUM,
    "StrEnum": ClassKind.ENUM,
    "Flag": ClassKind.ENUM,
    "IntFlag": ClassKind.ENUM,
    "NamedTuple": ClassKind.NAMED_TUPLE,
    "TypedDict": ClassKind.TYPED_DICT,
    "Protocol": ClassKind.PROTOCOL,
    "BaseModel": ClassKind.PYDANTIC,
    "BaseSettings": ClassKind.PYDANTIC,
}
_ATTRS = frozenset({"attr.s", "attr.attrs", "attr.attributes", "attr.dataclass"}) | {
    f"{package}.{name}" for package in ("attr", "attrs") for name in ("define", "frozen", "mutable")
}
_FIELD_CALLS = frozenset({"field", "Field", "ib", "attrib", "PrivateAttr"})
_INHERITED = (ClassKind.ENUM, ClassKind.TYPED_DICT, ClassKind.PYDANTIC)
_FIELDLESS = (ClassKind.PLAIN, ClassKind.PROTOCOL, ClassKind.ENUM)
_CONSTRUCTORS = ("__init__", "__new__")


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of one module by name, to follow bases; `aliases` are the module's imports."""

    nodes: Mapping[str, ast.ClassDef]
    aliases: Mapping[str, str]

    def kind(self, node: ast.ClassDef) -> ClassKind:
        """What sort of class, bases in the same module followed."""
        return self._kind(node, frozenset({node.name}))

    def members(self, node: ast.ClassDef) -> list[ast.Assign]:
        """An enum's assignments, private names left out."""
        return [s for s in node.body if isinstance(s, ast.Assign) and not _target_name(s).startswith("_")]

    def parameters(self, node: ast.ClassDef) -> tuple[Parameter, ...]:
        """What calling a class takes that has no constructor of its own: its fields, or its bases' constructor."""
        return self._parameters(node, frozenset({node.name}))

    def _parameters(self, node: ast.ClassDef, seen: frozenset[str]) -> tuple[Parameter, ...]:
        kind = self.kind(node)
        if kind is ClassKind.ENUM:
            return (Parameter(name="value", kind=ParameterKind.POSITIONAL),)
        if kind in _FIELDLESS or self._option(node, "init") is False:
            return self._inherited(node, seen)
        fields = self._fields(node, kind, seen)
        positional = [p for p in fields.values() if p.kind is ParameterKind.POSITIONAL]
        return (*positional, *(p for p in fields.values() if p.kind is not ParameterKind.POSITIONAL))

    def _kind(self, node: ast.ClassDef, seen: frozenset[str]) -> ClassKind:
        for decorator in node.decorator_list:
            path = dotted(decorator, self.aliases)
            if path in _ATTRS:
                return ClassKind.ATTRS
            if last_part(path) == "dataclass":
                return ClassKind.DATACLASS
        for base in node.bases:
            name = last_part(dotted(base, self.aliases))
            if name in _BASES and name not in self.nodes:
                return _BASES[name]
            if name in self.nodes and name not in seen:
                inherited = self._kind(self.nodes[name], seen | {name})
                if inherited in _INHERITED:
                    return inherited
        return ClassKind.PLAIN

    def _bases(self, node: ast.ClassDef, seen: frozenset[str]) -> list[tuple[str, ast.ClassDef]]:
        names = (last_part(dotted(base, self.aliases)) for base in node.bases)
        return [(name, self.nodes[name]) for name in names if name in self.nodes and name not in seen]

    def _inherited(self, node: ast.ClassDef, seen: frozenset[str]) -> tuple[Parameter, ...]:
        for name, base in self._bases(node, seen):
            for statement in base.body:
                if isinstance(statement, ast.FunctionDef) and statement.name in _CONSTRUCTORS:
                    return parameters(statement, bound=True)
            if found := self._parameters(base, seen | {name}):
                return found
        return ()

    def _fields(self, node: ast.ClassDef, kind: ClassKind, seen: frozenset[str]) -> dict[str, Parameter]:
        fields: dict[str, Parameter] = {}
        for name, base in reversed(self._bases(node, seen)):
            fields.update(self._fields(base, self.kind(base), seen | {name}))
        if kind in _FIELDLESS:
            return fields
        keyword_only = kind in (ClassKind.PYDANTIC, ClassKind.TYPED_DICT) or self._option(node, "kw_only") is True
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                annotation, value = statement.annotation, statement.value
            elif isinstance(statement, ast.Assign) and kind is ClassKind.ATTRS and self._is_field(statement.value):
                annotation, value = None, statement.value
            else:
                continue
            outer = last_part(dotted(annotation, self.aliases)) if annotation is not None else ""
            if outer == "KW_ONLY":
                keyword_only = True
                continue
            name = _target_name(statement)
            if outer == "ClassVar" or (kind is ClassKind.PYDANTIC and name.startswith("_")):
                continue
            made = self._field(name, annotation, value, keyword_only=keyword_only)
            if made is None:
                fields.pop(name, None)
            elif kind is ClassKind.TYPED_DICT:
                optional = outer == "NotRequired" or (outer != "Required" and self._keyword(node, "total") is False)
                fields[name] = _with_default(made, "...") if optional else made
            else:
                public = name.lstrip("_") if kind is ClassKind.ATTRS else name
                fields[name] = Parameter(name=public, kind=made.kind, annotation=made.annotation, default=made.default)
        return fields

    def _field(
        self, name: str, annotation: ast.expr | None, value: ast.expr | None, *, keyword_only: bool
    ) -> Parameter | None:
        if isinstance(annotation, ast.Subscript) and last_part(dotted(annotation, self.aliases)) == "InitVar":
            annotation = annotation.slice
        default = text(value)
        if value is not None and self._is_field(value):
            assert isinstance(value, ast.Call)
            options = {k.arg: k.value for k in value.keywords if k.arg}
            if _constant(options.get("init")) is False:
                return None
            keyword_only = keyword_only or _constant(options.get("kw_only")) is True
            default = self._default(value, options)
        kind = ParameterKind.KEYWORD_ONLY if keyword_only else ParameterKind.POSITIONAL
        return Parameter(name=name, kind=kind, annotation=text(annotation), default=default)

    def _default(self, call: ast.Call, options: Mapping[str, ast.expr]) -> str | None:
        value = options.get("default") or (call.args[0] if call.args else None)
        if _constant(value) is ...:
            value = None  # how pydantic writes a required field
        factory = options.get("default_factory") or options.get("factory")
        if factory is None and isinstance(value, ast.Call) and value.args:
            factory = value.args[0] if last_part(dotted(value, self.aliases)) == "Factory" else None
        if isinstance(factory, ast.Lambda):
            return text(factory.body)
        return f"{ast.unparse(factory)}()" if factory is not None else text(value)

    def _is_field(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and last_part(dotted(node, self.aliases)) in _FIELD_CALLS

    def _option(self, node: ast.ClassDef, name: str) -> object:
        calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
        return next((_constant(k.value) for call in calls for k in call.keywords if k.arg == name), None)

    def _keyword(self, node: ast.ClassDef, name: str) -> object:
        return next((_constant(k.value) for k in node.keywords if k.arg == name), None)


def _with_default(parameter: Parameter, default: str) -> Parameter:
    return Parameter(name=parameter.name, kind=parameter.kind, annotation=parameter.annotation, default=default)


def _target_name(statement: ast.Assign | ast.AnnAssign) -> str:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return target.id if isinstance(target, ast.Name) else "_"


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None
