"""What the names in a module stand for, read from its text alone."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from qeforge.analysis.syntax import nodes_of, parse
from qeforge.domain.target import SourceModule, Target

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
"""A `def`, asynchronous or not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Symbols:
    """The names of one module.

    `imports` maps a local name to the dotted path it was imported from, wherever in the file the import stands;
    `stars` are the modules of `from … import *`. `constants` are the expressions assigned to plain names at module
    level (the last assignment counts) and, as `Class.NAME`, in class bodies. `functions` and `classes` are keyed by
    qualname without `<locals>`; a name that is defined twice (overloads, property setters) has several nodes. `nodes`
    are all of the tree, as `ast.walk` yields them, for the many that look through the whole module for something.
    """

    module: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]
    imports: Mapping[str, str]
    stars: tuple[str, ...]
    constants: Mapping[str, ast.expr]
    functions: Mapping[str, tuple[FunctionNode, ...]]
    classes: Mapping[str, ast.ClassDef]

    def function(self, target: Target) -> FunctionNode | None:
        """The definition of `target`: the one at its span, else the last of its name."""
        nodes = self.functions.get(plain_qualname(target.qualname), ())
        for node in nodes:
            if first_line(node) == target.span.line:
                return node
        return nodes[-1] if nodes else None

    def dotted(self, node: ast.expr) -> str | None:
        """The dotted path that a name or attribute chain stands for, imports resolved; None for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        head = self.imports.get(node.id, node.id)
        return ".".join((head, *reversed(parts)))


def symbols_of(module: SourceModule) -> Symbols:
    """Symbols of `module`; cheap when asked again for the same text."""
    return read_symbols(module.source, module.name, module.path.name == "__init__.py")


@lru_cache(maxsize=128)
def read_symbols(source: str, name: str, is_package: bool = False) -> Symbols:
    """Symbols of a text that is imported as `name`.

    Raises:
        SyntaxError: the text is no Python.
    """
    tree = parse(source)
    nodes = nodes_of(tree)
    imports: dict[str, str] = {}
    stars: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                imports[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = import_base(node, name, is_package)
            for alias in node.names:
                if alias.name == "*":
                    stars.append(base)
                else:
                    imports[alias.asname or alias.name] = f"{base}.{alias.name}".lstrip(".")
    functions: dict[str, tuple[FunctionNode, ...]] = {}
    classes: dict[str, ast.ClassDef] = {}
    for qualname, definition in _definitions(tree.body, ""):
        if isinstance(definition, ast.ClassDef):
            classes[qualname] = definition
        else:
            functions[qualname] = (*functions.get(qualname, ()), definition)
    constants = dict(_assigned(tree.body))
    for qualname, owner in classes.items():
        constants.update((f"{qualname}.{attribute}", value) for attribute, value in _assigned(owner.body))
    return Symbols(
        module=name,
        tree=tree,
        nodes=nodes,
        imports=imports,
        stars=tuple(stars),
        constants=constants,
        functions=functions,
        classes=classes,
    )


def import_base(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute name of the module that a `from … import` names, seen from `module`."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join((*kept, node.module) if node.module else kept)


def first_line(node: FunctionNode | ast.ClassDef) -> int:
    """The line it starts at, decorators included."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def plain_qualname(qualname: str) -> str:
    """A qualname without the `<locals>` marks."""
    return qualname.replace("<locals>.", "")


def blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The statement lists directly inside a compound statement, in source order."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        part = getattr(statement, name, None)
        if not isinstance(part, list):
            continue
        if name in ("handlers", "cases"):
            for inner in part:
                yield inner.body
        else:
            yield part


def _definitions(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, FunctionNode | ast.ClassDef]]:
    stack = [(statement, prefix) for statement in reversed(list(body))]
    while stack:
        statement, inside = stack.pop()
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            qualname = f"{inside}{statement.name}"
            yield qualname, statement
            stack.extend((inner, f"{qualname}.") for inner in reversed(statement.body))
        else:
            inner_statements = [inner for block in blocks_of(statement) for inner in block]
            stack.extend((inner, inside) for inner in reversed(inner_statements))


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    stack = list(reversed(list(body)))
    while stack:
        statement = stack.pop()
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign):
            if isinstance(statement.target, ast.Name) and statement.value is not None:
                yield statement.target.id, statement.value
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            stack.extend(reversed([inner for block in blocks_of(statement) for inner in block]))
