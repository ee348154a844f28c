"""Every callable of a module that a test can aim at, read from its source alone."""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qeforge.analysis.classes import Classes
from qeforge.analysis.complexity import cyclomatic
from qeforge.analysis.names import dotted, import_aliases, last_part
from qeforge.analysis.scopes import Definition, definitions
from qeforge.analysis.signatures import parameters, text
from qeforge.analysis.syntax import FunctionNode, first_line, is_docstring, last_line, normalised, own_nodes, parse
from qeforge.domain.facts import ClassKind
from qeforge.domain.target import Flavour, Kind, Parameter, Span, Target

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CONSTRUCTORS = frozenset({"__init__", "__new__"})
_IMPLICIT_CLASS_METHODS = frozenset({"__init_subclass__", "__class_getitem__"})
_ACCESSORS = frozenset({"setter", "getter", "deleter"})


def find_targets(source: str, module: str) -> tuple[Target, ...]:
    """The targets of a module, by where they start.

    Functions, methods, properties (one target for getter, setter and deleter; the setter's value is its parameter),
    closures, lambdas with a module-level name, and one constructor target, named like the class, for each class that
    defines neither `__init__` nor `__new__`. No targets are: overloads, abstract stubs, bodies of a bare `...`, and
    code that importing the module does not run. Of several definitions of one name the last counts.

    Args:
        source: text of the module.
        module: its import name.

    Raises:
        SyntaxError: the source is not valid for the running Python.
    """
    return targets_of(parse(source), module)


def targets_of(tree: ast.Module, module: str) -> tuple[Target, ...]:
    """`find_targets` of a tree that is parsed already."""
    aliases = import_aliases(tree)
    found = tuple(definitions(tree))
    classes = Classes({d.name: d.node for d in found if isinstance(d.node, ast.ClassDef)}, aliases)
    reader = _Reader(module=module, classes=classes, headers={})
    targets = (reader.target(group) for group in _effective(found, aliases).values())
    return tuple(sorted((t for t in targets if t is not None), key=lambda t: (t.span.line, t.qualname)))


def innermost(targets: Iterable[Target], line: int) -> Target | None:
    """The smallest target around a line, None outside all."""
    around = (t for t in targets if line in t.span)
    return min(around, key=lambda t: (t.span.end_line - t.span.line, t.qualname), default=None)


def nodes_by_qualname(tree: ast.Module) -> dict[str, tuple[Definition, ...]]:
    """The definitions that count, by the qualname of the target that they make: several for a property."""
    return {name: tuple(group) for name, group in _effective(definitions(tree), import_aliases(tree)).items()}


def implementation_of(definition: Definition, aliases: dict[str, str]) -> str | None:
    """The function that an implementation of a generic one belongs to: `area` for `@area.register def _(…)`."""
    if isinstance(definition.node, ast.FunctionDef) and definition.name == "_" and not definition.local:
        for decorator in definition.node.decorator_list:
            name, _, last = dotted(decorator, aliases).rpartition(".")
            if last == "register":
                prefix = definition.qualname.removesuffix("_")
                return prefix + name
    return None


def _effective(found: Iterable[Definition], aliases: dict[str, str]) -> dict[str, list[Definition]]:
    groups: dict[str, list[Definition]] = {}
    for definition in found:
        name = definition.qualname
        if implementation_of(definition, aliases) is not None:
            continue
        if name not in groups:
            groups[name] = [definition]
        elif _is_accessor(definition.node):
            groups[name].append(definition)
        else:
            # What an earlier definition held is gone with it.
            for gone in [other for other in groups if other == name or other.startswith(f"{name}.")]:
                del groups[gone]
            groups[name] = [definition]
    return groups


