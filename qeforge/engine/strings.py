"""Texts that the code under test reads: what its parsers accept, what its patterns tell apart, tokens put together."""

import ast
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from qeforge.analysis.constants import target_constants
from qeforge.analysis.evidence import Evidence
from qeforge.domain.observation import Operand, Raised
from qeforge.domain.target import SourceModule
from qeforge.engine import formats, nested, patterns
from qeforge.engine.origins import Clues, resized
from qeforge.engine.plan import Plan
from qeforge.engine.state import State, texts_of
from qeforge.engine.tweak import Constant, substitute
from qeforge.engine.value import Value, of

_COMMON = (" ", ",", "=", ":", ";", ".", "\n")
_MOST_AFTER, _FEW_AFTER = 20, 4
_PATIENCE, _END = 2, 12
"""Refusals in one place for one reason that are answered in full, and at all."""
_MOST_PATTERNS = 12
_MOST_FRESH = 12
_MOST_TEXTS = 8
_MOST_WORDS = 24
_LETTERS = re.compile(r"[^\W\d_][^\W\d_ ,!]*")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.){0,200})'|\"((?:[^\"\\]|\\.){0,200})\"")
_STRPTIME = re.compile(r"time data (.+) does not match format '([^']*)'", re.DOTALL)
_REMAINS = re.compile(r"unconverted data remains: (.+)", re.DOTALL)
_FEW = re.compile(r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)")
_MANY = re.compile(r"too many values to unpack \(expected (\d+)")
_BUFFER = re.compile(r"requires a buffer of (?:at least )?(\d+) bytes")
_NO_SECTION = re.compile(r"No section: '(\w+)'")
_NO_OPTION = re.compile(r"No option '(\w+)' in section: '(\w+)'")


@dataclass(slots=True)
class _Notes:
    """What was learned of the texts that one target reads."""

    words: tuple[str, ...]
    separators: list[str]
    layouts: list[str]
    patterns: dict[str, None] = field(default_factory=dict)
    paired: set[tuple[str, str]] = field(default_factory=set)
    formats: set[str] = field(default_factory=set)
    refusals: Counter[tuple[int, str]] = field(default_factory=Counter)

    @property
    def clues(self) -> Clues:
        return Clues(
            separators=tuple(dict.fromkeys((*self.separators, *_COMMON)))[:12], layouts=tuple(self.layouts[:4])
        )


