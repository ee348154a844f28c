"""Imports of a test file: one binding for each name, merged and sorted, only what is used.

Cases are found one by one, each with its own imports; in one file their names may clash with each other, with
builtins, with local variables, or with what pytest collects. The clashing ones are reached through their module.
"""

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qeforge.codegen.syntax import BUILTINS, bound_names

_COLLECTED = frozenset({
    "pytest_plugins", "setup", "setup_function", "setup_module", "teardown", "teardown_function", "teardown_module",
})  # fmt: skip
_LINE = 88


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """What a name stands for: `name` of `module`, or the module itself when `name` is empty."""

    module: str
    name: str = ""


def bindings(imports: Iterable[str]) -> dict[str, Origin]:
    """Local name to origin for whole import statements; `import a.b` binds `a.b`. Relative and star imports have no
    place in a test and are left out, as is what does not parse."""
    found: dict[str, Origin] = {}
    for source in imports:
        try:
            tree = ast.parse(source.strip())
        except (SyntaxError, ValueError):
            continue
        for node in tree.body:
            if isinstance(node, ast.Import):
                found.update({alias.asname or alias.name: Origin(alias.name) for alias in node.names})
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    if alias.name != "*":
                        found[alias.asname or alias.name] = Origin(node.module, alias.name)
    return found


class ImportPlan:
    """Decides what each imported thing is called in one file, and writes the imports that are used in the end.

    Args:
        first_party: top-level package of the module under test, for the sections.
        given: bindings that the file has already.
    """

    def __init__(self, first_party: str, given: Mapping[str, Origin] | None = None) -> None:
        self._first_party = first_party
        self._names: dict[str, Origin] = dict(given or {})
        self._texts: dict[Origin, str] = {
            origin: name for name, origin in self._names.items() if origin.name or "." not in origin.module
        }

    def add(self, wanted: Mapping[str, Origin], local: Iterable[str] = ()) -> dict[str, str]:
        """Registers one test's imports.

        Args:
            wanted: as `bindings` gives them.
            local: names that the file binds otherwise: variables, fixtures, parameters.

        Returns:
            For each wanted name that must be written otherwise, the expression to write.
        """
        taken = set(local)
        changed = {}
        for name, origin in wanted.items():
            text = self._text_for(name, origin, taken)
            if text != name:
                changed[name] = text
        return changed

    def statements(self, used: Sequence[ast.AST]) -> str:
        """Import statements for the names that `used` mentions, sorted in sections."""
        names, chains = _mentioned(used)
        plain: set[str] = set()
        members: dict[str, set[tuple[str, str]]] = {}
        for local, origin in self._names.items():
            if origin.name:
                if local in names:
                    members.setdefault(origin.module, set()).add((origin.name, local))
            elif local == origin.module:
                if any(chain == local or chain.startswith(f"{local}.") for chain in chains):
                    plain.add(f"import {local}")
            elif local in names:
                parent, _, last = origin.module.rpartition(".")
                if parent:
                    members.setdefault(parent, set()).add((last, local))
                else:
                    plain.add(f"import {origin.module} as {local}")
        lines = [(self._section(line.split()[1]), 0, line.split()[1].lower(), line) for line in plain]
        for module, found in members.items():
            lines.append((self._section(module), 1, module.lower(), _from_line(module, found)))
        text, previous = "", None
        for section, _, _, line in sorted(lines):
            text += ("\n" if previous not in (None, section) else "") + line + "\n"
            previous = section
        return text

    def _text_for(self, name: str, origin: Origin, taken: set[str]) -> str:
        known = self._texts.get(origin)
        if known is not None and known.partition(".")[0] not in taken:
            return known
        root = name.partition(".")[0]
        if not self._is_free(root, name, origin, taken):
            return self._qualified(origin, taken)
        self._names[name] = origin
        self._texts.setdefault(origin, name)
        return name

    def _is_free(self, root: str, name: str, origin: Origin, taken: set[str]) -> bool:
        if root in taken or (root in BUILTINS and origin.module != "builtins"):
            return False
        if origin.name and (root.startswith(("test", "Test", "pytest_")) or root in _COLLECTED):
            return False
        clashing = [n for n in self._names if n.partition(".")[0] == root and self._names[n] != origin]
        return all(not origin.name and not self._names[n].name and "." in n + name for n in clashing)

    def _qualified(self, origin: Origin, taken: set[str]) -> str:
        """The thing by way of its module, under a name for the module that is free."""
        parts = origin.module.split(".")
        home = Origin(origin.module)
        for depth in range(1, len(parts) + 1):
            alias = "_".join(parts[-depth:])
            if self._names.get(alias) == home and alias not in taken:
                break
            if alias not in taken and alias not in BUILTINS and alias not in self._names:
                break
        else:
            alias = "_".join((*parts, "module"))
            while alias in taken or self._names.get(alias, home) != home:
                alias += "_"
        self._names[alias] = home
        text = f"{alias}.{origin.name}" if origin.name else alias
        self._texts.setdefault(origin, text)
        return text

    def _section(self, module: str) -> int:
        root = module.partition(".")[0]
        if root == "__future__":
            return 0
        if root == self._first_party:
            return 3
        return 1 if root in sys.stdlib_module_names else 2


def rename(nodes: Sequence[ast.stmt], changed: Mapping[str, str]) -> None:
    """Writes imported names as `changed` says, in place, up to where a statement binds the same name itself."""
    live = dict(changed)
    for node in nodes:
        if not live:
            return
        _Rename(live).visit(node)
        for name in bound_names([node]) & live.keys():
            del live[name]


class _Rename(ast.NodeTransformer):
    def __init__(self, changed: Mapping[str, str]) -> None:
        self._changed = changed

    def visit_Name(self, node: ast.Name) -> ast.expr:
        text = self._changed.get(node.id)
        if text is None or not isinstance(node.ctx, ast.Load):
            return node
        return ast.parse(text, mode="eval").body

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        text = self._changed.get(ast.unparse(node))
        if text is not None:
            return ast.parse(text, mode="eval").body
        self.generic_visit(node)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        own = {arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        node.body = _Rename({k: v for k, v in self._changed.items() if k not in own}).visit(node.body)
        return node


def _mentioned(nodes: Sequence[ast.AST]) -> tuple[set[str], set[str]]:
    """Plain names, and dotted chains as text."""
    names: set[str] = set()
    chains: set[str] = set()
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Name):
                names.add(node.id)
                chains.add(node.id)
            elif isinstance(node, ast.Attribute):
                chain = _chain(node)
                if chain:
                    chains.add(chain)
    return names, chains


def _chain(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        inner = _chain(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def _from_line(module: str, members: set[tuple[str, str]]) -> str:
    names = [
        name if name == local else f"{name} as {local}" for name, local in sorted(members, key=lambda m: _by_type(m[0]))
    ]
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _LINE:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _by_type(name: str) -> tuple[int, str, str]:
    """Constants, classes, the rest, as isort orders members."""
    if len(name) > 1 and name.isupper():
        return 0, name.lower(), name
    return (1 if name[:1].isupper() else 2), name.lower(), name
