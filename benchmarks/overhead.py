"""What routing and the ledger take for each target: features, the decision, the entry, what came of it.

On the targets of the sample projects, in a ledger of its own, each target several times. Nothing else is in the way:
no model is asked. Wall time is what the aim is about; processor time is what is left of it where others use the
same cores.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from figures import REPOSITORY, SAMPLES, Figures, keep, parser, percentile, verdict

from qeforge.analysis.discovery import discover
from qeforge.analysis.goals import GoalMap
from qeforge.config import Config
from qeforge.domain.ledger import Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine, Features
from qeforge.domain.target import SourceModule, Target
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import NAME, Store
from qeforge.refinement.consulting import features_for
from qeforge.routing.policy import Cost
from qeforge.wiring.routing import policy_for

MOST = 5  # milliseconds at p95
PARTS = ("features", "decide", "record", "gained")


class Spell(NamedTuple):
    """Seconds that something took: by the clock, and of the processor."""

    wall: float
    cpu: float


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=10, help="over all targets (default: %(default)s)")
    options.add_argument("--samples", default=",".join(SAMPLES), help="which projects (default: %(default)s)")
    given = options.parse_args(arguments)
    roots = [REPOSITORY / "sample-projects" / name / "src" for name in given.samples.split(",")]
    modules = discover(roots).modules
    spent: dict[str, list[Spell]] = {name: [] for name in PARTS}
    past: list[Spell] = []
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        ledger = SqliteLedger(Store(Path(folder) / NAME))
        for _ in range(given.rounds):
            for module in modules:
                with timed(past):
                    outcomes = ledger.outcomes("bench", module.name)
                known = features_for(module, GoalMap.of(module), outcomes, seconds=60.0)
                measure(module, known, ledger, spent)
        calls = len(ledger.calls())
    spent["together"] = [Spell(*map(sum, zip(*each, strict=True))) for each in zip(*spent.values(), strict=True)]
    figures: Figures = {"targets": len(spent["together"]), "calls": calls}
    for name, spells in {"past": past, **spent}.items():
        for kind, values in zip(Spell._fields, zip(*spells, strict=True), strict=True):
            figures[f"{name}_{kind}_p50_ms"] = percentile(values, 0.5) * 1000
            figures[f"{name}_{kind}_p95_ms"] = percentile(values, 0.95) * 1000
        wall, cpu = ([figures[f"{name}_{kind}_{rank}_ms"] for rank in ("p50", "p95")] for kind in Spell._fields)
        print(f"{name}: wall p50 {wall[0]:.3f}, p95 {wall[1]:.3f} ms; processor p50 {cpu[0]:.3f}, p95 {cpu[1]:.3f} ms")
    print(f"{figures['targets']} targets; past: once a module, of {calls} calls in the ledger")
    print(verdict(figures["together_wall_p95_ms"], MOST, at_most=True))
    keep(figures, given.out)
    return figures


def measure(
    module: SourceModule, known: Callable[[Target], Features], ledger: SqliteLedger, spent: dict[str, list[Spell]]
) -> None:
    """All that is done around one question, for each target of a module."""
    models = {Engine.LOCAL: Cost(seconds=8.0), Engine.CLOUD: Cost(seconds=5.0, usd=0.001)}
    policy = policy_for(Config(), models)
    for target in module.targets:
        with timed(spent["features"]):
            features = replace(known(target), open_goals=3, reached=0.5)
        with timed(spent["decide"]):
            decision = policy.decide(features)
        with timed(spent["record"]):
            number = ledger.record(
                Call(
                    at=time.time(),
                    project="bench",
                    module=module.name,
                    target=target.id,
                    engine=Engine.LOCAL,
                    provider="none",
                    model="none",
                    usage=Usage(input=600, output=100),
                    seconds=1.0,
                    usd=0.0,
                    features=json.dumps(asdict(features)),
                    confidence=decision.confidence,
                )
            )
        with timed(spent["gained"]):
            ledger.gained(number, candidates=8, valid=7, goals=1, mutants=0)
        if not number:
            raise SystemExit(ledger.problem)


@contextmanager
def timed(into: list[Spell]) -> Iterator[None]:
    """Adds the seconds of a block."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    into.append(Spell(time.perf_counter() - began, time.process_time() - busy))


if __name__ == "__main__":
    main()
