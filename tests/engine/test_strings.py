"""Texts that the standard library's parsers accept after they refused one, and that patterns take apart as wanted."""

import binascii
import configparser
import ipaddress
import json
import random
import re
import struct
import tomllib
import uuid
import zlib
from ast import literal_eval
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from qeforge.analysis.evidence import Evidence
from qeforge.analysis.targets import find_targets
from qeforge.domain.observation import Frame, Operand, Raised
from qeforge.domain.target import SourceModule
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.state import State
from qeforge.engine.strings import Strings
from qeforge.engine.value import Value, literal

LINE = 3
SOURCE = '''
def read(text):
    """Words and separators that a reader of this text would know."""
    return {"size": text, "name": text}, "->", "%d/%m/%Y"
'''
MODULE = SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=SOURCE, targets=find_targets(SOURCE, "m"))
[TARGET] = MODULE.targets


def strings() -> Strings:
    return Strings(MODULE, random.Random(0))


def state(*pool: str, evidence: Evidence | None = None) -> State:
    values = [literal(source) for source in pool]
    return State(
        target=TARGET, parameters=(), evidence={"text": evidence or Evidence()}, pools={"text": values}, texts=()
    )


def plan(source: str) -> Plan:
    return Plan(target=TARGET, arguments=(Argument(name="text", value=literal(source)),))


def refusal(parse: Callable[[Any], object], value: Any) -> Raised:
    """What a parser says of a value that it does not accept."""
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each parser has exceptions of its own
        parse(value)
    kind = type(refused.value)
    return Raised(
        type_name=kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}",
        message=str(refused.value),
        frames=(Frame(function="read", line=LINE, own=True),),
    )


def given(value: Value) -> Any:
    """The value that a source stands for."""
    return zlib.compress(literal_eval(value.source[14:-1])) if value.imports else literal_eval(value.source)


def accepted(parse: Callable[[Any], object], value: Any) -> bool:
    try:
        parse(value)
    except (ValueError, LookupError, TypeError, InvalidOperation, configparser.Error, SyntaxError, struct.error):
        return False
    except zlib.error:
        return False
    return True


def fields(count: int, separator: str) -> Callable[[str], object]:
    def parse(text: str) -> object:
        if count == 2:
            left, right = text.split(separator)
            return left, right
        one, two, three = text.split(separator)
        return one, two, three

    return parse


