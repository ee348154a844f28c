"""Training for real: PEFT, a GGUF file, llama.cpp and back."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from qeforge.domain.learning import Example, Shape
from qeforge.learning import adapter, bench, consolidate, foreign, micro, training
from qeforge.learning.adapter import read
from qeforge.learning.bench import Findings
from qeforge.learning.lesson import Plan, Pupil
from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, PART
from qeforge.providers.gguf import count_parameters, read_header
from qeforge.wiring.learning import rolled_back
from tests.learning.tiny import examples, plan, pupil_of, shape_of, tiny_model
from tests.providers.models import small_model

pytestmark = [pytest.mark.slow, pytest.mark.model]


@pytest.fixture(autouse=True)
def packages() -> None:
    for name in ("torch", "peft", "transformers", "gguf", "llama_cpp"):
        pytest.importorskip(name, reason="needs the extra `learn`", exc_type=ImportError)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_what_was_learned_is_used_and_taken_off_again(tmp_path: Path, architecture: str) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf", architecture), tmp_path / "learned", shape_of(architecture))
    given = examples()
    first = micro.learn(pupil, given, plan())
    assert first.kept, first
    assert first.record.after < first.record.before
    assert set(first.record.checks) == {"zero", "random", "off", "held-out"}
    second = micro.learn(pupil, given, plan(seed=1))
    assert second.kept
    assert second.record.parent == "0001"
    assert second.record.before == pytest.approx(first.record.after, abs=0.02)  # it goes on from there
    both, _ = read(pupil.snapshots.path(second.record, ADAPTER), pupil.shape)
    assert both.rank == 4
    whole = consolidate.learn(pupil, [*given, *examples("other", answer="'a')\n```")], plan(rank=4, steps=6))
    assert whole.kept, whole
    assert whole.record.more["fold_error"] == pytest.approx(0.0, abs=1e-3)  # two of rank 2 fit into one of rank 4
    assert set(whole.record.scores) == {"shop", "other"}
    assert whole.record.before == pytest.approx(second.record.after, abs=0.5)  # of what was in use
    assert {"held-out", "in use", "retention", "valid", "EWC++"} <= set(whole.record.checks)
    assert "first consolidation" in whole.record.checks["EWC++"]
    again = consolidate.learn(pupil, examples("other", answer="'a')\n```") + given, plan(rank=4, steps=2))
    assert again.record.more["last_penalty"] >= 0
    assert again.record.checks["EWC++"] == f"held near {whole.record.name}"
    assert again.record.checks["retention"].endswith(("(shop)", "(other)"))
    said: list[str] = []
    larger = consolidate.learn(pupil, given, plan(rank=6, steps=2, tell=said.append))
    assert "rank 4, this one 6" in larger.record.checks["EWC++"]
    assert any("no penalty" in line for line in said)
    assert "not judged" in larger.record.checks["valid"]
    with pupil.open() as runner:
        tokens, start = runner.tokens_of(given[-1].prompt, given[-1].accepted)
        bare = runner.losses(tokens, start)
        runner.set_adapter(pupil.snapshots.path(whole.record, ADAPTER))
        learned = runner.losses(tokens, start)
        runner.set_adapter(None)
        assert sum(learned) < sum(bare)
        assert runner.losses(tokens, start) == bare


def test_an_adapter_is_taken_from_a_file_only_for_the_same_model(tmp_path: Path) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    lesson = micro.learn(pupil, examples(), plan())
    file = pupil.snapshots.path(lesson.record, PART)
    pupil.snapshots.use("")
    taken = foreign.take(pupil, examples(), file, plan())
    assert taken.kept
    assert taken.record.kind == "import"
    (tmp_path / "n.gguf").write_bytes((tmp_path / "m.gguf").read_bytes() + b"\0" * 32)
    other = pupil_of(tmp_path / "n.gguf", tmp_path / "others", shape_of())
    with pytest.raises(LearningError, match="made for another model file"):
        foreign.take(other, examples(), file, plan())
    with pytest.raises(LearningError, match="no LoRA adapter"):
        foreign.take(pupil, examples(), tmp_path / "m.gguf", plan())


def test_what_is_not_better_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    first = micro.learn(pupil, examples(), plan())
    monkeypatch.setattr(training, "descend", lambda base, loss, optimiser: None)
    lesson = micro.learn(pupil, examples(), plan())
    assert not lesson.kept
    assert "held-out loss did not fall" in lesson.why
    assert pupil.snapshots.active() == first.record
    assert pupil.snapshots.records() == [first.record]


def test_rows_in_the_wrong_order_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    monkeypatch.setattr(adapter, "_turned", lambda b, heads, back=False: b)
    with pytest.raises(LearningError, match="queries and keys") as caught:
        micro.learn(pupil, examples(), plan())
    assert caught.value.slug == "conversion"
    assert pupil.snapshots.active() is None


def benched(pupil: Pupil, given: Sequence[Example], much: Plan, *, seeds: int = 1) -> Findings:
    return bench.run(pupil, bench.prepare(pupil, given, much, seeds=seeds), much, seeds=range(seeds))


def test_a_bench_tells_when_loss_falls_and_what_is_forgotten(tmp_path: Path) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    given = [*examples(), *examples("other", answer="'a')\n```")]
    found = benched(pupil, given, plan(steps=3))
    (curve,) = found.curves
    assert (curve.seed, len(curve.losses)) == (0, 4)
    assert curve.falls_at is not None
    assert [one.name for one in found.matrices] == ["no penalty", "replay", "λ 0.5", "λ 0.1", "λ 2"]
    assert (found.projects, found.trained, found.held_out, found.cut) == (("shop", "other"), (6, 6), (2, 2), False)
    held = {one.name: one for one in found.matrices}
    kept = {name: abs(one.retention - 1) for name, one in held.items()}
    assert kept["λ 2"] < kept["no penalty"]  # these two projects help one another: a penalty holds that back, too
    assert held["no penalty"].gain > held["λ 2"].gain
    assert {one.before for one in found.matrices} == {held["replay"].before}
    assert {one.scores[0] for one in found.matrices} == {held["replay"].scores[0]}  # learned once for all ways
    assert pupil.snapshots.records() == []


def test_a_bench_that_time_ends_gives_what_it_has(tmp_path: Path) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    said: list[str] = []
    given = [*examples(), *examples("other")]
    found = benched(pupil, given, plan(steps=1, seconds=0.0, tell=said.append), seeds=3)
    assert found.cut
    assert (len(found.curves), found.matrices) == (1, ())
    assert said[0].startswith("about ")
    assert said[1].startswith("time ends it after 0 s")


def test_ctrl_c_leaves_what_was_measured(tmp_path: Path) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    given = [*examples(), *examples("other")]

    def interrupt(line: str) -> None:
        if "no penalty" in line:
            raise KeyboardInterrupt

    found = benched(pupil, given, plan(steps=1, tell=interrupt))
    assert (found.cut, len(found.curves), [one.name for one in found.matrices]) == (True, 1, ["no penalty"])
    with pytest.raises(LearningError, match="longer than 16 tokens"):
        bench.prepare(pupil, given, plan(), seeds=1, longest=16)


def test_time_ends_training_between_two_steps(tmp_path: Path) -> None:
    pupil = pupil_of(tiny_model(tmp_path / "m.gguf"), tmp_path / "learned", shape_of())
    assert micro.learn(pupil, examples(), plan(seconds=0.0)).record.steps == 1


def test_the_real_one(tmp_path: Path) -> None:
    path = small_model()
    header = read_header(path)
    shape = Shape(
        architecture=header.architecture,
        layers=header.layers,
        heads=header.heads,
        groups=header.groups,
        parameters=count_parameters(path),
    )
    assert shape == Shape(architecture="llama", layers=30, heads=9, groups=3, parameters=134_515_008)
    pupil = pupil_of(path, tmp_path / "learned", shape)
    lesson = micro.learn(pupil, examples(), plan(steps=3, cores=2))
    assert lesson.kept, lesson
    assert lesson.record.after < lesson.record.before
    store = pupil.snapshots
    with pupil.open() as runner:
        asked = examples()[-1].prompt
        tokens, start = runner.tokens_of(asked, "1, 2)")
        bare, plain = runner.losses(tokens, start), runner.likeliest(tokens[:start], 8)
        runner.set_adapter(store.path(lesson.record, ADAPTER))
        assert sum(runner.losses(tokens, start)) < sum(bare)
        runner.set_adapter(None)
        assert runner.losses(tokens, start) == bare
        assert runner.likeliest(tokens[:start], 8) == plain
    assert rolled_back(store, None) is None
    assert store.active() is None
    assert rolled_back(store, "0001") == lesson.record
