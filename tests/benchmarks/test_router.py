"""The router's figures: a fit that finds what is there, an error that is zero where it should be, routes by hand."""

import json
import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest
import router
from rig.logistic import Example, brier, calibration_error, fit, folds, held_out
from rig.replay import Recorded, Reply, Tally, always, answers, by_chance, features_in, recorded, routed

from qeforge.domain.ledger import Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine, Features
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import Store
from qeforge.routing.confidence import Logistic, fitted, terms

PLAIN = Features(
    target="shop:price", lines=10, cyclomatic=4, cognitive=5, imports=0, effects=0, typed=1.0, open_goals=3,
    open_mutants=1, reached=0.5, seconds=60.0,
)  # fmt: skip
TRUE = Logistic(intercept=1.5, weights={"cognitive": -1.2, "typed": 1.0})


def examples(count: int, *, seed: int = 0, modules: int = 20) -> list[Example]:
    """Targets of which goals are met as `TRUE` has it."""
    random = Random(seed)
    made = []
    for number in range(count):
        features = replace(
            PLAIN,
            target=f"m{number % modules}:f{number}",
            cognitive=random.randrange(30),
            typed=random.random(),
            lines=random.randrange(1, 80),
        )
        met = random.random() < TRUE.probability(features)
        made.append(Example(features=features, met=met, module=f"m{number % modules}"))
    return made


def call(**changes: object) -> Call:
    fields: dict[str, object] = {
        "at": 1_000.0,
        "project": "shop",
        "module": "shop",
        "target": "shop:price",
        "engine": Engine.LOCAL,
        "provider": "llama",
        "model": "small-1",
        "usage": Usage(input=600, output=100),
        "seconds": 4.0,
        "usd": 0.0,
        "features": json.dumps(asdict(PLAIN)),
    }
    return Call(**{**fields, **changes})  # type: ignore[arg-type]


def ledger(path: Path, calls: Sequence[Call]) -> Path:
    kept = SqliteLedger(Store(path))
    for one in calls:
        assert kept.record(one), kept.problem
    return path


def calls_of(made: Sequence[Example]) -> list[Call]:
    return [
        call(
            module=one.module,
            target=one.features.target,
            features=json.dumps(asdict(one.features)),
            goals=2 if one.met else 0,
        )
        for one in made
    ]


# -- fit --------------------------------------------------------------------------------------------------------


def test_the_fit_finds_the_weights_that_made_the_data() -> None:
    model = fit(examples(2_500), penalty=1.0)
    assert model.intercept == pytest.approx(TRUE.intercept, abs=0.5)
    assert model.weights["cognitive"] == pytest.approx(-1.2, abs=0.2)
    assert model.weights["typed"] == pytest.approx(1.0, abs=0.3)
    assert abs(model.weights["lines"]) < 0.15
    assert "effects" not in model.weights, "a term that never changes tells nothing"


def test_no_other_weights_are_likelier() -> None:
    made = examples(300)
    best = fit(made, penalty=1e-6)

    def surprise(model: Logistic) -> float:
        likely = [model.probability(one.features) for one in made]
        return -sum(math.log(p if one.met else 1 - p) for p, one in zip(likely, made, strict=True))

    for name in best.weights:
        for step in (-0.05, 0.05):
            other = replace(best, weights={**best.weights, name: best.weights[name] + step})
            assert surprise(other) > surprise(best)


def test_a_penalty_draws_the_weights_in() -> None:
    loose, tight = fit(examples(300), penalty=0.01), fit(examples(300), penalty=100.0)
    assert abs(tight.weights["cognitive"]) < abs(loose.weights["cognitive"])


def test_what_always_happened_is_likely_and_not_certain() -> None:
    model = fit([replace(one, met=True) for one in examples(8)])
    assert model.probability(PLAIN) == pytest.approx(0.9)
    assert model.weights == {}


def test_what_separates_perfectly_has_a_fit_all_the_same() -> None:
    made = [
        Example(features=replace(PLAIN, cognitive=n), met=n < 15, module="m") for n in range(30)
    ]  # without a penalty the weight would grow without end
    model = fit(made)
    assert model.probability(replace(PLAIN, cognitive=0)) > 0.9
    assert model.probability(replace(PLAIN, cognitive=29)) < 0.2


