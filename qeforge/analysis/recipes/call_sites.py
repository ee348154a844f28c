"""Calls in the code itself whose arguments are known without running it."""

import ast
from collections.abc import Mapping, Sequence

from qeforge.analysis.static import MISSING, StaticValues, literal_source
from qeforge.analysis.symbols import Symbols, symbols_of
from qeforge.domain.target import SourceModule

MOST = 20
"""Calls kept per callable."""


def call_sites(modules: Sequence[SourceModule]) -> Mapping[str, tuple[str, ...]]:
    """Dotted callable (`package.module.Class.method`) → sources of calls found anywhere in `modules`.

    The callee is written by its qualname (`Class.method(1)`, `Class(2)`, `function("a")`); constants are put in by
    value. Calls without arguments, or with an argument that is no constant, are left out.
    """
    known: dict[str, str] = {}
    for module in modules:
        symbols = symbols_of(module)
        for qualname in (*symbols.functions, *symbols.classes):
            known[f"{module.name}.{qualname}"] = qualname
    found: dict[str, dict[str, None]] = {}
    for module in modules:
        reader = _Reader(symbols_of(module), StaticValues.of(module), known)
        for dotted, source in reader.calls():
            sources = found.setdefault(dotted, {})
            if len(sources) < MOST:
                sources[source] = None
    return {dotted: tuple(sources) for dotted, sources in sorted(found.items())}


class _Reader:
    def __init__(self, symbols: Symbols, static: StaticValues, known: Mapping[str, str]) -> None:
        self.symbols = symbols
        self.static = static
        self.known = known

    def calls(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        stack: list[tuple[ast.AST, str | None]] = [(self.symbols.tree, None)]
        while stack:
            node, owner = stack.pop()
            if isinstance(node, ast.Call) and (node.args or node.keywords):
                dotted = self._callee(node.func, owner)
                source = self._source(node, dotted, owner) if dotted else None
                if dotted and source:
                    found.append((dotted, source))
            inside = owner
            if isinstance(node, ast.ClassDef):
                inside = f"{owner}.{node.name}" if owner else node.name
            stack.extend((child, inside) for child in reversed(list(ast.iter_child_nodes(node))))
        return found

    def _callee(self, function: ast.expr, owner: str | None) -> str | None:
        path = self.symbols.dotted(function)
        if path is None:
            return None
        head, _, rest = path.partition(".")
        if head in ("self", "cls") and owner:
            path = f"{self.symbols.module}.{owner}.{rest}" if rest else f"{self.symbols.module}.{owner}"
        for candidate in (path, f"{self.symbols.module}.{path}"):
            if candidate in self.known:
                return candidate
        return None

    def _source(self, node: ast.Call, dotted: str, owner: str | None) -> str | None:
        parts: list[str] = []
        arguments: list[tuple[str | None, ast.expr]] = [("", each) for each in node.args]
        arguments += [(each.arg, each.value) for each in node.keywords]
        for name, argument in arguments:
            value = self.static.value(argument, owner=owner)
            text = literal_source(value) if value is not MISSING else None
            if text is None or name is None:
                return None
            parts.append(f"{name}={text}" if name else text)
        return f"{self.known[dotted]}({', '.join(parts)})"
