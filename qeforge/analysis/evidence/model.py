"""Evidence about one value, and the notebook in which it is gathered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from qeforge.domain.facts import TypeRef

MOST_TEXTS = 64
"""Entries kept per kind of text; generated tables would otherwise fill memory."""

DEEPEST = 5
"""Levels of attributes, keys and items kept when evidence is carried from one value to another."""


class Strength(IntEnum):
    """How much a statement about a type is worth; smaller is stronger. Evidence that was carried over from a callee
    counts one less than its own."""

    ANNOTATED = 0
    GUARDED = 2  # anything else makes the code raise
    DEFAULT = 4
    DOCUMENTED = 6
    CHECKED = 8
    USED = 10
    COMPARED = 12
    HINTED = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the code says about one value: a parameter, or something that is reached through one.

    Args:
        types: what it may be, strongest evidence first.
        equals: sources of values it is compared with (`==`, `<`, `in (…)`, match cases, lookups in constant tables).
        prefixes: sources of strings it is asked to start with.
        suffixes: sources of strings it is asked to end with.
        contains: sources of values looked for in it, separators included.
        attributes: what is done to its attributes; methods that are called have `called`.
        keys: what is done to its items under constant keys; names are the keys' texts.
        element: what is done to what it yields (a mapping's keys).
        items: what is done to its items by position, when it is unpacked or indexed by constants.
        values: what is done to a mapping's values.
        result: what is done to what it gives when called, awaited or entered.
        patterns: regexes matched against it, flags inside.
        lengths: numbers that its length is compared with.
        formats: what it is parsed as: `int`, `float`, `json`, `date`, `regex`, `strptime:%Y-%m-%d` and the like.
        call_arity: how many arguments it is called with; None when it is not, or with an unknown number.
        passed_to: `(dotted callee, argument position or keyword)`.
        optional: compared with None, or None by default.
    """

    types: tuple[TypeRef, ...] = ()
    equals: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    attributes: Mapping[str, "Evidence"] = field(default_factory=dict)
    keys: Mapping[str, "Evidence"] = field(default_factory=dict)
    element: "Evidence | None" = None
    items: tuple["Evidence", ...] = ()
    values: "Evidence | None" = None
    result: "Evidence | None" = None
    patterns: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    formats: tuple[str, ...] = ()
    iterated: bool = False
    called: bool = False
    awaited: bool = False
    entered: bool = False
    indexed: bool = False
    numeric: bool = False
    path_like: bool = False
    file_like: bool = False
    truth_tested: bool = False
    call_arity: int | None = None
    passed_to: tuple[tuple[str, int | str], ...] = ()
    optional: bool = False


EMPTY = Evidence()
"""Nothing is known."""

TEXTS = ("equals", "prefixes", "suffixes", "contains", "patterns", "formats")
FLAGS = (
    "iterated",
    "called",
    "awaited",
    "entered",
    "indexed",
    "numeric",
    "path_like",
    "file_like",
    "truth_tested",
    "optional",
)


