"""How good the router is, from recorded runs: is its confidence true, and what does it save?

Fits the confidence in a local model (`qeforge/routing/confidence.toml`) to the answers in a ledger, says how well
calibrated it is on modules that it has not seen, and replays the targets against other ways of routing.

Record with both models, from the same state, so that nothing has to be assumed about the cloud:

    QEFORGE_DATA_DIR=runs qeforge generate --engine local --no-cache --dry-run src/
    QEFORGE_DATA_DIR=runs qeforge generate --engine cloud --no-cache --dry-run --yes src/
    python benchmarks/router.py --ledger runs/memory.db

Where no cloud can be reached, `router_record.py` records with a stand-in. `--targets` says how many targets the
recorded modules have, those included about which nobody had to be asked: what asking the cloud about every one of them
would cost is then compared, too, and shows what is saved by the native engine's being first.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from figures import Figures, keep, parser, verdict
from rig.logistic import BINS, Example, brier, calibration_error, fit, held_out
from rig.replay import Recorded, Tally, always, answers, by_chance, place_of, recorded, routed

from qeforge.config import Config, data_dir
from qeforge.domain.ledger import Call
from qeforge.domain.routing import Engine
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import NAME, Store, StoreError
from qeforge.providers.prices import cost
from qeforge.routing.confidence import Logistic, confidence, fitted

LEAST = 30  # answers; below, nothing can be said
SAVING = 70  # percent, at equal quality
GATES = [number / 20 for number in range(21)]


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Fits, replays, prints, and returns the figures."""
    usual = Config()
    options = parser(__doc__)
    options.add_argument("--ledger", type=Path, help="the ledger; default: that of this user")
    options.add_argument("--gate", type=float, default=usual.routing_gate, help="(default: %(default)s)")
    options.add_argument("--cloud-model", default=usual.cloud_model, help="for prices (default: %(default)s)")
    options.add_argument(
        "--cloud-seconds", type=float, default=5.0, help="that an assumed answer of it takes (default: %(default)s)"
    )
    options.add_argument("--measured", action="store_true", help="only targets that both models were asked about")
    options.add_argument("--targets", type=int, metavar="N", help="targets of the recorded modules, asked about or not")
    options.add_argument("--write", type=Path, metavar="FILE.toml", help="write the fitted confidence to this file")
    given = options.parse_args(arguments)
    calls = calls_in(given.ledger or data_dir(os.environ) / NAME)
    examples = [
        Example(features=features, met=call.goals > 0, module=place_of(call))
        for call, features in answers(calls, Engine.LOCAL)
    ]
    lacking = too_little(examples)
    if not examples or (lacking and given.write is not None):
        raise SystemExit(lacking)
    if lacking:
        print(f"{lacking}; replayed with the confidence that qeforge comes with")
        models, figures, model = dict.fromkeys((one.module for one in examples), fitted()), Figures(), fitted()
    else:
        models = dict(held_out(examples))
        figures = calibration(examples, models)
        model = fit(examples)
    if given.write is not None:
        given.write.write_text(as_toml(model, figures), encoding="utf-8")
    try:
        targets = recorded(calls, lambda usage: cost(given.cloud_model, usage), seconds=given.cloud_seconds)
    except ValueError as problem:
        raise SystemExit(f"{given.cloud_model}: {problem}") from None
    if given.measured:
        targets = [one for one in targets if not one.assumed]
    if not targets:
        raise SystemExit("no target was asked about by both models")
    figures |= {"intercept": model.intercept, "weights": dict(model.weights)}
    figures |= replay(targets, [confidence(one.features, models[one.module]) for one in targets], given.gate)
    if given.targets:
        figures |= native_first(targets, given.targets)
    keep(figures, given.out)
    return figures


def calls_in(ledger: Path) -> list[Call]:
    """Every call of a ledger; ends the program with one line when there is none to read."""
    if not ledger.is_file():
        raise SystemExit(f"{ledger}: no such ledger")
    try:
        return SqliteLedger(Store(ledger)).calls()
    except StoreError as problem:
        raise SystemExit(problem.message) from None


def too_little(examples: Sequence[Example]) -> str:
    """Why nothing can be fitted; empty where it can."""
    modules, met = {one.module for one in examples}, sum(one.met for one in examples)
    if len(examples) >= LEAST and len(modules) >= 2 and 0 < met < len(examples):
        return ""
    return (
        f"too little to fit: {len(examples)} answers of a local model about {len(modules)} modules, {met} of which met "
        f"a goal; it takes {LEAST} about 2, some of which met one and some did not"
    )


