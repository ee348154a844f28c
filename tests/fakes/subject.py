"""A module under test, made from text, really importable, and judged in this process."""

import importlib.util
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from qeforge.analysis.goals import GoalMap
from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.targets import find_targets
from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Mutant
from qeforge.domain.target import SourceModule
from tests.fakes.judge import InProcessJudge


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A module, what there is to reach and to notice in it, and a judge for it."""

    module: SourceModule
    goals: GoalMap
    mutants: tuple[Mutant, ...]
    judge: InProcessJudge

    def call(self, act: str, *arrange: str) -> Candidate:
        """A candidate that imports the module's function that `act` starts with."""
        name = act.partition("(")[0]
        return Candidate(
            target=f"{self.module.name}:{name}",
            act=act,
            arrange=arrange,
            imports=(f"from {self.module.name} import {name}",),
            proposer="list",
        )

    def calls(self, *acts: str) -> Sequence[Candidate]:
        """One candidate for each."""
        return [self.call(act) for act in acts]


def subject(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch, name: str = "shop") -> Subject:
    """The text, dedented, as an importable module. Its import lasts as long as `monkeypatch`."""
    text = textwrap.dedent(source).lstrip("\n")
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    module = SourceModule(name=name, path=path, import_root=folder, source=text, targets=find_targets(text, name))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    imported = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, imported)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(imported)
    return Subject(
        module=module, goals=GoalMap.of(module), mutants=find_mutants(module), judge=InProcessJudge(imported)
    )
