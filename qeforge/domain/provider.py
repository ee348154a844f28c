"""What a model is asked and what it answers, whoever runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from qeforge.errors import ProviderError


class Place(StrEnum):
    """Where a provider computes, which decides what it may be given."""

    PROCESS = "process"  # in a process of ours
    MACHINE = "machine"  # a server on this machine
    NETWORK = "network"  # a server that the user allowed by its address
    CLOUD = "cloud"  # somebody else's machines


class Finish(StrEnum):
    """Why a reply ended."""

    STOP = "stop"  # the model was done, or wrote a stop text
    LENGTH = "length"  # `max_tokens`: the last line may be cut
    REFUSED = "refused"
    CANCELLED = "cancelled"  # the listener said enough, Ctrl-C, or time was up


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question.

    Args:
        system: who the model is to be.
        shared: what many questions about one module have in common; comes first, so that it can be cached.
        ask: what is asked here.
        prefill: how the answer begins; the completion's text continues it and does not repeat it.
        stop: texts that end the answer; they are not part of it.
        grammar: what the answer may be, in GBNF, for providers that can hold a model to one; empty for anything.
        max_tokens: of the answer.
        temperature: 0 for the likeliest answer.
        seed: same prompt, same seed, same answer, where the provider can do that.
    """

    system: str
    shared: str
    ask: str
    prefill: str = ""
    stop: tuple[str, ...] = ()
    grammar: str = ""
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0

    @property
    def text(self) -> str:
        """All that is sent, as people read it."""
        parts = (self.system, self.shared, self.ask, self.prefill)
        return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the provider counted them. `cached` of `input` were read from a cache, `written` put into one."""

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            written=self.written + other.written,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An answer. `seconds` is wall time, waiting included."""

    text: str
    model: str
    finish: Finish
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a provider is. `name` is the kind (`llama`, `server`, `anthropic`, `replay`), `context` its window in
    tokens; `embeds` says whether `embed` works; `detail` is one line for people (threads, file, address)."""

    name: str
    model: str
    place: Place
    context: int
    embeds: bool = False
    detail: str = ""


Listener = Callable[[str], bool]
"""Hears each piece of an answer as it comes; False ends the answer there."""


class Provider(Protocol):
    """A model that can be asked. Every method may raise a `ProviderError`; none waits without bound."""

    def describe(self) -> Description:
        """What it is; asks nobody outside."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text; where only the model's own machine knows, a careful estimate (not too few)."""
        ...

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        """The whole answer, after `listener` heard its pieces."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length for each text."""
        ...

    def close(self) -> None:
        """Gives everything back; may be called twice."""
        ...


class Stopped(KeyboardInterrupt):
    """Ctrl-C after a batch was handed in.

    Args:
        told: what came of each question by then, in their order; an error in the place of each that nothing came of.
        over: whether the batch is known to have ended, or its cancellation was taken; otherwise it may run on.
    """

    def __init__(self, told: Sequence[Completion | ProviderError], *, over: bool) -> None:
        super().__init__()
        self.told = tuple(told)
        self.over = over


@runtime_checkable
class Patient(Protocol):
    """A provider that also takes many questions at once, at a lower price, and answers when it has time."""

    def complete_batch(self, prompts: Sequence[Prompt], *, seconds: float) -> list[Completion | ProviderError]:
        """Answers in the order of the prompts, an error in the place of each that is missing, within `seconds`.

        Raises:
            ProviderError: the batch as a whole failed.
            Stopped: Ctrl-C after the batch was taken.
            KeyboardInterrupt: Ctrl-C before that is known; it may run all the same.
        """
        ...
