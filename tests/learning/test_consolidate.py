from qeforge.learning.checks import no_higher
from qeforge.learning.consolidate import stays_valid


def test_no_smaller_share_may_be_valid_than_with_either_of_those_before() -> None:
    assert stays_valid([0.5, 0.4], 0.5).good
    assert not stays_valid([0.5, 0.4], 0.49).good
    assert not stays_valid([0.4, 0.5], 0.49).good


def test_a_rate_that_nobody_could_judge_is_said() -> None:
    for before, after in (([None, None], None), ([None, None], 0.5), ([0.5, 0.5], None)):
        check = stays_valid(before, after)
        assert check.good
        assert check.detail.startswith("not judged")


def test_loss_may_not_be_higher_than_with_what_is_in_use() -> None:
    assert no_higher(1.0, 1.0).good
    assert not no_higher(1.0, 1.01).good
