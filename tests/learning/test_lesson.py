import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.provider import Prompt
from qeforge.learning import base, lesson, libraries
from qeforge.learning.adapter import supported
from qeforge.learning.checks import Check
from qeforge.learning.data import split
from qeforge.learning.libraries import LearningError
from tests.learning.tiny import example, examples, plan, shape_of


class Letters:
    """Reads each letter as a token."""

    def tokens_of(self, prompt: Prompt, answer: str) -> tuple[list[int], int]:
        asked = [*map(ord, prompt.text)]
        return [*asked, *map(ord, answer)], len(asked)

    def losses(self, tokens: Sequence[int], start: int) -> list[float]:
        return [1.0] * (len(tokens) - start)

    def logits(self, tokens: Sequence[int]) -> list[float]:
        return [0.0]

    def likeliest(self, tokens: Sequence[int], count: int) -> list[int]:
        return [0] * count

    def set_adapter(self, path: Path | None) -> None:
        """There is none."""


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name, name=f"{name}.parts")

    monkeypatch.setattr(importlib, "import_module", missing)
    for get, name in ((libraries.torch, "torch"), (libraries.gguf, "gguf"), (libraries.peft, "peft")):
        with pytest.raises(LearningError, match=f"learning needs the package {name}$") as caught:
            get()
        assert caught.value.slug == "missing-extra"
        assert caught.value.hint == "pip install 'qeforge[learn]'"


def test_other_architectures_are_refused_with_the_reason() -> None:
    supported(shape_of("llama"))
    supported(shape_of("qwen2"))
    with pytest.raises(LearningError, match="'phi3' cannot be trained: how their tensors are laid out"):
        supported(shape_of("phi3"))


def test_too_few_examples_say_what_is_missing() -> None:
    lesson.require(split(examples(train=4, held=1)))
    for few in (examples(train=3, held=1), examples(train=9, held=0)):
        with pytest.raises(LearningError, match="too little to learn from"):
            lesson.require(split(few))


def test_too_long_examples_are_left_out() -> None:
    given = [example("f"), example("g", accepted="x" * 2_000)]
    assert [chr(token) for token in lesson.read(Letters(), given)[0].tokens][-3:] == ["`"] * 3
    assert len(lesson.read(Letters(), given)) == 1
    parts = split(examples(train=0, answer="x" * 2_000))
    with pytest.raises(LearningError, match="longer than 1536 tokens"):
        lesson.held_out(Letters(), parts)


def test_what_is_judged_by_is_bounded_however_many_projects_there_are() -> None:
    given = [replace(one, at=float(n)) for n in range(100) for one in examples(f"p{n}", train=0)]
    few = lesson.held_out(Letters(), split(given[:8]))
    assert {len(own) for own in few.values()} == {2}
    many = lesson.held_out(Letters(), split(given))
    assert sum(map(len, many.values())) == lesson.MOST_JUDGED
    assert "p99" in many
    assert "p0" not in many


def test_memory_is_asked_for_before_anything_is_loaded() -> None:
    said: list[str] = []
    lesson.afford(plan(tell=said.append, free=10**10), 12.3, 2_600_000_000)
    assert said == ["about 12 s and 2.6 GB of memory"]
    with pytest.raises(LearningError, match=r"needs about 2\.6 GB of memory, 1\.0 GB are free") as caught:
        lesson.afford(plan(free=10**9), 12.3, 2_600_000_000)
    assert caught.value.slug == "memory"


def test_estimates_are_near_what_was_measured() -> None:
    small = shape_of()
    seconds, memory = base.estimate(small, tokens=400, steps=10, cores=2)
    assert memory > 700 << 20
    assert base.estimate(small, tokens=800, steps=10, cores=2)[0] > seconds
    assert base.estimate(small, tokens=400, steps=10, cores=4)[0] < seconds


@pytest.mark.parametrize("problem", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_too_little_memory_in_training_is_one_line(problem: Exception) -> None:
    with pytest.raises(LearningError, match="out of memory while training") as caught, base.memory_told():
        raise problem
    assert caught.value.slug == "memory"


def test_other_failures_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes"), base.memory_told():
        raise RuntimeError("shapes do not fit")


def test_a_check_that_fails_ends_it() -> None:
    lesson.demand([Check(name="zero", good=True, detail="0")])
    with pytest.raises(LearningError, match=r"random: correlation 0\.2"):
        lesson.demand(
            [Check(name="zero", good=True, detail="0"), Check(name="random", good=False, detail="correlation 0.2")]
        )
