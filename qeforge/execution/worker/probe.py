"""Proxies that stand in for unknown collaborators and remember what the code does to them.

A candidate that uses one (`from _qeforge_worker.probe import Probe`) is never a test: it is run to learn which
attributes are read, which methods are called and with how much, what is iterated, compared and entered, and what is
done with what all that gives. The answer travels as the detail of one effect, kind `collaborator`.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from .render import quick_source

_MOST_USES = 1_500
_MOST_CHILDREN = 24
_DEEPEST = 10
_ITEMS = 3
"""Items that a proxy gives when it is asked for the next one."""
_OWN = frozenset({"_qf_node", "_qf_set"})


class Enough(BaseException):
    """The code uses the probe without end; what is known by now has to do."""


class _Node:
    """What was done to one value, and to what is reached from it by an attribute, a key, a call and so on."""

    __slots__ = ("arities", "children", "flags", "path", "seen", "told")

    def __init__(self, path: str) -> None:
        self.path = path
        self.children: dict[str, _Node] = {}
        self.flags: dict[str, int] = {}
        self.arities: list[list[Any]] = []
        self.seen: dict[str, dict[str, None]] = {}
        self.told: dict[str, int] = {}

    def child(self, step: str) -> "_Node":
        """The node one step away; steps beyond a bound share one."""
        if step not in self.children:
            if len(self.children) >= _MOST_CHILDREN or self.path.count("\0") >= _DEEPEST:
                return _Node(f"{self.path}\0{step}")
            self.children[step] = _Node(f"{self.path}\0{step}")
        return self.children[step]

    def note(self, kind: str, value: Any) -> None:
        """A literal that it met in an operation."""
        source = quick_source(value)
        known = self.seen.setdefault(kind, {})
        if source is not None and len(known) < 12:
            known[source] = None

    def data(self) -> dict[str, Any]:
        """As it travels: `f` flags, `c` calls, `s` literals met, `n` what is reached from here."""
        found: dict[str, Any] = {}
        if self.flags:
            found["f"] = list(self.flags)
        if self.arities:
            found["c"] = self.arities[:4]
        if self.seen:
            found["s"] = {kind: list(sources) for kind, sources in self.seen.items()}
        if self.children:
            found["n"] = {step: node.data() for step, node in self.children.items()}
        return found


class _Record:
    """All probes of one execution."""

    def __init__(self) -> None:
        self.roots: dict[str, _Node] = {}
        self.known: dict[str, Any] = {}
        self.last = ""
        self.tested = ""
        self.uses = 0


_record = _Record()


def clear() -> None:
    """Forgets earlier probes."""
    global _record
    if _record.roots:
        _record = _Record()


def take() -> str:
    """What was recorded since `clear`, as JSON; empty when no probe was made."""
    if not _record.roots:
        return ""
    roots = {name: node.data() for name, node in _record.roots.items()}
    return json.dumps({"last": _record.last, "tested": _record.tested, "roots": roots})


def _use(probe: "Probe", *flags: str) -> _Node:
    node: _Node = object.__getattribute__(probe, "_qf_node")
    _record.uses += 1
    _record.last = node.path
    if _record.uses > _MOST_USES:
        raise Enough
    for flag in flags:
        node.flags[flag] = node.flags.get(flag, 0) + 1
    return node


def _at(node: _Node) -> Any:
    """The value at a node: the real one that an earlier probing asked for, or a probe."""
    _record.last = node.path
    if node.path in _record.known:
        return _record.known[node.path]
    made = object.__new__(Probe)
    object.__setattr__(made, "_qf_node", node)
    object.__setattr__(made, "_qf_set", {})
    return made


def _turns(node: _Node, kind: str) -> bool:
    """True and False in turns, so that both branches are seen and loops end."""
    node.told[kind] = node.told.get(kind, 0) + 1
    return node.told[kind] % 2 == 1


def _lasts(node: _Node) -> bool:
    """Whether there is a next item."""
    node.told["next"] = node.told.get("next", 0) + 1
    return node.told["next"] <= _ITEMS


def _arithmetic(self: "Probe", other: Any) -> Any:
    node = _use(self)
    if isinstance(other, Probe):
        node.flags["arithmetic"] = 1
        return _at(node.child("arithmetic"))
    node.note("arithmetic", other)
    if isinstance(other, (int, float, str, bytes, list, tuple)):
        return other
    return _at(node.child("arithmetic"))


def _ordering(self: "Probe", other: Any) -> bool:
    node = _use(self, "ordered")
    if not isinstance(other, Probe):
        node.note("ordered", other)
    return _turns(node, "ordered")


class Probe:
    """Accepts everything and notes it.

    Args:
        name: what it is known as in the record.
        known: real values for places that need one, by path: the name, then `\\0` and a step for each step.
    """

    __slots__ = ("_qf_node", "_qf_set")

    def __new__(cls, name: str, known: Mapping[str, Any] | None = None) -> Any:
        """A probe, or the real value where it is known by its name alone."""
        _record.known.update(known or {})
        node = _record.roots.setdefault(name, _Node(name))
        return _at(node)

    def __getattribute__(self, name: str) -> Any:
        if name in _OWN or (name.startswith("__") and name.endswith("__")):
            return object.__getattribute__(self, name)
        placed = object.__getattribute__(self, "_qf_set")
        if name in placed:
            return placed[name]
        return _at(_use(self).child(f".{name}"))

    def __setattr__(self, name: str, value: Any) -> None:
        _use(self)
        object.__getattribute__(self, "_qf_set")[name] = value

    def __delattr__(self, name: str) -> None:
        _use(self)
        object.__getattribute__(self, "_qf_set").pop(name, None)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Notes how many arguments it gets."""
        node = _use(self, "called")
        shape = [len(arguments), sorted(keywords)]
        if shape not in node.arities:
            node.arities.append(shape)
        if arguments and isinstance(arguments[0], (str, bytes)):
            node.note("argument", arguments[0])
        return _at(node.child("()"))

    def __getitem__(self, key: Any) -> Any:
        node = _use(self)
        if isinstance(key, slice):
            node.flags["sliced"] = 1
            return _at(node.child("slice"))
        if isinstance(key, str):
            node.flags["keyed"] = 1
            return _at(node.child(f"[{key}"))
        if isinstance(key, int):
            node.flags["indexed"] = 1
            return _at(node.child("each"))
        node.flags["looked up"] = 1
        return _at(node.child("value"))

    def __setitem__(self, key: Any, value: Any) -> None:
        _use(self, "keyed" if isinstance(key, str) else "indexed")

    def __delitem__(self, key: Any) -> None:
        _use(self, "keyed" if isinstance(key, str) else "indexed")

    def __contains__(self, item: Any) -> bool:
        node = _use(self, "contains")
        node.note("contains", item)
        return not _turns(node, "contains")

    def __iter__(self) -> Iterator[Any]:
        node = _use(self, "iterated")
        count: int = _record.known.get(f"{node.path}\0len", 2)
        return iter([_at(node.child("each")) for _ in range(count)])

    def __next__(self) -> Any:
        node = _use(self, "next")
        if not _lasts(node):
            raise StopIteration
        return _at(node.child("each"))

    def __reversed__(self) -> Iterator[Any]:
        return self.__iter__()

    def __len__(self) -> int:
        _use(self, "len")
        return 2

    def __bool__(self) -> bool:
        node = _use(self, "truth")
        _record.tested = node.path
        return _turns(node, "truth")

    def __eq__(self, other: object) -> bool:
        node = _use(self, "compared")
        _record.tested = ""
        if not isinstance(other, Probe):
            node.note("equals", other)
        return not _turns(node, "compared")

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    def __hash__(self) -> int:
        return hash(_use(self, "hashed").path)

    __lt__ = __le__ = __gt__ = __ge__ = _ordering
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _arithmetic
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rpow__ = _arithmetic
    __and__ = __or__ = __xor__ = __rand__ = __ror__ = __rxor__ = __lshift__ = __rshift__ = _arithmetic

    def __rmod__(self, other: Any) -> Any:
        """`text % probe`."""
        _use(self, "text")
        return other

    def __neg__(self) -> Any:
        return _at(_use(self, "number"))

    __pos__ = __abs__ = __invert__ = __neg__

    def __int__(self) -> int:
        _use(self, "number")
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        _use(self, "number")
        return 1.0

    def __str__(self) -> str:
        _use(self, "text")
        return "abc"

    def __format__(self, spec: str) -> str:
        _use(self, "number" if spec[-1:] in "dfgx" and spec else "text")
        return "abc"

    def __repr__(self) -> str:
        return "abc"

    def __bytes__(self) -> bytes:
        _use(self, "bytes")
        return b"abc"

    def __fspath__(self) -> str:
        _use(self, "path")
        return "abc"

    def __enter__(self) -> Any:
        return _at(_use(self, "entered").child("()"))

    def __exit__(self, *details: object) -> None:
        """Says nothing new."""

    async def __aenter__(self) -> Any:
        return _at(_use(self, "entered async").child("()"))

    async def __aexit__(self, *details: object) -> None:
        """Says nothing new."""

    def __await__(self) -> Generator[None, None, Any]:
        node = _use(self, "awaited")
        yield from ()
        return _at(node.child("()"))

    def __aiter__(self) -> Any:
        _use(self, "iterated async")
        return self

    async def __anext__(self) -> Any:
        node = _use(self)
        if not _lasts(node):
            raise StopAsyncIteration
        return _at(node.child("each"))
