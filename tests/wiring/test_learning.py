import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qeforge.config import Config
from qeforge.learning import bench
from qeforge.learning.bench import NOTHING, Exercise, Findings
from qeforge.learning.consolidate import EVERY
from qeforge.learning.lesson import Plan, Pupil
from qeforge.learning.snapshots import ADAPTER
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.store import NAME, Store
from qeforge.wiring import learning
from qeforge.wiring.rates import Rates
from tests.learning.test_lesson import Letters
from tests.learning.test_snapshots import RECORD
from tests.learning.tiny import examples, plan
from tests.providers.gguf_files import gguf


@pytest.fixture
def surroundings(tmp_path: Path) -> tuple[Config, dict[str, str]]:
    model = tmp_path / "small.gguf"
    model.write_bytes(gguf({"general.architecture": "llama", "llama.block_count": 2}))
    return Config(local_model=str(model), learn_auto=True), {"QEFORGE_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    found: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: found.append(command))
    return found


def kept(environ: dict[str, str], count: int, *, at: float) -> None:
    store = SqliteExamples(Store(Path(environ["QEFORGE_DATA_DIR"]) / NAME))
    for one in examples(train=count, held=1):
        store.record(replace(one, at=at))


def test_a_consolidation_begins_by_itself_when_it_is_time_and_that_is_wanted(
    surroundings: tuple[Config, dict[str, str]], begun: list[list[str]]
) -> None:
    config, environ = surroundings
    assert learning.consolidate_when_due(config, environ) == ""
    kept(environ, EVERY - 1, at=10.0)
    assert learning.consolidate_when_due(config, environ) == ""
    kept(environ, EVERY, at=11.0)
    assert learning.consolidate_when_due(replace(config, learn_auto=False), environ) == ""
    assert begun == []
    assert "consolidating in the background" in learning.consolidate_when_due(config, environ)
    assert begun[0][1:] == ["-m", "qeforge.cli", "learn", "consolidate"]
    store = learning.snapshots(config, environ)
    with store.changing(), store.making() as new:
        (new / ADAPTER).write_bytes(b"x")
        store.keep(new, replace(RECORD, name=store.next_name(new), kind="base", at=12.0))
    assert learning.consolidate_when_due(config, environ) == ""


def test_a_run_uses_what_is_in_use_at_each_question(surroundings: tuple[Config, dict[str, str]]) -> None:
    config, environ = surroundings
    path = Path(config.local_model)
    assert learning.learned_by(environ, path, path.stem).adapter() is None
    store = learning.snapshots(config, environ)
    with store.changing():
        pass
    used: Any = learning.learned_by(environ, path, path.stem)
    assert (used.adapter(), used.told) == (None, "")
    with store.changing(), store.making() as new:
        (new / ADAPTER).write_bytes(b"x")
        store.keep(new, replace(RECORD, name=store.next_name(new)))
    assert used.adapter() == store.folder / "0001" / ADAPTER
    assert learning.learned_by(environ, path, path.stem).told == "with what it learned up to 0001"
    store.use("")
    assert used.adapter() is None


class Runs:
    """A bench whose answers take 40 s with an adapter and as long without, by a clock of its own; nothing is trained.

    Args:
        interrupted: what Ctrl-C comes in: "without", "with it" or "training"; empty for none.
    """

    def __init__(
        self, surroundings: tuple[Config, dict[str, str]], patch: pytest.MonkeyPatch, interrupted: str
    ) -> None:
        self.config, self.environ = surroundings
        self.interrupted = interrupted
        self.now = 0.0
        self.said: list[str] = []
        self.left: list[float] = []
        patch.setattr(learning, "Llama", Model)
        patch.setattr(learning, "Examination", self.examination)
        patch.setattr(bench, "run", self.train)
        kept(self.environ, 6, at=1.0)
        store = learning.snapshots(self.config, self.environ)
        with store.changing(), store.making() as new:
            (new / ADAPTER).write_bytes(b"x")
            store.keep(new, replace(RECORD, name=store.next_name(new)))

    def benched(self, *, seconds: float) -> learning.Benched:
        much = plan(seconds=seconds, tell=self.said.append, clock=lambda: self.now)
        return learning.benched(self.config, self.environ, much, [Path()], seeds=2, held_out=2, longest=1536)

    def examination(self, *given: object) -> "Examined":
        return Examined(self.answered)

    def answered(self, model: "Model") -> Rates:
        self.now += 40.0
        self._reached("with it" if model.adapted else "without")
        return Rates(questions=1, candidates=2, valid=1 + model.adapted, goals=3, reached=1)

    def train(self, pupil: Pupil, exercise: Exercise, much: Plan, *, seeds: Sequence[int]) -> Findings:
        self.left.append(much.seconds)
        self._reached("training")
        return NOTHING

    def _reached(self, what: str) -> None:
        if what == self.interrupted:
            raise KeyboardInterrupt


class Model(Letters):
    def __init__(self, *given: object, **more: object) -> None:
        self.adapted = False

    def set_adapter(self, path: Path | None) -> None:
        self.adapted = path is not None

    def close(self) -> None:
        """Nothing is open."""


class Examined:
    questions = ("one",)

    def __init__(self, hold: Callable[[Model], Rates]) -> None:
        self.hold = hold


def test_a_bench_says_first_what_training_takes_and_gives_it_the_time_that_answers_left(
    surroundings: tuple[Config, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(surroundings, monkeypatch, "")
    found = runs.benched(seconds=100.0)
    assert runs.left == [20.0]
    assert not found.findings.cut
    assert [line.split(" ")[0] for line in runs.said] == ["about", "1", "without", "with"]


def test_a_bench_trains_nothing_when_answers_took_all_of_the_time(
    surroundings: tuple[Config, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(surroundings, monkeypatch, "")
    found = runs.benched(seconds=80.0)
    assert runs.left == []
    assert (found.findings.cut, found.off is None, found.on is None) == (True, False, False)


@pytest.mark.parametrize(("interrupted", "on"), [("with it", False), ("training", True)])
def test_ctrl_c_in_a_bench_leaves_the_rates_that_are_known(
    surroundings: tuple[Config, dict[str, str]], monkeypatch: pytest.MonkeyPatch, interrupted: str, on: bool
) -> None:
    found = Runs(surroundings, monkeypatch, interrupted).benched(seconds=100.0)
    assert found.findings == replace(NOTHING, cut=True)
    assert found.off == Rates(questions=1, candidates=2, valid=1, goals=3, reached=1)
    assert (found.on is not None) is on


def test_ctrl_c_before_any_rate_is_known_ends_a_bench(
    surroundings: tuple[Config, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        Runs(surroundings, monkeypatch, "without").benched(seconds=100.0)