def _is_accessor(node: ast.AST) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(isinstance(d, ast.Attribute) and d.attr in _ACCESSORS for d in decorators)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    module: str
    classes: Classes
    headers: dict[int, str]

    def target(self, group: Sequence[Definition]) -> Target | None:
        """The target that the definitions of one name make together."""
        last = group[-1]
        if isinstance(last.node, ast.ClassDef):
            return self._class(last, last.node)
        functions = [d.node for d in group if isinstance(d.node, _FUNCTION)]
        return None if self._is_stub(last, functions) else self._function(last, functions)

    def _function(self, definition: Definition, nodes: Sequence[FunctionNode]) -> Target:
        node, owner = nodes[0], definition.owner
        paths = tuple(self._decorators(node))
        kind = self._kind(definition, paths)
        doc = _doc(node) or (_doc(owner) if owner is not None and kind is Kind.CONSTRUCTOR else "")
        return Target(
            module=self.module,
            qualname=definition.qualname,
            kind=kind,
            flavour=self._flavour(node, paths),
            parameters=self._parameters(definition, kind, nodes),
            returns=None if isinstance(node, ast.Lambda) else text(node.returns),
            span=Span(line=min(map(first_line, nodes)), end_line=max(map(last_line, nodes))),
            digest=_digest(*([self._header(owner)] if owner is not None else []), normalised(*nodes)),
            complexity=1 + sum(cyclomatic(n) - 1 for n in nodes),
            doc=doc,
            decorators=tuple(ast.unparse(d) for n in nodes for d in getattr(n, "decorator_list", ())),
            owner=definition.owner_qualname,
        )

    def _class(self, definition: Definition, node: ast.ClassDef) -> Target | None:
        kind = self.classes.kind(node)
        own = {s.name for s in _methods(node)}
        if definition.local or kind is ClassKind.PROTOCOL:
            return None
        if kind is ClassKind.ENUM:
            if not self.classes.members(node):
                return None
        elif own & _CONSTRUCTORS or any(self._is_abstract(m) for m in _methods(node)):
            return None
        return Target(
            module=self.module,
            qualname=definition.qualname,
            kind=Kind.CONSTRUCTOR,
            flavour=Flavour.PLAIN,
            parameters=self.classes.parameters(node),
            returns=None,
            span=Span(line=first_line(node), end_line=_header_end(node)),
            digest=_digest(self._header(node)),
            complexity=cyclomatic(node),
            doc=_doc(node),
            decorators=tuple(map(ast.unparse, node.decorator_list)),
            owner=definition.qualname if definition.owner is not None else None,  # the class that is made
        )

    def _kind(self, definition: Definition, decorators: Sequence[str]) -> Kind:
        if definition.local:
            return Kind.CLOSURE
        if definition.owner is None:
            return Kind.FUNCTION
        if definition.name in _CONSTRUCTORS:
            return Kind.CONSTRUCTOR
        for path in decorators:
            if _is_property(path):
                return Kind.PROPERTY
            if last_part(path) in ("staticmethod", "abstractstaticmethod"):
                return Kind.STATIC_METHOD
            if last_part(path) in ("classmethod", "abstractclassmethod"):
                return Kind.CLASS_METHOD
        return Kind.CLASS_METHOD if definition.name in _IMPLICIT_CLASS_METHODS else Kind.METHOD

    def _parameters(self, definition: Definition, kind: Kind, nodes: Sequence[FunctionNode]) -> tuple[Parameter, ...]:
        if kind is Kind.PROPERTY:
            setters = (n for n in nodes if _accessor(n) == "setter")
            setter = next(setters, None)
            return parameters(setter, bound=True) if setter is not None else ()
        decorators = {last_part(path) for path in self._decorators(nodes[-1])}
        return parameters(nodes[-1], bound=definition.owner is not None and "staticmethod" not in decorators)

    def _flavour(self, node: FunctionNode, decorators: Sequence[str]) -> Flavour:
        names = {last_part(path) for path in decorators}
        if "asynccontextmanager" in names:
            return Flavour.ASYNC_CONTEXT_MANAGER
        if "contextmanager" in names:
            return Flavour.CONTEXT_MANAGER
        yields = any(isinstance(child, ast.Yield | ast.YieldFrom) for child in _scope_of_yields(node))
        if isinstance(node, ast.AsyncFunctionDef):
            return Flavour.ASYNC_GENERATOR if yields else Flavour.COROUTINE
        if yields and ("types.coroutine" in decorators or "asyncio.coroutine" in decorators):
            return Flavour.COROUTINE
        return Flavour.GENERATOR if yields else Flavour.PLAIN

    def _decorators(self, node: FunctionNode) -> Iterator[str]:
        if not isinstance(node, ast.Lambda):
            yield from (dotted(d, self.classes.aliases) for d in node.decorator_list)

    def _is_stub(self, definition: Definition, nodes: Sequence[FunctionNode]) -> bool:
        names = {last_part(path) for node in nodes for path in self._decorators(node)}
        if "overload" in names:
            return True
        owner = definition.owner
        if owner is not None and definition.name in _CONSTRUCTORS and self.classes.kind(owner) is ClassKind.ENUM:
            return True  # it makes the members while the class is created, and cannot be called afterwards
        if all(_is_trivial(node) for node in nodes) and any(self._is_abstract(node) for node in nodes):
            return True
        in_protocol = owner is not None and self.classes.kind(owner) is ClassKind.PROTOCOL
        return (in_protocol or definition.name not in _CONSTRUCTORS) and all(map(_is_placeholder, nodes))

    def _is_abstract(self, node: FunctionNode) -> bool:
        return any(last_part(path).startswith("abstract") for path in self._decorators(node))

    def _header(self, node: ast.ClassDef) -> str:
        """What a class is apart from its methods: bases, keywords, decorators, and statements at its level."""
        if id(node) not in self.headers:
            parts = [*node.decorator_list, *node.bases, *node.keywords, *class_level(node)]
            self.headers[id(node)] = normalised(*parts)
        return self.headers[id(node)]


