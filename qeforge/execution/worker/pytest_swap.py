"""Puts a mutated function into a module that has been imported already, by exchanging code objects."""

import __future__

import ast
import gc
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import NamedTuple

from .tracer import FileMatch

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag


class Edit(NamedTuple):
    """A textual change: lines one-based, columns in characters, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str


def apply_edit(source: str, edit: Edit, *, first_line: int = 1) -> str:
    """The changed text of a source, or of a part of one that starts at `first_line`."""
    lines = source.splitlines(keepends=True)
    start, end = edit.line - first_line, edit.end_line - first_line
    head = "".join(lines[:start]) + lines[start][: edit.column]
    return head + edit.replacement + lines[end][edit.end_column :] + "".join(lines[end + 1 :])


class Swapper:
    """Knows a module's source and its live functions; made once, used in forked children.

    Args:
        source: the module's text as it was imported.
        path: its file.
    """

    def __init__(self, source: str, path: str) -> None:
        self._path = path
        self._lines = source.splitlines(keepends=True)
        self._statements = ast.parse(source).body
        self._code: CodeType = compile(source, path, "exec", dont_inherit=True)
        self._flags = self._code.co_flags & _FUTURE_FLAGS
        # By first line of a top-level statement: its code objects as compiled with the module and by itself. They are
        # not equal, since the compiler treats names that the module imports in a way of their own.
        self._originals: dict[int, tuple[list[CodeType], list[CodeType]]] = {}
        self._functions: dict[CodeType, list[FunctionType]] = {}
        matches = FileMatch(path)
        for item in gc.get_objects():
            if type(item) is FunctionType and matches(item.__code__.co_filename):
                self._functions.setdefault(item.__code__, []).append(item)

    def swap(self, edit: Edit) -> "list[tuple[FunctionType, CodeType]] | None":
        """Changes the live functions; what `restore` takes, or None when only a fresh import would do.

        Raises:
            SyntaxError: the changed code does not compile.
        """
        statement = self._statement_at(edit)
        if statement is None:
            return None
        first, last = _span(statement)
        text = "".join(self._lines[first - 1 : last])
        new = self._compile(apply_edit(text, edit, first_line=first), first)
        if first not in self._originals:
            whole = [code for code in _inner(self._code) if first <= code.co_firstlineno <= last]
            self._originals[first] = whole, _inner(self._compile(text, first))
        changed: list[tuple[FunctionType, CodeType]] = []
        for live, before, after in _matches(*self._originals[first], _inner(new)):
            if before == after:
                continue
            for function in self._functions.get(live, ()):
                if after is None or len(after.co_freevars) != len(live.co_freevars):
                    restore(changed)
                    return None
                changed.append((function, function.__code__))
                function.__code__ = after
        return changed or None

    def _statement_at(self, edit: Edit) -> ast.stmt | None:
        """The top-level statement around the edit, if the edit is inside a function's body."""
        for statement in self._statements:
            first, last = _span(statement)
            if first <= edit.line and edit.end_line <= last:
                return statement if _in_body(statement, edit) else None
        return None

    def _compile(self, text: str, first_line: int) -> CodeType:
        padded = "\n" * (first_line - 1) + text
        try:
            code: CodeType = compile(padded, self._path, "exec", flags=self._flags, dont_inherit=True)
        except ValueError as error:  # a null character
            raise SyntaxError(str(error)) from None
        return code


def restore(changed: "list[tuple[FunctionType, CodeType]]") -> None:
    """Undoes a swap."""
    for function, code in reversed(changed):
        function.__code__ = code


def _span(statement: ast.stmt) -> tuple[int, int]:
    """First and last line, decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or statement.lineno


def _in_body(statement: ast.stmt, edit: Edit) -> bool:
    """Whether the edit lies in the body of the outermost function around it: such code runs when it is called."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        start = statement.body[0]
        decorators = getattr(start, "decorator_list", [])
        line = min([start.lineno, *(decorator.lineno for decorator in decorators)])
        return edit.line > line or (edit.line == line and (decorators != [] or edit.column >= _column(start)))
    inner = (child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt))
    return any(_span(child)[0] <= edit.line <= _span(child)[1] and _in_body(child, edit) for child in inner)


def _column(statement: ast.stmt) -> int:
    # In bytes; at most too large by the non-ASCII characters before it, which sends the mutant the slower way.
    return statement.col_offset


def _matches(
    live: list[CodeType], old: list[CodeType], new: list[CodeType]
) -> Iterator[tuple[CodeType, CodeType, CodeType | None]]:
    """Code objects of the three trees that stand for the same function; None where the changed one has no such."""
    if len(live) != len(old):
        return
    same_shape = len(old) == len(new) and all(a.co_name == b.co_name for a, b in zip(old, new, strict=True))
    for position, (first, before) in enumerate(zip(live, old, strict=True)):
        named = [code for code in new if code.co_name == before.co_name]
        after = new[position] if same_shape else named[0] if len(named) == 1 else None
        yield first, before, after
        if after is not None:
            yield from _matches(_inner(first), _inner(before), _inner(after))


def _inner(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]
