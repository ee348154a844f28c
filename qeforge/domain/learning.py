"""What a local model learns from, and what learning needs of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from qeforge.domain.provider import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question to a model, and what the judge made of the answer.

    Args:
        at: seconds since 1970, UTC.
        project, target: what it was about.
        model: who answered.
        system, ask, prefill: the question, as in `Prompt`; `ask` has what questions share in it.
        accepted: how the answer would have gone on had it held only what proved good: each candidate in it was
            confirmed in fresh processes, and met a goal or killed a mutant. Empty when none was.
        kept: candidates in `accepted`.
        rejected: the other candidates of the answer, as source.
        grammar: what the answer was held to behind `prefill`, as in `Prompt`; empty for nothing.
    """

    at: float
    project: str
    target: str
    model: str
    system: str
    ask: str
    prefill: str
    accepted: str
    kept: int
    rejected: tuple[str, ...] = ()
    grammar: str = ""

    @property
    def prompt(self) -> Prompt:
        """The question again."""
        return Prompt(system=self.system, shared="", ask=self.ask, prefill=self.prefill, grammar=self.grammar)


class Examples(Protocol):
    """Keeps examples. Trouble with it costs the example, never the run."""

    def record(self, example: Example) -> None:
        """Adds one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a model's form an adapter has to fit.

    Args:
        architecture: `qwen2`, `llama`, …
        layers: blocks.
        heads: of queries.
        groups: heads of keys and values.
        parameters: numbers in all tensors together.
    """

    architecture: str
    layers: int
    heads: int
    groups: int
    parameters: int


class Runner(Protocol):
    """A model as it will be used, in llama.cpp, under the adapter that was set last. Raises ProviderErrors."""

    def tokens_of(self, prompt: Prompt, answer: str) -> tuple[list[int], int]:
        """The question with an answer, as the model reads it, and where the answer begins."""
        ...

    def losses(self, tokens: Sequence[int], start: int) -> list[float]:
        """For each token from `start` on, minus the natural logarithm of the probability that the model gave it."""
        ...

    def logits(self, tokens: Sequence[int]) -> list[float]:
        """What the model expects after these tokens, one number for each token it knows."""
        ...

    def likeliest(self, tokens: Sequence[int], count: int) -> list[int]:
        """How the model goes on when it always takes the likeliest token."""
        ...

    def set_adapter(self, path: Path | None) -> None:
        """Uses an adapter from now on; None for the bare model. What was read before is forgotten."""
        ...
