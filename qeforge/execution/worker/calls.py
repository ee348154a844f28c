"""Records how a project's own callables are called while its tests run, as source that a test could hold.

An object that cannot be rendered by its value is told by the call that made it: `Account(owner=Owner('x'))` for what a
test built, `parse('a = 1')` for what a function returned. No code of the object is run for that.
"""

import inspect
import os
import sys
import types
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from . import naming
from .render import Renderer, Unrenderable

MOST_PER_CALLABLE = 20
"""Different calls that are kept of one callable."""

_MOST_TRIES = 200  # calls of one callable that are looked at
_MOST_CALLABLES = 2_000
_MOST_EVENTS = 300_000  # calls of any function in one test, after which no more are looked at
_MOST_BUILT = 2_000  # objects that are told by their making, in one test
_MOST_IN_TEST = 2_000  # calls that one test may add
_MOST_STEPS = 4
_LONGEST = 200  # characters of one value
_LONGEST_CALL = 400
_SUSPENDABLE = 0x20 | 0x80 | 0x200  # generators, coroutines, asynchronous generators
_WRITTEN = ("__setitem__", "__delitem__", "__call__")  # methods that a test calls by an operator
_ITERATORS = ("list_iterator", "tuple_iterator", "str_ascii_iterator", "str_iterator")

Wire = list[Any]
"""What goes over the wire: `[target, [argument, …], receiver or None, [[method, [argument, …]], …]]`, where an argument
is `[name, by keyword, source, type name, imports]` and a receiver `[source, type name, imports]`."""


class _Origin:
    """How an object came to be."""

    __slots__ = ("imports", "keep", "source", "steps")

    def __init__(self, source: str, imports: Sequence[str], keep: Any) -> None:
        self.source = source
        self.imports = tuple(imports)
        self.keep = keep
        self.steps: list[Wire] = []


class _Callable:
    """One function of the project: where a test finds it, and how it takes its arguments."""

    __slots__ = ("bound", "function", "init", "public", "target", "tries")

    def __init__(self, target: str, function: types.FunctionType, bound: str = "", called: bool = True) -> None:
        name = function.__code__.co_name
        self.target = target
        self.function = function
        self.bound = bound
        self.init = name == "__init__"
        self.public = called and (not name.startswith("_") or name in _WRITTEN)
        self.tries = 0


