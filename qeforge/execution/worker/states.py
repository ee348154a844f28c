"""The states that a module's functions go through, in short: enough to say where two programs differ first.

Values are described without running code of theirs: literals by source, containers and objects by what is in them down
to a small depth, all else by type.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any

from . import naming
from .tracer import Arc, FileMatch

State = list[Any]
"""`[function, line, what, {variable: text}]`; `what` is `line`, `return` or the type of an exception."""

_MOST_STATES = 400
_MOST_NAMES = 12
_ITEMS, _DEPTH, _TEXT = 8, 3, 120
_GLOBALS = 16
_LEAVES = 4_000
_SMALL = 4  # parts of a container of which each says what the others are about
_ATOMS = (int, float, complex, bool, type(None))
_PLAIN = (*_ATOMS, str, bytes)


class StateTracer:
    """Collects the states of one file's functions between `start` and `stop`; the same face as a tracer of arcs."""

    def __init__(self, path: str) -> None:
        self._matches = FileMatch(path)
        self.states: list[State] = []

    def start(self) -> None:
        """Begin with no states."""
        self.states = []
        sys.settrace(self._enter)

    def stop(self) -> set[Arc]:
        """End. There are no arcs."""
        sys.settrace(None)
        return set()

    def watch(self, code: Any) -> None:
        """Nothing to do: code is told by its file's name."""

    def settle(self) -> None:
        """Nothing to do."""

    def pause(self) -> None:
        """Nothing to do."""

    def resume(self) -> None:
        """Nothing to do."""

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        if len(self.states) >= _MOST_STATES or not self._matches(frame.f_code.co_filename):
            return None
        return self._inside

    def _inside(self, frame: FrameType, event: str, arg: Any) -> Any:
        states = self.states
        if len(states) >= _MOST_STATES:
            return None
        if event == "return":
            states.append([frame.f_code.co_name, frame.f_lineno, "return", {"return": told(arg)}])
        elif event == "exception":
            states.append([frame.f_code.co_name, frame.f_lineno, naming.dotted(arg[0]), {}])
        elif event == "line":
            names = list(frame.f_locals.items())[:_MOST_NAMES]
            states.append([frame.f_code.co_name, frame.f_lineno, "line", {name: told(item) for name, item in names}])
        return self._inside


def told(value: Any, depth: int = 0) -> str:
    """A value in short, equal for values that are equal as far as it looks."""
    kind = type(value)
    if kind in _ATOMS:
        return repr(value)[:_TEXT]
    if kind is str or kind is bytes:
        return repr(value) if len(value) <= _TEXT else f"{value[:_TEXT]!r}…{len(value)}…{value[-20:]!r}"
    if depth >= _DEPTH:
        return naming.dotted(kind)
    if kind in (list, tuple, set, frozenset):
        items = [told(item, depth + 1) for item in list(value)[:_ITEMS]]
        if kind in (set, frozenset):
            items.sort()
        more = f", …{len(value)}" if len(value) > _ITEMS else ""
        inside = ", ".join(items) + more
        if kind is list:
            return f"[{inside}]"
        if kind is tuple:
            return f"({inside},)" if len(items) == 1 else f"({inside})"
        return f"{{{inside}}}" if items else f"{kind.__name__}()"
    if kind is dict:
        pairs = [f"{told(key, depth + 1)}: {told(item, depth + 1)}" for key, item in list(value.items())[:_ITEMS]]
        return "{" + ", ".join(pairs) + (f", …{len(value)}" if len(value) > _ITEMS else "") + "}"
    if kind is re.Pattern:
        return f"re.compile({value.pattern!r}, {value.flags})"
    if isinstance(value, (type, FunctionType, ModuleType)):
        return naming.dotted(kind)
    try:
        kept = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return naming.dotted(kind)
    inside = told(kept, depth + 1) if type(kept) is dict else ""
    return f"{naming.dotted(kind)}{inside}"


