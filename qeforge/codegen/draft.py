"""One case as syntax trees, made as short as it can be without saying less."""

import ast
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qeforge.codegen.imports import bindings
from qeforge.codegen.syntax import VALUE_MODULES, bound_names, expression, is_value, names_in, statements
from qeforge.domain.observation import Facet
from qeforge.domain.testcase import TestCase

_LONGEST_INLINED = 60
"""Characters of a value that may move into the call."""


@dataclass(slots=True)
class Draft:
    """A test on its way to text. Its trees are its own and may be changed.

    Args:
        case: where it comes from.
        arrange: statements before the act.
        act: the act as statements.
        contexts: context managers around the act (`pytest.raises(…)`).
        checks: the assertions.
        fixtures: names of pytest fixtures.
    """

    case: TestCase
    arrange: list[ast.stmt]
    act: list[ast.stmt]
    contexts: list[ast.expr]
    checks: list[ast.stmt]
    fixtures: list[str]

    @property
    def result(self) -> ast.expr | None:
        """The act when it is one expression."""
        if len(self.act) == 1 and isinstance(self.act[0], ast.Expr):
            return self.act[0].value
        return None

    def everything(self) -> list[ast.AST]:
        """All its trees, in the order in which they run."""
        return [*self.arrange, *self.contexts, *self.act, *self.checks]

    @property
    def imports(self) -> list[str]:
        """Import statements of the case and of its assertions."""
        return [*self.case.candidate.imports, *(source for a in self.case.assertions for source in a.imports)]

    @property
    def foreign(self) -> frozenset[str]:
        """Names that stand for something else here than the modules and constructors of values that they may look
        like: those that the test binds, and those that it imports from elsewhere."""
        elsewhere = {name for name, origin in bindings(self.imports).items() if origin.module not in VALUE_MODULES}
        return frozenset(elsewhere | bound_names(self.everything()))


def draft(case: TestCase) -> Draft:
    """The case's texts, parsed.

    Raises:
        SyntaxError: one of them is not Python.
    """
    contexts: list[ast.expr] = []
    checks: list[ast.stmt] = []
    for assertion in case.assertions:
        manager = expression(assertion.code) if assertion.facet in (Facet.EXCEPTION, Facet.WARNINGS) else None
        if manager is not None:
            contexts.append(manager)
        else:
            checks += statements(assertion.code)
    fixtures = [*case.candidate.fixtures, *(name for a in case.assertions for name in a.fixtures)]
    return Draft(
        case=case,
        arrange=[node for source in case.candidate.arrange for node in statements(source)],
        act=statements(case.candidate.act),
        contexts=contexts,
        checks=checks,
        fixtures=list(dict.fromkeys(fixtures)),
    )


def simplify(draft: Draft) -> None:
    """Moves values that are used once into the place of use, and drops those that are not used, in place. A path that
    has a name is checked by its name."""
    _name_paths(draft)
    foreign = draft.foreign
    changed = True
    while changed:
        changed = False
        for index, node in enumerate(draft.arrange):
            if _settle(draft, index, node, foreign):
                del draft.arrange[index]
                changed = True
                break
    if "slice" not in foreign:
        for statement in (*draft.arrange, *draft.act):
            _WriteSlices().visit(statement)


def _name_paths(draft: Draft) -> None:
    for node in draft.arrange:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name("tmp_path"), op=ast.Div()) as path
            ) if sum(name in bound_names([other]) for other in draft.everything()) == 1:
                rename = _NamePath(ast.dump(path), name)
                for check in draft.checks:
                    rename.visit(check)


class _NamePath(ast.NodeTransformer):
    def __init__(self, path: str, name: str) -> None:
        self._path, self._name = path, name

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if ast.dump(node) == self._path:
            return ast.Name(self._name, ast.Load())
        self.generic_visit(node)
        return node


class _WriteSlices(ast.NodeTransformer):
    """`items[slice(1, None)]` → `items[1:]`."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node.slice:
            case ast.Call(func=ast.Name("slice"), args=[_, _] | [_, _, _] as parts, keywords=[]) if not any(
                isinstance(part, ast.Starred) for part in parts
            ):
                node.slice = ast.Slice(*(None if _is_none(part) else part for part in parts))
        return node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _settle(draft: Draft, index: int, node: ast.stmt, foreign: Collection[str]) -> bool:
    """Whether the statement is no longer needed."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_value(value, foreign):
            pass
        case _:
            return False
    rest: list[ast.AST] = [*draft.arrange[index + 1 :], *draft.contexts, *draft.act, *draft.checks]
    if name in bound_names(rest):
        return False
    uses = Counter(names_in(rest))[name]
    if uses == 0:
        return True
    if uses > 1 or len(ast.unparse(value)) > _LONGEST_INLINED:
        return False
    move = _Move(name, value)
    for one in rest:
        if move.may_enter(one):
            move.visit(one)
    return move.moved


class _Move(ast.NodeTransformer):
    """Puts a value where its name is read, unless something is done to it there that a bare value reads badly with, or
    that runs more than once."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self._name = name
        self._value = value
        self.moved = False

    def may_enter(self, node: ast.AST) -> bool:
        """Whether the single use in `node` is one to replace."""
        for inner in ast.walk(node):
            match inner:
                case ast.Attribute(value=ast.Name(id=self._name)) | ast.Subscript(value=ast.Name(id=self._name)):
                    return False
                case ast.Starred(value=ast.Name(id=self._name)) | ast.Assert():
                    return False
                case (
                    ast.FunctionDef()
                    | ast.AsyncFunctionDef()
                    | ast.Lambda()
                    | ast.ClassDef()
                    | ast.ListComp()
                    | ast.SetComp()
                    | ast.DictComp()
                    | ast.GeneratorExp()
                    | ast.For()
                    | ast.While()
                ) if self._name in names_in([inner]):
                    return False
        return True

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == self._name and isinstance(node.ctx, ast.Load):
            self.moved = True
            return self._value
        return node


def result_uses(checks: Sequence[ast.stmt]) -> int:
    """How often the checks read `result`."""
    return sum(name == "result" for name in names_in(checks))
