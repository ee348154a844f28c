"""Within a counted number of executions the engine gets past an exception, and does not without repair."""

import pytest

from qeforge.domain.capability import Capability
from tests.engine.marks import reached

OTHERS = frozenset(
    {
        Capability.STANDINS,
        Capability.OPERANDS,
        Capability.VARIATION,
        Capability.STRINGS,
        Capability.FAKES,
        Capability.RECIPES,
        Capability.EVIDENCE,
    }
)
"""Other ways to come by a fitting value, left out on both sides."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behind", "targets"),
    [
        ("format", ("text_format",)),
        ("class", ("of_class",)),
        ("constructor", ("Report.__init__", "Report.render")),
    ],
)
def test_repair_alone_finds_it(behind: str, targets: tuple[str, ...]) -> None:
    assert behind in reached("mending", executions=60, without=OTHERS, only=targets)
    assert behind not in reached("mending", executions=60, without=OTHERS | {Capability.REPAIR}, only=targets)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behind", "target"),
    [
        ("attribute", "attribute"),
        ("key", "key"),
        ("index", "index"),
        ("arity", "two_arguments"),
        ("nested", "nested_items"),
        ("unpacked", "unpacked"),
        ("deep", "outer"),
    ],
)
def test_what_failed_is_mended_where_it_came_from(behind: str, target: str) -> None:
    assert behind in reached("mending", executions=80, without=OTHERS, only=(target,))


@pytest.mark.slow
def test_with_repair_less_work_reaches_more() -> None:
    with_repair = reached("mending", executions=200, without=OTHERS)

    assert with_repair > reached("mending", executions=200, without=OTHERS | {Capability.REPAIR})
