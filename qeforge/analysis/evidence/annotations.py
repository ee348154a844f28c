"""Annotations, as written, to type references."""

import ast
import builtins
import collections.abc
import typing
from collections.abc import Mapping

from qeforge.analysis.static import literal_source
from qeforge.analysis.symbols import Symbols
from qeforge.domain.facts import ANY, TypeRef

NONE = TypeRef("None")
_TYPING = ("typing.", "typing_extensions.")
_TRANSPARENT = frozenset({"Annotated", "ClassVar", "Final", "InitVar", "NotRequired", "ReadOnly", "Required", "Unpack"})
_RENAMED: Mapping[str, str] = {
    "AbstractSet": "collections.abc.Set",
    "BinaryIO": "typing.BinaryIO",
    "Callable": "callable",
    "ContextManager": "contextlib.AbstractContextManager",
    "AsyncContextManager": "contextlib.AbstractAsyncContextManager",
    "Counter": "collections.Counter",
    "DefaultDict": "collections.defaultdict",
    "Deque": "collections.deque",
    "ChainMap": "collections.ChainMap",
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "IO": "typing.IO",
    "List": "list",
    "LiteralString": "str",
    "Match": "re.Match",
    "OrderedDict": "collections.OrderedDict",
    "Pattern": "re.Pattern",
    "Set": "set",
    "Text": "str",
    "TextIO": "typing.TextIO",
    "Tuple": "tuple",
    "Type": "type",
    "AnyStr": "str",
}
_DEEPEST = 8


def builtin_type(name: str) -> bool:
    """Whether a bare name is a builtin class."""
    return isinstance(getattr(builtins, name, None), type)


def type_of_value(value: object) -> TypeRef:
    """The type of a plain value, with the types of its items where they agree."""
    if value is None:
        return NONE
    name = type(value).__name__
    if isinstance(value, list | set | frozenset) and value:
        inner = {type_of_value(each) for each in value}
        return TypeRef(name, (inner.pop(),) if len(inner) == 1 else ())
    if isinstance(value, tuple) and 0 < len(value) <= 6:
        return TypeRef(name, tuple(type_of_value(each) for each in value))
    if isinstance(value, dict) and value:
        keys, values = {type_of_value(k) for k in value}, {type_of_value(v) for v in value.values()}
        if len(keys) == len(values) == 1:
            return TypeRef(name, (keys.pop(), values.pop()))
    return TypeRef(name)


