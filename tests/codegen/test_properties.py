"""Property tests as text: compared with what was read and approved, run, and carried along when a suite is merged."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge import __version__
from qeforge.analysis.targets import find_targets
from qeforge.codegen.formatting import format_source
from qeforge.codegen.header import read_header
from qeforge.codegen.imports import ImportPlan
from qeforge.codegen.merge import merge
from qeforge.codegen.properties import property_functions, property_name
from qeforge.codegen.render import render
from qeforge.domain.properties import Property, PropertyKind, PropertyTest
from qeforge.domain.target import Target
from qeforge.domain.testcase import Suite
from tests.codegen.minijudge import GOLDEN
from tests.codegen.running import passing

SOURCE = """
import re


def encode(text):
    return [ord(char) for char in text]


def decode(codes):
    return "".join(map(chr, codes))


def spell(codes):
    return "".join(chr(code) for code in codes)


def slugify(text, separator="-", *, limit=None):
    return separator.join(re.findall("[a-z0-9]+", text.lower()))[:limit]


def product(left, right):
    return left * right


def ordered(items):
    return sorted(items)


def cut(text, width):
    return text[:width]


def squeeze(text):
    return " ".join(text.split())


def share(part, whole):
    return min(part, whole)


class Code:
    @staticmethod
    def size(text):
        return len(text)


class Stamp:
    def __init__(self, hour, *, zone=0):
        self.hour, self.zone = hour, zone

    def __eq__(self, other):
        return self.pair == other.pair

    def __hash__(self):
        return hash(self.pair)

    @property
    def pair(self):
        return self.hour, self.zone

    @classmethod
    def of(cls, pair):
        return cls(pair[0], zone=pair[1])

    def text(self):
        return f"{self.hour}z{self.zone}"

    @classmethod
    def parse(cls, text):
        hour, zone = text.split("z")
        return cls(int(hour), zone=int(zone))


class Lock:
    __hash__ = None

    def __init__(self, lock):
        self.key = lock

    def __eq__(self, other):
        return self.key == other.key