class Trace:
    """The notebook about one value while the code is read. Becomes an `Evidence` by `freeze`."""

    __slots__ = (
        "arity",
        "attributes",
        "element",
        "flags",
        "items",
        "keys",
        "lengths",
        "passed_to",
        "result",
        "texts",
        "values",
        "votes",
    )

    def __init__(self) -> None:
        self.votes: dict[TypeRef, int] = {}
        self.texts: dict[str, dict[str, None]] = {}
        self.flags: set[str] = set()
        self.lengths: dict[int, None] = {}
        self.passed_to: dict[tuple[str, int | str], None] = {}
        self.arity: int | None = None
        self.attributes: dict[str, Trace] = {}
        self.keys: dict[str, Trace] = {}
        self.items: dict[int, Trace] = {}
        self.element: Trace | None = None
        self.values: Trace | None = None
        self.result: Trace | None = None

    def vote(self, strength: int, *types: TypeRef) -> None:
        """Says that it may be of any of these types; the strongest statement about a type counts."""
        for each in types:
            self.votes[each] = min(strength, self.votes.get(each, strength))

    def add(self, kind: str, *texts: str | None) -> None:
        """Adds to one of `TEXTS`, None left out."""
        known = self.texts.setdefault(kind, {})
        for text in texts:
            if text is not None and len(known) < MOST_TEXTS:
                known[text] = None

    def flag(self, *names: str) -> None:
        """Sets some of `FLAGS`."""
        self.flags.update(names)

    def attribute(self, name: str) -> "Trace":
        """The notebook of `.name`."""
        return self.attributes.setdefault(name, Trace())

    def key(self, name: str) -> "Trace":
        """The notebook of `["name"]`."""
        return self.keys.setdefault(name, Trace())

    def item(self, position: int) -> "Trace":
        """The notebook of the item at a constant position."""
        return self.items.setdefault(position, Trace())

    def each(self) -> "Trace":
        """The notebook of what it yields."""
        self.element = self.element or Trace()
        return self.element

    def each_value(self) -> "Trace":
        """The notebook of a mapping's values."""
        self.values = self.values or Trace()
        return self.values

    def outcome(self) -> "Trace":
        """The notebook of what calling, awaiting or entering it gives."""
        self.result = self.result or Trace()
        return self.result

    def children(self) -> Iterable[tuple[tuple[str, str | int], "Trace"]]:
        """The notebooks reached from here, each with where it hangs."""
        for name, trace in self.attributes.items():
            yield ("attribute", name), trace
        for name, trace in self.keys.items():
            yield ("key", name), trace
        for position, trace in self.items.items():
            yield ("item", position), trace
        for kind, inner in (("each", self.element), ("value", self.values), ("outcome", self.result)):
            if inner is not None:
                yield (kind, ""), inner

    def at(self, place: tuple[str, str | int]) -> "Trace":
        """The notebook at a place that `children` names, made when absent."""
        kind, name = place
        match kind:
            case "attribute":
                return self.attribute(str(name))
            case "key":
                return self.key(str(name))
            case "item":
                return self.item(int(name))
            case "each":
                return self.each()
            case "value":
                return self.each_value()
        return self.outcome()

    def copy(self, depth: int = DEEPEST) -> "Trace":
        """As it is now, down to `depth` levels; what comes later does not show."""
        twin = Trace()
        twin.absorb(self, penalty=0, depth=depth)
        return twin

    def absorb(self, other: "Trace", *, penalty: int = 1, depth: int = DEEPEST) -> None:
        """Takes over what `other` knows, types weakened by `penalty`. `other` must not reach into this trace."""
        for each, strength in other.votes.items():
            self.vote(strength + penalty, each)
        for kind, texts in other.texts.items():
            self.add(kind, *texts)
        self.flags |= other.flags
        self.lengths |= other.lengths
        self.passed_to |= other.passed_to
        self.arity = other.arity if self.arity is None else self.arity
        if depth > 0:
            for place, trace in list(other.children()):
                self.at(place).absorb(trace, penalty=penalty, depth=depth - 1)

    def freeze(self, depth: int = DEEPEST) -> Evidence:
        """The evidence, without anything deeper than `depth` levels."""
        deeper = depth > 0

        def inner(trace: "Trace | None") -> Evidence | None:
            return trace.freeze(depth - 1) if trace is not None and deeper else None

        element = inner(self.element)
        items: tuple[Evidence, ...] = ()
        if self.items and deeper and max(self.items) < 16:
            items = tuple(
                self.items[position].freeze(depth - 1) if position in self.items else EMPTY
                for position in range(max(self.items) + 1)
            )
        return Evidence(
            types=tuple(sorted(self.votes, key=lambda each: self.votes[each])),
            **{kind: tuple(self.texts.get(kind, ())) for kind in TEXTS},  # type: ignore[arg-type]
            **{name: name in self.flags for name in FLAGS},  # type: ignore[arg-type]
            attributes={name: trace.freeze(depth - 1) for name, trace in self.attributes.items()} if deeper else {},
            keys={name: trace.freeze(depth - 1) for name, trace in self.keys.items()} if deeper else {},
            element=element,
            items=items,
            values=inner(self.values),
            result=inner(self.result),
            lengths=tuple(self.lengths),
            passed_to=tuple(self.passed_to),
            call_arity=self.arity,
        )
