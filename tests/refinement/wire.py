"""A module whose texts go there and back, and what its calls lead to."""

from collections.abc import Sequence

from qeforge.domain.properties import PropertyKind, PropertyTest
from qeforge.refinement.conjecturing import CallLog, property_candidates
from tests.fakes.subject import Subject
from tests.refinement.tasks import task

WIRE = """
def escape(text: str) -> str:
    return text.replace("%", "%p").replace(";", "%s")


def unescape(line: str) -> str:
    return line.replace("%s", ";").replace("%p", "%")


def half(number: int) -> int:
    if number < 2:
        raise ValueError(number)
    return number // 2
"""
TEXTS = ("", "a", "a;b", "50%", "a b", ";;", "%", "1%;")

ROUND_TRIP = [f"{name}({text!r})" for text in TEXTS for name in ("escape", "unescape")]


def heard(wire: Subject, *acts: str) -> CallLog:
    """A log that has heard of these calls."""
    log = CallLog(wire.module.targets)
    candidates = wire.calls(*acts)
    log.learn(list(zip(candidates, wire.judge.run(candidates), strict=True)))
    return log


def candidates_of(wire: Subject, *acts: str) -> tuple[PropertyTest, ...]:
    """Property tests that these calls lead to."""
    work = task(wire.module, wire.module.import_root)
    return property_candidates(work, wire.judge, heard(wire, *acts))


def shown(tests: Sequence[PropertyTest], kind: PropertyKind) -> list[tuple[str, ...]]:
    """Strategies of the tests of one kind."""
    return [tuple(source for _, source in test.strategies) for test in tests if test.stated.kind is kind]
