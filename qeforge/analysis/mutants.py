"""The mutants of a module: every operator applied wherever a fault could be noticed."""

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from qeforge.analysis.operators import OPERATORS, Edit, Text
from qeforge.analysis.operators.base import called_name
from qeforge.analysis.symbols import symbols_of
from qeforge.domain.mutant import Mutant
from qeforge.domain.target import SourceModule

MOST_ELEMENTS = 16
"""Elements of one literal collection that get mutants."""

LONGEST_STATEMENT = 20_000
"""Characters; a statement with more is data."""

_T = TypeVar("_T")
_LOG_METHODS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log"})
_DECLARATIONS = frozenset({"TypeVar", "NewType", "ParamSpec", "TypeVarTuple", "typing.TypeVar", "typing.NewType"})
_METADATA = frozenset(
    {"__all__", "__slots__", "__version__", "__author__", "__license__", "__copyright__", "__email__"}
)


@dataclass(frozen=True, slots=True)
class _Site:
    """A node and where it is: the innermost statement, and the outermost function if it is inside one's body."""

    node: ast.AST
    statement: ast.stmt
    scope: str | None


def find_mutants(module: SourceModule, *, excluded: frozenset[int] = frozenset()) -> tuple[Mutant, ...]:
    """Every mutant of a module, by position.

    Each one parses and differs from the original as a syntax tree. Left out are places where no test could notice:
    docstrings, annotations, type declarations, `if __name__ == …`, `if TYPE_CHECKING`, `__all__` and the like, log
    messages, the inside of f-strings, stubs of overloads; of literal tables a sample is taken.

    Args:
        module: what to mutate.
        excluded: one-based lines without mutants, such as those that coverage leaves out.

    Returns:
        Textual edits. `scope` is None for defaults and decorators of a top function too: they run when it is
        defined, not when it is called.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the code under test: `"\\d"`, `x is 1`
        return _find(module, excluded)


def _find(module: SourceModule, excluded: frozenset[int]) -> tuple[Mutant, ...]:
    text = Text(module.source)
    found: dict[tuple[int, int, str], Mutant] = {}
    checked = _Checker(text)
    for site in _sites(symbols_of(module).tree):
        for operator in OPERATORS:
            for edit in operator.edits(site.node, text):
                start, end = text.position(edit.start), text.position(edit.end)
                key = (edit.start, edit.end, edit.replacement)
                if key in found or excluded.intersection(range(start[0], end[0] + 1)):
                    continue
                if checked.is_real(edit, site.statement):
                    found[key] = Mutant(
                        operator=operator.name,
                        start=start,
                        end=end,
                        original=module.source[edit.start : edit.end],
                        replacement=edit.replacement,
                        scope=site.scope,
                    )
    order = {operator.name: number for number, operator in enumerate(OPERATORS)}
    return tuple(sorted(found.values(), key=lambda mutant: (mutant.start, mutant.end, order[mutant.operator])))


def _sites(tree: ast.Module) -> Iterator[_Site]:
    """Every node worth mutating, in an order that depends on the text alone."""
    stack: list[tuple[ast.AST, ast.stmt | None, str, str | None]] = [(tree, None, "", None)]
    while stack:
        node, statement, inside, scope = stack.pop()
        if _is_left_out(node):
            continue
        if isinstance(node, ast.stmt):
            statement = node
        if statement is not None:
            yield _Site(node, statement, scope)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = scope or f"{inside}{node.name}"
            around = [*node.decorator_list, node.args]
            stack.extend((each, statement, inside, own) for each in reversed(_without_docstring(node.body)))
            stack.extend((each, statement, inside, scope) for each in reversed(around))
        elif isinstance(node, ast.ClassDef):
            outer = [*node.decorator_list, *node.keywords]
            stack.extend(
                (each, statement, f"{inside}{node.name}.", scope) for each in reversed(_without_docstring(node.body))
            )
            stack.extend((each, statement, inside, scope) for each in reversed(outer))
        else:
            stack.extend((each, statement, inside, scope) for each in reversed(_children(node)))


def _children(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.Module():
            return list(_without_docstring(node.body))
        case ast.arguments():
            return [each for each in (*node.defaults, *node.kw_defaults) if each is not None]
        case ast.AnnAssign():
            return [node.target, node.value] if node.value else []
        case ast.JoinedStr() | ast.arg():
            return []
        case ast.List() | ast.Tuple() | ast.Set():
            return _sample(node.elts)
        case ast.Dict():
            pairs = _sample(list(zip(node.keys, node.values, strict=True)))
            return [each for pair in pairs for each in pair if each is not None]
    return list(ast.iter_child_nodes(node))


def _sample(elements: Sequence[_T]) -> list[_T]:
    """All elements of a short collection, evenly spread ones of a table of data."""
    if len(elements) <= MOST_ELEMENTS:
        return list(elements)
    return [elements[number * len(elements) // MOST_ELEMENTS] for number in range(MOST_ELEMENTS)]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    return [each for each in body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]


def _is_left_out(node: ast.AST) -> bool:
    match node:
        case ast.If(test=test):
            return _is_static_test(test)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name in _METADATA or called_name(value) in _DECLARATIONS or _is_alias(value)
        case ast.AnnAssign(annotation=annotation):
            return ast.unparse(annotation).endswith("TypeAlias")
        case ast.Expr(value=ast.Call() as call):
            return _is_log(call)
        case ast.FunctionDef(decorator_list=decorators):
            return any(ast.unparse(each).endswith("overload") for each in decorators)
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
            return True
    return type(node).__name__ in ("TypeAlias", "TemplateStr")  # statement of Python 3.12, expression of 3.14


def _is_static_test(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare):
        return any(isinstance(each, ast.Name) and each.id == "__name__" for each in (test.left, *test.comparators))
    return ast.unparse(test).endswith("TYPE_CHECKING") if isinstance(test, ast.Name | ast.Attribute) else False


def _is_alias(value: ast.expr) -> bool:
    """Whether it is a type made of other types: `Union[int, str]`, `dict[str, Any]`."""
    if not isinstance(value, ast.Subscript) or not isinstance(value.value, ast.Name | ast.Attribute):
        return False
    name = ast.unparse(value.value).rpartition(".")[2]
    return name in {
        "Union",
        "Optional",
        "Callable",
        "Literal",
        "Dict",
        "List",
        "Tuple",
        "Type",
        "dict",
        "list",
        "tuple",
        "type",
    }


def _is_log(call: ast.Call) -> bool:
    owner, _, method = called_name(call).rpartition(".")
    return method in _LOG_METHODS and "log" in owner.lower()


class _Checker:
    """Parses mutated statements. Compound ones are parsed without their bodies, so that the time stays linear."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._units: dict[ast.stmt, list[tuple[int, int, str, str, str]]] = {}

    def is_real(self, edit: Edit, statement: ast.stmt) -> bool:
        """Whether the mutated statement parses, to another tree than before."""
        if statement not in self._units:
            pieces = [piece for piece in self._pieces(statement) if piece[1] - piece[0] <= LONGEST_STATEMENT]
            self._units[statement] = [self._unit(*piece) for piece in pieces]
        for start, end, before, after, original in self._units[statement]:
            if start <= edit.start and edit.end <= end:
                source = self._text.source
                mutated = before + source[start : edit.start] + edit.replacement + source[edit.end : end] + after
                try:
                    return ast.dump(ast.parse(mutated)) != original
                except (SyntaxError, ValueError):
                    return False
        return False

    def _unit(self, start: int, end: int, before: str, after: str) -> tuple[int, int, str, str, str]:
        whole = before + self._text.source[start:end] + after
        return start, end, before, after, ast.dump(ast.parse(whole))

    def _pieces(self, node: ast.stmt) -> Iterator[tuple[int, int, str, str]]:
        """Parts of a statement that can be parsed alone: start, end, and what must stand before and after."""
        text = self._text
        start = text.start(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield self._header(self._first_decorator(node) if node.decorator_list else start, node.body)
        elif isinstance(node, ast.If | ast.While | ast.For | ast.AsyncFor | ast.With | ast.AsyncWith):
            yield self._header(start, node.body)
        elif isinstance(node, ast.Try | ast.TryStar):
            for handler in node.handlers:
                yield self._header(text.start(handler), handler.body, before="try: pass\n")
        elif isinstance(node, ast.Match):
            yield (*self._indented(start, self._case(node.cases[0])), "case _: pass")
            for case in node.cases:
                yield self._header(self._case(case), case.body, before="match 1:\n")
        else:
            yield (*self._indented(start, text.end(node)), "")

    def _indented(self, start: int, end: int, before: str = "") -> tuple[int, int, str]:
        """The text with a line before it that makes its indentation right."""
        source = self._text.source
        head = source[start - self._text.position(start)[1] : start]
        indentation = head if not head.strip() else " "  # behind a semicolon any will do
        if source.startswith("elif", start):
            return start + 2, end, f"if 1:\n{indentation}" if indentation else ""
        if not indentation:
            return start, end, before
        if before.startswith("match"):
            return start, end, before + indentation
        return start, end, f"if 1:\n{indentation}{before}{indentation if before else ''}"

    def _header(self, start: int, body: list[ast.stmt], before: str = "") -> tuple[int, int, str, str]:
        first = body[0]
        end = self._text.start(first)
        if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and first.decorator_list:
            end = self._first_decorator(first)
        return (*self._indented(start, end, before), "pass")

    def _first_decorator(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
        return self._text.source.rindex("@", 0, self._text.start(node.decorator_list[0]))

    def _case(self, case: ast.match_case) -> int:
        return self._text.source.rindex("case", 0, self._text.start(case.pattern))
