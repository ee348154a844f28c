import base64
import configparser
import html
import ipaddress
import json
import re
import shlex
import tomllib
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from qeforge.engine.formats import EXAMPLES, documents, examples, in_layout, is_layout, wanted_by


def ini(text: str) -> dict[str, Any]:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return {name: dict(section) for name, section in parser.items()}


PARSERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "hex": lambda text: int(text, 16),
    "float": float,
    "decimal": Decimal,
    "fraction": Fraction,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": datetime.fromisoformat,
    "json": json.loads,
    "python": lambda text: compile(text, "", "exec"),
    "url": urlsplit,
    "query": lambda text: parse_qs(text, keep_blank_values=True, strict_parsing=True),
    "uuid": uuid.UUID,
    "ip": ipaddress.ip_address,
    "ip-network": ipaddress.ip_network,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "base64": lambda text: base64.b64decode(text, validate=True),
    "html": html.unescape,
    "toml": tomllib.loads,
    "xml": ET.fromstring,
    "ini": ini,
}
FAULTY: dict[str, Callable[[str], Any]] = {"regex": re.compile, "shell": shlex.split}
"""Formats whose last example is one that the parser refuses."""


@pytest.mark.parametrize("kind", PARSERS)
def test_the_parser_accepts_every_example(kind: str) -> None:
    for text in examples(kind):
        PARSERS[kind](text)


@pytest.mark.parametrize("kind", FAULTY)
def test_one_example_is_refused(kind: str) -> None:
    *good, bad = examples(kind)
    for text in good:
        FAULTY[kind](text)
    with pytest.raises((ValueError, re.error)):
        FAULTY[kind](bad)


def test_every_format_is_held_against_its_parser() -> None:
    assert EXAMPLES.keys() - PARSERS.keys() - FAULTY.keys() == {"yaml"}  # no parser for it in the standard library


def test_unknown_formats_have_no_examples() -> None:
    assert examples("morse") == ()


def test_moments_in_a_layout_can_be_read_back() -> None:
    for text in examples("strptime:%d/%m/%Y"):
        assert in_layout("%d/%m/%Y")
        datetime.strptime(text, "%d/%m/%Y")


@pytest.mark.parametrize(("text", "expected"), [("%Y-%m-%d", True), ("100%", False), ("%s items", False)])
def test_layouts_are_told_from_other_texts(text: str, expected: bool) -> None:
    assert is_layout(text) is expected


@pytest.mark.parametrize("kind", ["int", "float", "decimal", "datetime", "uuid", "json", "xml", "ini", "toml", "ip"])
def test_what_a_parser_says_names_its_format(kind: str) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each parser has exceptions of its own
        PARSERS[kind]("?")

    kinds = {wanted_by(type(refused.value).__qualname__, str(refused.value))}
    assert kinds <= {kind, "datetime"}


def test_other_exceptions_name_none() -> None:
    assert wanted_by("builtins.KeyError", "'name'") == ""


@pytest.mark.parametrize("kind", ["xml", "json", "query", "ini", "toml"])
def test_documents_are_well_formed_and_hold_the_words(kind: str) -> None:
    made = documents(kind, ["name", "not a name!", "size"])

    for text in made:
        PARSERS[kind](text)
    assert any("name" in text for text in made)
    assert any("size" in text for text in made)
