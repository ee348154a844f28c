"""Arguments, slices and decorators."""

import ast
import re
from collections.abc import Iterator

from qeforge.analysis.operators.base import Edit, Text

_SAME_WITHOUT = frozenset({"encoding", "flush", "stacklevel", "exc_info", "cls", "metaclass", "daemon", "name"})
_SAME_UNDECORATED = frozenset(
    {
        "abstractmethod",
        "abc.abstractmethod",
        "cache",
        "functools.cache",
        "functools.lru_cache",
        "lru_cache",
        "final",
        "typing.final",
        "no_type_check",
        "overload",
        "override",
        "runtime_checkable",
        "total_ordering",
        "typing.overload",
        "typing.override",
        "typing.runtime_checkable",
        "typing_extensions.override",
        "unique",
        "enum.unique",
    }
)
_COMMA = re.compile(r"(?:[\s\\]|#[^\r\n]*)*,(?:[ \t])*")


class DroppedKeyword:
    """Drops a keyword argument.

    Left out: keywords that rarely change a result (`encoding`, `flush`, `stacklevel`…).
    """

    name = "dropped-keyword"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per keyword."""
        if not isinstance(node, ast.Call):
            return
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in _SAME_WITHOUT:
                continue
            start, end = text.start(keyword), text.end(keyword)
            while text.source[end] == ")" and text.source[start:end].count("(") > text.source[start:end].count(")"):
                end += 1
            comma = _COMMA.match(text.source, end, text.end(node))
            if comma:
                yield Edit(start, comma.end(), "")
            else:
                head = text.source[:start]
                yield Edit(len(_without_trailing_comma(head)), end, "")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("f(a, b=1)", ("f(a)",)),
            ("f(b=1, c=2)", ("f(c=2)", "f(b=1)")),
            ("f(\n    b=(1),\n)", ("f(\n    \n)",)),
            ("f(a, **b)", ()),
            ("open(a, encoding='utf-8')", ()),
        )


def _without_trailing_comma(head: str) -> str:
    stripped = head.rstrip()
    return stripped[:-1] if stripped.endswith(",") else head


class SliceBound:
    """Drops a bound or the step of a slice."""

    name = "slice-bound"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per bound.

        Left out: a lower bound of 0, which means the same as none.
        """
        if isinstance(node, ast.Slice):
            for bound in (node.lower, node.upper, node.step):
                if bound is None or (bound is node.lower and isinstance(bound, ast.Constant) and bound.value == 0):
                    continue
                start, end = text.start(bound), text.end(bound)
                while text.source[start - 1] == "(" and text.source[end] == ")":
                    start, end = start - 1, end + 1
                yield Edit(start, end, "")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a[b:c]", ("a[:c]", "a[b:]")),
            ("a[0:(c)]", ("a[0:]",)),
            ("a[::-1]", ("a[::]",)),
        )


class DroppedDecorator:
    """Drops a decorator.

    Left out: decorators without an effect on results (caches, `abstractmethod`, `overload`, `final`…).
    """

    name = "dropped-decorator"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per decorator."""
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        starts = [text.source.rindex("@", 0, text.start(each)) for each in node.decorator_list]
        ends = [*starts, text.start(node)][1:]
        for decorator, start, end in zip(node.decorator_list, starts, ends, strict=True):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called) not in _SAME_UNDECORATED:
                yield Edit(start, end, "")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("@a\ndef f(): pass", ("def f(): pass",)),
            (
                "class A:\n    @a(1)\n    # c\n    @(b)\n    def f(self): pass",
                (
                    "class A:\n    @(b)\n    def f(self): pass",
                    "class A:\n    @a(1)\n    # c\n    def f(self): pass",
                ),
            ),
            ("@functools.lru_cache(maxsize=None)\ndef f(): pass", ()),
        )
