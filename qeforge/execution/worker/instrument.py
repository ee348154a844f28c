"""The module's functions with recording predicates: which operands met where.

Comparisons, membership, tests of strings and patterns, `isinstance`, look-ups of missing keys, truth tests and `match`
statements inside function bodies are routed through helpers that note both sides and then do the same thing. Lines stay
as they are, so arcs do too.
"""

import ast
import builtins
import fnmatch
import operator
import os
import re
from collections.abc import Callable, Mapping
from types import CodeType, ModuleType
from typing import Any, List, Optional

from . import naming
from .operands import Operands
from .render import quick_source
from .swap import Incompetent, LiveFunctions, SourceText, inner_codes_of, match_codes
from .tracer import Tracer

_COMPARE, _CALL, _GET, _TEST, _CASE = (f"__qeforge_{name}__" for name in ("compare", "call", "get", "test", "case"))

_OPERATORS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("==", operator.ne),
    ast.Is: ("==", operator.is_),
    ast.IsNot: ("==", operator.is_not),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<", operator.le),
    ast.Gt: ("<", operator.gt),
    ast.GtE: ("<", operator.ge),
    ast.In: ("in", lambda left, right: left in right),
    ast.NotIn: ("in", lambda left, right: left not in right),
}
_OPERATOR_KEYS = list(_OPERATORS)
_STARTS, _ENDS = ("startswith", "removeprefix"), ("endswith", "removesuffix")
_INSIDE = (
    "find", "rfind", "index", "rindex", "split", "rsplit", "partition", "rpartition", "count", "replace", "strip",
    "lstrip", "rstrip",
)  # fmt: skip
_PATTERNS = ("match", "search", "fullmatch", "findall", "finditer", "split", "sub", "subn")
_METHODS = {*_STARTS, *_ENDS, *_INSIDE, *_PATTERNS, "get", "pop", "getenv", "fnmatch", "fnmatchcase"}
_SIMPLE = (ast.Name, ast.Constant, ast.Attribute)
_TESTED = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp)
_KINDS = {
    "isalnum": "[a-z0-9]+",
    "isalpha": "[a-z]+",
    "isascii": "[a-z]+",
    "isdecimal": "[0-9]+",
    "isdigit": "[0-9]+",
    "isidentifier": "[a-z_][a-z0-9_]*",
    "islower": "[a-z]+",
    "isnumeric": "[0-9]+",
    "isprintable": "[a-z]+",
    "isspace": "[ \\t]+",
    "istitle": "[A-Z][a-z]+",
    "isupper": "[A-Z]+",
}
"""Texts of which these methods of `str` are true."""
_GLOBS = {"fnmatch", "fnmatchcase"}
_FLAGS = {"a": re.ASCII, "i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_LONGEST_PATTERN = 6_000  # characters
_PURE = {"len", "ord", "abs"}
_WITH_TWO = {"isinstance", *_GLOBS}
_KEYS = 20


class Instrumented:
    """The module's instrumented functions, compiled once; put in place in a child that is going to end.

    Nothing is put in place for a module whose source does not compile this way.
    """

    def __init__(self, module: ModuleType, live: LiveFunctions) -> None:
        source = SourceText(module.__file__ or "")
        self._swap = live.swap({})
        self._codes: list[CodeType] = []
        try:
            tree = _Rewriter().visit(ast.parse(source.text))
            code = compile(ast.fix_missing_locations(tree), source.path, "exec", source.flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        self._codes = inner_codes_of(code)
        self._swap = live.swap(match_codes(live.codes(), self._codes))

    def install(self, operands: Operands, tracer: Tracer) -> None:
        """Put it in place for the rest of this process's life; operands go to `operands`."""
        recorder = _Recorder(operands)
        for name, helper in (
            (_COMPARE, recorder.compare),
            (_CALL, recorder.call),
            (_GET, recorder.get),
            (_TEST, recorder.test),
            (_CASE, recorder.case),
        ):
            setattr(builtins, name, helper)
        try:
            self._swap.enter()
        except Incompetent:
            return
        for code in self._codes:
            tracer.watch(code)


class _Rewriter(ast.NodeTransformer):
    """Routes the predicates in function bodies through the helpers; default values, decorators and annotations stay."""

    def __init__(self) -> None:
        self._depth = 0

    def _function(self, node: Any) -> Any:
        self._depth += 1
        node.body = [self.visit(statement) for statement in node.body]
        self._depth -= 1
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function  # noqa: N815 - the names that `ast` calls

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """A function like any other."""
        self._depth += 1
        node.body = self.visit(node.body)
        self._depth -= 1
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Its value only."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`a < b`, and `a < b < c` where saying `b` twice does no harm."""
        self.generic_visit(node)
        if not self._depth:
            return node
        operands = [node.left, *node.comparators]
        if not all(_is_repeatable(operand) for operand in operands[1:-1]):
            return node
        parts: list[ast.expr] = [
            self._call(_COMPARE, node, ast.Constant(_OPERATOR_KEYS.index(type(op))), left, right)
            for op, left, right in zip(node.ops, operands, operands[1:], strict=False)
        ]
        return parts[0] if len(parts) == 1 else ast.copy_location(ast.BoolOp(ast.And(), parts), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`isinstance(x, T)` and methods that look for something."""
        self.generic_visit(node)
        if not self._depth or any(isinstance(argument, ast.Starred) for argument in node.args):
            return node
        function = node.func
        plain = not node.keywords
        if isinstance(function, ast.Name) and function.id in _WITH_TWO and len(node.args) == 2 and plain:
            call = self._call(_CALL, node, ast.Constant(None), function, *node.args)
        elif isinstance(function, ast.Attribute) and (
            (function.attr in _METHODS and node.args) or (function.attr in _KINDS and not node.args and plain)
        ):
            call = self._call(_CALL, node, ast.Constant(function.attr), function.value, *node.args)
            call.keywords = node.keywords
        else:
            return node
        return call

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """`d[key]`, when read."""
        self.generic_visit(node)
        if not self._depth or not isinstance(node.ctx, ast.Load) or isinstance(node.slice, (ast.Slice, ast.Tuple)):
            return node
        return self._call(_GET, node, node.value, node.slice)

    def _test(self, node: Any) -> Any:
        self.generic_visit(node)
        if self._depth:
            node.test = self._tested(node.test)
        return node

    visit_If = visit_While = visit_IfExp = visit_Assert = _test  # noqa: N815

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """`a and b`: all but the last are tested here."""
        self.generic_visit(node)
        if self._depth:
            node.values = [self._tested(value) for value in node.values]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """`not a`."""
        self.generic_visit(node)
        if self._depth and isinstance(node.op, ast.Not):
            node.operand = self._tested(node.operand)
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """A `match` on constants and sequences of them: what they are, before any is tried."""
        self.generic_visit(node)
        found = [_choice(pattern) for case in node.cases for pattern in ast.walk(case.pattern)]
        values = [each for each in found if each is not None]
        if self._depth and values:
            node.subject = self._call(_CASE, node.subject, node.subject, ast.Tuple(values, ast.Load()))
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Left alone: before 3.12 positions inside are wrong."""
        return node

    def _tested(self, node: ast.expr) -> ast.expr:
        return self._call(_TEST, node, node) if isinstance(node, _TESTED) and not _is_helper(node) else node

    def _call(self, helper: str, at: ast.expr, *arguments: ast.expr) -> ast.Call:
        name = ast.copy_location(ast.Name(helper, ast.Load()), at)
        call = ast.Call(name, [ast.Constant(at.lineno), *arguments], [])
        return ast.copy_location(call, at)


def _is_repeatable(node: ast.expr) -> bool:
    """Whether it may be evaluated twice: a name, a constant, an attribute, or the length or ordinal of one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _PURE and len(node.args) == 1:
        return isinstance(node.args[0], _SIMPLE) and not node.keywords
    return isinstance(node, _SIMPLE)


def _choice(pattern: ast.AST) -> Optional[ast.expr]:
    """What a pattern without names stands for: a constant, or a list with None for what may be anything."""
    if isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant):
        return ast.Constant(pattern.value.value)
    if isinstance(pattern, ast.MatchSequence):
        fixed = [each for each in pattern.patterns if not isinstance(each, ast.MatchStar)]
        return ast.List([_choice(each) or ast.Constant(None) for each in fixed], ast.Load())
    return None


def _whole(pattern: "re.Pattern[Any]") -> Any:
    """The pattern's text with the flags that change its meaning in front."""
    letters = "".join(letter for letter, flag in _FLAGS.items() if pattern.flags & flag)
    return f"(?{letters}){pattern.pattern}" if letters and isinstance(pattern.pattern, str) else pattern.pattern


def _filled(choice: List[Any], subject: Any) -> List[Any]:
    """The list with the subject's own items in the places that may hold anything."""
    own = list(subject)
    other = own[-1] if own else "a"
    return [
        item if item is not None else own[index] if index < len(own) else other for index, item in enumerate(choice)
    ]


def _is_helper(node: ast.expr) -> bool:
    """Whether a call already notes what is tested: a comparison's result needs no noting."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _COMPARE


class _Recorder:
    """The helpers. Each does what the code that it stands for does."""

    def __init__(self, operands: Operands) -> None:
        self._operands = operands

    def compare(self, line: int, key: int, left: Any, right: Any) -> Any:
        """`left <operator> right`."""
        name, function = _OPERATORS[_OPERATOR_KEYS[key]]
        self._operands.values(line, name, left, right)
        return function(left, right)

    def test(self, line: int, value: Any) -> Any:
        """The value, whose truth decides."""
        source = quick_source(value)
        self._operands.add(line, "truth", source if source is not None else naming.dotted(type(value)), "")
        return value

    def case(self, line: int, subject: Any, choices: tuple[Any, ...]) -> Any:
        """The subject of a `match`, and the constants of its cases."""
        for choice in choices:
            if not isinstance(choice, list):
                self._operands.values(line, "==", subject, choice)
            elif isinstance(subject, (list, tuple)):
                self._operands.values(line, "==", subject, type(subject)(_filled(choice, subject)))
        return subject

    def get(self, line: int, container: Any, key: Any) -> Any:
        """`container[key]`."""
        self._look_up(line, container, key)
        return container[key]

    def call(self, line: int, method: str | None, subject: Any, *arguments: Any, **keywords: Any) -> Any:
        """`subject.method(…)`, or `isinstance(…)` without a method."""
        if method is None:
            if subject is isinstance:
                self._isinstance(line, *arguments)
            elif subject in (fnmatch.fnmatch, fnmatch.fnmatchcase):
                self._glob(line, *arguments)
            return subject(*arguments)
        function = getattr(subject, method)
        self._method(line, method, subject, arguments)
        return function(*arguments, **keywords)

    def _isinstance(self, line: int, value: Any, kinds: Any) -> None:
        left = quick_source(value)
        for kind in kinds if isinstance(kinds, tuple) else (kinds,):
            if isinstance(kind, type):
                self._operands.add(line, "isinstance", left or naming.dotted(type(value)), naming.dotted(kind))

    def _glob(self, line: int, name: Any, pattern: Any) -> None:
        if isinstance(pattern, str):
            self._operands.values(line, "match", fnmatch.translate(pattern), name)

    def _method(self, line: int, method: str, subject: Any, arguments: tuple[Any, ...]) -> None:
        if not arguments:
            if isinstance(subject, str) and method in _KINDS:
                self._operands.values(line, "match", _KINDS[method], subject)
            return
        first = arguments[0]
        if isinstance(subject, (str, bytes)):
            if method in _STARTS or method in _ENDS:
                name = "startswith" if method in _STARTS else "endswith"
                for affix in first if isinstance(first, tuple) else (first,):
                    self._operands.values(line, name, subject, affix)
            elif method in _INSIDE and isinstance(first, (str, bytes)):
                self._operands.values(line, "in", first, subject)
        elif isinstance(subject, re.Pattern):
            if method in _PATTERNS:
                text = arguments[1] if method in ("sub", "subn") and len(arguments) > 1 else first
                self._operands.add(line, "match", quick_source(_whole(subject), _LONGEST_PATTERN), quick_source(text))
        elif subject is re:
            position = 2 if method in ("sub", "subn") else 1
            if method in _PATTERNS and len(arguments) > position:
                pattern = _whole(first) if isinstance(first, re.Pattern) else first
                left = quick_source(pattern, _LONGEST_PATTERN)
                self._operands.add(line, "match", left, quick_source(arguments[position]))
        elif method in _GLOBS and subject is fnmatch and len(arguments) == 2:
            self._glob(line, *arguments)
        elif method == "getenv" and subject is os:
            self._look_up(line, os.environ, first)
        elif method in ("get", "pop"):
            self._look_up(line, subject, first)

    def _look_up(self, line: int, container: Any, key: Any) -> None:
        """Note a key that is missing, and the keys that there are."""
        if not isinstance(container, (dict, Mapping)):
            return
        if container is os.environ:
            left: str | None = "os.environ"
        else:
            try:
                if key in container:
                    return
                keys = [item for item, _ in zip(container, range(_KEYS))]  # noqa: B905 - whichever is shorter
            except Exception:  # an unhashable key, a foreign mapping: the code under test will meet it itself
                return
            left = quick_source(keys)
            while left is None and keys:
                keys = keys[: len(keys) // 2]
                left = quick_source(keys)
        self._operands.add(line, "getitem", left, quick_source(key))
