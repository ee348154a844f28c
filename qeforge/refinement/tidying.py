"""Shorter literals, and one value for an argument that does not matter: what a search leaves, a person cuts away.

Offers only. Whether a tidier call still does what its test is for is the judge's to say.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from qeforge.codegen.signatures import Signatures, called_name, find_call, last_name
from qeforge.codegen.syntax import is_literal, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import Target

_WORD = re.compile(r"[A-Za-z]{1,12}(\.[a-z]{1,4})?")  # or the name of a file
_ROUND_NUMBERS = (1, 2, 3, 5, 10, 100)
_SMALL = 10
"""Numbers up to here are as good as any."""

_DIGITS, _PLACES = 6, 4
"""Characters of a float that nobody wonders at, and the decimal places to which a longer one is rounded."""

_STRAY = 30
"""Characters that weigh as much as an argument with a value of its own."""

_LONGEST = 400
"""Characters of a text that is cut; in a longer one the single cut is worth too little."""

_PIECES = 6
"""Cuts of one size that are tried in one text."""

_PART = 4
"""Characters that weigh as much as one argument by name in a call that only arranges."""

_OWN_TYPE = {"int": int, "float": float, "str": str, "bytes": bytes, "bool": bool}

_ALL_CONTENT = frozenset({"Counter", "Namespace", "OrderedDict", "SimpleNamespace", "dict", "timedelta"})
"""Calls whose arguments are all that there is to their value: without them it would be empty."""

_OF_A_SLICE = frozenset({"start", "step", "stop"})
"""Attributes of which a stand-in with nothing else may stand for a slice."""

_LEFT_ALONE = frozenset({"setattr", "setenv", "delenv", "setitem", "delattr", "chdir"})
"""Calls whose texts name something: another text would arrange nothing."""

Usual = Mapping[str, Mapping[str, str]]
"""By target id and parameter, the source of the value that most of its tests pass."""


class Tidying:
    """Knows how untidy a candidate is, and what is tidier.

    Args:
        targets: of the module, by id.
        familiar: texts that are fine as they are, however long.
    """

    def __init__(self, targets: Mapping[str, Target], familiar: Collection[str] = ()) -> None:
        self._targets = targets
        self._signatures = Signatures(targets)
        self._familiar = frozenset(familiar)

    def usual(self, candidates: Sequence[Candidate]) -> Usual:
        """The commonest value of each argument, the tidiest of equally common ones, where a test passes several
        arguments: the only one is what the test is about."""
        counts: dict[str, dict[str, Counter[str]]] = {}
        for candidate in candidates:
            arguments = self._arguments(candidate)
            for name, node in arguments if len(arguments) > 1 else ():
                counts.setdefault(candidate.target, {}).setdefault(name, Counter())[ast.unparse(node)] += 1
        return {
            target: {
                name: min(values, key=lambda source: (-values[source], self._weight(source), source))
                for name, values in by_name.items()
                if values.total() > 1
            }
            for target, by_name in counts.items()
        }

    def untidiness(self, candidate: Candidate, usual: Usual) -> int:
        """0 where nothing could be cut; about one for each character that a reader has to wonder at."""
        wanted = usual.get(candidate.target, {})
        stray = sum(name in wanted and wanted[name] != ast.unparse(node) for name, node in self._arguments(candidate))
        literals = sum(self._fuss(node) for _, node in _literals(candidate))
        return _STRAY * stray + literals + _PART * sum(1 for _ in self._excess(candidate))

    def offers(self, candidate: Candidate, usual: Usual) -> list[Candidate]:
        """Tidier candidates, those with the usual arguments first, then cuts of each literal in turn."""
        found = dict.fromkeys(self._with_usual(candidate, usual.get(candidate.target, {})))
        found |= dict.fromkeys(_changed(candidate, [change]) for change in self._excess(candidate))
        each = [
            [_changed(candidate, [(place, node, source)]) for source in self._simpler(node)]
            for place, node in _literals(candidate)
        ]
        found |= dict.fromkeys(one for turn in zip_longest(*each) for one in turn if one is not None)
        return [one for one in found if one.key != candidate.key]

    def _with_usual(self, candidate: Candidate, wanted: Mapping[str, str]) -> Iterator[Candidate]:
        place = len(candidate.arrange)
        strays = [
            (place, node, wanted[name])
            for name, node in self._arguments(candidate)
            if name in wanted and wanted[name] != ast.unparse(node)
        ]
        if len(strays) > 1:
            yield _changed(candidate, strays)
        for stray in strays:
            yield _changed(candidate, [stray])

    def _in_brackets(self, candidate: Candidate) -> set[str]:
        """Sources of what stands as an index or is passed for a parameter whose annotation speaks of slices, and of
        what the names that do so are given."""
        target = self._targets.get(candidate.target)
        parameters = target.parameters if target is not None else ()
        slices = {one.name for one in parameters if re.search(r"\bslice\b", one.annotation or "")}
        trees = [top for source in (*candidate.arrange, candidate.act) for top in _parsed(source)]
        nodes = [node for top in trees for node in ast.walk(top)]
        found = {ast.unparse(node.slice) for node in nodes if isinstance(node, ast.Subscript)}
        call = find_call(trees, called_name(target)) if slices and target is not None else None
        if call is not None:
            filled = self._signatures.of(target).filled(call)
            found |= {ast.unparse(value) for name, value in filled if name in slices}
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in found:
                    found.add(ast.unparse(value))
        return found

    def _excess(self, candidate: Candidate) -> Iterator[tuple[int, ast.expr, str]]:
        """Calls with the source of the same without an argument by name, where they only arrange; and conversions of
        what is of the type already; and what has all that a slice has, where one is wanted, as a slice."""
        target = self._targets.get(candidate.target)
        own = called_name(target) if target is not None else ""
        for place, call in _calls(candidate):
            if _is_like_a_slice(call) and ast.unparse(call) in self._in_brackets(candidate):
                yield place, call, _slice_of({str(keyword.arg): keyword.value for keyword in call.keywords})
            match call:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=value)], keywords=[]) if type(
                    value
                ) is _OWN_TYPE.get(name):
                    yield place, call, ast.unparse(call.args[0])
                case ast.Call(func=func, keywords=keywords) if last_name(func) not in (
                    own,
                    *_LEFT_ALONE,
                    *(_ALL_CONTENT if len(keywords) == 1 else ()),
                ):
                    for keyword in keywords:
                        if keyword.arg:
                            rest = [other for other in keywords if other is not keyword]
                            yield place, call, ast.unparse(ast.Call(func=func, args=call.args, keywords=rest))

    def _arguments(self, candidate: Candidate) -> list[tuple[str, ast.expr]]:
        """Literal arguments of the act's call of its target, by parameter."""
        target = self._targets.get(candidate.target)
        act = _parsed(candidate.act)
        call = find_call(act, called_name(target)) if target is not None else None
        if call is None:
            return []
        return [(name, node) for name, node in self._signatures.of(target).filled(call) if name and is_literal(node)]

    def _weight(self, source: str) -> int:
        return sum(self._fuss(node) for top in _parsed(source) for node in ast.walk(top) if isinstance(node, ast.expr))

    def _fuss(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(value=str() as text):
                return 0 if text in self._familiar or _WORD.fullmatch(text) else len(text) + 2 * text.count("\n")
            case ast.Constant(value=bytes() as data):
                return len(data)
            case ast.Constant(value=bool()):
                return 0
            case ast.Constant(value=int() as number):
                return 0 if number <= _SMALL or number in _ROUND_NUMBERS else len(str(number))
            case ast.Constant(value=float() as number):
                return len(repr(number)) if len(repr(number)) > _DIGITS else 0
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return len(items)
            case ast.Dict(keys=keys):
                return 2 * len(keys)
            case _:
                return 0

    def _simpler(self, node: ast.expr) -> Iterator[str]:
        """Sources of simpler values, the greatest cut first."""
        if not self._fuss(node):
            return
        match node:
            case ast.Constant(value=str() as text):
                yield from (repr(part) for part in dict.fromkeys(_shorter(text)) if part)
            case ast.Constant(value=bytes() as data):
                for size in _sizes(len(data)):
                    yield from (repr(data[:at] + data[at + size :]) for at in _starts(len(data), size))
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                yield from (str(each) for each in _ROUND_NUMBERS if each < number)
            case ast.Constant(value=float() as number) if math.isfinite(number):
                rounded = (repr(round(number, places)) for places in range(_PLACES))
                yield from (each for each in rounded if len(each) < len(repr(number)))
            case ast.List(elts=items) | ast.Tuple(elts=items) if len(items) > 1 and isinstance(node.ctx, ast.Load):
                for at in range(min(len(items), _PIECES)):
                    yield ast.unparse(type(node)(elts=items[:at] + items[at + 1 :], ctx=ast.Load()))
            case ast.Dict(keys=keys, values=values) if len(keys) > 1:
                for at in range(min(len(keys), _PIECES)):
                    yield ast.unparse(ast.Dict(keys=keys[:at] + keys[at + 1 :], values=values[:at] + values[at + 1 :]))


def _is_like_a_slice(call: ast.Call) -> bool:
    """Whether it is a stand-in that has of a slice's attributes some, and no others."""
    given = {keyword.arg for keyword in call.keywords}
    return last_name(call.func) == "SimpleNamespace" and not call.args and bool(given) and given <= _OF_A_SLICE


def _slice_of(parts: Mapping[str, ast.expr]) -> str:
    start, stop, step = (ast.unparse(parts[name]) if name in parts else "None" for name in ("start", "stop", "step"))
    return f"slice({start}, {stop}, {step})" if step != "None" else f"slice({start}, {stop})"


def _shorter(text: str) -> Iterator[str]:
    """The text without some of its lines, words, characters; and with plainer words."""
    if len(text) > _LONGEST:
        return
    for pattern in (r".*\n|.+", r"\s*\S+"):
        parts = re.findall(pattern, text)
        for size in _sizes(len(parts)):
            for at in _starts(len(parts), size):
                yield "".join(parts[:at] + parts[at + size :])
    for pattern, plain in ((r"[A-Za-z]{2,}", "a"), (r"\d{2,}", "1"), (r"[^\W\d_]+", "a")):
        yield re.sub(pattern, plain, text)
    for size in _sizes(len(text)):
        for at in _starts(len(text), size):
            if not _inside_word(text, at) and not _inside_word(text, at + size):
                yield text[:at] + text[at + size :]


def _inside_word(text: str, at: int) -> bool:
    """Whether a cut here would leave half a word."""
    return 0 < at < len(text) and text[at - 1].isalpha() and text[at].isalpha()


def _sizes(length: int) -> Iterator[int]:
    """How much to cut: half, a quarter, … one."""
    size = length // 2
    while size:
        yield size
        size //= 2


def _starts(length: int, size: int) -> Sequence[int]:
    """Where to cut: the end first, which is what most texts can do without."""
    return range(0, length - size + 1, size)[::-1][:_PIECES]


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return statements(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []


def _literals(candidate: Candidate) -> list[tuple[int, ast.expr]]:
    """Literals with the place of their statement; those that are parts of f-strings, names of patched things, or keys
    stay out."""
    found: list[tuple[int, ast.expr]] = []

    def visit(place: int, node: ast.AST) -> None:
        match node:
            case ast.JoinedStr() | ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                return
            case ast.Call(func=func) if last_name(func) in _LEFT_ALONE:
                return
            case ast.Constant() | ast.List() | ast.Tuple() | ast.Dict():
                found.append((place, node))
            case _:
                pass
        for child in ast.iter_child_nodes(node):
            visit(place, child)

    for place, source in enumerate((*candidate.arrange, candidate.act)):
        for top in _parsed(source):
            visit(place, top)
    return found


def _calls(candidate: Candidate) -> Iterator[tuple[int, ast.Call]]:
    """Calls with the place of their statement; not those inside definitions."""
    for place, source in enumerate((*candidate.arrange, candidate.act)):
        for top in _parsed(source):
            if not isinstance(top, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                yield from ((place, node) for node in ast.walk(top) if isinstance(node, ast.Call))


def _changed(candidate: Candidate, changes: Sequence[tuple[int, ast.expr, str]]) -> Candidate:
    """The candidate with other sources in the place of nodes; the rest of its text stays as it is."""
    sources = [*candidate.arrange, candidate.act]
    for place, node, source in sorted(changes, key=lambda c: (c[1].lineno, c[1].col_offset), reverse=True):
        sources[place] = _spliced(sources[place], node, source)
    return replace(candidate, arrange=tuple(sources[:-1]), act=sources[-1], claims=())


def _spliced(text: str, node: ast.expr, source: str) -> str:
    lines = text.encode().splitlines(keepends=True)
    before = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    after = sum(map(len, lines[: (node.end_lineno or node.lineno) - 1])) + (node.end_col_offset or 0)
    data = b"".join(lines)
    return (data[:before] + source.encode() + data[after:]).decode()