def config(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


@pytest.mark.parametrize(
    ("parse", "start"),
    [
        (int, "abc"),
        (lambda text: int(text, 16), "xyz"),
        (lambda text: int(text.split(":")[1]), "width:abc"),
        (float, "abc"),
        (Decimal, "abc"),
        (Fraction, "abc"),
        (json.loads, "abc"),
        (lambda text: json.loads(text)["size"], '{"a": 1}'),
        (lambda mapping: mapping["size"], {"a": 1}),
        (datetime.fromisoformat, "abc"),
        (lambda text: datetime.strptime(text, "%d.%m.%y"), "abc"),
        (lambda text: datetime.strptime(text, "%Y"), "2020 and more"),
        (uuid.UUID, "abc"),
        (bytes.fromhex, "xyz"),
        (binascii.unhexlify, "abc"),
        (ipaddress.ip_address, "abc"),
        (ipaddress.ip_network, "abc"),
        (ElementTree.fromstring, "abc"),
        (tomllib.loads, "abc"),
        (config, "abc"),
        (lambda text: config(text).options("size"), "[other]\nkey = 1\n"),
        (lambda text: config(text).get("size", "name"), "[size]\nkey = 1\n"),
        (fields(2, "="), "abc"),
        (fields(3, "->"), "abc->abc"),
        (fields(2, ","), "a,b,c"),
        (lambda data: struct.unpack(">I", data), b"ab"),
        (lambda data: struct.unpack_from("<H", data), b""),
        (zlib.decompress, b"abc"),
        (lambda text: compile(text, "", "exec"), "a b"),
    ],
)
def test_after_a_refusal_one_text_is_accepted(parse: Callable[[Any], object], start: Any) -> None:
    raised = refusal(parse, start)

    found = strings().after_exception(state(), plan(repr(start)), raised, gained=False)

    assert not accepted(parse, start)
    assert any(accepted(parse, given(each.arguments[0].value)) for each in found), [
        each.arguments[0].value.source for each in found
    ]


def test_only_the_part_that_was_refused_is_exchanged() -> None:
    raised = refusal(lambda text: int(text.split("=")[1]), "size=big")

    found = strings().after_exception(state(), plan("'size=big'"), raised, gained=False)

    assert "'size=12'" in [each.arguments[0].value.source for each in found]


def test_an_exception_of_no_parser_gives_nothing() -> None:
    raised = Raised(type_name="PermissionError", message="not today")

    assert strings().after_exception(state(), plan("'abc'"), raised, gained=False) == []


def test_what_keeps_being_refused_is_answered_less_and_then_no_more() -> None:
    solver, where, raised = strings(), state(), refusal(json.loads, "abc")

    counts = [len(solver.after_exception(where, plan("'abc'"), raised, gained=False)) for _ in range(20)]

    assert counts[0] > counts[5] > counts[19] == 0
    assert solver.after_exception(where, plan("'abc'"), raised, gained=True)


@pytest.mark.parametrize(
    ("kind", "parse"), [("json", json.loads), ("int", int), ("date", datetime.fromisoformat), ("uuid", uuid.UUID)]
)
def test_a_parsed_parameter_gets_texts_that_the_parser_accepts_beside_one_that_it_refuses(
    kind: str, parse: Callable[[str], object]
) -> None:
    where = state("'abc'", "''", evidence=Evidence(formats=(kind,)))
    strings().enrich(where)

    verdicts = [accepted(parse, literal_eval(value.source)) for value in where.pools["text"]]

    assert not verdicts[0]
    assert sum(verdicts) >= 2


def test_a_matched_parameter_gets_texts_that_match_beside_one_that_does_not() -> None:
    where = state("'abc'", evidence=Evidence(patterns=(r"(\w+)=(\d+)",)))
    strings().enrich(where)

    verdicts = [re.search(r"(\w+)=(\d+)", literal_eval(value.source)) for value in where.pools["text"]]

    assert verdicts[0] is None
    assert any(verdicts[1:])


def test_a_parameter_that_takes_no_text_is_left_alone() -> None:
    where = state("1", "2", evidence=Evidence(formats=("json",)))
    strings().enrich(where)

    assert [value.source for value in where.pools["text"]] == ["1", "2"]


def follow(start: str, *operands: Operand) -> list[str]:
    found = strings().follow(state(), plan(repr(start)), operands)
    return [literal_eval(each.arguments[0].value.source) for each in found]


def test_a_pattern_that_was_tried_gives_texts_that_match() -> None:
    tried = Operand(line=LINE, operator="match", left=r"'^(\\w+)@(\\w+)$'", right="'abc'")

    assert any(re.match(r"^(\w+)@(\w+)$", text) for text in follow("abc", tried))


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (Operand(line=LINE, operator="==", left="'abc'", right="'kilo'"), lambda unit: unit == "kilo"),
        (Operand(line=LINE, operator="in", left="'abc'", right="('mega', 'giga')"), lambda unit: unit == "giga"),
        (Operand(line=LINE, operator="startswith", left="'abc'", right="'mi'"), lambda unit: unit.startswith("mi")),
        (Operand(line=LINE, operator="endswith", left="'abc'", right="'lli'"), lambda unit: unit.endswith("lli")),
    ],
)
def test_a_group_of_the_pattern_becomes_what_a_predicate_asked_for(
    asked: Operand, holds: Callable[[str], bool]
) -> None:
    pattern = r"(\d+) (\w+)$"
    tried = Operand(line=LINE, operator="match", left=repr(pattern), right="'abc'")

    units = [match[2] for text in follow("abc", tried, asked) if (match := re.match(pattern, text)) is not None]

    assert any(map(holds, units))
    assert not all(map(holds, units))


def test_a_number_in_a_group_passes_the_bound_that_was_asked_for() -> None:
    pattern = r"size (\d+)$"
    tried = Operand(line=LINE, operator="match", left=repr(pattern), right="'abc'")
    asked = Operand(line=LINE, operator="<", left="1", right="640")

    sizes = [int(match[1]) for text in follow("abc", tried, asked) if (match := re.match(pattern, text)) is not None]

    assert any(size > 640 for size in sizes)
    assert any(size < 640 for size in sizes)


def test_separators_come_from_the_source_and_from_what_was_looked_for() -> None:
    solver, where = strings(), state()
    solver.follow(where, plan("'abc'"), [Operand(line=LINE, operator="in", left="'::'", right="'abc'")])

    assert {"->", "::", ","} <= set(solver.clues(where).separators)
    assert "%d/%m/%Y" in solver.clues(where).layouts
