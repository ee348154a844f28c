"""What earlier runs tell about a target: its own outcomes, or those of its module."""

from collections.abc import Mapping

from qeforge.domain.ledger import Past
from qeforge.routing.confidence import PRIOR


def past_of(target: str, outcomes: Mapping[str, Past]) -> Past:
    """Outcomes that speak for a target.

    Its own, when it was asked about before. Else those of the other targets of its module, shrunk to a number that
    weighs no more than what the features say: neighbours are alike, and not the same.

    Args:
        target: its id.
        outcomes: by target, of the module.
    """
    own = outcomes.get(target)
    if own is not None:
        return own
    tried, met = sum(one.tried for one in outcomes.values()), sum(one.met for one in outcomes.values())
    most = int(PRIOR)
    return Past(tried=tried, met=met) if tried <= most else Past(tried=most, met=round(met * most / tried))