class Strings:
    """Texts for the callables of one module.

    Args:
        module: what is under test.
        rng: decides among equals.
    """

    def __init__(self, module: SourceModule, rng: random.Random) -> None:
        self._module = module
        self._rng = rng
        self._notes: dict[str, _Notes] = {}

    def enrich(self, state: State) -> None:
        """Texts in the formats that the code parses a parameter as, and texts that take a pattern apart, come after
        the likeliest values of its pool."""
        notes = self._of(state)
        for name, pool in state.pools.items():
            evidence = state.evidence.get(name) or Evidence()
            wanted: list[str] = []
            for kind in evidence.formats:
                wanted += [*formats.examples(kind), *formats.documents(kind, notes.words)]
            for pattern in (*evidence.patterns[:4], *list(notes.patterns)[:2])[:4]:
                wanted += patterns.varied(pattern, self._rng, count=3)
            if wanted and any(value.type_name == "str" for value in pool[:4]):
                known = {value.source for value in pool}
                fresh = [value for value in map(of, dict.fromkeys(wanted)) if value.source not in known]
                state.pools[name] = [*pool[:5], *fresh[:_MOST_FRESH], *pool[5:]]

    def clues(self, state: State) -> Clues:
        """What is known of the texts that a target reads."""
        return self._of(state).clues

    def after_exception(self, state: State, plan: Plan, raised: Raised, *, gained: bool) -> list[Plan]:
        """Plans whose texts a parser may accept after it has refused one with this exception; fewer, and then none,
        where it keeps refusing.

        Args:
            gained: whether the plan reached something new all the same.
        """
        notes = self._of(state)
        own = [frame.line for frame in raised.frames if frame.own]
        notes.refusals[own[-1] if own else 0, raised.type_name] += 1
        times = notes.refusals[own[-1] if own else 0, raised.type_name]
        most = _MOST_AFTER if gained or times <= _PATIENCE else _FEW_AFTER if times <= _END else 0
        found = islice(dict.fromkeys(self._mended(notes, plan, raised)), most)
        return [plan.with_value(index, value) for index, value in found]

    def follow(self, state: State, plan: Plan, operands: Sequence[Operand]) -> list[Plan]:
        """Plans whose texts a pattern takes apart so that a part is what a predicate asked for."""
        notes = self._of(state)
        for operand in operands:
            text = _literal(operand.left)
            if operand.operator == "match" and isinstance(text, str):
                notes.patterns.setdefault(text)
            short = operand.operator == "in" and isinstance(text, str) and 0 < len(text) <= 4
            if short and not text.isalnum() and text not in notes.separators:
                notes.separators.append(text)
        wanted = [word for operand in operands for word in _words(operand)]
        texts: dict[str, None] = {}
        for pattern in list(notes.patterns)[:_MOST_PATTERNS]:
            if (pattern, "") not in notes.paired:
                notes.paired.add((pattern, ""))
                texts.update(dict.fromkeys(patterns.varied(pattern, self._rng, count=4)))
            for word in dict.fromkeys((*wanted, *notes.words[:8])):
                if (pattern, word) not in notes.paired and len(notes.paired) < 200:
                    notes.paired.add((pattern, word))
                    texts.update(dict.fromkeys(patterns.with_group(pattern, word, self._rng)))
        return [
            plan.with_value(index, of(text))
            for text in list(texts)[:_MOST_TEXTS]
            for index, value in enumerate(plan.values())
            if value.type_name == "str" and value.source != repr(text)
        ]

    def _of(self, state: State) -> _Notes:
        known = self._notes.get(state.target.id)
        if known is None:
            constants = target_constants(self._module, state.target)
            words = texts_of(constants.strings)
            known = self._notes[state.target.id] = _Notes(
                words=words[:_MOST_WORDS],
                separators=[word for word in words if len(word) <= 3 and not any(map(str.isalnum, word))],
                layouts=[word for word in words if formats.is_layout(word)],
                patterns=dict.fromkeys(constants.patterns[:_MOST_PATTERNS]),
            )
        return known

    # -- after exceptions ---------------------------------------------------------------------------------------

    def _mended(self, notes: _Notes, plan: Plan, raised: Raised) -> Iterator[tuple[int, Value]]:
        message, name = raised.message, raised.type_name.rpartition(".")[2]
        if found := _STRPTIME.search(message):
            if found[2] not in notes.layouts:
                notes.layouts.append(found[2])
            yield from _exchanged(plan, _literal(found[1]), formats.in_layout(found[2]))
            return
        if found := _REMAINS.search(message):
            yield from _changed(plan, lambda old: old.removesuffix(found[1]))
            return
        if found := _FEW.search(message):
            yield from self._more_pieces(notes, plan, int(found[1]), int(found[2]))
            return
        if found := _MANY.search(message):
            for separator in notes.clues.separators:
                yield from _changed(plan, lambda old, s=separator, n=int(found[1]): s.join(old.split(s)[:n]))
            return
        if found := _BUFFER.search(message):
            yield from _bytes_of_size(plan, int(found[1]))
            return
        if name == "KeyError":
            key = _literal(message)
            for index, value in enumerate(plan.values()):
                for changed in nested.with_key(value, key) if isinstance(key, str) else ():
                    yield index, changed
            return
        if name == "error" and "decompress" in message:
            for index, value in enumerate(plan.values()):
                if value.type_name == "bytes":
                    for data in ('b"abc"', 'b""'):
                        yield index, Value(source=f"zlib.compress({data})", type_name="bytes", imports=("import zlib",))
            return
        if found := _NO_OPTION.search(message):
            head = f"[{found[2]}]"
            yield from _changed(plan, lambda old: old.replace(head, f"{head}\n{found[1]} = 1", 1))
            return
        if found := _NO_SECTION.search(message):
            yield from _changed(plan, lambda old: f"{old.rstrip()}\n[{found[1]}]\nkey = 1\n".lstrip())
            return
        kind = formats.wanted_by(raised.type_name, message)
        if kind:
            fresh = kind not in notes.formats
            notes.formats.add(kind)
            texts = formats.examples(kind)
            if kind == "int":
                yield from _changed(plan, lambda old: _LETTERS.sub("1", old))
            if fresh:
                texts = (*texts, *formats.documents(kind, notes.words))
            yield from _exchanged(plan, _culprit(message), texts if fresh else texts[:3])

    def _more_pieces(self, notes: _Notes, plan: Plan, wanted: int, got: int) -> Iterator[tuple[int, Value]]:
        """Texts with as many pieces as are unpacked, whatever separates them."""
        for filler in ("a", "1"):
            for separator in notes.clues.separators:
                tail = separator.join([filler] * (wanted - got))
                for index, value in enumerate(plan.values()):
                    for new in substitute(value, partial(_extended, separator, tail, got)):
                        yield index, new


