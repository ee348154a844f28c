"""Trap: classes that code makes and changes: a metaclass, `__init_subclass__`, a singleton, classes made on demand."""

from typing import Any


class Registered(type):
    """Remembers the classes it made by their lower-case names; refuses a name twice."""

    known: dict[str, type] = {}  # noqa: RUF012 - shared by all on purpose

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> type:
        made = super().__new__(mcs, name, bases, namespace)
        if bases and not options.get("hidden"):
            if name.lower() in mcs.known:
                raise TypeError(f"{name} is registered already")
            mcs.known[name.lower()] = made
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> None:
        super().__init__(name, bases, namespace)
        cls.hidden = bool(options.get("hidden"))

    def __len__(cls) -> int:
        return len(cls.known)


class Handler(metaclass=Registered):
    """The base; it is not registered itself."""

    def handle(self, event: str) -> str:
        """What became of an event."""
        return f"{type(self).__name__.lower()}: {event}"


class Loud(Handler):
    """Registered as `loud`."""

    def handle(self, event: str) -> str:
        """In capitals."""
        return super().handle(event).upper()


class Secret(Handler, hidden=True):
    """Not registered."""


def handler_for(name: str) -> Handler:
    """An instance of a registered class."""
    try:
        return Registered.known[name]()
    except KeyError:
        raise LookupError(f"no handler is called {name!r}") from None


def make_handler(name: str, prefix: str = "") -> type:
    """A new class; made twice under one name it raises."""
    if not name.isidentifier():
        raise ValueError(f"not a class name: {name!r}")
    return Registered(name, (Handler,), {"handle": lambda self, event: prefix + event})


class Plugin:
    """Subclasses say what they handle."""

    by_suffix: dict[str, type["Plugin"]] = {}  # noqa: RUF012 - shared by all on purpose

    def __init_subclass__(cls, suffix: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if suffix:
            cls.by_suffix[suffix] = cls


class TextPlugin(Plugin, suffix=".txt"):
    """Handles text."""


class Settings:
    """There is one."""

    _instance: "Settings | None" = None

    def __new__(cls) -> "Settings":
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance.values = {}
        return cls._instance

    def set(self, key: str, value: object) -> int:
        """How many there are."""
        self.values[key] = value
        return len(self.values)
