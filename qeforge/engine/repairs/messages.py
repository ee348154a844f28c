"""The phrases in which interpreter and libraries say what they wanted."""

import datetime
import re
from collections.abc import Iterator

from qeforge.domain.facts import TypeRef

_SAID = re.compile(
    r"(?:must be|expected|expects|should be|is not|requires?|want(?:ed|s)?) (?:an? |of type |type )?(?:instance of )?"
    r"[`'\"<]*(?:class ')?([a-z_]+)"
)

_VALUE_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"invalid literal for int\(\)", ("12", "0")),
    (r"could not convert string to float", ("1.5", "0")),
    (r"isoformat", ("2020-01-31", "2020-01-31T12:30:45")),
    (r"uuid", ("12345678-1234-5678-1234-567812345678",)),
    (r"hexadecimal", ("ff", "00ff")),
    (r"Expecting value|JSON|Expecting property", ('{"a": 1}', "[1, 2]")),
    (r"unknown url type|Invalid URL|No schema", ("https://example.com/",)),
    (r"IPv4|IPv6|IP address", ("192.0.2.1",)),
    (r"empty", ("a",)),
    (r"base64|padding", ("aGVsbG8=",)),
    (r"substring not found", ("abc",)),
    (r"ConversionSyntax", ("12.50",)),
    (r"unknown encoding", ("utf-8", "ascii")),
    (r"invalid mode", ("r", "w")),
    (r"malformed node or string|unexpected EOF", ("[1, 2]", "{'a': 1}")),
    (r"Invalid (?:date|datetime|time) ", ("2020-01-31", "12:30:45")),
    (r"bad escape|nothing to repeat|unterminated|missing \)", ("a+b", "[a-z]*")),
    (r"unknown time ?zone|No time zone found|ZoneInfo", ("UTC",)),
    (r"Unknown level", ("INFO", "DEBUG")),
    (r"No module named|is not a package|Empty module name", ("json", "os.path")),
    (r"is not a valid identifier|[iI]nvalid identifier|valid identifiers", ("abc", "name")),
    (r"[fF]ile contains no section headers|no section", ("[section]\nkey = 1\n",)),
    (r"does not appear to be an IPv[46] network", ("192.0.2.0/24",)),
    (r"[iI]nvalid version", ("1.2.3",)),
)
_STRPTIME = re.compile(r"time data .* does not match format '([^']*)'")


def wanted_types(message: str) -> list[str]:
    """Types that would have done, from the interpreter's own phrases."""
    text = message.lower()
    phrases = (
        ("not iterable", ["list", "str", "dict"]),
        ("is not a mapping", ["dict"]),
        ("not subscriptable", ["list", "dict", "str"]),
        ("not callable", ["callable"]),
        ("has no len()", ["list", "str"]),
        ("path-like", ["str", "pathlib.Path"]),
        ("os.pathlike", ["str", "pathlib.Path"]),
        ("a bytes-like object is required", ["bytes"]),
        ("bytes-like object", ["str", "bytes"]),
        ("expected string", ["str"]),
        ("must be str", ["str"]),
        ("must be string", ["str"]),
        ("expected str", ["str"]),
        ("must be a string", ["str"]),
        ("must be real number", ["int", "float"]),
        ("must be integer", ["int"]),
        ("cannot be interpreted as an integer", ["int"]),
        ("an integer is required", ["int"]),
        ("indices must be integers", ["dict", "int"]),
        ("must be a number", ["int"]),
        ("unsupported operand", ["int", "str", "list"]),
        ("bad operand type", ["int"]),
        ("not supported between", ["int", "str"]),
        ("can only concatenate", ["str", "list"]),
        ("unhashable", ["str", "int"]),
        ("context manager", ["io.StringIO"]),
        ("await", ["coroutine"]),
        ("must be a type", ["type"]),
        ("arg 2 must be", ["type"]),
        ("arg 1 must be a class", ["type"]),
        ("argument after ** must be a mapping", ["dict"]),
        ("argument after * must be an iterable", ["list"]),
        ("cannot unpack non-iterable", ["tuple"]),
        ("keywords must be strings", ["dict"]),
        ("sequence item", ["list[str]"]),
        ("must be a dict", ["dict"]),
        ("must be a list", ["list"]),
        ("must be datetime", ["datetime.datetime"]),
        ("not an iterator", ["collections.abc.Iterator"]),
        ("must be an iterator", ["collections.abc.Iterator"]),
        ("concatenate str", ["str"]),
        ("expects a str", ["str"]),
        ("must be strings", ["str"]),
        ("must be integers", ["int"]),
        ("object has no attribute '__enter__'", ["io.StringIO"]),
        ("object can't be used in 'await'", ["coroutine"]),
        ("write() argument must be str", ["io.StringIO"]),
        ("string pattern on a bytes-like", ["str"]),
        ("bytes pattern on a string-like", ["bytes"]),
        ("should be integer or bytes-like", ["str", "int"]),
        ("rational instances", ["fractions.Fraction", "int"]),
        ("a string", ["str"]),
        ("an integer", ["int"]),
    )
    for phrase, kinds in phrases:
        if phrase in text:
            return kinds
    said = _SAID.search(text)
    if said and said[1] in (
        "str",
        "int",
        "float",
        "bool",
        "list",
        "dict",
        "tuple",
        "set",
        "bytes",
        "callable",
        "string",
        "integer",
    ):
        return [{"string": "str", "integer": "int"}.get(said[1], said[1])]
    return []


def type_ref(kind: str) -> TypeRef:
    """A reference to a type by the name that `wanted_types` gives it."""
    if kind == "list[str]":
        return TypeRef("list", (TypeRef("str"),))
    return TypeRef(kind)


def examples_in(type_name: str, message: str) -> Iterator[str]:
    """Texts that are well-formed in the way that a ValueError and its kin ask for.

    Args:
        type_name: of the exception, as some say all by their name.
        message: its text.
    """
    for phrase, texts in _VALUE_PHRASES:
        if re.search(phrase, f"{type_name} {message}"):
            yield from texts
    if found := _STRPTIME.search(message):
        yield datetime.datetime(2020, 1, 31, 12, 30, 45).strftime(found[1])
