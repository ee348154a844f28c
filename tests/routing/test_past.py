from qeforge.domain.ledger import Past
from qeforge.routing.confidence import PRIOR
from qeforge.routing.past import past_of


def test_own_outcomes_speak_for_a_target() -> None:
    outcomes = {"m:f": Past(tried=9, met=2), "m:g": Past(tried=50, met=50)}
    assert past_of("m:f", outcomes) == Past(tried=9, met=2)


def test_neighbours_weigh_no_more_than_the_features() -> None:
    assert past_of("m:new", {"m:g": Past(tried=50, met=40), "m:h": Past(tried=50, met=35)}) == Past(
        tried=int(PRIOR), met=3
    )
    assert past_of("m:new", {"m:g": Past(tried=2, met=1)}) == Past(tried=2, met=1)


def test_nobody_was_asked() -> None:
    assert past_of("m:new", {}) == Past(tried=0, met=0)
