"""From an expression back to the parameter whose argument it is made of, through locals, attributes and callers."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qeforge.analysis.blame.bindings import Binding, bindings_of
from qeforge.analysis.blame.uses import Use, statement_at, suspects
from qeforge.analysis.symbols import FunctionNode, Symbols, symbols_of
from qeforge.domain.observation import Frame
from qeforge.domain.target import SourceModule

Step = tuple[str, str]
"""From a value to one reached through it: `attribute` and `key` with a name, `item` with a position, `each`,
`result`."""

_TRANSPARENT = (
    *("str", "list", "tuple", "sorted", "iter", "set", "frozenset", "reversed", "dict", "int", "float", "bytes"),
    *("bytearray", "cast", "fspath", "deepcopy", "copy", "Path", "abspath", "expanduser", "realpath"),
)
"""Functions whose value is made of their last positional argument's."""

_SAME_TEXT = (
    *("strip", "lstrip", "rstrip", "lower", "upper", "encode", "decode", "replace"),
    *("expanduser", "resolve", "copy", "format"),
)
_DEEPEST = 8
_MOST = 6


@dataclass(frozen=True, slots=True)
class Origin:
    """A value given by the test, and how the failing one is reached from it.

    Args:
        function: qualname of the outermost function of the module in the traceback.
        parameter: its parameter, or empty for its receiver.
        steps: the way from that argument to the value that failed.
        seen: `(qualname, parameter, steps)` at the failing frame, where the evidence about the value is.
    """

    function: str
    parameter: str
    steps: tuple[Step, ...] = ()
    seen: tuple[str, str, tuple[Step, ...]] = ("", "", ())


@dataclass(frozen=True, slots=True)
class _Scope:
    qualname: str
    node: FunctionNode | ast.Lambda
    owner: str | None


