"""Records the runs that `router.py` replays: every module once with a local model, once with one in the cloud's place.

For where no cloud can be reached: a second, larger GGUF file answers for the default cloud model, behind a loopback
server that speaks the Messages API (`rig/stand_in.py`), and counts as that model, at its price. The escalation model is
not stood in for. Both runs on a module begin from the same state: nothing is cached, remembered or written. What the
clock would cut is counted instead (`rig/patient.py`), so that a busy machine records the same questions as an idle one;
only the seconds are worth nothing then.

    python benchmarks/router_record.py --local small.gguf --cloud larger.gguf --modules pysnooper.utils,sty.primitive \\
        --python venv/bin/python --data runs
    python benchmarks/router.py --ledger runs/memory.db --targets 40 --out router.json
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from figures import Figures, keep, parser, qeforge_json, timed
from proposals import named
from rig.model_server import chosen_model
from rig.stand_in import standing_in
from suite_quality import find_module

from qeforge.config import Config
from qeforge.execution.interpreter import find_interpreter
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import NAME, Store
from qeforge.providers.llama import Llama

PATIENT = Path(__file__).parent / "rig" / "patient.py"


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Records, prints a line a run, and returns what was recorded."""
    options = parser(__doc__)
    options.add_argument("--local", type=Path, required=True, help="GGUF file of the local model")
    options.add_argument("--cloud", type=Path, required=True, help="GGUF file that answers in the cloud's place")
    options.add_argument("--modules", required=True, help="names, groups or packages of subjects.toml, or modules")
    options.add_argument("--python", type=Path, help="interpreter that has the modules; default: this one")
    options.add_argument("--search", type=Path, action="append", default=[], help="another folder with modules")
    options.add_argument("--data", type=Path, required=True, help="folder for the ledger, memory.db")
    options.add_argument(
        "--max-time", type=float, default=7200.0, help="seconds a module, so many that no answer is cut (%(default)s)"
    )
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args(arguments)
    local, cloud = chosen_model(given.local), chosen_model(given.cloud)
    python = find_interpreter(given.python or Path(sys.executable), Path.cwd())
    given.data.mkdir(parents=True, exist_ok=True)
    model = Config().cloud_model
    usual = ["--no-cache", "--no-memory", "--ignore-existing", "--dry-run", "--jobs", "1", "--yes"]
    usual += ["--python", str(python.path), "--max-time", f"{given.max_time:g}", "--seed", str(given.seed)]
    figures: Figures = {"local": local.name, "cloud": cloud.name, "in_the_place_of": model, "modules": {}}
    provider = Llama(cloud, threads=lambda: 1)
    try:
        with standing_in(provider, model) as address:
            variables = {
                "QEFORGE_DATA_DIR": str(given.data),
                "QEFORGE_LOCAL_MODEL": str(local),
                "ANTHROPIC_BASE_URL": address,
                "ANTHROPIC_API_KEY": "stand-in",
            }
            for name in named(given.modules):
                file = find_module(name, (*given.search, *python.search_path))
                row = figures["modules"].setdefault(name, {})
                row["targets"] = len(qeforge_json(["targets", file, "--python", python.path], timeout=120)["targets"])
                for engine in ("local", "cloud"):
                    out = given.data / "suites"
                    row[engine] = recorded(
                        ["generate", file, "--out", out, "--engine", engine, *usual], variables, given.max_time
                    )
                    print(f"{name}, {engine}: {row[engine]}", flush=True)
                figures["calls"] = answers_in(given.data / NAME, list(figures["modules"]))
                keep(figures, given.out)
    finally:
        provider.close()
    return figures


def answers_in(ledger: Path, modules: Sequence[str]) -> list[Figures]:
    """What the ledger says of each question about these modules."""
    return [
        {
            "target": call.target,
            "engine": str(call.engine),
            "outcome": call.outcome,
            "input": call.usage.input,
            "output": call.usage.output,
            "usd": call.usd,
            "seconds": round(call.seconds, 1),
            "candidates": call.candidates,
            "valid": call.valid,
            "goals": call.goals,
        }
        for call in SqliteLedger(Store(ledger)).calls()
        if call.module in modules
    ]


def recorded(command: Sequence[str | Path], variables: dict[str, str], timeout: float) -> Figures:
    """One run; how long it took, why it ended, and what it left open."""
    _, code, out = timed([sys.executable, PATIENT, *command, "--json"], variables=variables, timeout=timeout)
    envelope = json.loads(out) if out.strip() else {}
    if not envelope.get("data", {}).get("modules"):
        raise SystemExit(f"qeforge {' '.join(map(str, command))} ended with {code}")
    one = envelope["data"]["modules"][0]
    reached = one["coverage"] or {}
    left = sum(reached.get(what, 0) - reached.get(f"{what}_met", 0) for what in ("lines", "branches"))
    problems = [error["message"] for error in envelope["errors"]]
    return {"seconds": round(one["seconds"], 1), "stop": one["stop"], "goals_open": left, "problems": problems}


if __name__ == "__main__":
    main()
