import pytest

from qeforge.learning.consolidate import keeps, retention, stays_valid


def test_retention_is_what_is_left_of_each_project() -> None:
    retained = retention({"a": 0.5, "b": 0.4, "gone": 0.3}, {"a": 0.48, "b": 0.44, "new": 0.9})
    assert retained == pytest.approx({"a": 0.96, "b": 1.1})
    assert keeps(retained).good
    lost = keeps({"a": 0.949, "b": 1.2})
    assert not lost.good
    assert lost.detail == "94.9% at least (a)"
    assert keeps({}).good


def test_no_fewer_candidates_may_be_valid() -> None:
    assert stays_valid(0.5, 0.5).good
    assert not stays_valid(0.5, 0.49).good