def calibration(examples: Sequence[Example], models: Mapping[str, Logistic]) -> Figures:
    """Prints how true the confidence is on modules that its model has not seen."""
    met = [one.met for one in examples]
    share = sum(met) / len(met)
    likely = [confidence(one.features, models[one.module]) for one in examples]
    error, distance = calibration_error(likely, met), brier(likely, met)
    print(f"answers of a local model: {len(examples)} about {len(models)} modules; {share:.0%} met a goal")
    print(f"held-out expected calibration error: {error:.3f} ({BINS} bins, cross-validated by module)")
    constant = [0.5] * len(met)
    blind, apart = calibration_error(constant, met), brier(constant, met)
    print(f"held-out Brier score: {distance:.3f}; always saying {share:.2f}: {share * (1 - share):.3f}")
    print(f"always saying 0.50: calibration error {blind:.3f}, Brier score {apart:.3f}")
    return {
        "answers": len(examples),
        "modules": len(models),
        "met": share,
        "calibration_error": error,
        "brier": distance,
        "constant_calibration_error": blind,
        "constant_brier": apart,
    }


def replay(targets: Sequence[Recorded], confidences: Sequence[float], gate: float) -> Figures:
    """Prints what routes come to, and the saving of the cheapest gate that loses nothing against always-cloud."""
    assumed = sum(one.assumed for one in targets)
    cloud, local = always(Engine.CLOUD, targets), always(Engine.LOCAL, targets)
    share = sum(confidence >= gate for confidence in confidences) / len(targets)
    gates = {each: routed(targets, confidences, each) for each in GATES}

    def quality(tally: Tally) -> float:
        return tally.targets if assumed else tally.goals

    equal = [each for each, tally in gates.items() if quality(tally) >= quality(cloud)]
    best = min(equal, key=lambda each: (gates[each].usd, gates[each].seconds))
    routes = {
        "always cloud": cloud,
        "always local": local,
        f"by lot, {share:.0%} local first": by_chance(targets, share),
        f"router, gate {gate:g}": routed(targets, confidences, gate),
        f"router, gate {best:g}": gates[best],
    }
    print()
    print("| route | targets with a goal met | goals | USD | cost | seconds |")
    print("|---|---|---|---|---|---|")
    for name, tally in routes.items():
        rate = f"{tally.usd / cloud.usd:.0%}" if cloud.usd else "–"
        print(
            f"| {name} | {tally.targets:.0f} of {len(targets)} | {tally.goals:.0f} | {tally.usd:.4f} | {rate} | "
            f"{tally.seconds:.0f} |"
        )
    print()
    if assumed:
        print(f"hypothetical: of {assumed} of {len(targets)} targets no cloud model was asked; its answers are assumed")
    saving = 100 * (1 - gates[best].usd / cloud.usd) if cloud.usd else 0.0
    by = "targets with a goal met" if assumed else "goals"
    print(f"saved at equal quality ({by}): {saving:.0f}% at gate {best:g}; {verdict(saving, SAVING, at_most=False)}")
    return {
        "targets": len(targets),
        "assumed": assumed,
        "routes": {name: asdict(tally) for name, tally in routes.items()},
        "gate_at_equal_quality": best,
        "saving_percent": saving,
    }


def native_first(targets: Sequence[Recorded], every: int) -> Figures:
    """Prints what the cloud would cost for all targets, and what of that the native engine saves by being first."""
    asked = sum(one.cloud.usd for one in targets)
    usd = asked / len(targets) * every
    saving = 100 * (1 - asked / usd)
    print(
        f"always cloud about each of {every} targets, at the mean price of a recorded question: ${usd:.4f}; where the "
        f"native engine is first, {len(targets)} are left: ${asked:.4f}, {saving:.0f}% less; "
        f"{verdict(saving, SAVING, at_most=False)}"
    )
    return {"every_target": every, "every_target_usd": usd, "native_first_saving_percent": saving}


def as_toml(model: Logistic, figures: Figures) -> str:
    """The text of `confidence.toml`."""
    lines = [
        f"# Written by benchmarks/router.py from {figures['answers']} answers about {figures['modules']} modules,",
        f"# {figures['met']:.0%} of which met a goal. Held-out expected calibration error, cross-validated by module:",
        f"# {figures['calibration_error']:.3f}.",
        f"intercept = {model.intercept:.6f}",
        "",
        "[weights]",
        *(f"{name} = {weight:.6f}" for name, weight in sorted(model.weights.items())),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
