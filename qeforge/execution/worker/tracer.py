"""Arcs of one file as coverage.py counts them: line to line, `-first line` when a code object is entered or left.

`sys.monitoring` from 3.12 on, with events for the code objects of that file only; `sys.settrace` below, where every
other file costs one refused call.
"""

import dis
import os
import sys
import threading
from _thread import get_ident
from types import CodeType, FrameType
from typing import Any, Protocol

Arc = tuple[int, int]

_SUSPENDABLE = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
_YIELD_VALUE = dis.opmap.get("YIELD_VALUE", -1)
_YIELD_FROM = dis.opmap.get("YIELD_FROM", -1)  # until 3.10
_RESUME = dis.opmap.get("RESUME", -1)  # from 3.11 on


class Tracer(Protocol):
    """Collects the arcs of one file between `start` and `stop`."""

    def start(self) -> None:
        """Begin with no arcs, in all threads."""
        ...

    def stop(self) -> set[Arc]:
        """End, and give what was collected. Harmless when not started."""
        ...

    def watch(self, code: CodeType) -> None:
        """Take in a code object that came into being later, and those inside it."""
        ...

    def settle(self) -> None:
        """Importing the file is over: all its code is known."""
        ...

    def pause(self) -> None:
        """Let code run at full speed until `resume`."""
        ...

    def resume(self) -> None:
        """Be ready for `start` again."""
        ...


def inner_codes(code: CodeType) -> list[CodeType]:
    """A code object and all those inside it, outermost first."""
    found = [code]
    for item in found:
        found.extend(const for const in item.co_consts if isinstance(const, CodeType))
    return found


class FileMatch:
    """Whether a code object's file name means one given file, remembered per name."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._known: dict[str, bool] = {}

    def __call__(self, filename: str) -> bool:
        """Whether it is that file's name."""
        known = self._known.get(filename)
        if known is None:
            known = not filename.startswith("<") and os.path.realpath(filename) == self._path
            self._known[filename] = known
        return known


class _Shape:
    """What the settrace tracer must know of one code object; computed once, as `co_code` makes a copy."""

    __slots__ = ("code", "leave", "raw", "suspendable")

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.raw = code.co_code
        self.leave = -code.co_firstlineno
        self.suspendable = bool(code.co_flags & _SUSPENDABLE)

    def resumes(self, at: int) -> bool:
        """Whether a call event at that offset goes on with a suspended frame."""
        if _RESUME < 0:
            return at >= 0
        return self.raw[at + 1] != 0  # RESUME's argument is 0 at the start of a function

    def suspends(self, at: int) -> bool:
        """Whether a return event at that offset means a yield or an await."""
        if self.raw[at] == _YIELD_VALUE:
            return True
        return _YIELD_FROM >= 0 and at + 2 < len(self.raw) and self.raw[at + 2] == _YIELD_FROM


class SettraceTracer:
    """For interpreters without `sys.monitoring`. Code under test that sets its own trace function takes this one
    away until the next `start`."""

    def __init__(self, path: str) -> None:
        self._matches = FileMatch(path)
        self._arcs: set[Arc] = set()
        self._shapes: dict[int, _Shape] = {}

    def start(self) -> None:
        """Begin with no arcs, in all threads."""
        self._arcs = set()
        tracer = self._build(self._arcs)
        threading.settrace(tracer)
        sys.settrace(tracer)

    def stop(self) -> set[Arc]:
        """End, and give what was collected."""
        sys.settrace(None)
        threading.settrace(None)
        return self._arcs

    def watch(self, code: CodeType) -> None:
        """Nothing to do: code is told by its file's name."""

    def settle(self) -> None:
        """Nothing to do."""

    def pause(self) -> None:
        """Nothing to do: code that nobody started to trace costs nothing."""

    def resume(self) -> None:
        """Nothing to do."""

    def _build(self, arcs: set[Arc]) -> Any:
        matches, shapes = self._matches, self._shapes
        wanted_names: dict[str, bool] = {}

        def enter(frame: FrameType, event: str, arg: object) -> Any:
            code = frame.f_code
            name = code.co_filename
            wanted = wanted_names.get(name)
            if wanted is None:
                wanted = wanted_names[name] = matches(name)
            if not wanted:
                return None
            shape = shapes.get(id(code))
            if shape is None:
                shape = shapes[id(code)] = _Shape(code)
            last = leave = shape.leave
            if shape.suspendable and shape.resumes(frame.f_lasti):
                last = frame.f_lineno

            def inside(frame: FrameType, event: str, arg: object) -> Any:
                nonlocal last
                if event == "line":
                    line = frame.f_lineno
                    arcs.add((last, line))
                    last = line
                elif event == "return" and not (shape.suspendable and shape.suspends(frame.f_lasti)):
                    arcs.add((last, leave))
                return inside

            return inside

        return enter


