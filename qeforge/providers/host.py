"""The models of a run: opened once, in one process, and asked from there by every module's process.

Whatever is asked passes here: whether it may be sent, whether there is money left, whether the other side has been
failing, how long it may take, and the account of it.
"""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qeforge.domain.learning import Example, Examples
from qeforge.domain.ledger import Call, Ledger
from qeforge.domain.provider import Completion, Description, Finish, Prompt, Provider, Usage
from qeforge.domain.routing import About, Answer, Engine
from qeforge.errors import ProviderError
from qeforge.providers.redaction import Withheld


class Circuit(Protocol):
    """Takes a provider out that keeps failing, and tries it again later."""

    def closed(self) -> bool:
        """Whether it may be asked now."""
        ...

    def enter(self) -> bool:
        """The same for somebody who asks at once: of those who come after a while only one may."""
        ...

    def succeeded(self) -> None:
        """It answered."""
        ...

    def failed(self) -> None:
        """It did not, for a reason that may pass."""
        ...

    def left(self) -> None:
        """Whoever entered learned nothing of it."""
        ...


class Purse(Protocol):
    """The money of a run."""

    def allows(self, usd: float) -> bool:
        """Whether that much is left."""
        ...

    def spend(self, usd: float) -> None:
        """It is gone."""
        ...


_PASSING = ("network", "cut", "timeout")
"""Reasons for no answer that count against a provider."""
_LASTING = ("no-key", "wrong-key", "no-credit", "missing-extra", "broken-model", "memory", "adapter")
"""Reasons that asking again in the same run does not mend."""

Check = Callable[[Prompt, About], Prompt]
"""What of a prompt may be sent; raises a ProviderError when nothing of it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A model that may be asked in a run.

    Args:
        description: known before it is opened.
        open: makes it, when it is asked first; raises a ProviderError when that is impossible.
        circuit: of this provider.
        check: what of a prompt may be sent to it.
        withheld: what was kept back so far.
        worst: the most that a prompt of so many tokens may use.
        price: USD of a usage; None where no price is known.
        at_once: questions that it answers at the same time.
        stronger: is asked instead where an earlier answer about the same target brought nothing; None for the same.
    """

    description: Description
    open: Callable[[], Provider]
    circuit: Circuit
    check: Check = lambda prompt, about: prompt
    withheld: Callable[[], Sequence[Withheld]] = tuple
    worst: Callable[[Prompt, int], Usage] = lambda prompt, tokens: Usage(input=tokens, output=prompt.max_tokens)
    price: Callable[[Usage], float | None] = lambda usage: 0.0
    at_once: int = 1
    stronger: "Source | None" = None


@dataclass(slots=True, kw_only=True)
class _Held:
    """A source in use: the provider once it is open, or why it cannot be."""

    source: Source
    places: threading.Semaphore
    opening: threading.Lock = field(default_factory=threading.Lock)
    provider: Provider | None = None
    broken: ProviderError | None = None

    @classmethod
    def of(cls, source: Source) -> "_Held":
        return cls(source=source, places=threading.Semaphore(source.at_once))


@dataclass(slots=True, kw_only=True)
class Sums:
    """Answers of one engine, added up: tokens in and out, seconds of wall time, USD (None where no price is known)."""

    model: str
    answers: int = 0
    tokens: int = 0
    seconds: float = 0.0
    usd: float | None = 0.0

    def add(self, answer: Answer) -> None:
        """One more."""
        completion = answer.completion
        self.answers += 1
        self.tokens += completion.usage.input + completion.usage.output
        self.seconds += completion.seconds
        self.usd = None if self.usd is None or answer.usd is None else self.usd + answer.usd


