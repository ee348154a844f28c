"""How much a test says: what selection prefers among cases that reach and notice the same."""

import re

from qeforge.domain.observation import Facet
from qeforge.domain.testcase import Assertion, TestCase
from qeforge.oracle.raising import is_deliberate, is_incidental

STATED, VALUE, RAISES, STATE, NOTHING, TYPE, INCIDENTAL, NONE = 7, 6, 5, 4, 3, 2, 1, 0
"""Grades, best first: what somebody said would happen · an equal value · an exception raised on purpose · a changed
state or output · `is None` · a type check · an exception that only says the argument was nonsense · no assertion."""

_TYPE_CHECK = re.compile(r"assert (isinstance|callable)\(|assert repr\(\w+\)\.startswith")


def strength(case: TestCase) -> int:
    """The grade of the strongest thing that a case asserts."""
    return max((_grade(case, assertion) for assertion in case.assertions), default=NONE)


def _grade(case: TestCase, assertion: Assertion) -> int:
    is_type = _TYPE_CHECK.match(assertion.code) is not None
    if case.stated and assertion.facet in (Facet.RESULT, Facet.EXCEPTION) and not is_type:
        return STATED
    if assertion.facet is Facet.EXCEPTION:
        raised = case.observation.raised
        if raised is not None and is_incidental(raised):
            return INCIDENTAL
        return RAISES if raised is not None and is_deliberate(raised) else STATE
    if assertion.facet is not Facet.RESULT:
        return STATE
    if is_type:
        return TYPE
    return NOTHING if assertion.code.endswith(" is None") else VALUE
