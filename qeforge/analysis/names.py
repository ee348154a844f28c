"""What a name in the source stands for, as far as imports and plain assignments tell."""

import ast
from collections.abc import Mapping

from qeforge.analysis.scopes import blocks


def import_aliases(tree: ast.Module) -> dict[str, str]:
    """Module-level names bound by imports (and by assigning such a name), with the dotted path they stand for.

    Relative imports keep their leading dots. Imports under `if` and `try` count, `if TYPE_CHECKING` included, since
    annotations mention what it brings in.
    """
    aliases: dict[str, str] = {}
    stack: list[ast.AST] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            for name in node.names:
                bound = name.asname or name.name.partition(".")[0]
                aliases[bound] = name.name if name.asname else bound
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for name in node.names:
                joint = "" if source.endswith(".") or not source else "."
                aliases[name.asname or name.name] = f"{source}{joint}{name.name}"
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            if _root(node.value) in aliases:
                aliases[node.targets[0].id] = dotted(node.value, aliases)
        elif isinstance(node, ast.If):
            stack.extend(reversed([*node.body, *node.orelse]))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            stack.extend(reversed(blocks(node)))
    return aliases


def dotted(node: ast.expr, aliases: Mapping[str, str]) -> str:
    """The dotted path of a name, attribute chain, call or subscript of one; empty for anything else.

    `@cm.contextmanager(...)` with `import contextlib as cm` is `contextlib.contextmanager`.
    """
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(aliases.get(node.id, node.id))
            return ".".join(reversed(parts))
        else:
            return ""


def _root(node: ast.expr) -> str:
    """The variable that an attribute chain starts from; empty for anything else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def last_part(path: str) -> str:
    """`contextmanager` of `contextlib.contextmanager`."""
    return path.rpartition(".")[2]