def _exchanged(plan: Plan, culprit: Any, texts: Sequence[str]) -> Iterator[tuple[int, Value]]:
    """Each text in the place of what a parser refused: inside a longer text where that is found, else as a whole."""
    inside = [
        index
        for index, value in enumerate(plan.values())
        if isinstance(culprit, str) and culprit and value.type_name == "str" and culprit in str(_literal(value.source))
    ]
    for text in texts:
        for index, value in enumerate(plan.values()):
            if inside and index not in inside:
                continue
            for changed in substitute(value, lambda old, new=text: _put(old, culprit, new)):  # type: ignore[misc]
                yield index, changed


def _put(old: Constant, culprit: Any, new: str) -> Any:
    if not isinstance(old, str):
        return ...
    return old.replace(culprit, new, 1) if isinstance(culprit, str) and culprit and culprit in old else new


def _extended(separator: str, tail: str, got: int, old: Constant) -> Any:
    """The text with more pieces after it; `...` where the separator does not explain how many there were."""
    if not isinstance(old, str) or (got > 1 and separator not in old):
        return ...
    return f"{old}{separator}{tail}" if old else tail


def _changed(plan: Plan, change: Any) -> Iterator[tuple[int, Value]]:
    """Each text of the plan changed."""
    for index, value in enumerate(plan.values()):
        for new in substitute(value, lambda old: change(old) if isinstance(old, str) else ...):
            yield index, new


def _bytes_of_size(plan: Plan, size: int) -> Iterator[tuple[int, Value]]:
    for index, value in enumerate(plan.values()):
        for byte in ("\0", "\1", "a"):
            for new in substitute(value, partial(_of_size, size, byte)):
                yield index, new


def _of_size(size: int, byte: str, old: Constant) -> Any:
    return resized(old.decode("latin-1") + byte, size).encode("latin-1") if isinstance(old, bytes) else ...


def _culprit(message: str) -> str | None:
    """The text that a parser's message quotes."""
    found = _QUOTED.search(message)
    text = _literal(found[0]) if found else None
    return text if isinstance(text, str) else None


def _words(operand: Operand) -> Iterator[str]:
    """Texts that a predicate asked for."""
    if operand.operator in ("==", "in", "startswith", "endswith"):
        for side in (operand.right, operand.left):
            value = _literal(side)
            for each in value if isinstance(value, list | tuple | set | dict) else (value,):
                if isinstance(each, str | int) and not isinstance(each, bool) and 0 < len(str(each)) <= 40:
                    yield str(each)
    elif operand.operator == "<":
        for side in (operand.right, operand.left):
            value = _literal(side)
            if isinstance(value, int) and not isinstance(value, bool):
                yield str(value + 1)


def _literal(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
