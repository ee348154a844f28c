"""Plain values of the types every program uses, the most typical first and boundaries after."""

from collections.abc import Iterable
from dataclasses import replace

from qeforge.engine.value import Value, literal, of

INTEGERS = (
    "1",
    "0",
    "-1",
    "2",
    "3",
    "10",
    "5",
    "100",
    "7",
    "255",
    "1000",
    "-10",
    "1000000",
    "4",
    "60",
    "65536",
    "2020",
)
FLOATS = ("1.5", "0.0", "-2.5", "0.1", "10.0", "100.25", "1e-09", "1e20", 'float("inf")', 'float("nan")')
BYTES = ('b"abc"', 'b""', 'b"\\x00\\xff"', 'b"hello world\\n"', 'b"123"')
ARBITRARY = (
    "1",
    '"abc"',
    "None",
    "[]",
    "0",
    '"a"',
    "[1, 2, 3]",
    '{"a": 1}',
    "True",
    "1.5",
    '""',
    "{}",
    "(1, 2)",
    "-1",
    "False",
    'b"abc"',
    '["a", "b"]',
    '[("a", 1), ("b", 2)]',
    "{1, 2}",
    '{"a": {"b": 2}}',
    "[[1, 2], [3, 4]]",
    '"Hello World"',
)


def _at(source: str, type_name: str, *imports: str, shared: bool = False) -> Value:
    return Value(source=source, type_name=type_name, imports=imports, shared=shared)


_DATETIME = "from datetime import datetime"
_IO = "import io"

_SAMPLE_FRAME = "def sample_frame(number, text):\n    return sys._getframe()"
"""The frame of a finished call holds the same variables wherever the test runs; the test's own does not."""

_RECORD = 'Point = namedtuple("Point", ["x", "y"])'
_COLLECTIONS = "from collections import namedtuple"

KNOWN: dict[str, tuple[Value, ...]] = {
    "int": tuple(literal(source) for source in INTEGERS),
    "float": tuple(literal(source) for source in FLOATS),
    "bool": (literal("True"), literal("False")),
    "None": (literal("None"),),
    "bytes": tuple(literal(source) for source in BYTES),
    "bytearray": (_at('bytearray(b"abc")', "bytearray", shared=True),),
    "memoryview": (_at('memoryview(b"abc")', "memoryview"),),
    "complex": (literal("1 + 2j"), literal("0j")),
    "object": (_at("object()", "object"), literal("1"), literal('"abc"')),
    "slice": (_at("slice(1, 3)", "slice"), _at("slice(None, None, 2)", "slice")),
    "range": (_at("range(3)", "range"), _at("range(0)", "range"), _at("range(10, 0, -2)", "range")),
    "decimal.Decimal": tuple(
        _at(f'Decimal("{text}")', "Decimal", "from decimal import Decimal")
        for text in ("10.50", "0", "-3.25", "100", "0.01", "NaN")
    ),
    "fractions.Fraction": tuple(
        _at(f"Fraction({text})", "Fraction", "from fractions import Fraction") for text in ("1, 2", "0", "-7, 3")
    ),
    "datetime.datetime": (
        _at("datetime(2020, 1, 31, 12, 30)", "datetime", _DATETIME),
        _at("datetime(2000, 2, 29)", "datetime", _DATETIME),
        _at("datetime(1999, 12, 31, 23, 59, 59)", "datetime", _DATETIME),
        _at("datetime(2020, 6, 15, 12, tzinfo=timezone.utc)", "datetime", _DATETIME, "from datetime import timezone"),
    ),
    "datetime.date": tuple(
        _at(f"date({text})", "date", "from datetime import date")
        for text in ("2020, 1, 31", "2000, 2, 29", "1999, 12, 31")
    ),
    "datetime.time": (
        _at("time(12, 30)", "time", "from datetime import time"),
        _at("time(0, 0)", "time", "from datetime import time"),
    ),
    "datetime.timedelta": tuple(
        _at(f"timedelta({text})", "timedelta", "from datetime import timedelta")
        for text in ("days=1", "0", "hours=-2", "days=2, seconds=30")
    ),
    "datetime.timezone": (_at("timezone.utc", "timezone", "from datetime import timezone"),),
    "datetime.tzinfo": (_at("timezone.utc", "timezone", "from datetime import timezone"),),
    "uuid.UUID": (_at('UUID("12345678-1234-5678-1234-567812345678")', "UUID", "from uuid import UUID"),),
    "re.Pattern": tuple(
        _at(f're.compile(r"{text}")', "Pattern", "import re") for text in (r"a+", r"\d+", r"(?P<name>\w+)")
    ),
    "io.StringIO": (
        _at('io.StringIO("one\\ntwo\\n")', "StringIO", _IO, shared=True),
        _at("io.StringIO()", "StringIO", _IO, shared=True),
    ),
    "io.BytesIO": (
        _at('io.BytesIO(b"abc")', "BytesIO", _IO, shared=True),
        _at("io.BytesIO()", "BytesIO", _IO, shared=True),
    ),
    "logging.Logger": (_at('logging.getLogger("test")', "Logger", "import logging"),),
    "types.SimpleNamespace": (
        _at("SimpleNamespace(a=1)", "SimpleNamespace", "from types import SimpleNamespace", shared=True),
    ),
    "typing.NamedTuple": (
        replace(_at("Point(1, 2)", "Point", _COLLECTIONS), before=(_RECORD,)),
        replace(_at("Empty()", "Empty", _COLLECTIONS), before=('Empty = namedtuple("Empty", [])',)),
        replace(_at('Point("a", {"b": 2})', "Point", _COLLECTIONS), before=(_RECORD,)),
    ),
    "coroutine": (_at("asyncio.sleep(0, 1)", "coroutine", "import asyncio", shared=True),),
    "types.FrameType": (
        replace(_at('sample_frame(1, "abc")', "frame", "import sys"), before=(_SAMPLE_FRAME,)),
        _at("sys._getframe()", "frame", "import sys"),
    ),
    "types.CodeType": (_at("(lambda x: x).__code__", "code"),),
    "types.ModuleType": (_at("json", "module", "import json"),),
    "collections.OrderedDict": (
        _at("OrderedDict(a=1, b=2)", "OrderedDict", "from collections import OrderedDict", shared=True),
        _at("OrderedDict()", "OrderedDict", "from collections import OrderedDict", shared=True),
    ),
    "collections.Counter": (_at('Counter("aab")', "Counter", "from collections import Counter", shared=True),),
    "collections.deque": (_at("deque([1, 2, 3])", "deque", "from collections import deque", shared=True),),
    "collections.defaultdict": (
        _at("defaultdict(list)", "defaultdict", "from collections import defaultdict", shared=True),
    ),
    "BaseException": (_at('ValueError("boom")', "ValueError"),),
    "Exception": (_at('ValueError("boom")', "ValueError"), _at('RuntimeError("boom")', "RuntimeError")),
    "argparse.ArgumentParser": (_at("argparse.ArgumentParser()", "ArgumentParser", "import argparse", shared=True),),
    "argparse.Namespace": (_at("argparse.Namespace(a=1)", "Namespace", "import argparse", shared=True),),
    "asyncio.Queue": (_at("asyncio.Queue()", "Queue", "import asyncio", shared=True),),
    "threading.Lock": (_at("threading.Lock()", "lock", "import threading", shared=True),),
}

