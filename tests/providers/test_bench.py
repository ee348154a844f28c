from collections.abc import Sequence

import pytest

from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Usage
from qeforge.errors import ProviderError
from qeforge.providers.bench import TOKENS, measure


class Clock:
    """Time passes when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Timed:
    """A provider that reads for two seconds and then writes ten tokens a second."""

    def __init__(self, clock: Clock, *, pieces: int = 21, usage: Usage | None = None) -> None:
        self.clock, self.pieces = clock, pieces
        self.usage = usage or Usage(input=400, output=pieces)
        self.asked: list[Prompt] = []

    def describe(self) -> Description:
        return Description(name="timed", model="timed", place=Place.PROCESS, context=4096, detail="timed")

    def count_tokens(self, text: str) -> int:
        return 300

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        self.asked.append(prompt)
        if listener is not None:
            self.clock.now += 1
            listener("")  # it is still reading
            self.clock.now += 1
            for number in range(self.pieces):
                self.clock.now += 0.1 if number else 0
                listener("x")
        return Completion(text="x" * self.pieces, model="timed", finish=Finish.LENGTH, usage=self.usage)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to give back."""


def test_reading_and_writing_are_told_apart() -> None:
    clock = Clock()
    provider = Timed(clock)
    speed = measure(provider, date="2026-11-23", clock=clock)
    assert (speed.answer, speed.question, speed.date) == (10.0, 200.0, "2026-11-23")


def test_it_warms_up_with_another_question() -> None:
    provider = Timed(clock := Clock())
    measure(provider, date="", clock=clock)
    warm, measured = provider.asked
    assert warm.max_tokens < measured.max_tokens == TOKENS
    assert warm.shared != measured.shared  # else it would not have to read


def test_what_was_read_before_does_not_count() -> None:
    clock = Clock()
    assert measure(Timed(clock, usage=Usage(input=400, output=21, cached=300)), date="", clock=clock).question == 50.0


def test_a_server_that_counts_nothing_is_counted_for() -> None:
    clock = Clock()
    speed = measure(Timed(clock, usage=Usage()), date="", clock=clock)
    assert (speed.answer, speed.question) == (10.0, 150.0)


@pytest.mark.parametrize("pieces", [0, 1])
def test_nothing_is_made_up_from_too_little(pieces: int) -> None:
    with pytest.raises(ProviderError) as caught:
        measure(Timed(clock := Clock(), pieces=pieces), date="", clock=clock)
    assert caught.value.slug == "empty"
