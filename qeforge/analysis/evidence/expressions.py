"""Follows values through expressions and takes notes on what is done to them."""

import ast

from qeforge.analysis.evidence import predicates
from qeforge.analysis.evidence.calls import CallReader
from qeforge.analysis.evidence.choices import Choices
from qeforge.analysis.evidence.knowledge import DICT, INT, LIST, STR
from qeforge.analysis.evidence.model import Strength
from qeforge.analysis.evidence.refs import Ref, Refs, View, at, iterate, merged, viewed, whole
from qeforge.analysis.evidence.surroundings import Surroundings
from qeforge.analysis.static import MISSING


class ExpressionReader:
    """Evaluates expressions to the values they may stand for.

    Args:
        around: the module.
        qualname: of the function that is read.
        owner: qualname of the class whose method it is, None for a function.
        names: what local names stand for.
        choices: constant values that local names may have.
    """

    def __init__(
        self, around: Surroundings, qualname: str, owner: str | None, names: dict[str, Refs], choices: Choices
    ) -> None:
        self.around = around
        self.qualname = qualname
        self.owner = owner
        self.names = names
        self.choices = choices
        self.guarding = False
        self._calls = CallReader(self)

    def bind(self, target: ast.expr, refs: Refs, values: tuple[object, ...] = ()) -> None:
        """An assignment to a target of any form of something that stands for `refs` or is one of `values`."""
        self.choices.bind(target, values)
        self._bind(target, refs)

    def _bind(self, target: ast.expr, refs: Refs) -> None:
        match target:
            case ast.Name():
                self.names[target.id] = refs
            case ast.Starred():
                self._bind(target.value, ())
            case ast.Tuple() | ast.List():
                for ref in refs:
                    if ref.view is View.SELF:
                        ref.trace.flag("iterated")
                starred = False
                for position, inner in enumerate(target.elts):
                    starred = starred or isinstance(inner, ast.Starred)
                    self._bind(inner, () if starred else at(refs, position))
            case ast.Attribute():
                base = self.value(target.value)
                for trace in whole(base):
                    trace.attribute(target.attr)
                if self.owner and isinstance(target.value, ast.Name) and target.value.id == "self":
                    self.around.stored.extend((self.owner, target.attr, trace) for trace in whole(refs))
            case ast.Subscript():
                self._subscript(target)
                for trace in whole(self.value(target.value)):
                    if not isinstance(target.slice, ast.Slice):
                        text = isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str)
                        trace.vote(Strength.USED if text else Strength.HINTED, DICT)
                    trace.vote(Strength.HINTED, LIST)

    # -- conditions ---------------------------------------------------------------------------------------------

    def condition(self, node: ast.expr, guard: bool = False) -> None:
        """An expression whose truth decides; with `guard`, an exception follows where it holds."""
        match node:
            case ast.BoolOp():
                for each in node.values:
                    self.condition(each, guard)
            case ast.UnaryOp(op=ast.Not()):
                before, self.guarding = self.guarding, self.guarding or guard
                self.condition(node.operand)
                self.guarding = before
            case _:
                predicates.tested(self.value(node))

    # -- expressions --------------------------------------------------------------------------------------------

    def constant(self, node: ast.expr | None) -> object:
        """The likeliest value of an expression, `MISSING` without one."""
        return next(iter(self.choices.values(node)), MISSING)

    def value(self, node: ast.expr) -> Refs:
        """What an expression may stand for; notes are taken on the way."""
        match node:
            case ast.Name():
                return self.names.get(node.id, ())
            case ast.Constant():
                return ()
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._calls.call(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                return self._boolean(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Await():
                return self._await(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.NamedExpr():
                return self._walrus(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Lambda():
                return self._lambda(node)
            case ast.Starred():
                return self._starred(node)
            case ast.Dict():
                return self._dict(node)
            case ast.YieldFrom():
                return self._yield_from(node)
            case ast.FormattedValue():
                return self._formatted(node)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)
                return ()

    def _attribute(self, node: ast.Attribute) -> Refs:
        found: list[Ref] = []
        for ref in self.value(node.value):
            if ref.view is View.SELF:
                self._calls.attribute_votes(ref.trace, node.attr)
                found.append(Ref(ref.trace.attribute(node.attr)))
            elif ref.view is View.PATH:
                view = View.TAIL if node.attr in ("suffix", "name") else View.PART
                found.append(Ref(ref.trace, view))
        return tuple(found)

    def _binary(self, node: ast.BinOp) -> Refs:
        terms: list[ast.BinOp] = []
        leftmost: ast.expr = node
        while isinstance(leftmost, ast.BinOp):  # long sums nest to the left
            terms.append(leftmost)
            leftmost = leftmost.left
        refs = self.value(leftmost)
        for term in reversed(terms):
            refs = self._operate(term.left, term.op, term.right, refs, self.value(term.right))
        return refs

    def _operate(self, left: ast.expr, operator: ast.operator, right: ast.expr, before: Refs, after: Refs) -> Refs:
        if before:
            predicates.operated(whole(before), operator, self._operand(right), left=True)
        if after:
            predicates.operated(whole(after), operator, self._operand(left), left=False)
        return viewed(before, View.TEXT) if isinstance(operator, ast.Add) and self._operand(right) == "" else ()

    def _operand(self, node: ast.expr) -> object:
        """A value that shows the operand's type at least."""
        if isinstance(node, ast.JoinedStr):
            return "text"
        if isinstance(node, ast.List | ast.ListComp):
            return []
        if isinstance(node, ast.Tuple):
            return ()
        return self.constant(node)

    def _boolean(self, node: ast.BoolOp) -> Refs:
        found: list[Refs] = []
        for position, each in enumerate(node.values):
            refs = self.value(each)
            if position < len(node.values) - 1:
                predicates.tested(refs)
            found.append(refs)
        return merged(*found)

    def _unary(self, node: ast.UnaryOp) -> Refs:
        if isinstance(node.op, ast.Not):
            self.condition(node)
            return ()
        for trace in whole(self.value(node.operand)):
            trace.flag("numeric")
            trace.vote(Strength.USED, INT)
        return ()

    def _compare(self, node: ast.Compare) -> Refs:
        left, left_refs = node.left, self.value(node.left)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            right_refs = self.value(right)
            if left_refs:
                self._compared(left_refs, operator, right)
            if right_refs:
                self._compared_with(left, operator, right_refs)
            if left_refs and right_refs and isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                for trace in whole(merged(left_refs, right_refs)):
                    trace.vote(Strength.HINTED, INT)
            left, left_refs = right, right_refs
        return ()

    def _compared(self, refs: Refs, operator: ast.cmpop, other: ast.expr) -> None:
        types = [ref.trace for ref in refs if ref.view is View.TYPE]
        if types:
            for trace in types:
                trace.vote(Strength.CHECKED, *self.around.annotations.classes(other, self.owner or ""))
            return
        if isinstance(operator, ast.In | ast.NotIn):
            if isinstance(other, ast.Tuple | ast.List | ast.Set):
                for each in other.elts:
                    self.equal(refs, each)
            elif isinstance(other, ast.Attribute) and other.attr == "__dict__":
                predicates.attribute_name(refs)
            else:
                predicates.among(refs, self.constant(other))
        elif isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            self.equal(refs, other)
        else:
            for value in self.choices.values(other):
                predicates.ordered(refs, value)

    def _compared_with(self, other: ast.expr, operator: ast.cmpop, refs: Refs) -> None:
        if isinstance(operator, ast.In | ast.NotIn):
            values = self.choices.values(other)
            for value in values:
                predicates.holds(refs, value)
            for trace in whole(refs) if not values else []:
                trace.vote(Strength.HINTED, LIST, STR, DICT)
        else:
            self._compared(refs, operator, other)

    def equal(self, refs: Refs, other: ast.expr) -> None:
        """The values are compared with an expression for equality or identity."""
        member = self.enum_member(other)
        if member:
            for trace in whole(refs):
                trace.add("equals", member[0])
                trace.vote(Strength.COMPARED, *self.around.annotations.classes(member[1], self.owner or ""))
            return
        for value in self.choices.values(other):
            predicates.equal(refs, value)

    def enum_member(self, node: ast.expr) -> tuple[str, ast.expr] | None:
        """`Class.MEMBER` of an enum of this module: its source and the class; None for anything else."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            return None
        owner = self.around.symbols.classes.get(node.value.id)
        if owner is None or not any(
            (self.around.symbols.dotted(base) or "").endswith(("Enum", "Flag")) for base in owner.bases
        ):
            return None
        return ast.unparse(node), node.value

    def _subscript(self, node: ast.Subscript) -> Refs:
        refs = self.value(node.value)
        index = self.constant(node.slice) if not isinstance(node.slice, ast.Slice) else MISSING
        inner = () if isinstance(node.slice, ast.Constant) else self.value(node.slice)
        if inner and not refs:
            table = self.constant(node.value)
            if isinstance(table, dict):
                predicates.among(inner, table)
            for trace in whole(inner):
                if isinstance(table, str | list | tuple):
                    trace.vote(Strength.USED, INT)
        if isinstance(node.slice, ast.Slice):
            return self._slice(node.slice, refs)
        found: list[Ref] = []
        for ref in refs:
            trace = ref.trace
            if ref.view in (View.SELF, View.TEXT) and isinstance(index, str):
                trace.vote(Strength.USED, DICT)
                found.append(Ref(trace.key(index)))
            elif isinstance(index, int):
                trace.flag("indexed")
                found.extend(at((ref,), index))
                if ref.view is View.SELF:
                    trace.vote(Strength.HINTED, LIST, STR)
                    found.append(Ref(trace, View.HEAD if index == 0 else View.TAIL if index == -1 else View.PART))
            elif ref.view is View.SELF:
                trace.flag("indexed")
                found.append(Ref(trace.each()))
            elif ref.view in (View.PARTS, View.TEXT):
                found.append(Ref(trace, View.PART))
        return tuple(found)

    def _slice(self, node: ast.Slice, refs: Refs) -> Refs:
        for bound in (node.lower, node.upper, node.step):
            for trace in whole(self.value(bound)) if bound else []:
                trace.vote(Strength.USED, INT)
        found: list[Ref] = []
        for ref in refs:
            if ref.view is View.SELF:
                ref.trace.flag("indexed")
                ref.trace.vote(Strength.HINTED, STR, LIST)
                found.append(ref)
            if ref.view in (View.SELF, View.TEXT):
                found.append(
                    Ref(ref.trace, View.HEAD if node.lower is None else View.TAIL if node.upper is None else View.PART)
                )
        return tuple(found)

    def _await(self, node: ast.Await) -> Refs:
        found: list[Ref] = []
        for ref in self.value(node.value):
            ref.trace.flag("awaited")
            found.append(Ref(ref.trace.outcome()))
        return tuple(found)

    def _conditional(self, node: ast.IfExp) -> Refs:
        self.condition(node.test)
        return merged(self.value(node.body), self.value(node.orelse))

    def _walrus(self, node: ast.NamedExpr) -> Refs:
        refs = self.value(node.value)
        self.bind(node.target, refs, self.choices.values(node.value))
        return refs

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Refs:
        before, choices = dict(self.names), self.choices
        self.choices = choices.forked()
        for generator in node.generators:
            self.bind(generator.target, iterate(self.value(generator.iter)), self.choices.items(generator.iter))
            for test in generator.ifs:
                self.condition(test)
        for result in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.value(result)
        self.names, self.choices = before, choices
        return ()

    def _lambda(self, node: ast.Lambda) -> Refs:
        before, choices = dict(self.names), self.choices
        self.choices = choices.forked()
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                self.bind(ast.Name(argument.arg), ())
        self.value(node.body)
        self.names, self.choices = before, choices
        return ()

    def _starred(self, node: ast.Starred) -> Refs:
        iterate(self.value(node.value))
        return ()

    def _dict(self, node: ast.Dict) -> Refs:
        for key, value in zip(node.keys, node.values, strict=True):
            refs = self.value(value)
            if key is None:
                for trace in whole(refs):
                    trace.vote(Strength.USED, DICT)
            else:
                self.value(key)
        return ()

    def _yield_from(self, node: ast.YieldFrom) -> Refs:
        iterate(self.value(node.value))
        return ()

    def _formatted(self, node: ast.FormattedValue) -> Refs:
        refs = self.value(node.value)
        specification = self.constant(node.format_spec) if node.format_spec else ""
        if isinstance(specification, str) and specification[-1:] in tuple("dfgexXbo,%"):
            for trace in whole(refs) if specification else []:
                trace.flag("numeric")
                trace.vote(Strength.USED, INT)
        return ()