class Host:
    """Implements `Models` for one run. Threads may use it at once. `sums` adds the answers of each engine up,
    `failures` has its first failure.

    Args:
        sources: the models there are.
        ledger: where each question is written down.
        purse: what may be spent.
        examples: where is kept what can be learned from; None for nowhere.
        show: is told each prompt that is sent, and to whom, just before; None to show nothing.
        wall: seconds since 1970, for the ledger.
        monotonic: seconds, for durations.
    """

    def __init__(
        self,
        sources: Mapping[Engine, Source],
        *,
        ledger: Ledger,
        purse: Purse,
        examples: Examples | None = None,
        show: Callable[[Description, Prompt], None] | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._held = {engine: _Held.of(source) for engine, source in sources.items()}
        self._stronger = {engine: _Held.of(source.stronger) for engine, source in sources.items() if source.stronger}
        self._ledger = ledger
        self._purse = purse
        self._examples = examples
        self._show = show
        self._wall = wall
        self._monotonic = monotonic
        self._closed = False
        self._counting = threading.Lock()
        self.sums: dict[Engine, Sums] = {}
        self.failures: dict[Engine, ProviderError] = {}

    def available(self) -> dict[Engine, Description]:
        """Models that may be asked now."""
        return {
            engine: held.source.description
            for engine, held in self._held.items()
            if held.broken is None and held.source.circuit.closed() and not self._closed
        }

    def count_tokens(self, engine: Engine, text: str) -> int:
        """Tokens of a text, for one of the models; an estimate where it cannot be opened."""
        try:
            return self._open(self._held[engine]).count_tokens(text)
        except ProviderError:
            return len(text.encode()) // 3 + 1

    def ask(self, engine: Engine, prompt: Prompt, about: About, *, seconds: float, again: bool = False) -> Answer:
        """The model's answer, cut off after `seconds`, waiting for its turn included; the stronger model's, where there
        is one, when the question comes again.

        Raises:
            ProviderError: why there is none.
        """
        try:
            answer = self._asked(engine, prompt, about, seconds=seconds, again=again)
        except ProviderError as problem:
            self.failures.setdefault(engine, problem)
            raise
        with self._counting:
            self.sums.setdefault(engine, Sums(model=answer.completion.model)).add(answer)
        return answer

    def _asked(self, engine: Engine, prompt: Prompt, about: About, *, seconds: float, again: bool) -> Answer:
        began = self._monotonic()
        held = (self._stronger.get(engine) if again else None) or self._held.get(engine)
        if held is None:
            raise ProviderError(f"no {engine} model is set up", slug="no-model")
        source = held.source
        if not held.places.acquire(timeout=max(0.0, seconds)):
            raise ProviderError(f"{source.description.model}: busy for {seconds:.0f} s", slug="timeout", transient=True)
        try:
            sent = source.check(prompt, about)
            provider = self._open(held)
            worst = source.price(source.worst(sent, provider.count_tokens(sent.text)))
            if worst is not None and not self._purse.allows(worst):
                raise ProviderError("--max-cost is reached", hint="raise it to ask more", slug="max-cost")
            if not source.circuit.enter():
                raise ProviderError(f"{source.description.model}: left alone, it kept failing", slug="circuit-open")
            if self._show is not None:
                self._show(source.description, sent)
            return self._answered(engine, held, provider, sent, about, began + seconds)
        finally:
            held.places.release()

    def gained(self, call: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """What came of an answer."""
        self._ledger.gained(call, candidates=candidates, valid=valid, goals=goals, mutants=mutants)

    def teach(self, example: Example) -> None:
        """Keeps what the judge made of an answer."""
        if self._examples is not None:
            self._examples.record(example)

    def close(self) -> None:
        """Ends every provider; may be called twice."""
        self._closed = True
        for held in (*self._held.values(), *self._stronger.values()):
            provider, held.provider = held.provider, None
            if provider is not None:
                provider.close()

    # -- parts --------------------------------------------------------------------------------------------------

    def _open(self, held: _Held) -> Provider:
        with held.opening:
            if self._closed:
                raise ProviderError("the run that holds the models is ending", slug="cancelled")
            if held.broken is not None:
                raise held.broken
            if held.provider is None:
                try:
                    held.provider = held.source.open()
                except ProviderError as problem:
                    held.broken = problem
                    raise
            return held.provider

    def _answered(
        self, engine: Engine, held: _Held, provider: Provider, prompt: Prompt, about: About, until: float
    ) -> Answer:
        source = held.source
        description = provider.describe()
        began, at = self._monotonic(), self._wall()
        outcome = "answered"
        completion = Completion(text="", model=description.model, finish=Finish.CANCELLED)
        try:
            completion = provider.complete(prompt, lambda piece: self._monotonic() < until and not self._closed)
            if completion.finish is Finish.CANCELLED and not completion.text:
                raise ProviderError(
                    f"{description.model}: no answer in the {until - began:.0f} s that were left",
                    hint="--max-time gives it longer",
                    slug="no-time",
                )
            source.circuit.succeeded()
        except ProviderError as problem:
            outcome = problem.slug
            completion = dataclasses.replace(completion, usage=Usage(**problem.spent))
            if problem.transient or problem.slug in _PASSING:
                source.circuit.failed()
            else:
                source.circuit.left()
                if problem.slug in _LASTING:
                    held.broken = problem
            raise
        except Exception:  # a bug of ours, which the breaker must not wait for
            source.circuit.left()
            raise
        finally:
            usd = source.price(completion.usage)
            self._purse.spend(usd or 0.0)
            call = self._ledger.record(
                Call(
                    at=at,
                    project=about.project,
                    module=about.module,
                    target=about.target,
                    engine=engine,
                    provider=description.name,
                    model=completion.model,
                    usage=completion.usage,
                    seconds=self._monotonic() - began,
                    usd=usd,
                    outcome=outcome,
                    features=json.dumps(dataclasses.asdict(about.features)) if about.features else "",
                    confidence=about.confidence,
                )
            )
        return Answer(completion=dataclasses.replace(completion, seconds=self._monotonic() - began), call=call, usd=usd)