class CallRecorder:
    """Listens between `start` and `stop`, in the main thread.

    Args:
        packages: top-level packages whose callables are meant.
        private: a folder that no recorded value may mention.
    """

    def __init__(self, packages: Sequence[str], private: str) -> None:
        self._packages = frozenset(packages)
        self._private = (private, os.path.realpath(private))
        self._codes: dict[int, tuple[types.CodeType, _Callable | None]] = {}
        self._kept: dict[str, set[str]] = {}
        self._fresh: list[tuple[str, str, Wire]] = []
        self._origins: dict[int, _Origin] = {}
        self._stack: list[tuple[types.FrameType, Wire, _Origin | None]] = []
        self._events = 0
        self._built = 0

    def begin(self) -> None:
        """A test starts."""
        self._fresh = []
        self._events = self._built = 0
        for key in [key for key, origin in self._origins.items() if not isinstance(origin.keep, weakref.ref)]:
            del self._origins[key]

    def start(self) -> bool:
        """Listen; whether that was to be begun. A profiler that is there already is left alone."""
        if self._events >= _MOST_EVENTS or sys.getprofile() is not None:
            return False
        self._stack = []
        sys.setprofile(self._heard)
        return True

    def stop(self) -> None:
        """Listen no more."""
        if sys.getprofile() == self._heard:
            sys.setprofile(None)
        self._stack = []

    def end(self, passed: bool) -> list[Wire]:
        """The test is over: what it did that no test before it did, nothing of one that did not pass."""
        self.stop()
        fresh, self._fresh = self._fresh, []
        if not passed:
            return []
        calls: list[Wire] = []
        for target, key, call in fresh:
            known = self._kept.setdefault(target, set())
            if key not in known and len(known) < MOST_PER_CALLABLE:
                known.add(key)
                calls.append(call)
        return calls

    # -- listening ----------------------------------------------------------------------------------------------

    def _heard(self, frame: types.FrameType, event: str, argument: Any) -> None:
        """The profile function. It is not called for what it calls itself, and nothing may come out of it."""
        try:
            if event == "call":
                self._events += 1
                if self._events > _MOST_EVENTS:
                    sys.setprofile(None)
                    return
                entry = self._codes.get(id(frame.f_code))
                known = self._classify(frame) if entry is None else entry[1]
                if known is not None:
                    self._called(frame, known)
            elif event == "return" and self._stack and self._stack[-1][0] is frame:
                _, call, origin = self._stack.pop()
                if origin is not None:
                    origin.steps.append([call[0].rpartition(".")[2], call[1]])
                if argument is not None:
                    self._returned(call, argument)
        except BaseException:  # values run foreign code, and what it raises is not the test's
            return

    def _called(self, frame: types.FrameType, known: _Callable) -> None:
        code = frame.f_code
        resumed = code.co_flags & _SUSPENDABLE and frame.f_lineno != code.co_firstlineno
        known.tries += 1
        if resumed or (known.tries > _MOST_TRIES and not known.init):
            return
        values = frame.f_locals
        first = values.get(code.co_varnames[0]) if known.bound else None
        receiver: Wire | None = None
        origin = None
        if known.init:
            inherited = _unwrapped(getattr(type(first), "__init__", None), code) is None  # called by a subclass's own
            if inherited or id(first) in self._origins or self._built >= _MOST_BUILT:
                return
            self._built += 1
        elif known.bound == "self":
            origin = self._origin(first)
            receiver = self._value(first)
        arguments = self._arguments(code, known, values)
        call: Wire = [known.target, arguments, receiver, list(origin.steps[-_MOST_STEPS:]) if origin else []]
        if known.init:
            call[0] = self._made(first, arguments)
        if not code.co_flags & _SUSPENDABLE and not known.init:
            step = origin is not None and known.public and self._outside(frame, first)
            self._stack.append((frame, call, origin if step else None))
        if sum(len(each[2]) for each in arguments) <= _LONGEST_CALL and len(self._fresh) < _MOST_IN_TEST:
            self._fresh.append((call[0], repr(call[1:]), call))

    def _made(self, value: Any, arguments: list[Wire]) -> str:
        """Remembers the constructor's call as the way to make `value`; gives the class's id."""
        kind = type(value)
        renderer = self._renderer()
        source = f"{renderer.reference(kind)}({', '.join(_text(each) for each in arguments)})"
        imports = {line for each in arguments for line in each[4]} | renderer.imports
        if _foreign_imports(imports):
            raise Unrenderable
        self._remember(value, source, sorted(imports))
        return f"{kind.__module__}:{kind.__qualname__}"

    def _returned(self, call: Wire, value: Any) -> None:
        """Remembers a call as the way to make what it returned, when nothing simpler is known."""
        kind = type(value)
        if kind.__module__.partition(".")[0] not in self._packages or self._origin(value) is not None:
            return
        target, arguments, receiver, steps = call
        module, _, qualname = target.partition(":")
        if steps:
            return
        imports = {line for each in arguments for line in each[4]}
        inside = ", ".join(_text(each) for each in arguments)
        if receiver is not None:
            name = qualname.rpartition(".")[2]
            if name.startswith("_"):
                return
            source = f"{receiver[0]}.{name}({inside})"
            imports.update(receiver[2])
        else:
            source = f"{qualname}({inside})"
            imports.add(f"from {module} import {qualname.partition('.')[0]}")
        self._remember(value, source, sorted(imports))

    # -- values -------------------------------------------------------------------------------------------------

    def _remember(self, value: Any, source: str, imports: Sequence[str]) -> None:
        if len(source) > _LONGEST:
            return
        key = id(value)
        try:
            keep: Any = weakref.ref(value, lambda _: self._origins.pop(key, None))
        except TypeError:
            keep = value  # until the test ends, so that nothing else gets its address
        self._origins[key] = _Origin(source, imports, keep)

    def _origin(self, value: Any) -> _Origin | None:
        origin = self._origins.get(id(value))
        if origin is None:
            return None
        kept = origin.keep() if isinstance(origin.keep, weakref.ref) else origin.keep
        return origin if kept is value else None

    def _renderer(self) -> "_Renderer":
        return _Renderer(self._origin, self._packages)

    def _value(self, value: Any) -> Wire:
        """Source, type and imports. Raises Unrenderable, or whatever the value's own code raises."""
        renderer = self._renderer()
        source = renderer.render(value)
        if len(source) > _LONGEST or any(folder in source for folder in self._private):
            raise Unrenderable
        if _foreign_imports(renderer.imports):
            raise Unrenderable
        return [source, naming.dotted(type(value)), sorted(renderer.imports)]

    def _arguments(self, code: types.CodeType, known: _Callable, values: Mapping[str, Any]) -> list[Wire]:
        """What the call gave, without what equals the default."""
        names = code.co_varnames
        count = code.co_argcount
        plain = list(names[1 if known.bound else 0 : count])
        named = list(names[count : count + code.co_kwonlyargcount])
        rest = count + code.co_kwonlyargcount
        star = values.get(names[rest], ()) if code.co_flags & inspect.CO_VARARGS else ()
        extra = (
            values.get(names[rest + bool(code.co_flags & inspect.CO_VARARGS)], {})
            if code.co_flags & inspect.CO_VARKEYWORDS
            else {}
        )
        defaults = known.function.__defaults__ or ()
        default_of = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
        by_name = known.function.__kwdefaults__ or {}
        only = set(names[: code.co_posonlyargcount])
        given = [name for name in plain if name not in default_of or values[name] is not default_of[name] or star]
        last_only = max((plain.index(name) for name in given if name in only), default=-1)
        found: list[Wire] = []
        for index, name in enumerate(plain):
            if name in given or (name in only and index < last_only):
                keyword = name in default_of and name not in only and not star
                found.append([name, keyword, *self._value(values[name])])
        found += [[names[rest], False, *self._value(each)] for each in star]
        found += [
            [name, True, *self._value(values[name])]
            for name in named
            if name not in by_name or values[name] is not by_name[name]
        ]
        found += [[name, True, *self._value(each)] for name, each in extra.items() if name.isidentifier()]
        return found

    def _outside(self, frame: types.FrameType, receiver: Any) -> bool:
        """Whether the call does not come from a method of the receiver itself."""
        caller = frame.f_back
        known = self._codes.get(id(caller.f_code), (None, None))[1] if caller is not None else None
        if caller is None or known is None or known.bound != "self":
            return True
        return caller.f_locals.get(caller.f_code.co_varnames[0]) is not receiver

    # -- callables ----------------------------------------------------------------------------------------------

    def _classify(self, frame: types.FrameType) -> _Callable | None:
        found = self._find(frame) if len(self._codes) < 50 * _MOST_CALLABLES else None
        self._codes[id(frame.f_code)] = (frame.f_code, found)
        return found

    def _find(self, frame: types.FrameType) -> _Callable | None:
        code = frame.f_code
        module = frame.f_globals.get("__name__")
        first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        if code.co_name == "__init__":
            module = type(first).__module__  # generated ones have globals of their own
        if not isinstance(module, str) or module.partition(".")[0] not in self._packages or _is_test(module):
            return None
        function = _unwrapped(frame.f_globals.get(code.co_name), code)
        if function is not None:
            return _Callable(f"{module}:{code.co_name}", function)
        qualname = getattr(code, "co_qualname", "")  # from 3.11 on
        owner = naming.resolve(module, qualname.rpartition(".")[0]) if "." in qualname else None
        if isinstance(owner, type) and isinstance(vars(owner).get(code.co_name), staticmethod):
            function = _unwrapped(vars(owner)[code.co_name], code)
            return _Callable(f"{module}:{qualname}", function) if function is not None else None
        owners = first.__mro__ if isinstance(first, type) else type(first).__mro__
        for owner in owners:
            member = vars(owner).get(code.co_name)
            function = _unwrapped(member, code)
            if function is None:
                continue
            if "<locals>" in owner.__qualname__ or code.co_name in ("__new__", "__del__"):
                return None
            bound = "cls" if isinstance(member, classmethod) else "self"
            target = f"{owner.__module__}:{owner.__qualname__}.{code.co_name}"
            called = isinstance(member, (types.FunctionType, classmethod))
            return _Callable(target, function, bound, called)
        return None


