"""What models took and brought, and where targets would go: tables, lines and data."""

from collections.abc import Iterator
from dataclasses import asdict

from rich.table import Table

from qeforge.domain.ledger import Account, Sum
from qeforge.report.data import Data
from qeforge.report.table import plain_table
from qeforge.report.text import count, one_line, percent, seconds

_HEADS = {"day": "day (UTC)", "model": "model", "project": "project"}


def usd(value: float | None) -> str:
    """An amount of money; the smallest ones as what they are below."""
    if value is None:
        return "no price known"
    if 0 < value < 0.0001:
        return "<$0.0001"
    return f"${value:.2f}" if value >= 1 or value == 0 else f"${value:.4f}"


def account_table(account: Account) -> Table:
    """The sums, one a row, and all of them together below."""
    cloud = "all in the cloud" + (" (hypothetical)" if account.hypothetical else "")
    heads = (_HEADS[account.by], "calls", "in", "out", "cached", "time", "cost", "goals", "kills", "local", cloud)
    table = plain_table(heads, [_cells(one) for one in account.sums], numbers=range(1, len(heads)))
    if account.total is not None and len(account.sums) > 1:
        table.add_section()
        table.add_row(*_cells(account.total), style="bold")
    return table


def account_lines(account: Account) -> tuple[str, ...]:
    """What a person has to know after the table."""
    return tuple(map(one_line, _lines(account)))


def account_data(account: Account) -> Data:
    """The account for `--json`. Money is in USD; `cloud_usd` is None where no price is known."""
    total = account.total
    return {
        "by": account.by,
        "sums": [_data(one) for one in account.sums],
        "total": _data(total) if total is not None else None,
        "counterfactual": {
            "model": account.cloud_model,
            "usd": total.cloud_usd if total is not None else None,
            "hypothetical": account.hypothetical,
            "prices": account.prices,
        },
        "unpriced_models": list(account.unpriced),
    }


def _cells(one: Sum) -> tuple[str, ...]:
    return (
        *(one_line(one.key), str(one.calls), f"{one.input:,}", f"{one.output:,}", f"{one.cached:,}"),
        *(seconds(one.seconds), _paid(one), str(one.goals), str(one.mutants), percent(one.local / one.calls)),
        usd(one.cloud_usd),
    )


def _paid(one: Sum) -> str:
    if one.unpriced == one.calls:
        return usd(None)
    return usd(one.usd) + (f" + {one.unpriced} unpriced" if one.unpriced else "")


def _data(one: Sum) -> Data:
    return {**asdict(one), "local_share": one.local / one.calls}


def _lines(account: Account) -> Iterator[str]:
    total = account.total
    if total is None:
        yield "no model was asked yet" if account.empty else "no model was asked in that time or project"
        return
    if total.answered < total.calls:
        yield f"{count(total.calls - total.answered, 'call')} had no answer"
    if total.goals:
        tokens = (total.input + total.output) / total.goals
        each = f"{tokens:,.0f} tokens and {seconds(total.seconds / total.goals)} each"
        yield f"{count(total.goals, 'goal')} gained: {each}"
    if total.mutants:
        yield f"{count(total.mutants, 'mutant')} noticed first by what models proposed"
    for model in account.unpriced:
        yield f"no price is known of {model}: the sum is without it"
    yield _counterfactual(account, total)


def _counterfactual(account: Account, total: Sum) -> str:
    if total.cloud_usd is None:
        return f"no price is known for all of it in the cloud ({account.cloud_model}): what it would cost is not known"
    why = "hypothetical: no cloud model was ever asked; " if account.hypothetical else ""
    text = (
        f"the same tokens, all in the cloud ({account.cloud_model}), would have cost {usd(total.cloud_usd)} "
        f"({why}prices of {account.prices}, and a model counts tokens in its own way)"
    )
    if total.unpriced or not total.cloud_usd:
        return text
    share = 1 - total.usd / total.cloud_usd
    return f"{text}; paid {usd(total.usd)}, {percent(abs(share))} {'less' if share >= 0 else 'more'}"
