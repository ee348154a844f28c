"""Reads functions statement by statement and takes notes on what is done to their parameters."""

import ast
from collections.abc import Sequence

from qeforge.analysis.evidence.expressions import ExpressionReader
from qeforge.analysis.evidence.model import Strength
from qeforge.analysis.evidence.patterns import read_pattern
from qeforge.analysis.evidence.refs import Ref, Refs, iterate, whole
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
        for target in node.targets:
            self._bind_value(target, node.value, None if len(node.targets) == 1 else self.value(node.value))

    def _bind_value(self, target: ast.expr, value: ast.expr, refs: Refs | None = None) -> None:
        plain = (ast.Tuple, ast.List)
        if (
            refs is None
            and isinstance(target, plain)
            and isinstance(value, plain)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
        ):
            for inner, found in zip(target.elts, [self.value(each) for each in value.elts], strict=True):
                self.bind(inner, found)
        else:
            self.bind(target, self.value(value) if refs is None else refs)

    def _annotated(self, node: ast.AnnAssign) -> None:
        refs = self.value(node.value) if node.value else ()
        kind = self.around.annotations.resolve(node.annotation, self.owner or "")
        if kind.name != "Any":
            for trace in whole(refs):
                trace.vote(Strength.GUARDED, kind)
        self.bind(node.target, refs)

    def _augmented(self, node: ast.AugAssign) -> None:
        before = self.value(node.target)
        self._operate(node.target, node.op, node.value, before, self.value(node.value))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.bind(node.target, iterate(self.value(node.iter)))
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
        names = dict(self.names)
        names.update((name, (Ref(trace),)) for name, trace in self.around.parameters.get(node, {}).items())
        Reader(self.around, f"{self.qualname}.{node.name}", None, names).read(node.body)

    def _class(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(statement)
