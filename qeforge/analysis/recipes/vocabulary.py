"""Which names of a module a piece of code uses, which target it calls, and what it must import."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qeforge.analysis.symbols import Symbols, plain_qualname, symbols_of
from qeforge.domain.target import Flavour, Kind, SourceModule, Target

BUILTINS = frozenset(dir(builtins))
"""Names that are there without an import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names of one module.

    `defined` are its top-level functions, classes and constants; `targets` by qualname, a class standing for its
    constructor; `methods` lists targets by bare method name.
    """

    module: SourceModule
    symbols: Symbols
    defined: frozenset[str]
    targets: Mapping[str, Target]
    methods: Mapping[str, tuple[Target, ...]]

    @classmethod
    def of(cls, module: SourceModule) -> "Vocabulary":
        """The names of `module`."""
        symbols = symbols_of(module)
        top = {name for name in (*symbols.functions, *symbols.classes, *symbols.constants) if "." not in name}
        targets: dict[str, Target] = {}
        methods: dict[str, tuple[Target, ...]] = {}
        for target in module.targets:
            if target.kind is Kind.CLOSURE:
                continue
            qualname = plain_qualname(target.qualname)
            targets.setdefault(qualname, target)
            if target.kind is Kind.CONSTRUCTOR:
                targets.setdefault(target.owner or qualname, target)
            elif target.owner:
                methods[target.name] = (*methods.get(target.name, ()), target)
        return cls(module=module, symbols=symbols, defined=frozenset(top), targets=targets, methods=methods)

    def called(self, expression: ast.expr, classes: Mapping[str, str]) -> Target | None:
        """The target that an expression calls or, for a property, reads; None for another expression.

        Args:
            expression: code in which names of the module stand for themselves.
            classes: local names that hold an instance, and the class's qualname.
        """
        function = expression.func if isinstance(expression, ast.Call) else expression
        if isinstance(function, ast.Name):
            return self.targets.get(function.id) if isinstance(expression, ast.Call) else None
        if not isinstance(function, ast.Attribute):
            return None
        target = self._method(function, classes)
        if target is None or (target.kind is not Kind.PROPERTY and not isinstance(expression, ast.Call)):
            return None
        return target

    def _method(self, function: ast.Attribute, classes: Mapping[str, str]) -> Target | None:
        owner = self.class_of(function.value, classes)
        if owner is None and isinstance(function.value, ast.Name) and function.value.id in self.symbols.classes:
            owner = function.value.id
        if owner is None:
            return None
        for name in self._lineage(owner):
            if f"{name}.{function.attr}" in self.targets:
                return self.targets[f"{name}.{function.attr}"]
        return None

    def class_of(self, expression: ast.expr, classes: Mapping[str, str]) -> str | None:
        """Qualname of the class that an expression makes or holds an instance of, as far as that shows."""
        if isinstance(expression, ast.Name):
            return classes.get(expression.id)
        if isinstance(expression, ast.Call):
            if isinstance(expression.func, ast.Name) and expression.func.id in self.symbols.classes:
                return expression.func.id
            made = self.called(expression, classes)
            returns = (made.returns or "").strip("\"'") if made else ""
            if made and made.kind is Kind.CLASS_METHOD and (returns in ("", "Self") or returns.endswith(".Self")):
                return made.owner
            return returns if returns in self.symbols.classes else None
        return None

    def _lineage(self, owner: str) -> Iterator[str]:
        seen: set[str] = set()
        waiting = [owner]
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.symbols.classes:
                continue
            seen.add(name)
            yield name
            waiting.extend(self.symbols.dotted(base) or "" for base in self.symbols.classes[name].bases)

    def imports(self, names: Iterable[str]) -> tuple[str, ...]:
        """One statement that imports those of `names` that the module defines; none when there are none."""
        wanted = sorted(set(names) & self.defined)
        return (f"from {self.module.name} import {', '.join(wanted)}",) if wanted else ()

    def borrowed(self, name: str) -> str | None:
        """The statement that imports a name as the module itself imports it; None when it does not."""
        path = self.symbols.imports.get(name)
        if path is None:
            return None
        base, _, last = path.rpartition(".")
        if not base:
            return f"import {path}" if path == name else f"import {path} as {name}"
        return f"from {base} import {last}" if last == name else f"from {base} import {last} as {name}"


def driven(act: str, target: Target) -> tuple[str, tuple[str, ...]]:
    """The act that runs a call to its end, with what it imports: coroutines are run, generators drained."""
    if target.flavour is Flavour.COROUTINE:
        return f"asyncio.run({act})", ("import asyncio",)
    if target.flavour is Flavour.GENERATOR:
        return f"list({act})", ()
    return act, ()


def free_names(node: ast.AST) -> dict[str, None]:
    """Names that a piece of code reads without binding them itself, in source order."""
    loaded: dict[str, None] = {}
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        loaded[node.target.id] = None
    simple = isinstance(node, ast.expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Assert)
    bound: set[str] = {node.name} if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            loaded[each.id] = None
        elif isinstance(each, ast.Name) and not simple:
            bound.add(each.id)
        elif isinstance(each, ast.comprehension | ast.NamedExpr):
            bound.update(inner.id for inner in ast.walk(each.target) if isinstance(inner, ast.Name))
        elif isinstance(each, ast.arg):
            bound.add(each.arg)
        elif isinstance(each, ast.ExceptHandler) and each.name:
            bound.add(each.name)
    return {name: None for name in loaded if name not in bound}


def bound_names(statement: ast.stmt) -> set[str]:
    """Names that a statement gives a value."""
    names = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        names.add(statement.name)
    return names


def root_name(node: ast.expr) -> str | None:
    """The name at the left end of a chain of attributes, items and calls."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
