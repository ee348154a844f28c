"""Suites that were written and not measured yet: a folder, so that writing (which wants a quiet machine) comes first.

Measuring reads them from there, in another run if need be; a suite that was measured stays, to be measured again with
more mutants, or by another script that wants the same one.
"""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.metered import Usage
from rig.tools import Generated


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A suite on the shelf: where its files are, and what its tool did, in which version, on which machine."""

    suite: Path
    version: str
    machine: Mapping[str, Any]
    generated: Generated


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A folder of suites; what is in it is not written again while the tool's version stays the same."""

    folder: Path

    def get(self, tool: str, module: str, budget: float, seed: int) -> Made | None:
        """What was put there last; None if nothing was, or not to its end."""
        suite = self._place(tool, module, budget, seed)
        try:
            data: dict[str, Any] = json.loads(_about(suite).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        told = data["generated"]
        generated = Generated(**{**told, "usage": Usage(**told["usage"]), "rounds": tuple(told["rounds"])})
        return Made(suite=suite, version=data["version"], machine=data["machine"], generated=generated)

    def put(self, key: tuple[str, str, float, int], made: Made) -> None:
        """Copies the suite here; it counts from the moment at which all of it is there.

        Args:
            key: tool, module, budget and seed.
            made: with the folder that the suite is in now.
        """
        suite = self._place(*key)
        about = _about(suite)
        suite.parent.mkdir(parents=True, exist_ok=True)
        about.unlink(missing_ok=True)
        shutil.rmtree(suite, ignore_errors=True)
        shutil.copytree(made.suite, suite, ignore=shutil.ignore_patterns("__pycache__"))
        data = {"version": made.version, "machine": made.machine, "generated": dataclasses.asdict(made.generated)}
        fresh = about.with_suffix(".new")
        fresh.write_text(json.dumps(data), encoding="utf-8")
        fresh.replace(about)

    def _place(self, tool: str, module: str, budget: float, seed: int) -> Path:
        return self.folder / tool.replace(" ", "-") / f"{module}@{budget:g}s-seed{seed}"


def _about(suite: Path) -> Path:
    return suite.with_name(f"{suite.name}.json")