FIELDS = {"typing.NamedTuple": "Point({}, 2)", "types.SimpleNamespace": "SimpleNamespace(a={})"}
"""How the first of `KNOWN` is made around another value."""

ALIASES: dict[str, str] = {
    "typing.TextIO": "io.StringIO",
    "io.TextIOBase": "io.StringIO",
    "io.TextIOWrapper": "io.StringIO",
    "typing.BinaryIO": "io.BytesIO",
    "io.RawIOBase": "io.BytesIO",
    "io.BufferedReader": "io.BytesIO",
    "io.IOBase": "io.StringIO",
    "typing.IO": "io.StringIO",
    "numbers.Number": "int",
    "collections.abc.Awaitable": "coroutine",
    "collections.abc.Coroutine": "coroutine",
    "numbers.Real": "float",
    "numbers.Integral": "int",
    "typing.SupportsInt": "int",
    "typing.SupportsFloat": "float",
    "typing.SupportsIndex": "int",
    "typing.Hashable": "str",
    "collections.abc.Hashable": "str",
    "collections.abc.Buffer": "bytes",
    "typing.Pattern": "re.Pattern",
    "number": "int",
    "numeric": "float",
    "string": "str",
    "boolean": "bool",
    "integer": "int",
}

SEQUENCES = frozenset(
    {
        "list",
        "collections.abc.Sequence",
        "collections.abc.MutableSequence",
        "collections.abc.Iterable",
        "collections.abc.Collection",
        "collections.abc.Reversible",
        "collections.abc.Sized",
        "collections.abc.Container",
    }
)
MAPPINGS = frozenset({"dict", "collections.abc.Mapping", "collections.abc.MutableMapping"})
SETS = frozenset({"set", "frozenset", "collections.abc.Set", "collections.abc.MutableSet"})
ITERATORS = frozenset({"collections.abc.Iterator", "collections.abc.Generator"})
CALLABLES = frozenset({"callable", "collections.abc.Callable", "function", "types.FunctionType"})
PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "os.PathLike"})

ATTRIBUTE_OWNERS: tuple[tuple[type, str], ...] = (
    (str, "str"),
    (dict, "dict"),
    (list, "list"),
    (set, "set"),
    (bytes, "bytes"),
    (int, "int"),
    (float, "float"),
)
"""Builtins in the order in which an attribute's name is taken as a sign of them."""


def owner_of(attributes: frozenset[str]) -> str:
    """The builtin that has all these attributes, or the standard class that announces them; empty for none."""
    public = {name for name in attributes if not name.startswith("__")}
    if not public:
        return ""
    for owner, name in ATTRIBUTE_OWNERS:
        if public <= set(dir(owner)):
            return name
    if public & {"strftime", "isoformat", "tzinfo", "utcoffset", "timestamp", "astimezone"}:
        return "datetime.datetime"
    if public & {"f_code", "f_back", "f_locals", "f_globals", "f_lineno"}:
        return "types.FrameType"
    if public & {"co_code", "co_name", "co_varnames", "co_filename"}:
        return "types.CodeType"
    if public & {"total_seconds"}:
        return "datetime.timedelta"
    if public <= {
        "read",
        "readline",
        "readlines",
        "write",
        "writelines",
        "seek",
        "tell",
        "close",
        "flush",
        "getvalue",
        "isatty",
    }:
        return "io.StringIO"
    if public & {
        "read_text",
        "write_text",
        "is_dir",
        "is_file",
        "mkdir",
        "iterdir",
        "glob",
        "with_suffix",
        "suffix",
        "stem",
    }:
        return "pathlib.Path"
    return ""


def simple(value: object) -> Value:
    """The value of a Python literal."""
    return of(value)


def misfit(types: Iterable[str]) -> Value | None:
    """A plain value of a type that is none of these; None when every plain type is among them."""
    known = set(types)
    return next((value for value in _PLAIN_TYPES if value.type_name not in known), None)


_PLAIN_TYPES = tuple(literal(source) for source in ('"abc"', "1", "None", "b'abc'", "[1]", "{}", "(1,)", "1.5", "{1}"))