class MonitoringTracer:
    """From 3.12 on: events for the watched code objects only, so that all other code runs at full speed.

    Events stay on between `stop` and `start` and go to a set that nobody reads: switching them makes the
    interpreter rewrite every code object.
    """

    _TOOL = 4  # neither coverage.py's (1) nor a debugger's or profiler's

    def __init__(self, path: str) -> None:
        self._matches = FileMatch(path)
        self._arcs: set[Arc] = set()
        self._codes: dict[int, CodeType] = {}
        self._lines: dict[int, dict[int, int]] = {}
        self._stacks: dict[int, list[int]] = {}
        self._listening = False
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
        events = self._monitoring.events
        self._local = events.LINE | events.PY_START | events.PY_RETURN | events.PY_RESUME | events.PY_YIELD
        self._global = events.PY_UNWIND | events.PY_THROW  # cannot be had per code object
        self._monitoring.use_tool_id(self._TOOL, "qeforge")
        for event, callback in (
            (events.LINE, self._line),
            (events.PY_START, self._enter),
            (events.PY_RETURN, self._leave),
            (events.PY_UNWIND, self._unwind),
            (events.PY_RESUME, self._resume),
            (events.PY_THROW, self._throw),
            (events.PY_YIELD, self._yield),
        ):
            self._monitoring.register_callback(self._TOOL, event, callback)

    def start(self) -> None:
        """Begin with no arcs, in all threads. Before `settle`, code of the file is found as it starts."""
        self._arcs = set()
        self._stacks.clear()
        if not self._listening:
            self._listening = True
            self._monitoring.set_events(self._TOOL, self._global | self._monitoring.events.PY_START)

    def stop(self) -> set[Arc]:
        """End, and give what was collected."""
        collected, self._arcs = self._arcs, set()
        return collected

    def watch(self, code: CodeType) -> None:
        """Take in a code object and those inside it."""
        for inner in inner_codes(code):
            if id(inner) not in self._codes:
                self._codes[id(inner)] = inner
                self._monitoring.set_local_events(self._TOOL, inner, self._local)

    def settle(self) -> None:
        """Look for no further code of the file."""
        self._listening = True
        self._monitoring.set_events(self._TOOL, self._global)

    def pause(self) -> None:
        """Let code run at full speed until `resume`."""
        self._monitoring.set_events(self._TOOL, 0)
        for code in self._codes.values():
            self._monitoring.set_local_events(self._TOOL, code, 0)

    def resume(self) -> None:
        """Be ready for `start` again."""
        self._monitoring.set_events(self._TOOL, self._global)
        for code in self._codes.values():
            self._monitoring.set_local_events(self._TOOL, code, self._local)

    def _enter(self, code: CodeType, offset: int) -> object:
        if id(code) not in self._codes:
            if not self._matches(code.co_filename):
                return self._monitoring.DISABLE
            self.watch(code)
        self._stack().append(-code.co_firstlineno)
        return None

    def _stack(self) -> list[int]:
        stack = self._stacks.get(get_ident())
        if stack is None:
            stack = self._stacks[get_ident()] = []
        return stack

    def _line(self, code: CodeType, line: int) -> None:
        stack = self._stacks.get(get_ident())
        if stack:
            self._arcs.add((stack[-1], line))
            stack[-1] = line

    def _leave(self, code: CodeType, offset: int, value: object) -> None:
        stack = self._stacks.get(get_ident())
        if stack:
            self._arcs.add((stack.pop(), -code.co_firstlineno))

    def _unwind(self, code: CodeType, offset: int, error: BaseException) -> None:
        if id(code) in self._codes:
            self._leave(code, offset, error)

    def _yield(self, code: CodeType, offset: int, value: object) -> None:
        stack = self._stacks.get(get_ident())
        if stack:
            stack.pop()

    def _resume(self, code: CodeType, offset: int) -> None:
        self._stack().append(self._line_at(code, offset))

    def _throw(self, code: CodeType, offset: int, error: BaseException) -> None:
        if id(code) in self._codes:
            self._resume(code, offset)

    def _line_at(self, code: CodeType, offset: int) -> int:
        table = self._lines.get(id(code))
        if table is None:
            spans = ((start, end, line) for start, end, line in code.co_lines() if line is not None)
            table = {at: line for start, end, line in spans for at in range(start, end, 2)}
            self._lines[id(code)] = table
        return table.get(offset, code.co_firstlineno)


class NoTracer:
    """Collects nothing, where arcs are not asked for."""

    def start(self) -> None:
        """Nothing to do."""

    def stop(self) -> set[Arc]:
        """No arcs."""
        return set()

    def watch(self, code: CodeType) -> None:
        """Nothing to do."""

    def settle(self) -> None:
        """Nothing to do."""

    def pause(self) -> None:
        """Nothing to do."""

    def resume(self) -> None:
        """Nothing to do."""


def open_tracer(path: str) -> Tracer:
    """The best tracer that this interpreter has, for the file at `path`."""
    if sys.version_info >= (3, 12):
        return MonitoringTracer(path)
    return SettraceTracer(path)