def first_difference(usual: list[State], mutated: list[State]) -> dict[str, Any] | None:
    """Where two runs part: `{"f": function, "l": line, "v": [[variable, usual, mutated], …], "lost": function}`; None
    for equal ones."""
    for here, there in zip(usual, mutated):  # noqa: B905 - whichever is shorter
        if here != there:
            break
    else:
        if len(usual) == len(mutated):
            return None
        here = there = (usual if len(usual) > len(mutated) else mutated)[min(len(usual), len(mutated))]
    variables: list[list[str]] = []
    if here[:2] == there[:2]:
        names = sorted({*here[3], *there[3]})
        variables = [
            [name, here[3].get(name, ""), there[3].get(name, "")]
            for name in names
            if here[3].get(name) != there[3].get(name)
        ][:8]
    return {"f": here[0], "l": here[1], "v": variables, "lost": _lost(usual, mutated) or here[0]}


def _lost(usual: list[State], mutated: list[State]) -> str:
    """The last function whose states differ, counted from the end: what is the same after it cannot show any more."""
    for here, there in zip(reversed(usual), reversed(mutated)):  # noqa: B905 - whichever is shorter
        if here != there:
            return str(here[0])
    return ""


class ModuleState:
    """What a module keeps, by path into it: `TABLE[3][0]`, `Shop.tax`, `trim.__defaults__[0]`."""

    def __init__(self, module: ModuleType) -> None:
        self._own = module.__name__
        self.leaves: dict[str, str] = {}
        self._inside: set[int] = set()
        for name, value in list(vars(module).items()):
            if not name.startswith("__"):
                self._walk(name, value, 0)

    def differences(self, other: "ModuleState") -> list[list[str]]:
        """`[[path, here, there], …]`: what differs. Of what only moved to another place nothing is told, unless nothing
        else differs. Behind each comes what stands beside it in a small container, the same on both sides."""
        paths = dict.fromkeys((*self.leaves, *other.leaves))
        changed = [path for path in paths if self.leaves.get(path) != other.leaves.get(path)]
        here, there = self._counted(changed), other._counted(changed)
        telling = [path for path in changed if self._is_new(path, there) or other._is_new(path, here)]
        found: dict[str, list[str]] = {}
        for path in (telling or changed)[:_GLOBALS]:
            for name in (path, *self._beside(path), *other._beside(path)):
                found.setdefault(name, [name, self.leaves.get(name, ""), other.leaves.get(name, "")])
        return list(found.values())[: 2 * _GLOBALS]

    def _counted(self, paths: Iterable[str]) -> Counter[tuple[str, str]]:
        return Counter((_root(path), self.leaves[path]) for path in paths if path in self.leaves)

    def _is_new(self, path: str, others: Counter[tuple[str, str]]) -> bool:
        return path in self.leaves and not others[_root(path), self.leaves[path]]

    def _beside(self, path: str) -> list[str]:
        parent = path[: path.rfind("[")] if path.endswith("]") else ""
        beside = [name for name in self.leaves if name.startswith(f"{parent}[") and name != path] if parent else []
        return beside if len(beside) < _SMALL else []

    def _walk(self, path: str, value: Any, depth: int) -> None:
        if len(self.leaves) >= _LEAVES or depth > 5:
            return
        parts = list(self._parts(value))
        if not parts:
            self.leaves[path] = told(value)
            return
        if id(value) in self._inside:
            return
        self._inside.add(id(value))
        for suffix, part in parts:
            self._walk(path + suffix, part, depth + 1)
        self._inside.discard(id(value))

    def _parts(self, value: Any) -> Iterator[tuple[str, Any]]:
        kind = type(value)
        if kind in (list, tuple):
            yield from ((f"[{index}]", item) for index, item in enumerate(value))
        elif kind is dict:
            yield from ((f"[{told(key)}]", item) for key, item in list(value.items()))
        elif kind in (set, frozenset):
            yield from sorted((f"{{{told(item)}}}", item) for item in value if type(item) in _PLAIN)
        elif kind is FunctionType and value.__module__ == self._own:
            yield ".__defaults__", value.__defaults__
            yield ".__kwdefaults__", value.__kwdefaults__
        elif isinstance(value, type) and value.__module__ == self._own:
            yield from (
                (f".{name}", item)
                for name, item in list(vars(value).items())
                if not (name.startswith("__") and name.endswith("__")) or type(item) is FunctionType
            )


def _root(path: str) -> str:
    """The global that a path starts with."""
    for index, sign in enumerate(path):
        if sign in "[{.":
            return path[:index]
    return path
