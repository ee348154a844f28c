"""Other code for functions that are alive: compiled in the right shape, set on every function object, taken back.

Only the outermost function that an edit is in gets compiled, inside empty classes and with empty lines before it, so
that name mangling, the `__class__` cell and line numbers come out as in the whole file.
"""

import __future__

import ast
import gc
import tokenize
from collections.abc import Iterable
from types import CodeType, FunctionType
from typing import NamedTuple

from .tracer import FileMatch

_OPTIMIZED = 0x1  # set on the code of functions, not of classes and modules
_Definition = (ast.FunctionDef, ast.AsyncFunctionDef)


class Edit(NamedTuple):
    """A replacement of text: lines one-based, columns in characters, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str

    def apply(self, lines: list[str], first: int = 1) -> list[str]:
        """The lines with the replacement, where `lines[0]` has the number `first`."""
        start, end = self.line - first, self.end_line - first
        joined = lines[start][: self.column] + self.replacement + lines[end][self.end_column :]
        return [*lines[:start], joined, *lines[end + 1 :]]


class Scope(NamedTuple):
    """An outermost function: classes around it, name, lines with its decorators, and where its body begins."""

    classes: tuple[str, ...]
    name: str
    first: int
    last: int
    body: tuple[int, int]

    def holds(self, edit: Edit) -> bool:
        """Whether the edit changes its body, and nothing else."""
        return self.body <= (edit.line, edit.column) and edit.end_line <= self.last


class Incompetent(Exception):
    """The edited code does not compile, or not in a shape that can take the old one's place."""


