"""How far a test's values are from those that a person would have chosen."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from qeforge.codegen.signatures import Signatures, last_name
from qeforge.codegen.syntax import expression, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import Target

MISFIT = 20
"""What a value weighs that the parameter's annotation does not allow."""

_SOFT = 8
_STAND_INS = {"MagicMock": 25, "Mock": 25, "AsyncMock": 25, "SimpleNamespace": 8, "object": 4, "iter": 2}
_STEP = 2
"""What each thing weighs that is done before the act."""

_PRIVATE = 6
"""What an argument weighs whose name says that it is none for users."""

_CHAINED = 2
"""What the result of a method of something made on the spot weighs, in the place of a value."""

_LONG, _TOO_LONG = 60, 120
_ORDINARY, _LARGE = 100, 10_000
_LONG_AGO = 1900
_WORDS = re.compile(r"[A-Za-z][a-z]{2,}([ _-][A-Za-z][a-z]*)*")
_FAMILIES: dict[str, frozenset[str]] = {
    "str": frozenset({"str"}), "AnyStr": frozenset({"str", "bytes"}), "bytes": frozenset({"bytes"}),
    "int": frozenset({"int"}), "float": frozenset({"float", "int"}), "complex": frozenset({"complex", "float", "int"}),
    "bool": frozenset({"bool"}), "list": frozenset({"list"}), "List": frozenset({"list"}),
    "dict": frozenset({"dict"}), "Dict": frozenset({"dict"}), "Mapping": frozenset({"dict"}),
    "MutableMapping": frozenset({"dict"}), "tuple": frozenset({"tuple"}), "Tuple": frozenset({"tuple"}),
    "set": frozenset({"set"}), "Set": frozenset({"set"}), "frozenset": frozenset({"set"}),
    "Sequence": frozenset({"list", "tuple"}), "MutableSequence": frozenset({"list"}),
    "Iterable": frozenset({"list", "tuple", "set", "iterator"}), "Collection": frozenset({"list", "tuple", "set"}),
    "Iterator": frozenset({"iterator"}), "Callable": frozenset({"function"}),
}  # fmt: skip
"""What each annotation means, as families of values."""

_ITERATED = frozenset({"Sequence", "Iterable", "Collection"})
_ANYTHING = frozenset({"Any", "object", "Hashable", "Self"})
_MADE = {"iter": "iterator", "SimpleNamespace": "namespace", "object": "object", "StringIO": "file", "BytesIO": "file"}


