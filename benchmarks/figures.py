"""What every script here needs: medians and percentiles, running commands, printing and keeping figures."""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import qeforge

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLES = ("textkit", "ledger", "fetcher")
Figures = dict[str, Any]


def parser(about: str | None) -> argparse.ArgumentParser:
    """A command line with the options that every script has."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--out", type=Path, metavar="FILE.json", help="keep the figures in this file, too")
    return made


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def verdict(value: float, target: float, *, at_most: bool) -> str:
    """`target ≥ 2000: met` and the like."""
    met = value <= target if at_most else value >= target
    return f"target {'≤' if at_most else '≥'} {target:g}: {'met' if met else 'missed'}"


def timed(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    timeout: float = 600.0,
    variables: Mapping[str, str] | None = None,
) -> tuple[float, int, str]:
    """Wall seconds, exit code and standard output of a command, with these variables on top of its environment."""
    started = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**environment(), **(variables or {})},
    )
    return time.perf_counter() - started, done.returncode, done.stdout


def environment() -> dict[str, str]:
    """This environment without settings of qeforge's, and with no byte code left in folders that are measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QEFORGE_", "_QEFORGE_"))}
    if "QEFORGE_DATA_DIR" in os.environ:
        kept["QEFORGE_DATA_DIR"] = os.environ["QEFORGE_DATA_DIR"]
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def qeforge_json(
    arguments: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    timeout: float = 3600.0,
    variables: Mapping[str, str] | None = None,
    start: Sequence[str] = ("-m", "qeforge.cli"),
) -> Figures:
    """The `data` of `qeforge … --json`, begun in the usual way or by a script of ours that stands in for it.

    Raises:
        SystemExit: it ended with an error, which is shown.
    """
    command = [sys.executable, *start, *arguments, "--json"]
    _, code, out = timed(command, cwd=cwd, timeout=timeout, variables=variables)
    envelope = json.loads(out) if out.strip() else {}
    if code not in (0, 1) or not envelope:
        problems = "; ".join(error["message"] for error in envelope.get("errors", ())) or "it said nothing"
        raise SystemExit(f"qeforge {' '.join(map(str, arguments))} ended with {code}: {problems}")
    data: Figures = envelope["data"]
    return data


def copy_sample(name: str, place: Path) -> Path:
    """A sample project copied to a folder, so that nothing is written into the repository."""
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info")
    return Path(shutil.copytree(REPOSITORY / "sample-projects" / name, place / name, ignore=ignored))


def machine() -> Figures:
    """What figures depend on, without naming anybody's machine."""
    return {
        "qeforge": qeforge.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "system": sys.platform,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def keep(figures: Mapping[str, Any], out: Path | None) -> None:
    """Writes the figures with what they depend on, where a file was asked for."""
    if out is not None:
        out.write_text(json.dumps({"machine": machine(), **figures}, indent=2) + "\n", encoding="utf-8")