class _Renderer(Renderer):
    """By value what can be, by its making what is known of; runs no `repr` of the project's own classes."""

    def __init__(self, origin: Any, packages: frozenset[str]) -> None:
        super().__init__()
        self._origin_of = origin
        self._packages = packages

    def item(self, value: Any, depth: int) -> str:
        """Source of a part of the value."""
        kind = type(value)
        if kind in (int, str, bool, type(None), float):
            return super().item(value, depth)
        origin = self._origin_of(value)
        if origin is not None:
            self.imports.update(origin.imports)
            return str(origin.source)
        module = str(kind.__module__)
        if module in ("_io", "io") and kind.__name__ in ("StringIO", "BytesIO"):
            return self._stream(value)
        if module == "builtins" and kind.__name__ in _ITERATORS:
            return self._iterator(value, depth)
        if module.startswith("unittest."):
            raise Unrenderable
        own = module.partition(".")[0] not in sys.stdlib_module_names
        if own and not isinstance(value, type) and not _is_record(kind):
            raise Unrenderable
        return super().item(value, depth)

    def _stream(self, value: Any) -> str:
        if value.closed or value.tell():
            raise Unrenderable
        self.imports.add("import io")
        content = value.getvalue()
        return f"io.{type(value).__name__}({content!r})" if content else f"io.{type(value).__name__}()"

    def _iterator(self, value: Any, depth: int) -> str:
        """What is left in an iterator over a sequence, told without using it up."""
        state = value.__reduce__()
        items = state[1][0] if len(state) > 1 and state[1] else ()
        rest = items[state[2] :] if len(state) > 2 else items
        return f"iter({self.item(rest, depth + 1)})"


