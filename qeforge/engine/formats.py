"""Texts that the standard library's parsers accept, different in what programs ask of the result.

A date is asked for its weekday, an address for its network, a document for its root: one well-formed text reaches one
side of such a question, so each format has examples on both sides of the usual ones.
"""

import re
from collections.abc import Sequence
from datetime import datetime

EXAMPLES: dict[str, tuple[str, ...]] = {
    "int": ("12", "0", "-7", "100000"),
    "hex": ("ff", "0010", "deadbeef"),
    "float": ("1.5", "0", "-2.25", "nan", "inf", "1e9"),
    "decimal": ("12.50", "0", "-3.14159", "NaN", "1E+3"),
    "fraction": ("3/4", "2", "-0.5"),
    "date": ("2020-02-29", "2020-01-31", "1990-12-25", "2024-03-03", "2099-06-15"),
    "time": ("12:30:45", "00:00", "05:15", "23:59:59.5"),
    "datetime": (
        "2020-01-31T12:30:45",
        "2020-02-29T00:00:00+00:00",
        "2020-01-31T12:30:45+05:30",
        "1990-12-25",
        "2020-01-31 23:59:59.123456",
    ),
    "json": ('{"a": 1}', "[1, 2, 3]", "[]", "{}", '"a"', "1", "null", '[{"a": 1}]', '{"a": {"b": [1]}}'),
    "python": ("x = 1", "(1, 2)", "[1, 'a']", "", "class A:\n    pass\n", "def f(x):\n    return x\n", "import os"),
    "regex": ("a+", "(a)(b)?", "("),
    "url": (
        "https://example.com/a?q=1#top",
        "http://user:secret@example.com:8080/",
        "//example.com/a",
        "/a/b",
        "http://user@[2001:db8::1]/",
        "mailto:user@example.com",
    ),
    "query": ("a=1&b=2", "a=1&a=2", "a="),
    "uuid": (
        "12345678-1234-4678-8234-567812345678",
        "12345678-1234-1678-9234-567812345678",
        "00000000-0000-0000-0000-000000000000",
    ),
    "ip": ("192.0.2.1", "127.0.0.1", "10.1.2.3", "2001:db8::1", "::1", "224.0.0.1", "169.254.1.1", "8.8.8.8"),
    "ip-network": ("192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"),
    "ipv4": ("192.0.2.1", "127.0.0.1", "10.1.2.3"),
    "ipv6": ("2001:db8::1", "::1", "fe80::1"),
    "base64": ("aGVsbG8=", "", "AAH/"),
    "html": ("<p>a &amp; b</p>", "a < b"),
    "shell": ("a b", "a 'b c' --d=e", '"a'),
    "toml": ("key = 1\n", '[section]\nkey = "value"\n', ""),
    "yaml": ("a: 1\n", "- a\n- b\n"),
    "xml": ("<root><item>text</item></root>", '<root lang="en"/>', "<item/>"),
    "ini": ("[section]\nkey = 1\n", "[DEFAULT]\nkey = value\n"),
}
_MESSAGES: tuple[tuple[str, str], ...] = (
    (r"invalid literal for int\(\) with base 16", "hex"),
    (r"invalid literal for int\(\)", "int"),
    (r"could not convert string to float", "float"),
    (r"Fraction", "fraction"),
    (r"InvalidOperation|ConversionSyntax", "decimal"),
    (r"Invalid isoformat string", "datetime"),
    (r"UUID", "uuid"),
    (r"non-hexadecimal|Odd-length|hexadecimal", "hex"),
    (r"JSONDecodeError", "json"),
    (r"^ParseError.*(?:line|element|well-formed)|ExpatError", "xml"),
    (r"MissingSectionHeader", "ini"),
    (r"TOMLDecodeError", "toml"),
    (r"^AddressValueError|IPv4 or IPv6 address", "ip"),
    (r"IPv4 or IPv6 network", "ip-network"),
    (r"unknown url type|Invalid URL", "url"),
    (r"base64|padding", "base64"),
    (r"^(?:Syntax|Indentation)Error", "python"),
)
_LAYOUT = re.compile(r"%[-#]?[aAbBdHIjmMpSyYzZ]")
_MOMENTS = (datetime(2020, 1, 31, 12, 30, 45), datetime(2020, 2, 29), datetime(1990, 12, 25, 23, 59, 1))
_WORD = re.compile(r"[A-Za-z_][\w.-]*\Z")
_MOST_DOCUMENTS = 16


def examples(kind: str) -> tuple[str, ...]:
    """Texts of a format as evidence names it (`json`, `date`, `strptime:%d/%m/%Y`); none for one that is unknown."""
    if kind.startswith("strptime:"):
        return in_layout(kind.partition(":")[2])
    return EXAMPLES.get(kind, ())


def in_layout(layout: str) -> tuple[str, ...]:
    """Moments written as `strftime` does with that layout."""
    try:
        return tuple(moment.strftime(layout) for moment in _MOMENTS)
    except (ValueError, UnicodeError):
        return ()


def is_layout(text: str) -> bool:
    """Whether a text looks like a layout for `strptime`."""
    return _LAYOUT.search(text) is not None


def wanted_by(type_name: str, message: str) -> str:
    """The format that a parser's exception asks for; empty when it says nothing."""
    said = f"{type_name.rpartition('.')[2]} {message}"
    return next((kind for phrase, kind in _MESSAGES if re.search(phrase, said)), "")


def documents(kind: str, words: Sequence[str]) -> tuple[str, ...]:
    """Texts of a structured format that hold these words in the places where programs look for them."""
    names = [word for word in words if _WORD.match(word)][:5]
    made: list[str] = []
    match kind:
        case "xml":
            for name in names:
                made += [f"<{name}>text</{name}>", f"<root><{name}>1</{name}></root>"]
                made += [f'<root {name}="{other}"/>' for other in names if other != name][:2]
        case "json":
            for name in names:
                made += [f'{{"{name}": 1}}', f'{{"{name}": []}}']
                made += [f'{{"{name}": "{other}"}}' for other in words if other != name and '"' not in other][:2]
        case "query":
            made += [f"{name}=1" for name in names]
        case "ini":
            made += [f"[{name}]\nkey = 1\n" for name in names]
            made += [f"[{name}]\n{other} = 1\n" for name in names for other in names if other != name]
        case "toml":
            made += [f"{name} = 1\n" for name in names] + [f"[{name}]\nkey = 1\n" for name in names]
    return tuple(dict.fromkeys(made))[:_MOST_DOCUMENTS]