# -- calibration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("likely", "met", "error"),
    [
        ([1.0, 0.0], [True, False], 0.0),
        ([0.5, 0.5], [True, False], 0.0),
        ([0.9, 0.9], [False, False], 0.9),
        ([0.75, 0.75, 0.05, 0.05], [True, False, False, False], (2 * 0.25 + 2 * 0.05) / 4),
    ],
)
def test_calibration_error(likely: list[float], met: list[bool], error: float) -> None:
    assert calibration_error(likely, met) == pytest.approx(error)


def test_brier() -> None:
    assert brier([0.5, 1.0], [True, False]) == pytest.approx(0.625)


def test_folds_are_of_about_one_size_and_keep_modules_whole() -> None:
    modules = [f"m{number}" for number in range(12) for _ in range(number + 1)]
    fold = folds(modules)
    sizes = [sum(fold[name] == number for name in modules) for number in set(fold.values())]
    assert len(sizes) == 10
    assert max(sizes) - min(sizes) <= 8
    with pytest.raises(ValueError, match="two modules"):
        folds(["one"] * 5)


def test_a_model_is_asked_about_modules_that_it_has_not_seen() -> None:
    made = [replace(one, module="easy", met=True) for one in examples(20)]
    made += [replace(one, module="hard", met=False) for one in examples(20, seed=1)]
    models = held_out(made)
    assert models["easy"].probability(PLAIN) < 0.1
    assert models["hard"].probability(PLAIN) > 0.9


def test_a_true_model_is_well_calibrated_where_it_has_not_looked() -> None:
    made = examples(1_000)
    models = held_out(made)
    likely = [models[one.module].probability(one.features) for one in made]
    assert calibration_error(likely, [one.met for one in made]) < 0.05


# -- replay -----------------------------------------------------------------------------------------------------


def target(*, local: int, cloud: int, assumed: bool = False) -> Recorded:
    return Recorded(
        module="shop/shop",
        features=PLAIN,
        local=Reply(goals=local, usd=0.0, seconds=4.0),
        cloud=Reply(goals=cloud, usd=0.01, seconds=2.0),
        assumed=assumed,
    )


MIXED = [target(local=3, cloud=3), target(local=0, cloud=2), target(local=1, cloud=0)]


def test_routes_by_hand() -> None:
    assert always(Engine.CLOUD, MIXED) == Tally(targets=2, goals=5, usd=0.03, seconds=6.0)
    assert always(Engine.LOCAL, MIXED) == Tally(targets=2, goals=4, usd=0.0, seconds=12.0)
    assert routed(MIXED, [0.9, 0.9, 0.1], 0.8) == Tally(targets=2, goals=5, usd=0.02, seconds=12.0)
    assert routed(MIXED, [0.9, 0.1, 0.9], 0.8) == Tally(targets=3, goals=6, usd=0.01, seconds=10.0)


def test_a_lot_is_between_its_ends() -> None:
    half = by_chance(MIXED, 0.5)
    none, every = by_chance(MIXED, 0.0), by_chance(MIXED, 1.0)
    assert none == always(Engine.CLOUD, MIXED)
    assert every == routed(MIXED, [1.0] * 3, 0.5)
    assert half.usd == pytest.approx((none.usd + every.usd) / 2)


def test_the_first_answer_of_each_model_counts() -> None:
    calls = [
        call(outcome="timeout", goals=9),
        call(at=2.0, goals=1),
        call(at=3.0, goals=5),
        call(at=4.0, engine=Engine.CLOUD, usd=0.5, seconds=2.0, goals=2),
        call(at=5.0, engine=Engine.CLOUD, usd=0.7, goals=3),
        call(target="shop:other", features=""),
        call(target="shop:cloudy", engine=Engine.CLOUD, usd=0.5),
    ]
    (only,) = recorded(calls, lambda usage: 1.0, seconds=5.0)
    assert (only.local.goals, only.cloud) == (1, Reply(goals=2, usd=0.5, seconds=2.0))
    assert not only.assumed


def test_a_cloud_that_was_never_asked_meets_everything_at_its_price() -> None:
    (only,) = recorded([call(goals=1)], lambda usage: usage.input / 1000, seconds=5.0)
    assert (only.cloud, only.assumed) == (Reply(goals=3, usd=0.6, seconds=5.0), True)
    with pytest.raises(ValueError, match="no price"):
        recorded([call()], lambda usage: None, seconds=5.0)


def test_features_of_another_version_are_left_out() -> None:
    assert features_in(json.dumps({**asdict(PLAIN), "newer": 1})) == PLAIN
    assert features_in('{"lines": 3}') is None
    assert features_in("") is None
    assert answers([call(features="[]")], Engine.LOCAL) == []


