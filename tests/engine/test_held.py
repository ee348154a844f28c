"""What is only reached on an object that already holds something, or in a module that is already set up."""

from functools import cache

import pytest

from tests.engine.marks import marks, reached


@cache
def found() -> frozenset[str]:
    return reached("held", executions=800)


@pytest.mark.slow
@pytest.mark.parametrize("what", sorted(marks("held")))
def test_what_has_to_be_there_first_is_arranged(what: str) -> None:
    assert what in found()
