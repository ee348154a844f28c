"""Helpers to judge small modules written on the spot."""

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Observation
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.execution.judge import ForkJudge, JudgeSettings, open_judge


def write_module(folder: Path, source: str, name: str = "sample") -> SourceModule:
    """A module of that source, as discovery would find it."""
    text = textwrap.dedent(source).lstrip("\n")
    path = folder.joinpath(*name.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return SourceModule(name=name, path=path, import_root=folder, source=text, targets=())


def interpreter(path: Path | None = None) -> Interpreter:
    return find_interpreter(path or Path(sys.executable), Path("/"))


def open_module(
    folder: Path, source: str, *, name: str = "sample", python: Path | None = None, **settings: Any
) -> ForkJudge | SkippedModule:
    return open_judge(write_module(folder, source, name), interpreter(python), JudgeSettings(**settings))


@contextmanager
def judging(
    folder: Path, source: str, *, name: str = "sample", python: Path | None = None, **settings: Any
) -> Iterator[ForkJudge]:
    """A judge of a module of that source."""
    judge = open_module(folder, source, name=name, python=python, **settings)
    assert isinstance(judge, ForkJudge), judge
    with judge:
        yield judge


def candidate(
    act: str, *arrange: str, imports: tuple[str, ...] = ("import sample",), fixtures: tuple[str, ...] = ()
) -> Candidate:
    return Candidate(target="sample:f", act=act, arrange=arrange, imports=imports, fixtures=fixtures)


def source_of(observation: Observation) -> str | None:
    assert observation.result is not None, observation
    return observation.result.source