class Plainness:
    """Judges candidates by their text; remembers what it said.

    Args:
        targets: of the module, by id; calls of them are held against their annotations.
        guessed: for parameters without annotation, by target id and name: the types that the code seems to expect.
        familiar: texts that nobody wonders at: well-known examples, constants of the module.
        particular: those among them that one wonders at a little where a plainer one would do.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        *,
        guessed: Mapping[tuple[str, str], frozenset[str]] | None = None,
        familiar: Collection[str] = (),
        particular: Collection[str] = (),
    ) -> None:
        self._targets = targets
        self._guessed = guessed or {}
        self._familiar = frozenset(familiar)
        self._particular = frozenset(particular)
        signatures = Signatures(targets)
        self._signatures = {target.id: signatures.of(target) for target in targets.values()}
        self._annotations: dict[tuple[str, str], ast.expr] = {}
        for target in targets.values():
            for parameter in target.parameters:
                node = expression(parameter.annotation) if parameter.annotation else None
                if node is not None:
                    optional = ast.BinOp(node, ast.BitOr(), ast.Constant(None)) if parameter.default == "None" else node
                    self._annotations[target.id, parameter.name] = optional
        self._by_name = {_called(target): target for target in reversed(list(targets.values()))}
        self._known: dict[str, int] = {}

    def oddity(self, candidate: Candidate) -> int:
        """Zero for plain, typed, telling values; more the stranger they are. At most about `MISFIT` for each value."""
        key = candidate.key
        if key not in self._known:
            self._known[key] = self._measured(candidate)
        return self._known[key]

    def _measured(self, candidate: Candidate) -> int:
        try:
            arranged = [node for source in candidate.arrange for node in statements(source)]
            act = statements(candidate.act)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return MISFIT
        variables: dict[str, ast.expr] = {}
        for node in arranged:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    variables[name] = value
        own = self._targets.get(candidate.target)
        total = _STEP * sum(isinstance(node, ast.Expr) for node in arranged)
        for top in (*arranged, *act):
            for inner in ast.walk(top):
                total += self._strangeness(inner)
                if isinstance(inner, ast.Call):
                    total += self._misfits(inner, own, variables)
        return total

    def _misfits(self, call: ast.Call, own: Target | None, variables: Mapping[str, ast.expr]) -> int:
        name = last_name(call.func)
        target = own if own is not None and _called(own) == name else self._by_name.get(name)
        if target is None:
            return 0
        total = 0
        for parameter, value in self._signatures[target.id].filled(call):
            annotation = self._annotations.get((target.id, parameter))
            shown = variables.get(value.id, value) if isinstance(value, ast.Name) else value
            if annotation is not None:
                total += _misfit(annotation, shown)
            else:
                guessed, family = self._guessed.get((target.id, parameter)), _family(shown)
                total += _SOFT if guessed and family and family not in guessed else 0
        return total

    def _strangeness(self, node: ast.AST) -> int:
        """What is odd about one value by itself."""
        match node:
            case ast.Constant(value=str() as text):
                if text not in self._familiar:
                    return _text(text)
                return ("\n" in text) + (text in self._particular or text != text.strip())
            case ast.Constant(value=bool()):
                return 0
            case ast.Constant(value=int() | float() as number):
                return (number == 0 or number > _ORDINARY) + (number > _LARGE)
            case ast.Constant(value=None | bytes()):
                return 2
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.UnaryOp()):
                return 6
            case ast.UnaryOp(op=ast.USub()):
                return 1
            case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Tuple(elts=[]):
                return 2
            case ast.Call(func=func, args=[ast.Constant(value=int() as year), *_]) if year < _LONG_AGO:
                return 2 if last_name(func) in ("date", "datetime") else 0
            case ast.keyword(arg=str(name)) if name.startswith("_"):
                return _PRIVATE
            case ast.Call(func=ast.Attribute(value=ast.Call())):
                return _CHAINED
            case ast.Call(func=func):
                return _STAND_INS.get(last_name(func), 0)
            case ast.Lambda():
                return 1
            case _:
                return 0


def _called(target: Target) -> str:
    return (target.owner or target.qualname).rpartition(".")[2] if target.kind == "constructor" else target.name


def _text(text: str) -> int:
    """What is odd about a text that is no well-known one."""
    if not text:
        return 3
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return 8
    odd = 0 if text.isascii() else 2
    if len(text) > _LONG:
        odd += 10 if len(text) > _TOO_LONG else 4
    if text.isspace():
        return odd + 4
    if not any(map(str.isalnum, text)):
        return odd + 3
    return odd + (1 if _WORDS.fullmatch(text) else 3)


def _misfit(annotation: ast.expr, value: ast.expr) -> int:
    """How badly a value fits an annotation: nothing where that cannot be told."""
    match annotation:
        case ast.Constant(value=None):
            return 0 if isinstance(value, ast.Constant) and value.value is None else MISFIT
        case ast.Constant(value=str() as text):
            quoted = expression(text)
            return _misfit(quoted, value) if quoted is not None else 0
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return min(_misfit(left, value), _misfit(right, value))
        case ast.Subscript(value=base, slice=inner):
            return _subscripted(last_name(base), list(_parts(inner)), value)
        case ast.Name() | ast.Attribute():
            return _named(last_name(annotation), value)
        case _:
            return 0


def _parts(inner: ast.expr) -> Iterator[ast.expr]:
    if isinstance(inner, ast.Tuple):
        yield from inner.elts
    else:
        yield inner


def _subscripted(name: str, parts: list[ast.expr], value: ast.expr) -> int:
    if name == "Optional":
        return _misfit(ast.BinOp(parts[0], ast.BitOr(), ast.Constant(None)), value)
    if name == "Union":
        return min((_misfit(part, value) for part in parts), default=0)
    if name == "Literal":
        return 0 if any(ast.dump(part) == ast.dump(value) for part in parts) else MISFIT
    if name in ("Annotated", "Final", "ClassVar"):
        return _misfit(parts[0], value)
    whole = _named(name, value)
    if whole:
        return whole
    match value:
        case ast.List(elts=items) | ast.Set(elts=items) if name not in ("tuple", "Tuple"):
            return max((_misfit(parts[0], item) for item in items), default=0)
        case ast.Tuple(elts=items) if len(items) == len(parts):
            return max((_misfit(part, item) for part, item in zip(parts, items, strict=True)), default=0)
        case ast.Dict(values=items) if len(parts) == 2:
            return max((_misfit(parts[1], item) for item in items), default=0)
        case _:
            return 0


def _named(name: str, value: ast.expr) -> int:
    family = _family(value)
    if not family or name in _ANYTHING or len(name) <= 2:
        return 0
    allowed = _FAMILIES.get(name)
    if allowed is not None:
        if family in allowed:
            return 0
        return _SOFT if name in _ITERATED and family in ("str", "bytes", "dict", "set", "iterator") else MISFIT
    if family in ("namespace", "object"):
        return 0  # its own strangeness says it all
    return _SOFT if name[:1].isupper() else 0


def _family(value: ast.expr) -> str:
    """The sort of a value; empty where its text does not tell."""
    match value:
        case ast.Constant(value=None):
            return "None"
        case ast.Constant():
            return type(value.value).__name__
        case ast.UnaryOp(operand=operand):
            return _family(operand)
        case ast.List() | ast.Dict() | ast.Tuple() | ast.Set():
            return type(value).__name__.lower()
        case ast.Lambda():
            return "function"
        case ast.Call(func=func):
            return _MADE.get(last_name(func), "")
        case _:
            return ""