class Blame:
    """Finds origins in one module."""

    def __init__(self, module: SourceModule) -> None:
        self._symbols: Symbols = symbols_of(module)
        self._scopes = list(_scopes(self._symbols))
        self._bindings: dict[str, list[Binding]] = {}
        self._known: dict[tuple[tuple[Frame, ...], Use, str], list[Origin]] = {}

    def origins(self, frames: Sequence[Frame], use: Use, name: str = "") -> list[Origin]:
        """Where the values come from that were used in this way in the innermost frame of the module, the likeliest
        first.

        Args:
            frames: of the exception, outermost first.
            use: what failed.
            name: the attribute that was asked for, for `Use.ATTRIBUTE`.
        """
        own = tuple(frame for frame in frames if frame.own)
        key = (own, use, name)
        if key not in self._known:  # a search fails in the same places over and over
            self._known[key] = self._origins(own, use, name)
        return list(self._known[key])

    def _origins(self, own: Sequence[Frame], use: Use, name: str) -> list[Origin]:
        scopes = [self._scope_at(frame) for frame in own]
        if not own or scopes[-1] is None:
            return []
        found: dict[tuple[str, str, tuple[Step, ...]], Origin] = {}
        for expression in suspects(scopes[-1].node, own[-1].line, use, name):
            for root, steps in self._resolved(scopes[-1], expression, own[-1].line, 0):
                start = Origin(scopes[-1].qualname, root, steps, (scopes[-1].qualname, root, steps))
                for origin in self._outward(start, own, scopes, len(own) - 1):
                    found.setdefault((origin.function, origin.parameter, origin.steps), origin)
            if len(found) >= _MOST:
                break
        return list(found.values())[:_MOST]

    def constructor(self, owner: str, attribute: str) -> list[tuple[str, tuple[Step, ...]]]:
        """Parameters of a class's constructor that an attribute of its instances is made of, and the way there."""
        seen: set[str] = set()
        while owner in self._symbols.classes and owner not in seen:
            seen.add(owner)
            for scope in self._scopes:
                if scope.qualname == f"{owner}.__init__":
                    found = [
                        made
                        for binding in self._bound(scope)
                        if binding.attribute == attribute
                        for made in self._resolved(scope, binding.value, binding.line, 0)
                        if made[0] and made[0] != _receiver_of(scope)
                    ]
                    if found:
                        return found
            if any(path == f"{owner}.{attribute}" for path in self._symbols.constants) or _field(
                self._symbols.classes[owner], attribute
            ):
                return [(attribute, ())]
            bases = [self._symbols.dotted(base) or "" for base in self._symbols.classes[owner].bases]
            owner = next((base for base in bases if base in self._symbols.classes), "")
        return []

    def parameters(self, qualname: str) -> list[str]:
        """Names of the positional parameters of a function, the receiver of a method left out."""
        scope = next((scope for scope in self._scopes if scope.qualname == qualname), None)
        return _positional(scope) if scope else []

    # -- outward --------------------------------------------------------------------------------------------------

    def _outward(
        self, origin: Origin, own: Sequence[Frame], scopes: Sequence[_Scope | None], index: int
    ) -> Iterator[Origin]:
        """The same value as seen from the outermost frame."""
        scope = scopes[index]
        assert scope is not None
        if index == 0:
            receiver = _receiver_of(scope)
            yield replace(origin, parameter="") if receiver and origin.parameter == receiver else origin
            return
        caller = scopes[index - 1]
        if caller is None:
            return
        line = own[index - 1].line
        for call in _calls(caller.node, line, scope):
            passed = _passed(call, scope, origin.parameter)
            if passed is None:
                continue
            for root, steps in self._resolved(caller, passed, line, 0):
                step = replace(origin, function=caller.qualname, parameter=root, steps=(*steps, *origin.steps))
                yield from self._outward(step, own, scopes, index - 1)

    # -- inside one function --------------------------------------------------------------------------------------

    def _resolved(self, scope: _Scope, node: ast.expr, line: int, depth: int) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """Parameters that an expression is made of, with the steps from each to it."""
        if depth > _DEEPEST:
            return
        match node:
            case ast.Name(id=name):
                yield from self._named(scope, name, line, depth)
            case ast.Attribute(value=inner, attr=attribute):
                yield from self._through(scope, inner, line, depth, ("attribute", attribute))
            case ast.Subscript(value=inner, slice=ast.Slice()):
                yield from self._resolved(scope, inner, line, depth + 1)
            case ast.Subscript(value=inner, slice=ast.Constant(value=str(key))):
                yield from self._through(scope, inner, line, depth, ("key", key))
            case ast.Subscript(value=inner, slice=ast.Constant(value=int(position))):
                yield from self._through(scope, inner, line, depth, ("item", str(position)))
            case ast.Subscript(value=inner):
                yield from self._through(scope, inner, line, depth, ("each", ""))
            case ast.BoolOp(values=parts) | ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    yield from self._resolved(scope, part, line, depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                yield from self._resolved(scope, body, line, depth + 1)
                yield from self._resolved(scope, orelse, line, depth + 1)
            case ast.BinOp(left=left, right=right):
                yield from self._resolved(scope, left, line, depth + 1)
                yield from self._resolved(scope, right, line, depth + 1)
            case ast.Starred(value=inner) | ast.FormattedValue(value=inner) | ast.NamedExpr(value=inner):
                yield from self._resolved(scope, inner, line, depth + 1)
            case ast.Await(value=inner):
                yield from self._resolved(scope, inner, line, depth + 1)
            case ast.Call():
                yield from self._called(scope, node, line, depth)

    def _through(
        self, scope: _Scope, inner: ast.expr, line: int, depth: int, step: Step
    ) -> Iterator[tuple[str, tuple[Step, ...]]]:
        for root, steps in self._resolved(scope, inner, line, depth + 1):
            yield root, (*steps, step)

    def _called(self, scope: _Scope, node: ast.Call, line: int, depth: int) -> Iterator[tuple[str, tuple[Step, ...]]]:
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        if isinstance(func, ast.Attribute) and name == "get" and node.args:
            match node.args[0]:
                case ast.Constant(value=str(key)):
                    yield from self._through(scope, func.value, line, depth, ("key", key))
                    return
        if isinstance(func, ast.Attribute) and name in _SAME_TEXT:
            yield from self._resolved(scope, func.value, line, depth + 1)
            return
        if name in _TRANSPARENT and node.args:
            yield from self._resolved(scope, node.args[-1], line, depth + 1)
            return
        if name == "enumerate" and node.args:
            yield from self._resolved(scope, node.args[0], line, depth + 1)
            return
        if name == "getattr" and len(node.args) > 1:
            match node.args[1]:
                case ast.Constant(value=str(attribute)):
                    yield from self._through(scope, node.args[0], line, depth, ("attribute", attribute))
            return
        if isinstance(func, ast.Attribute) and name in ("items", "values", "keys") and not node.args:
            yield from self._resolved(scope, func.value, line, depth + 1)
            return
        found = False
        for root, steps in self._resolved(scope, func, line, depth + 1):
            if root != _receiver_of(scope) or len(steps) > 1:
                found = True
                yield root, (*steps, ("result", ""))
        for argument in () if found else node.args:
            yield from self._resolved(scope, argument, line, depth + 1)

    def _named(self, scope: _Scope, name: str, line: int, depth: int) -> Iterator[tuple[str, tuple[Step, ...]]]:
        before = [b for b in self._bound(scope) if b.name == name and b.line <= line]
        if (before and name not in _names(scope.node)) or any(b.line < line for b in before):
            for binding in before[::-1][:2]:
                if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(binding.value)):
                    continue
                for root, steps in self._resolved(scope, binding.value, binding.line, depth + 1):
                    yield root, (*steps, *binding.steps)
        if name in _names(scope.node):
            yield name, ()
        elif not before and (outer := self._around(scope)) is not None:
            for root, steps in self._named(outer, name, outer.node.end_lineno or line, depth + 1):
                yield root, steps

    # -- the module's functions -----------------------------------------------------------------------------------

    def _around(self, scope: _Scope) -> _Scope | None:
        parent = scope.qualname.rpartition(".")[0]
        return next((other for other in self._scopes if other.qualname == parent), None)

    def _bound(self, scope: _Scope) -> list[Binding]:
        if scope.qualname not in self._bindings:
            self._bindings[scope.qualname] = bindings_of(scope.node, _receiver_of(scope))
        return self._bindings[scope.qualname]

    def _scope_at(self, frame: Frame) -> _Scope | None:
        around = [
            scope
            for scope in self._scopes
            if scope.node.lineno <= frame.line <= (scope.node.end_lineno or 0) and _last(scope) == frame.function
        ]
        if not around and frame.function.startswith("<") and frame.function != "<module>":
            around = [s for s in self._scopes if s.node.lineno <= frame.line <= (s.node.end_lineno or 0)]
        return max(around, key=lambda scope: scope.node.lineno, default=None)


