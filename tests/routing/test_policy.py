import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.domain.routing import Engine, Features
from qeforge.routing.confidence import PRIOR, Logistic, confidence, fitted, terms
from qeforge.routing.policy import LEAST, Cost, Policy, share_of

OPEN = Features(
    target="shop:price", lines=10, cyclomatic=4, cognitive=5, imports=0, effects=0, typed=1.0, open_goals=3,
    open_mutants=1, reached=0.5, seconds=60.0,
)  # fmt: skip
LOCAL, CLOUD = Cost(seconds=8.0), Cost(seconds=5.0, usd=0.002)


def policy(
    *engines: Engine, asked: Engine | None = None, likely: float = 0.5, gate: float = 0.8, share: float | None = None
) -> Policy:
    costs = {Engine.LOCAL: LOCAL, Engine.CLOUD: CLOUD}
    return Policy(
        engine=asked,
        models={engine: costs[engine] for engine in engines},
        model=Logistic(intercept=math.log(likely / (1 - likely)), weights={}),
        gate=gate,
        local_share=share,
    )


BOTH = (Engine.LOCAL, Engine.CLOUD)


@pytest.mark.parametrize(
    ("router", "engine", "reason"),
    [
        (policy(), Engine.NATIVE, "no model"),
        (policy(Engine.LOCAL), Engine.LOCAL, "open"),
        (policy(Engine.LOCAL, likely=LEAST / 2), Engine.NATIVE, "not worth"),
        (policy(Engine.CLOUD), Engine.CLOUD, "no local"),
        (policy(*BOTH, likely=0.9), Engine.LOCAL, "reaches the gate"),
        (policy(*BOTH, likely=0.5), Engine.CLOUD, "below the gate"),
        (policy(*BOTH, likely=0.5, gate=0.4), Engine.LOCAL, "reaches the gate"),
        (policy(*BOTH, likely=0.1, share=1.0), Engine.LOCAL, "share"),
        (policy(*BOTH, likely=0.99, share=0.0), Engine.CLOUD, "share"),
        (policy(*BOTH, asked=Engine.CLOUD, likely=0.99), Engine.CLOUD, "asked for"),
        (policy(Engine.LOCAL, asked=Engine.LOCAL, likely=LEAST / 2), Engine.LOCAL, "asked for"),
        (policy(Engine.LOCAL, asked=Engine.CLOUD), Engine.NATIVE, "no cloud model"),
        (policy(*BOTH, asked=Engine.NATIVE), Engine.NATIVE, "asked for"),
    ],
)
def test_where_a_target_goes(router: Policy, engine: Engine, reason: str) -> None:
    decision = router.decide(OPEN)
    assert (decision.engine, decision.target) == (engine, "shop:price")
    assert reason in decision.reason


def test_nothing_open_is_nobody_asked() -> None:
    done = replace(OPEN, open_goals=0, open_mutants=0)
    assert policy(*BOTH, asked=Engine.CLOUD).decide(done).engine is Engine.NATIVE


def test_an_answer_has_to_come_in_time() -> None:
    decision = policy(Engine.LOCAL).decide(replace(OPEN, seconds=3.0))
    assert decision.engine is Engine.NATIVE
    assert decision.reason == "an answer takes about 8 s, 3 s are left"


def test_who_asked_for_a_model_gets_the_beginning_of_an_answer() -> None:
    router = policy(Engine.LOCAL, asked=Engine.LOCAL)
    assert router.decide(replace(OPEN, seconds=3.0)).engine is Engine.LOCAL
    assert router.decide(replace(OPEN, seconds=1.0)).engine is Engine.NATIVE


def test_a_decision_tells_what_it_costs() -> None:
    assert policy(*BOTH).decide(OPEN).usd == 0.002
    assert policy(*BOTH, likely=0.9).decide(OPEN).seconds == 8.0


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_share_that_grows_takes_nobody_away(name: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    features = replace(OPEN, target=name)
    first = policy(*BOTH, share=small).decide(features).engine
    if first is Engine.LOCAL:
        assert policy(*BOTH, share=large).decide(features).engine is Engine.LOCAL


def test_shares_are_what_they_say() -> None:
    names = [f"module:function_{n}" for n in range(4_000)]
    assert sum(share_of(name) < 0.3 for name in names) / len(names) == pytest.approx(0.3, abs=0.03)


def test_own_outcomes_count_more_and_more() -> None:
    model = Logistic(intercept=0.0, weights={})
    assert confidence(OPEN, model) == 0.5
    assert confidence(replace(OPEN, tried=int(PRIOR), met=0), model) == 0.25
    assert confidence(replace(OPEN, tried=400, met=400), model) > 0.99


def test_the_model_that_comes_along_knows_its_terms() -> None:
    model = fitted()
    assert set(model.weights) <= set(terms(OPEN))
    assert 0 < model.probability(OPEN) < 1
