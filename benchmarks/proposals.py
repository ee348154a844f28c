"""What a local model's proposals bring beyond the native engine: goals that it leaves open, and what asking takes.

Each module is written twice with the same time and seed: by the native engine alone, and with a model. Counted are the
lines and branches that the first leaves open and the second meets, of every run's own account; and, from the ledger,
what the model answered. Nothing is written but `--out`, which also lets a run that was stopped go on.

    python benchmarks/proposals.py --model qwen.gguf --modules inflection,toolz.itertoolz --python venv/bin/python

With `--counted`, the search gets the counted work of `--max-time` and answers are waited for however long they take, no
mutants are tried (`rig/patient.py`): what answers are worth apart from the seconds that they take on this machine.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures import Figures, keep, median, parser, percentile, qeforge_json, verdict
from rig.subjects import load
from suite_quality import find_module

from qeforge.execution.interpreter import find_interpreter
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import NAME, Store

MODEL = "QEFORGE_MODEL"
NATIVE = "native"
PROMPT = 1_200  # tokens at the median
START = ("-m", "qeforge.cli")
PATIENT = Path(__file__).parent / "rig" / "patient.py"
PATIENCE = 3_600.0  # seconds for the questions about one module
CALLS = ("questions", "candidates", "valid", "goals", "output", "seconds")


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument(
        "--model", action="append", help=f"GGUF file, or name of a catalogue's model; repeatable; default: ${MODEL}"
    )
    options.add_argument("--url", default="", help="of a server on this machine that answers for the models")
    options.add_argument("--modules", default="dozen", help="names, groups or packages of subjects.toml, or modules")
    options.add_argument("--python", type=Path, help="interpreter that has the modules; default: this one")
    options.add_argument("--max-time", type=float, default=60.0, help="seconds a module (default: %(default)s)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--counted", action="store_true", help="count the search's work, and wait for every answer")
    given = options.parse_args(arguments)
    models = given.model or [os.environ[MODEL]] if given.model or os.environ.get(MODEL) else []
    if not models:
        raise SystemExit(f"no model: --model FILE.gguf, or {MODEL}=FILE.gguf")
    python = find_interpreter(given.python or Path(sys.executable), Path.cwd())
    files = {name: find_module(name, python.search_path) for name in named(given.modules)}
    figures: Figures = begun(given.out) or {
        "max_time": given.max_time,
        "seed": given.seed,
        "counted": given.counted,
        "modules": {},
    }
    limit = PATIENCE if given.counted else given.max_time
    settings = ("--python", str(python.path), "--max-time", f"{limit:g}", "--seed", str(given.seed))
    start = (str(PATIENT), "--work", f"{given.max_time:g}", "--ask-on") if given.counted else START
    for name, file in files.items():
        row: Figures = figures["modules"].setdefault(name, {})
        if NATIVE not in row:
            row[NATIVE] = generated(file, settings, {}, NATIVE, start)
        for model in models:
            if Path(model).stem not in row:
                row[Path(model).stem] = generated(file, settings, asked(model, given.url), "local", start)
        keep(figures, given.out)
        print(line(name, row), flush=True)
    for model in models:
        summary = figures[Path(model).stem] = summed(figures["modules"].values(), Path(model).stem)
        print(told(Path(model).stem, summary))
    keep(figures, given.out)
    return figures


def named(words: str) -> list[str]:
    """Names of modules: those of a group or a package of `subjects.toml`, or as they are given."""
    catalogue, names = load(), []
    for word in (each.strip() for each in words.split(",")):
        try:
            names += [subject.module for subject in catalogue.chosen([word]) if not subject.sample]
        except SystemExit:
            names.append(word)
    return list(dict.fromkeys(names))


def begun(out: Path | None) -> Figures | None:
    """What an earlier run left."""
    return json.loads(out.read_text(encoding="utf-8")) if out is not None and out.is_file() else None


def asked(model: str, url: str) -> Mapping[str, str]:
    """The settings that make a run ask this model."""
    return {"QEFORGE_LOCAL_MODEL": str(Path(model).resolve()) if Path(model).is_file() else model} | (
        {"QEFORGE_LOCAL_URL": url} if url else {}
    )


def generated(
    file: Path, settings: Sequence[str], variables: Mapping[str, str], engine: str, start: Sequence[str]
) -> Figures:
    """One run, in a data folder of its own; what it left open, and what its ledger says."""
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        command: list[str | Path] = ["generate", file, "--out", Path(folder) / "suites", "--engine", engine, *settings]
        command += ["--no-cache", "--ignore-existing", "--dry-run", "--jobs", "1"]
        data = qeforge_json(command, variables={**variables, "QEFORGE_DATA_DIR": folder}, start=start)
        calls = SqliteLedger(Store(Path(folder) / NAME)).calls()
    one = data["modules"][0]
    reached = one["coverage"] or {}
    answered = [call for call in calls if call.outcome == "answered"]
    return {
        "lines": reached.get("lines", 0),
        "branches": reached.get("branches", 0),
        "open": sum(reached.get(what, 0) - reached.get(f"{what}_met", 0) for what in ("lines", "branches")),
        "mutation": (one["score"] or {}).get("mutation"),
        "wall": one["seconds"],
        "stop": one["stop"],
        "questions": len(answered),
        "failed": len(calls) - len(answered),
        "prompts": [call.usage.input for call in answered],
        "output": sum(call.usage.output for call in answered),
        "seconds": round(sum(call.seconds for call in answered), 2),
        "candidates": sum(call.candidates for call in answered),
        "valid": sum(call.valid for call in answered),
        "goals": sum(call.goals for call in answered),
    }


def summed(rows: Any, model: str) -> Figures:
    """One model over all modules."""
    pairs = [(row[NATIVE], row[model]) for row in rows]
    left = sum(native["open"] for native, _ in pairs)
    whole: Figures = {key: round(sum(run[key] for _, run in pairs), 2) for key in CALLS}
    prompts = [tokens for _, run in pairs for tokens in run["prompts"]]
    unneeded = [(native["wall"], run["wall"]) for native, run in pairs if not run["questions"] and not run["failed"]]
    goals = sum(native["open"] - run["open"] for native, run in pairs)
    return {
        "left_open": left,
        "met": goals,
        "met_share": goals / left if left else None,
        "valid_share": whole["valid"] / whole["candidates"] if whole["candidates"] else None,
        "prompt_median": median(prompts) if prompts else None,
        "prompt_p95": percentile(prompts, 0.95) if prompts else None,
        "seconds_a_goal": whole["seconds"] / whole["goals"] if whole["goals"] else None,
        "tokens_a_goal": (sum(prompts) + whole["output"]) / whole["goals"] if whole["goals"] else None,
        "unneeded_ratio": median([run / native for native, run in unneeded if native]) if unneeded else None,
        **whole,
    }


def line(name: str, row: Figures) -> str:
    """One module: what is open with and without."""
    native = row[NATIVE]
    parts = [f"{name}: {native['lines'] + native['branches']} goals, native leaves {native['open']} ({native['stop']})"]
    for model, run in row.items():
        if model != NATIVE:
            parts.append(
                f"{model} {run['open']} ({run['questions']} questions, {run['goals']} goals credited, {run['stop']})"
            )
    return "; ".join(parts)


def told(model: str, found: Figures) -> str:
    """The figures of one model in a few lines."""

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.1%}"

    lines = [
        f"{model}: met {found['met']} of the {found['left_open']} goals that the native engine leaves open: "
        f"{share(found['met_share'])}",
        f"  candidates valid: {found['valid']:.0f} of {found['candidates']:.0f}, {share(found['valid_share'])}",
        f"  {found['questions']:.0f} questions, {found['seconds']:.0f} s; {found['goals']:.0f} goals met by answers",
    ]
    if found["seconds_a_goal"] is not None:
        lines.append(f"  {found['seconds_a_goal']:.1f} s and {found['tokens_a_goal']:.0f} tokens a goal")
    if found["prompt_median"] is not None:
        lines.append(
            f"  prompt tokens: median {found['prompt_median']:.0f}, p95 {found['prompt_p95']:.0f}; "
            + verdict(found["prompt_median"], PROMPT, at_most=True)
        )
    if found["unneeded_ratio"] is not None:
        lines.append(f"  where nothing was asked, time against native: {found['unneeded_ratio']:.2f} (median)")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