"""
TARGETS: dict[str, Target] = {target.id: target for target in find_targets(SOURCE, "letters")}
PATH = Path("/nowhere/tests/test_letters.py")
STAMP = (("hour", "st.integers()"), ("zone", "st.integers()"))
TEXT, COUNT = ("text", "st.text()"), ("width", "st.integers(min_value=0, max_value=10)")


def stating(kind: PropertyKind, name: str, *drawn: tuple[str, str], **stated: str) -> PropertyTest:
    """A property test of a function of `letters`."""
    names = tuple(parameter for parameter, _ in drawn)
    given = {key: f"letters:{value}" if key in ("partner", "builder") else value for key, value in stated.items()}
    return PropertyTest(
        stated=Property(kind=kind, target=f"letters:{name}", parameters=names, **given),  # type: ignore[arg-type]
        strategies=drawn,
    )


TESTS = (
    replace(
        stating(PropertyKind.ROUND_TRIP, "encode", TEXT, partner="decode", subject="text"),
        mutants=frozenset({"6:11-6:41:return:None"}),
    ),
    stating(
        PropertyKind.AGREEMENT,
        "decode",
        ("codes", "st.lists(st.integers(min_value=32, max_value=1000))"),
        partner="spell",
    ),
    stating(
        PropertyKind.IDEMPOTENT, "slugify", TEXT, ("limit", "st.none() | st.integers(min_value=0)"), subject="text"
    ),
    stating(PropertyKind.COMMUTATIVE, "product", ("left", "st.integers()"), ("right", "st.integers()")),
    stating(PropertyKind.SAME_ITEMS, "ordered", ("items", "st.lists(st.integers())"), subject="items"),
    stating(PropertyKind.SORTED, "ordered", ("items", "st.lists(st.integers())")),
    stating(PropertyKind.LENGTH_KEPT, "ordered", ("items", "st.lists(st.text())"), subject="items"),
    stating(PropertyKind.LENGTH_BOUNDED, "cut", TEXT, COUNT, subject="width", high="width"),
    stating(PropertyKind.LENGTH_BOUNDED, "squeeze", TEXT, subject="text", high="len(text)"),
    stating(PropertyKind.RANGE, "share", ("part", "st.integers()"), ("whole", "st.integers()"), high="part"),
    stating(PropertyKind.RANGE, "Code.size", TEXT, low="0"),
    stating(PropertyKind.TYPE_KEPT, "squeeze", ("text", r"st.text(alphabet='a \n\\')"), returns="str"),
    stating(PropertyKind.RESTORED, "Stamp.text", *STAMP, partner="Stamp.parse", builder="Stamp.__init__"),
    stating(PropertyKind.RESTORED, "Stamp.pair", *STAMP, partner="Stamp.of", builder="Stamp.__init__"),
    stating(PropertyKind.EQUAL, "Stamp.__eq__", *STAMP, partner="Stamp.__hash__", builder="Stamp.__init__"),
    stating(PropertyKind.EQUAL, "Lock.__eq__", ("lock", "st.text()"), builder="Lock.__init__"),
)


def suite_of(*tests: PropertyTest, targets: dict[str, Target] = TARGETS) -> str:
    empty = Suite(module="letters", path=PATH, cases=())
    return format_source(render(empty, targets, properties=tests), PATH)


def test_property_tests_read_as_approved() -> None:
    text = suite_of(*TESTS)
    golden = GOLDEN / "properties.py.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text.replace(f"qeforge {__version__};", "qeforge 0.1.0;") == golden.read_text()


def test_approved_property_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "letters.py").write_text(SOURCE)
    (tmp_path / "test_letters.py").write_text((GOLDEN / "properties.py.txt").read_text())
    assert f"{len(TESTS)} passed" in passing(tmp_path)


def test_every_test_has_an_owner_and_nothing_counts_as_edited() -> None:
    header = read_header(suite_of(*reversed(TESTS)))
    assert header is not None
    assert not header.edited
    owners = {name: owner.partition(":")[2] for name, owner in header.tests.items()}
    assert owners["test_encode_is_undone_by_decode"] == "encode"
    assert owners["test_code_size_is_never_negative"] == "Code.size"
    assert list(owners.values()) == sorted(owners.values(), key=[t.qualname for t in TARGETS.values()].index)


def test_a_kept_property_test_stays_when_another_target_is_refreshed() -> None:
    old = suite_of(TESTS[0], TESTS[3])
    changed = {name: replace(t, digest="f" * 64) if t.name == "product" else t for name, t in TARGETS.items()}
    new = suite_of(TESTS[8], targets=changed)
    text = format_source(merge(old, new, refreshed={"letters:product", "letters:squeeze"}), PATH)
    header = read_header(text)
    assert header is not None
    assert not header.edited
    assert list(header.tests) == ["test_encode_is_undone_by_decode", "test_squeeze_never_lengthens_text"]
    assert "from hypothesis import given" in text
    assert "product" not in text.partition("# qeforge:")[0]


def test_a_parameter_that_hides_a_function_is_told_from_it() -> None:
    source = "def text(text, st=0):\n    return text\n"
    targets = {target.id: target for target in find_targets(source, "letters")}
    test = stating(PropertyKind.IDEMPOTENT, "text", TEXT, ("st", "st.integers()"), subject="text")
    plan = ImportPlan("letters")
    (function,) = property_functions([test], targets, plan)
    assert "once = letters.text(text, st)" in function.text
    assert "@given(text=hypothesis.strategies.text(), st=hypothesis.strategies.integers())" in function.text


def test_whoever_tries_them_may_decide_what_is_drawn() -> None:
    (function,) = property_functions(TESTS[:1], TARGETS, ImportPlan("letters"), pinned=False)
    assert "settings" not in function.text
    assert function.text.startswith("@given(text=st.text())\ndef ")


def test_names_that_are_taken_get_a_number() -> None:
    functions = property_functions(TESTS[:1] * 2, TARGETS, ImportPlan("letters"), taken=["test_other"])
    assert [f.name for f in functions] == ["test_encode_is_undone_by_decode", "test_encode_is_undone_by_decode_2"]


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        ("0", "1", "test_share_stays_between_0_and_1"),
        ("0", "len(part)", "test_share_stays_between_0_and_length_of_part"),
        ("", "whole", "test_share_never_exceeds_whole"),
    ],
)
def test_a_range_is_named_by_its_ends(low: str, high: str, name: str) -> None:
    stated = Property(kind=PropertyKind.RANGE, target="letters:share", parameters=("part",), low=low, high=high)
    assert property_name(stated, TARGETS) == name
