import pytest

from qeforge.domain.ledger import Account, Sum
from qeforge.domain.routing import Decision, Engine, Features, Planned, RoutePlan
from qeforge.report.costs import account_lines, usd
from qeforge.report.routes import route_data, route_lines, route_table
from tests.report.test_table import BASE, cells

FEATURES = Features(
    target="shop:total", lines=1, cyclomatic=1, cognitive=0, imports=0, effects=0, typed=0.0, open_goals=2,
    open_mutants=0, reached=0.0, seconds=10.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no price known"),
        (0.0, "$0.00"),
        (0.00004, "<$0.0001"),
        (0.0123, "$0.0123"),
        (1.5, "$1.50"),
    ],
)
def test_money(value: float | None, text: str) -> None:
    assert usd(value) == text


def account(**changes: float | None) -> Account:
    fields: dict[str, object] = {
        "key": "total", "calls": 2, "answered": 2, "input": 10, "output": 10, "cached": 0, "seconds": 1.0, "usd": 0.5,
        "unpriced": 0, "local": 0, "cloud_usd": 0.25, "candidates": 0, "valid": 0, "goals": 0,
        "mutants": 0,
    }  # fmt: skip
    total = Sum(**{**fields, **changes})  # type: ignore[arg-type]
    return Account(
        by="day", sums=(total,), total=total, cloud_model="big-1", hypothetical=False, unpriced=(), prices="2026-11",
        empty=False,
    )  # fmt: skip


def test_dearer_than_the_cloud_is_said_too() -> None:
    (line,) = account_lines(account())
    assert line.endswith("; paid $0.5000, 100% more")


@pytest.mark.parametrize("changes", [{"cloud_usd": 0.0}, {"unpriced": 1}])
def test_nothing_is_compared_with_what_is_not_known(changes: dict[str, float]) -> None:
    (line,) = account_lines(account(**changes))
    assert "paid" not in line


def test_kills_are_told() -> None:
    assert "3 mutants noticed first by what models proposed" in account_lines(account(mutants=3))


def planned(engine: Engine, *, price: float | None = 0.0) -> Planned:
    decision = Decision(target="shop:total", engine=engine, reason="why", confidence=0.456, seconds=4.0, usd=price)
    return Planned(path=BASE / "shop.py", features=FEATURES, decision=decision)


def test_routes_with_and_without_a_price() -> None:
    plan = RoutePlan(
        rows=(planned(Engine.LOCAL), planned(Engine.CLOUD, price=None), planned(Engine.NATIVE)),
        models={Engine.LOCAL: "tiny", Engine.CLOUD: "big-1"},
        measured=True,
    )
    assert cells(route_table(plan))[1:] == [
        ["shop:total", "local", "0.46", "2", "4.0 s", "$0.00", "why"],
        ["shop:total", "cloud", "0.46", "2", "4.0 s", "no price known", "why"],
        ["shop:total", "native", "0.46", "2", "–", "–", "why"],
    ]
    lines = route_lines(plan)
    assert lines[:2] == ("local: tiny", "cloud: big-1")
    assert lines[-1] == (
        "3 targets; one question each: at most 1 local, 1 cloud, 8.0 s, $0.00 and what has no known price"
    )
    targets = route_data(plan, BASE)["targets"]
    assert isinstance(targets, list)
    assert [row["usd"] for row in targets] == [0.0, None, 0.0]