class SourceText:
    """The module's source, cut into its outermost functions."""

    def __init__(self, path: str) -> None:
        with tokenize.open(path) as file:
            self.text = file.read()
        self.path = path
        self.lines = self.text.split("\n")
        tree = ast.parse(self.text)
        self.flags = 0
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for alias in node.names:
                    self.flags |= getattr(__future__, alias.name).compiler_flag
        self._scopes: list[Scope] = []
        self._collect(tree, ())

    def scope_of(self, edit: Edit) -> Scope | None:
        """The outermost function whose body holds the edit; None at module or class level, and for defaults and
        decorators, which run when the module does."""
        for scope in self._scopes:
            if scope.first <= edit.line <= scope.last:
                return scope if scope.holds(edit) else None
        return None

    def module_code(self, edit: Edit | None = None) -> CodeType:
        """The whole module, edited. Raises Incompetent."""
        text = "\n".join(edit.apply(self.lines)) if edit else self.text
        try:
            return compile(text, self.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Incompetent(str(error)) from None

    def _collect(self, node: ast.AST, classes: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Definition):
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                body = (child.body[0].lineno, len(self._before(child.body[0])))
                self._scopes.append(Scope(classes, child.name, first, child.end_lineno or first, body))
            elif isinstance(child, ast.ClassDef):
                self._collect(child, (*classes, child.name))
            elif not isinstance(child, ast.expr):
                self._collect(child, classes)

    def _before(self, node: ast.stmt) -> str:
        return self.lines[node.lineno - 1].encode("utf-8")[: node.col_offset].decode("utf-8")


class ScopeCode:
    """One outermost function with an edit, compiled on its own.

    Raises Incompetent when it does not compile.
    """

    def __init__(self, source: SourceText, scope: Scope, edit: Edit) -> None:
        self._source, self._scope = source, scope
        lines = edit.apply(source.lines[scope.first - 1 : scope.last], scope.first)
        head = lines[0]
        indent = head[: len(head) - len(head.lstrip())]
        wrapper = [f"{indent[:depth]}class {name}:" for depth, name in enumerate(scope.classes)]
        if indent and not wrapper:
            wrapper = ["if 1:"]
        blank = scope.first - 1 - len(wrapper)
        self._text = "\n" * blank + "\n".join([*wrapper, *lines])
        try:
            self._tree = ast.parse(self._text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Incompetent(str(error)) from None

    def build(self, live: CodeType) -> dict[int, CodeType]:
        """New code for the live function's code and for each one inside it, by the old one's identity.

        Free variables that the edit no longer uses are kept, as a live function's cells cannot be taken away.
        """
        for _ in range(2):
            found: dict[int, CodeType] = {}
            lost = _pair(live, self._compile(), found)
            if not lost:
                return found
            _Keep(lost).visit(self._tree)
        raise Incompetent("its free variables differ")

    def _compile(self) -> CodeType:
        try:
            code = compile(self._tree, self._source.path, "exec", self._source.flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Incompetent(str(error)) from None
        for name in self._scope.classes:
            code = next(inner for inner in _inner(code) if inner.co_name == name)
        for inner in _inner(code):
            if inner.co_name == self._scope.name:
                return inner
        raise Incompetent("the function is gone")


def _inner(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _pair(old: CodeType, new: CodeType, found: dict[int, CodeType]) -> dict[tuple[str, int], set[str]]:
    """Match two versions of a function, and the functions inside; what the new ones lack in free variables."""
    lost: dict[tuple[str, int], set[str]] = {}
    found[id(old)] = new
    missing = set(old.co_freevars) - set(new.co_freevars)
    if missing or len(new.co_freevars) != len(old.co_freevars):
        lost[new.co_name, new.co_firstlineno] = missing
    waiting = _inner(new)
    for inner in _inner(old):
        same = [
            code for code in waiting if (code.co_name, code.co_firstlineno) == (inner.co_name, inner.co_firstlineno)
        ]
        if same:
            waiting.remove(same[0])
            lost.update(_pair(inner, same[0], found))
    return lost


class _Keep(ast.NodeTransformer):
    """Mentions variables in code that never runs, so that they stay free variables of their function."""

    def __init__(self, lost: dict[tuple[str, int], set[str]]) -> None:
        self._lost = lost

    def _visit(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for name in sorted(self._lost.get((node.name, first), ())):
            mention = ast.Expr(ast.Name(name, ast.Load()))
            node.body.append(ast.copy_location(ast.If(ast.Constant(False), [mention], []), node.body[-1]))
            ast.fix_missing_locations(node)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _visit  # noqa: N815 - the names that `ast` calls

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """The same for one whose body is an expression."""
        self.generic_visit(node)
        for name in sorted(self._lost.get(("<lambda>", node.lineno), ())):
            kept = ast.IfExp(ast.Constant(True), node.body, ast.Name(name, ast.Load()))
            node.body = ast.copy_location(kept, node.body)
            ast.fix_missing_locations(node)
        return node


def inner_codes_of(module_code: CodeType) -> list[CodeType]:
    """The code objects of a module's outermost functions, those of methods included."""
    found: list[CodeType] = []
    for code in _inner(module_code):
        if code.co_flags & _OPTIMIZED:
            found.append(code)
        else:
            found.extend(inner_codes_of(code))
    return found


def match_codes(live: Iterable[CodeType], new: Iterable[CodeType]) -> dict[int, CodeType]:
    """For each live function's code the new version of the same function, by the old one's identity.

    Told by name and line; of several on one line (lambdas) none is matched.
    """
    by_place: dict[tuple[str, int], list[CodeType]] = {}
    for code in new:
        by_place.setdefault((code.co_name, code.co_firstlineno), []).append(code)
    found: dict[int, CodeType] = {}
    for code in live:
        versions = by_place.get((code.co_name, code.co_firstlineno), [])
        if len(versions) == 1 and versions[0].co_freevars == code.co_freevars:
            _pair(code, versions[0], found)
    return found


class LiveFunctions:
    """Every function object alive whose code comes from one file, wherever it hides: in decorators, closures,
    properties."""

    def __init__(self, path: str) -> None:
        matches = FileMatch(path)
        gc.unfreeze()  # objects that were frozen for forking are not listed
        found = [item for item in gc.get_objects() if type(item) is FunctionType]
        gc.freeze()
        self._by_code: dict[int, list[FunctionType]] = {}
        self._by_place: dict[tuple[str, int], list[CodeType]] = {}
        for function in found:
            code = function.__code__
            if matches(code.co_filename):
                if id(code) not in self._by_code:
                    self._by_place.setdefault((code.co_name, code.co_firstlineno), []).append(code)
                self._by_code.setdefault(id(code), []).append(function)

    def codes(self) -> list[CodeType]:
        """Their code objects, each once."""
        return [code for codes in self._by_place.values() for code in codes]

    def of(self, scope: Scope) -> list[CodeType]:
        """The code objects that live functions of a scope have; usually one."""
        return self._by_place.get((scope.name, scope.first), [])

    def swap(self, replacements: dict[int, CodeType]) -> "Swap":
        """New code for every function whose code's identity has one; not yet in place."""
        return Swap(
            [
                (function, replacements[identity])
                for identity in replacements
                for function in self._by_code.get(identity, ())
            ]
        )


class Swap:
    """New code for functions, to be put in place and taken out again."""

    def __init__(self, pairs: list[tuple[FunctionType, CodeType]]) -> None:
        self._pairs = pairs
        self._undo: list[tuple[FunctionType, CodeType]] = []

    def enter(self) -> None:
        """Put it in place. Raises Incompetent where it does not fit; then all is as before."""
        try:
            for function, code in self._pairs:
                old = function.__code__
                function.__code__ = code
                self._undo.append((function, old))
        except ValueError as error:
            self.leave()
            raise Incompetent(str(error)) from None

    def leave(self) -> None:
        """Take it out again."""
        while self._undo:
            function, old = self._undo.pop()
            function.__code__ = old
