from pathlib import Path

import pytest

from qeforge.analysis.blame import Blame, Use
from qeforge.domain.observation import Frame
from qeforge.domain.target import SourceModule

SOURCE = """\
class Box:
    def __init__(self, parser, name="x"):
        self.parser = parser
        self.label = name.strip()

    def read(self, key):
        section = self.parser.sections[key]
        return helper(section)


def helper(section):
    for row in section["rows"]:
        first, second = row
        if first.size > second:
            return "big"
    return "small"


def outer(conf, callback):
    opts = conf.options
    return inner(opts, cb=callback)


def inner(o, cb):
    depth = o["depth"] + 1
    text = cb(depth, 2)
    return text.strip()


def guarded(items, strict):
    if not items.ready:
        raise ValueError("not ready")


def made(count):
    def closure(number):
        return count.value + number

    return closure
"""
BLAME = Blame(SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=SOURCE, targets=()))


def at(function: str, text: str) -> Frame:
    line = next(number for number, each in enumerate(SOURCE.splitlines(), 1) if text in each)
    return Frame(function=function, line=line, own=True)


READ, HELPER = at("read", "return helper(section)"), at("helper", "first.size")


@pytest.mark.parametrize(
    ("frames", "use", "name", "function", "parameter", "steps"),
    [
        ([at("read", "section = self")], Use.ATTRIBUTE, "sections", "Box.read", "", ["attribute parser"]),
        (
            [READ, HELPER],
            Use.ATTRIBUTE,
            "size",
            "Box.read",
            "",
            ["attribute parser", "attribute sections", "each ", "key rows", "each ", "item 0"],
        ),
        ([at("outer", "return inner"), at("inner", "text = cb")], Use.CALL, "", "outer", "callback", []),
        (
            [at("outer", "return inner"), at("inner", 'o["depth"]')],
            Use.INDEX,
            "",
            "outer",
            "conf",
            ["attribute options"],
        ),
        (
            [at("outer", "return inner"), at("inner", "text.strip")],
            Use.ATTRIBUTE,
            "strip",
            "outer",
            "callback",
            ["result "],
        ),
        ([at("guarded", "raise ValueError")], Use.ARGUMENT, "", "guarded", "items", ["attribute ready"]),
        ([at("closure", "count.value")], Use.ATTRIBUTE, "value", "made.closure", "count", []),
    ],
)
def test_a_failing_value_is_traced_to_an_argument(
    frames: list[Frame], use: Use, name: str, function: str, parameter: str, steps: list[str]
) -> None:
    first = BLAME.origins(frames, use, name)[0]

    assert (first.function, first.parameter) == (function, parameter)
    assert [" ".join(step) for step in first.steps] == steps


def test_what_the_evidence_is_about_is_named_at_the_failing_frame() -> None:
    assert BLAME.origins([READ, HELPER], Use.ATTRIBUTE, "size")[0].seen == (
        "helper",
        "section",
        (("key", "rows"), ("each", ""), ("item", "0")),
    )


def test_an_attribute_leads_to_the_constructors_parameter() -> None:
    assert BLAME.constructor("Box", "parser") == [("parser", ())]
    assert BLAME.constructor("Box", "label") == [("name", ())]
    assert BLAME.constructor("Box", "unknown") == []


def test_a_traceback_without_a_frame_of_the_module_says_nothing() -> None:
    assert BLAME.origins([Frame(function="f", line=1, own=False)], Use.ANY) == []
