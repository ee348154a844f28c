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


EXECUTIONS = 160


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behind", "targets"),
    [
        ("attribute", ("attribute",)),
        ("key", ("key",)),
        ("index", ("index",)),
        ("arity", ("two_arguments",)),
        ("nested", ("nested_items",)),
        ("unpacked", ("unpacked",)),
        ("deep", ("outer",)),
        ("format", ("text_format",)),
        ("class", ("of_class",)),
        ("constructor", ("Report.__init__", "Report.render")),
    ],
)
def test_repair_alone_finds_it(behind: str, targets: tuple[str, ...]) -> None:
    assert behind in reached("mending", executions=EXECUTIONS, without=OTHERS, only=targets)
    assert behind not in reached("mending", executions=EXECUTIONS, without=OTHERS | {Capability.REPAIR}, only=targets)


@pytest.mark.slow
def test_over_the_whole_module_repair_finds_most_and_the_rest_nothing() -> None:
    with_repair = reached("mending", executions=400, without=OTHERS)

    assert len(with_repair) >= 8
    assert reached("mending", executions=400, without=OTHERS | {Capability.REPAIR}) == frozenset()