class Annotations:
    """Resolves the annotations of one module by its imports, its classes and its own aliases."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._aliases: dict[str, TypeRef] = {}

    def text(self, source: str | None, inside: str = "", depth: int = 0) -> TypeRef:
        """The type that an annotation's source text means; `Any` for what is no type."""
        if not source:
            return ANY
        try:
            return self.resolve(ast.parse(source.strip(), mode="eval").body, inside, depth)
        except (SyntaxError, ValueError, RecursionError):
            return ANY

    def resolve(self, node: ast.expr | None, inside: str = "", depth: int = 0) -> TypeRef:
        """The type that an annotation means.

        Args:
            node: the annotation; a constant string is parsed.
            inside: qualname of the class around it, which `Self` means and whose nested classes are in sight.
            depth: levels already followed.
        """
        if node is None or depth > _DEEPEST:
            return ANY
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str() as text):
                return self.text(text, inside, depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                return union(self.resolve(node.left, inside, depth + 1), self.resolve(node.right, inside, depth + 1))
            case ast.Subscript():
                return self._subscript(node, inside, depth)
            case ast.Name() | ast.Attribute():
                return self._name(node, inside, depth)
        return ANY

    def classes(self, node: ast.expr | None, inside: str = "", depth: int = 0) -> tuple[TypeRef, ...]:
        """The classes that the second argument of `isinstance` names: tuples, unions and constants of them too."""
        if node is None or depth > _DEEPEST:
            return ()
        if isinstance(node, ast.Tuple | ast.List):
            return tuple(each for element in node.elts for each in self.classes(element, inside, depth + 1))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.Add):
            return (*self.classes(node.left, inside, depth + 1), *self.classes(node.right, inside, depth + 1))
        if isinstance(node, ast.Call) and len(node.args) == 1:
            if self.symbols.dotted(node.func) == "type":
                inner = node.args[0]
                if inside and isinstance(inner, ast.Name) and inner.id == "self":
                    return (TypeRef(f"{self.symbols.module}.{inside}"),)
                return (type_of_value(inner.value),) if isinstance(inner, ast.Constant) else ()
            return self.classes(node.args[0], inside, depth + 1)
        if isinstance(node, ast.Name) and node.id in self.symbols.constants:
            constant = self.symbols.constants[node.id]
            if isinstance(constant, ast.Tuple | ast.BinOp | ast.Name | ast.Attribute | ast.Call):
                return self.classes(constant, inside, depth + 1)
        if inside and isinstance(node, ast.Attribute) and self.symbols.dotted(node) == "self.__class__":
            return (TypeRef(f"{self.symbols.module}.{inside}"),)
        if isinstance(node, ast.Name | ast.Attribute):
            found = self._name(node, inside, depth)
            if found.name == "union":
                return found.args
            return () if found == ANY else (found,)
        return ()

    def _name(self, node: ast.Name | ast.Attribute, inside: str, depth: int) -> TypeRef:
        path = self.symbols.dotted(node)
        if path is None:
            return ANY
        local = self._local_class(path, inside)
        if local:
            return TypeRef(local)
        if path in self.symbols.constants and isinstance(node, ast.Name):
            if path not in self._aliases:
                self._aliases[path] = ANY  # what an alias that mentions itself means there
                self._aliases[path] = self._alias(self.symbols.constants[path], inside, depth)
            return self._aliases[path]
        return self._known(path, inside)

    def _local_class(self, path: str, inside: str) -> str | None:
        for scope in (inside, ""):
            qualname = f"{scope}.{path}" if scope else path
            if qualname in self.symbols.classes:
                return f"{self.symbols.module}.{qualname}"
        return None

    def _alias(self, value: ast.expr, inside: str, depth: int) -> TypeRef:
        if isinstance(value, ast.Call):
            path = self.symbols.dotted(value.func) or ""
            name = path.removeprefix("typing.").removeprefix("typing_extensions.")
            if name == "NewType" and len(value.args) == 2:
                return self.resolve(value.args[1], inside, depth + 1)
            if name == "TypeVar":
                return self._type_variable(value, inside, depth)
            if name.rpartition(".")[2] in (
                "namedtuple",
                "NamedTuple",
                "Enum",
                "IntEnum",
                "TypedDict",
                "make_dataclass",
            ):
                first = value.args[0] if value.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    return TypeRef(f"{self.symbols.module}.{first.value}")
            return ANY
        if isinstance(value, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp):
            return self.resolve(value, inside, depth + 1)
        return ANY

    def _type_variable(self, value: ast.Call, inside: str, depth: int) -> TypeRef:
        if len(value.args) > 2:
            return union(*(self.resolve(each, inside, depth + 1) for each in value.args[1:]))
        bound = next((each.value for each in value.keywords if each.arg == "bound"), None)
        return self.resolve(bound, inside, depth + 1)

    def _known(self, path: str, inside: str) -> TypeRef:
        if path.startswith(_TYPING) or path in _RENAMED:
            name = path.rpartition(".")[2]
            if name in ("Any", "ParamSpec", "TypeVarTuple", "Never", "NoReturn", "TypeAlias"):
                return ANY
            if name == "Self":
                return TypeRef(f"{self.symbols.module}.{inside}") if inside else ANY
            if name in _RENAMED:
                return TypeRef(_RENAMED[name])
            if hasattr(collections.abc, name):
                return TypeRef(f"collections.abc.{name}")
            return TypeRef(f"typing.{name}") if hasattr(typing, name) else ANY
        if path == "collections.abc.Callable":
            return TypeRef("callable")
        if "." not in path:
            if path == "object":
                return ANY
            return TypeRef(path) if builtin_type(path) else ANY
        if path.startswith("builtins."):
            return TypeRef(path.partition(".")[2])
        return TypeRef(path)

    def _subscript(self, node: ast.Subscript, inside: str, depth: int) -> TypeRef:
        path = self.symbols.dotted(node.value) or ""
        name = path.rpartition(".")[2]
        special = path.startswith((*_TYPING, "dataclasses."))
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if special and name == "Optional":
            return union(self.resolve(inner[0], inside, depth + 1), NONE)
        if special and name == "Union":
            return union(*(self.resolve(each, inside, depth + 1) for each in inner))
        if special and name == "Literal":
            return self._literal(inner)
        if special and name in _TRANSPARENT:
            return self.resolve(inner[0], inside, depth + 1)
        base = self.resolve(node.value, inside, depth + 1)
        if base in (ANY, NONE) or base.name in ("union", "literal"):
            return base
        if base.name == "callable":
            taken = inner[0].elts if isinstance(inner[0], ast.List) else [inner[0]]
            inner = [*taken, *inner[1:]]
        args = tuple(
            TypeRef("...")
            if isinstance(each, ast.Constant) and each.value is ...
            else self.resolve(each, inside, depth + 1)
            for each in inner
        )
        return TypeRef(base.name, args)

    def _literal(self, inner: list[ast.expr]) -> TypeRef:
        sources: list[str] = []
        for each in inner:
            source = literal_source(each.value) if isinstance(each, ast.Constant) else ast.unparse(each)
            if source is not None:
                sources.append(source)
        return TypeRef("literal", values=tuple(sources))


def union(*members: TypeRef) -> TypeRef:
    """One type for several: nested unions flattened, doubles dropped, `Any` wherever one member is."""
    flat: dict[TypeRef, None] = {}
    for each in members:
        for inner in each.args if each.name == "union" else (each,):
            flat[inner] = None
    if ANY in flat:
        return ANY
    return next(iter(flat)) if len(flat) == 1 else TypeRef("union", tuple(flat))
