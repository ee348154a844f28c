"""Where functions and classes are defined, and under which name they are found after import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from qeforge.analysis.syntax import FunctionNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A function, class, or lambda bound to a module-level name.

    `qualname` is what the interpreter gives it. `owner` is the class whose body it stands in directly, and
    `owner_qualname` that class's name. `local` when a function lies between it and the module.
    """

    node: FunctionNode | ast.ClassDef
    qualname: str
    owner: ast.ClassDef | None = None
    owner_qualname: str | None = None
    local: bool = False

    @property
    def name(self) -> str:
        """The last part of the qualname."""
        return self.qualname.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class _Scope:
    prefix: str = ""
    owner: ast.ClassDef | None = None
    local: bool = False


def definitions(tree: ast.Module) -> Iterator[Definition]:
    """All of them, in source order, outer before inner.

    Code that an import does not run is left out: `if TYPE_CHECKING`, `if __name__ == "__main__"`, `if False`.
    """
    stack: list[tuple[ast.AST, _Scope]] = [(node, _Scope()) for node in reversed(tree.body)]
    while stack:
        node, scope = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            made = _define(node, node.name, scope)
            yield made
            inner = _Scope(f"{made.qualname}.<locals>.", None, True)
            stack.extend((child, inner) for child in reversed(node.body))
        elif isinstance(node, ast.ClassDef):
            made = _define(node, node.name, scope)
            yield made
            inner = _Scope(f"{made.qualname}.", node, scope.local)
            stack.extend((child, inner) for child in reversed(node.body))
        else:
            if scope.prefix == "" and (name := _lambda_name(node)):
                assert isinstance(node, ast.Assign | ast.AnnAssign)
                assert isinstance(node.value, ast.Lambda)
                yield _define(node.value, name, scope)
            stack.extend((child, scope) for child in reversed(blocks(node)))


def blocks(node: ast.AST) -> list[ast.AST]:
    """What a compound statement holds and an import may run: statements, handlers and cases, in source order."""
    if isinstance(node, ast.If):
        body, orelse = runs_on_import(node.test)
        return [*(node.body if body else []), *(node.orelse if orelse else [])]
    held: list[ast.AST] = []
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        value = getattr(node, name, None)
        if isinstance(value, list):
            held.extend(value)
    return held


def runs_on_import(test: ast.expr) -> tuple[bool, bool]:
    """Whether the two arms of an `if` can run when the module is imported under its own name."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        body, orelse = runs_on_import(test.operand)
        return orelse, body
    if _last_name(test) == "TYPE_CHECKING" or (isinstance(test, ast.Constant) and not test.value):
        return False, True
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = {_side(test.left), _side(test.comparators[0])}
        if sides == {"__name__", "'__main__'"}:
            return False, True
    return True, True


def _define(node: FunctionNode | ast.ClassDef, name: str, scope: _Scope) -> Definition:
    return Definition(
        node=node,
        qualname=scope.prefix + name,
        owner=scope.owner,
        owner_qualname=scope.prefix.rstrip(".") if scope.owner is not None else None,
        local=scope.local,
    )


def _lambda_name(node: ast.AST) -> str:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and len(node.targets) == 1:
        return _last_name(node.targets[0]) if isinstance(node.targets[0], ast.Name) else ""
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Lambda) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _side(node: ast.expr) -> str:
    return repr(node.value) if isinstance(node, ast.Constant) else _last_name(node)
