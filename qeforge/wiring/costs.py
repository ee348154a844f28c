"""The account of what models took: the ledger on disk, with prices."""

import datetime
from collections.abc import Callable, Mapping

from qeforge.config import Config, data_dir
from qeforge.domain.ledger import Account, Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine
from qeforge.memory.ledger import SqliteLedger, sums
from qeforge.memory.store import NAME, Store
from qeforge.providers.prices import cost, price_list

_DAY = 86_400


def ledger_in(environ: Mapping[str, str]) -> SqliteLedger:
    """The ledger of this user."""
    return SqliteLedger(Store(data_dir(environ) / NAME))


def account(
    ledger: SqliteLedger, config: Config, *, by: str, days: int | None, project: str | None, now: float
) -> Account:
    """What was asked, added up.

    Args:
        ledger: the calls.
        config: names the cloud model whose price stands for "all in the cloud".
        by: `day`, `model` or `project`.
        days: only so many, today included (UTC); None for all.
        project: only calls for this one; None for all.
        now: seconds since 1970.

    Raises:
        StoreError: the ledger cannot be read.
    """
    since = 0.0 if days is None else now - now % _DAY - (days - 1) * _DAY
    calls = ledger.calls(since=since, project=project)

    def in_the_cloud(usage: Usage) -> float | None:
        return cost(config.cloud_model, usage)

    total = sums(calls, lambda call: "total", cloud_price=in_the_cloud)
    return Account(
        by=by,
        sums=sums(calls, _KEYS[by], cloud_price=in_the_cloud),
        total=total[0] if total else None,
        cloud_model=config.cloud_model,
        hypothetical=not ledger.asked(Engine.CLOUD),
        unpriced=tuple(sorted({call.model for call in calls if call.usd is None})),
        prices=price_list().as_of,
        empty=not calls and not ledger.asked(),
    )


def _day(call: Call) -> str:
    return datetime.datetime.fromtimestamp(call.at, datetime.UTC).date().isoformat()


_KEYS: Mapping[str, Callable[[Call], str]] = {
    "day": _day,
    "model": lambda call: call.model,
    "project": lambda call: call.project,
}
