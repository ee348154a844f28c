from qeforge.routing.budget import Budget


def test_what_was_spent_is_not_there_any_more() -> None:
    purse = Budget(1.0)
    assert purse.allows(1.0)
    purse.spend(0.75)
    assert purse.allows(0.25)
    assert not purse.allows(0.26)
    assert purse.spent == 0.75


def test_what_costs_nothing_is_always_allowed() -> None:
    purse = Budget(0.0)
    assert purse.allows(0.0)
    assert not purse.allows(0.001)