def _scopes(symbols: Symbols) -> Iterator[_Scope]:
    for qualname, nodes in symbols.functions.items():
        owner = qualname.rpartition(".")[0]
        for node in nodes:
            yield _Scope(qualname, node, owner if owner in symbols.classes else None)
    for name, value in symbols.constants.items():
        if isinstance(value, ast.Lambda):
            yield _Scope(name, value, None)


def _last(scope: _Scope) -> str:
    return "<lambda>" if isinstance(scope.node, ast.Lambda) else scope.node.name


def _names(node: FunctionNode | ast.Lambda) -> list[str]:
    arguments = node.args
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [*named, *(a.arg for a in (arguments.vararg, arguments.kwarg) if a)]


def _receiver_of(scope: _Scope) -> str:
    if scope.owner is None or isinstance(scope.node, ast.Lambda):
        return ""
    if any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in scope.node.decorator_list):
        return ""
    positional = [*scope.node.args.posonlyargs, *scope.node.args.args]
    return positional[0].arg if positional else ""


def _positional(scope: _Scope) -> list[str]:
    named = [a.arg for a in (*scope.node.args.posonlyargs, *scope.node.args.args)]
    return named[1:] if _receiver_of(scope) else named


def _calls(node: FunctionNode | ast.Lambda, line: int, callee: _Scope) -> Iterator[ast.Call]:
    """Calls on a line that can have entered `callee`."""
    statement = statement_at(node, line)
    wanted = {_last(callee)}
    if callee.owner and _last(callee) in ("__init__", "__new__", "__post_init__"):
        wanted |= {callee.owner.rpartition(".")[2], "cls"}
    for inner in ast.walk(statement) if statement else ():
        if isinstance(inner, ast.Call):
            func = inner.func
            name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if name in wanted:
                yield inner


def _passed(call: ast.Call, callee: _Scope, parameter: str) -> ast.expr | None:
    """What a call gives to a parameter."""
    if parameter == _receiver_of(callee):
        return call.func.value if isinstance(call.func, ast.Attribute) else None
    for keyword in call.keywords:
        if keyword.arg == parameter:
            return keyword.value
    names = _positional(callee)
    if parameter in names and names.index(parameter) < len(call.args):
        return call.args[names.index(parameter)]
    if callee.node.args.vararg and parameter == callee.node.args.vararg.arg and len(call.args) > len(names):
        return call.args[len(names)]
    return None


def _field(node: ast.ClassDef, name: str) -> bool:
    return any(
        isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name) and s.target.id == name for s in node.body
    )