# -- the script -------------------------------------------------------------------------------------------------


def test_it_fits_replays_and_writes_what_qeforge_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = examples(400)
    path = ledger(tmp_path / "memory.db", calls_of(made))
    toml = tmp_path / "confidence.toml"
    figures = router.main(["--ledger", str(path), "--gate", "0.5", "--write", str(toml)])
    out = capsys.readouterr().out
    share = sum(one.met for one in made) / len(made)
    assert f"answers of a local model: 400 about 20 modules; {share:.0%} met a goal" in out
    assert "hypothetical: of 400 of 400 targets no cloud model was asked" in out
    assert figures["saving_percent"] == pytest.approx(100 * share, abs=1e-6)
    assert figures["gate_at_equal_quality"] == 0
    assert figures["calibration_error"] < 0.1
    assert figures["constant_brier"] == pytest.approx(0.25)
    assert figures["constant_calibration_error"] == pytest.approx(abs(share - 0.5))
    assert figures["brier"] < share * (1 - share)
    routes = figures["routes"]
    assert routes["router, gate 0.5"]["usd"] < routes["always cloud"]["usd"]
    assert routes["router, gate 0.5"]["targets"] == 400
    read = tomllib.loads(toml.read_text(encoding="utf-8"))
    model = Logistic(intercept=read["intercept"], weights=read["weights"])
    assert set(model.weights) <= set(terms(PLAIN))
    easy, hard = replace(PLAIN, cognitive=0), replace(PLAIN, cognitive=30)
    assert model.probability(easy) > 0.7 > 0.4 > model.probability(hard)


def test_with_a_measured_cloud_equal_quality_is_by_goals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    local = calls_of(examples(100))
    cloud = [replace(one, at=2_000.0, engine=Engine.CLOUD, usd=0.001, goals=3) for one in local]
    figures = router.main(["--ledger", str(ledger(tmp_path / "memory.db", [*local, *cloud]))])
    out = capsys.readouterr().out
    assert "hypothetical" not in out
    assert "saved at equal quality (goals): 0%" in out, "the local model meets two goals where the cloud meets three"
    assert "target ≥ 70: missed" in out
    assert figures["assumed"] == 0


@pytest.mark.parametrize("calls", [calls_of(examples(10)), [replace(one, goals=1) for one in calls_of(examples(40))]])
def test_what_cannot_be_fitted_is_replayed_with_the_shipped_confidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], calls: list[Call]
) -> None:
    figures = router.main(["--ledger", str(ledger(tmp_path / "memory.db", calls))])
    out = capsys.readouterr().out
    assert "too little to fit" in out
    assert "replayed with the confidence that qeforge comes with" in out
    assert figures["targets"] == len(calls)
    assert figures["intercept"] == fitted().intercept
    assert "brier" not in figures


def test_what_is_saved_by_asking_about_few_targets_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    local = calls_of(examples(10))
    cloud = [replace(one, at=2_000.0, engine=Engine.CLOUD, usd=0.001) for one in local[:5]]
    path = ledger(tmp_path / "memory.db", [*local, *cloud])
    figures = router.main(["--ledger", str(path), "--measured", "--targets", "50"])
    assert figures["targets"] == 5
    assert figures["every_target_usd"] == pytest.approx(0.05)
    assert figures["native_first_saving_percent"] == pytest.approx(90)
    assert "about each of 50 targets" in capsys.readouterr().out


def test_trouble_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such ledger"):
        router.main(["--ledger", str(tmp_path / "none.db")])
    few = ledger(tmp_path / "few.db", calls_of(examples(10)))
    with pytest.raises(SystemExit, match="too little to fit: 10 answers"):
        router.main(["--ledger", str(few), "--write", str(tmp_path / "never.toml")])
    assert not (tmp_path / "never.toml").exists()
    with pytest.raises(SystemExit, match="no target was asked about by both"):
        router.main(["--ledger", str(few), "--measured"])
    nobody = ledger(tmp_path / "cloud.db", [call(engine=Engine.CLOUD)])
    with pytest.raises(SystemExit, match="0 answers"):
        router.main(["--ledger", str(nobody)])
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 100)
    with pytest.raises(SystemExit, match="damaged"):
        router.main(["--ledger", str(broken)])
    many = ledger(tmp_path / "many.db", calls_of(examples(40)))
    with pytest.raises(SystemExit, match=r"nobody-1: no price"):
        router.main(["--ledger", str(many), "--cloud-model", "nobody-1"])
