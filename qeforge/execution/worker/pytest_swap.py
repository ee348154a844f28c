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
        self._flags = compile(source, path, "exec", dont_inherit=True).co_flags & _FUTURE_FLAGS
        self._functions: dict[CodeType, list[FunctionType]] = {}
        matches = FileMatch(path)
        for item in gc.get_objects():
            if type(item) is FunctionType and matches(item.__code__.co_filename):
                self._functions.setdefault(item.__code__, []).append(item)

    def swap(self, edit: Edit) -> bool:
        """Changes the live functions; False, with nothing changed for good, when only a fresh import would do.

        Raises:
            SyntaxError: the changed code does not compile.
        """
        statement = self._statement_at(edit)
        if statement is None:
            return False
        first, last = _span(statement)
        text = "".join(self._lines[first - 1 : last])
        old = self._compile(text, first)
        new = self._compile(apply_edit(text, edit, first_line=first), first)
        pairs = [(before, after) for before, after in _pairs(old, new) if before != after]
        if any(after is None and before in self._functions for before, after in pairs):
            return False
        changed = False
        for before, after in pairs:
            for function in self._functions.get(before, ()):
                assert after is not None
                if len(after.co_freevars) != len(function.__code__.co_freevars):
                    return False
                function.__code__ = after
                changed = True
        return changed

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


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType | None]]:
    """Code objects of both trees that stand for the same function; None where the new tree has no such function."""
    before, after = _inner(old), _inner(new)
    matching = len(before) == len(after) and all(a.co_name == b.co_name for a, b in zip(before, after, strict=True))
    for position, code in enumerate(before):
        if matching:
            yield code, after[position]
            yield from _pairs(code, after[position])
        else:
            same = [other for other in after if other.co_name == code.co_name]
            other = same[0] if len(same) == 1 else None
            yield code, other
            if other is not None:
                yield from _pairs(code, other)


def _inner(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]