def _is_record(kind: type) -> bool:
    """Whether its value is in its fields: enums, dataclasses, attrs classes, named tuples, pydantic models."""
    names = ("__dataclass_fields__", "__attrs_attrs__", "_fields", "__members__", "model_fields", "__fields__")
    return any(hasattr(kind, name) for name in names)


def _unwrapped(member: Any, code: types.CodeType) -> types.FunctionType | None:
    """The function with that code behind a class member or a global, decorators with `__wrapped__` looked through."""
    if isinstance(member, property):
        member = member.fget
    elif type(member).__name__ == "cached_property":
        member = getattr(member, "func", None)
    elif isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    for _ in range(5):
        if isinstance(member, types.FunctionType) and member.__code__ is code:
            return member
        member = getattr(member, "__wrapped__", None) if isinstance(member, types.FunctionType) else None
    return None


def _text(argument: Wire) -> str:
    return f"{argument[0]}={argument[2]}" if argument[1] else str(argument[2])


def _is_test(module: str) -> bool:
    return any(part in ("tests", "test", "conftest") or part.startswith("test_") for part in module.split("."))


def _foreign_imports(imports: Any) -> bool:
    """Whether any import leads to the tests themselves, or to what runs them."""
    modules = (line.split()[1] for line in imports)
    return any(_is_test(module) or module in ("__main__", "pytest") for module in modules)
