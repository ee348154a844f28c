"""Reads functions statement by statement and takes notes on what is done to their parameters."""

import ast
from collections.abc import Iterator, Sequence

from qeforge.analysis.evidence.choices import Choices
from qeforge.analysis.evidence.expressions import ExpressionReader
from qeforge.analysis.evidence.model import Strength
from qeforge.analysis.evidence.patterns import read_pattern
from qeforge.analysis.evidence.refs import Ref, iterate, whole
from qeforge.analysis.symbols import FunctionNode


class Reader(ExpressionReader):
    """Reads one function, the functions inside it included."""

    def read(self, body: Sequence[ast.stmt]) -> None:
        """Reads statements in order."""
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign():
                self._assign(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.AugAssign():
                self._augmented(node)
            case ast.For() | ast.AsyncFor():
                self._for(node)
            case ast.If():
                self._if(node)
            case ast.While():
                self._while(node)
            case ast.Assert():
                self._assert(node)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.Match():
                self._match(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case _:
                self._children(node)

    def _children(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
            elif isinstance(child, ast.stmt):
                self.read([child])
            elif isinstance(child, ast.ExceptHandler):
                self.read(child.body)

    def _assign(self, node: ast.Assign) -> None:
        sole = node.targets[0]
        plain = (ast.Tuple, ast.List)
        if (
            len(node.targets) == 1
            and isinstance(sole, plain)
            and isinstance(node.value, plain)
            and len(sole.elts) == len(node.value.elts)
            and not any(isinstance(each, ast.Starred) for each in (*sole.elts, *node.value.elts))
        ):
            found = [(self.value(each), self.choices.values(each)) for each in node.value.elts]
            for inner, (refs, values) in zip(sole.elts, found, strict=True):
                self.bind(inner, refs, values)
            return
        refs, values = self.value(node.value), self.choices.values(node.value)
        for target in node.targets:
            self.bind(target, refs, values)

    def _annotated(self, node: ast.AnnAssign) -> None:
        refs = self.value(node.value) if node.value else ()
        kind = self.around.annotations.resolve(node.annotation, self.owner or "")
        if kind.name != "Any":
            for trace in whole(refs):
                trace.vote(Strength.GUARDED, kind)
        self.bind(node.target, refs, self.choices.values(node.value))

    def _augmented(self, node: ast.AugAssign) -> None:
        before = self.value(node.target)
        self._operate(node.target, node.op, node.value, before, self.value(node.value))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.bind(node.target, iterate(self.value(node.iter)), self.choices.items(node.iter))
        self.read(node.body)
        self.read(node.orelse)

    def _if(self, node: ast.If) -> None:
        current: ast.stmt = node
        while isinstance(current, ast.If):  # a long `elif` chain nests deeply
            raises = bool(current.body) and isinstance(current.body[-1], ast.Raise)
            self.condition(current.test, guard=raises)
            self.read(current.body)
            if len(current.orelse) != 1:
                self.read(current.orelse)
                return
            current = current.orelse[0]
        self.read([current])

    def _while(self, node: ast.While) -> None:
        self.condition(node.test)
        self.read(node.body)
        self.read(node.orelse)

    def _assert(self, node: ast.Assert) -> None:
        self.guarding = True
        self.condition(node.test)
        self.guarding = False
        if node.msg:
            self.value(node.msg)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            refs = self.value(item.context_expr)
            entered: list[Ref] = []
            for trace in whole(refs):
                trace.flag("entered")
                entered.append(Ref(trace.outcome()))
            if item.optional_vars:
                self.bind(item.optional_vars, tuple(entered))
        self.read(node.body)

    def _match(self, node: ast.Match) -> None:
        refs = self.value(node.subject)
        for case in node.cases:
            read_pattern(self, case.pattern, refs)
            if case.guard:
                self.condition(case.guard)
            self.read(case.body)

    def _function(self, node: FunctionNode) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        names, choices = dict(self.names), self.choices.forked()
        names.update((name, (Ref(trace),)) for name, trace in self.around.parameters.get(node, {}).items())
        bind_defaults(choices, node)
        Reader(self.around, f"{self.qualname}.{node.name}", None, names, choices).read(node.body)

    def _class(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(statement)


def arguments_of(node: FunctionNode) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Every parameter with its default."""
    positional = [*node.args.posonlyargs, *node.args.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults))
    yield from zip(positional, [*missing, *node.args.defaults], strict=True)
    if node.args.vararg:
        yield node.args.vararg, None
    yield from zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    if node.args.kwarg:
        yield node.args.kwarg, None


def bind_defaults(choices: Choices, node: FunctionNode) -> None:
    """Gives each parameter its default as its likeliest value, except None, which says nothing."""
    for argument, default in arguments_of(node):
        values = tuple(value for value in choices.values(default) if value is not None)
        choices.bind(ast.Name(argument.arg), values)