def _is_property(decorator: str) -> bool:
    """Whether a decorator, as a dotted path, makes an attribute out of a method."""
    name = last_part(decorator)
    return name.lower().endswith("property") or name in _ACCESSORS or name == "reify"


def class_level(node: ast.ClassDef) -> list[ast.stmt]:
    """The statements of a class body that define neither a function nor a class; docstrings left out."""
    nested = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [s for s in node.body if not isinstance(s, nested) and not is_docstring(s)]


def _scope_of_yields(node: FunctionNode) -> Iterator[ast.AST]:
    """The own scope of a function without lambdas, which may yield for themselves."""
    inner = {id(below) for child in own_nodes(node) if isinstance(child, ast.Lambda) for below in ast.walk(child.body)}
    return (child for child in own_nodes(node) if id(child) not in inner)


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [s for s in node.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]


def _header_end(node: ast.ClassDef) -> int:
    end = max((last_line(e) for e in [*node.bases, *(k.value for k in node.keywords)]), default=node.lineno)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            break
        end = max(end, last_line(statement))
    return max(end, node.lineno)


def _accessor(node: FunctionNode) -> str:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return next((d.attr for d in decorators if isinstance(d, ast.Attribute) and d.attr in _ACCESSORS), "")


def _doc(node: ast.AST) -> str:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return ""
    return ast.get_docstring(node) or ""


def _is_placeholder(node: FunctionNode) -> bool:
    """Whether nothing but a docstring and `...` is in it."""
    if isinstance(node, ast.Lambda):
        return False
    body = node.body[1:] if is_docstring(node.body[0]) else node.body
    return len(body) == 1 and isinstance(body[0], ast.Expr) and _is_ellipsis(body[0].value)


def _is_trivial(node: FunctionNode) -> bool:
    """Whether a body has nothing to run: a docstring, `pass`, `...`, `raise NotImplementedError`."""
    if isinstance(node, ast.Lambda):
        return False
    return all(
        isinstance(s, ast.Pass)
        or is_docstring(s)
        or (isinstance(s, ast.Expr) and _is_ellipsis(s.value))
        or (isinstance(s, ast.Raise) and s.exc is not None and dotted(s.exc, {}) == "NotImplementedError")
        for s in node.body
    )


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
