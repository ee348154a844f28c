"""Questions of many modules in one batch: collected first, sent together, and answered when they are asked again."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Sequence

from qeforge.domain.learning import Example
from qeforge.domain.ledger import BATCH, Call, Ledger
from qeforge.domain.provider import Completion, Description, Patient, Prompt, Provider, Stopped, Usage
from qeforge.domain.routing import About, Answer, Engine
from qeforge.errors import ProviderError
from qeforge.providers.host import Purse, Source, Sums
from qeforge.providers.messages import estimate

LATER = "later"
"""Slug of the error for a question that is not answered now: it is kept for the batch, or the batch is over."""
_INTERRUPTED = "interrupted"
"""What the ledger says of a question that was sent and whose answer nobody waited for."""

Price = Callable[[Usage], float | None]


class Mailbox:
    """Implements `Models` for a run in two passes. Before `send` every question is kept, the last one about each
    target; after it a question about a target gets the answer that came, whatever its words are now, once. Threads may
    use it at once.

    `sums` adds the answers up, `failures` has the first failure, `paths` the modules that got an answer, `lost`
    what Ctrl-C made of the batch, in one line.

    Args:
        source: the cloud model.
        price: USD of a usage in a batch; None where no price is known.
        ledger: where each question is written down.
        purse: what may be spent; questions that it does not allow stay unasked.
        show: is told each prompt that is sent, and to whom; None to show nothing.
        wall: seconds since 1970, for the ledger.
        monotonic: seconds, for durations.
    """

    def __init__(
        self,
        source: Source,
        *,
        price: Price,
        ledger: Ledger,
        purse: Purse,
        show: Callable[[Description, Prompt], None] | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._price = price
        self._ledger = ledger
        self._purse = purse
        self._show = show
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._letters: dict[str, tuple[Prompt, About]] = {}
        self._answers: dict[str, Answer] = {}
        self._answered: set[str] = set()
        self._sent = False
        self.sums: dict[Engine, Sums] = {}
        self.failures: dict[Engine, ProviderError] = {}
        self.paths: set[str] = set()
        self.lost = ""

    def available(self) -> dict[Engine, Description]:
        """The cloud model."""
        return {Engine.CLOUD: self._source.description}

    def count_tokens(self, engine: Engine, text: str) -> int:
        """A careful estimate: nothing is opened before there is something to send."""
        return estimate(text)

    def ask(self, engine: Engine, prompt: Prompt, about: About, *, seconds: float, again: bool = False) -> Answer:
        """The answer of the batch about this target.

        Raises:
            ProviderError: there is none, or not yet.
        """
        with self._lock:
            if not self._sent:
                self._letters[about.target] = (prompt, about)
            elif (answer := self._answers.pop(about.target, None)) is not None:
                return answer
        raise ProviderError(f"{self._source.description.model}: asked in a batch", slug=LATER)

    def gained(self, call: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """What came of an answer."""
        self._ledger.gained(call, candidates=candidates, valid=valid, goals=goals, mutants=mutants)

    def teach(self, example: Example) -> None:
        """Nothing: what is learned from is what local models say."""

    def modules(self) -> int:
        """How many modules have questions."""
        return len({about.path for _, about in self._letters.values()})

    def unanswered(self) -> set[str]:
        """Paths of modules with a question that has no answer."""
        return {about.path for target, (_, about) in self._letters.items() if target not in self._answered}

    def send(self, seconds: float) -> int:
        """Sends all that was collected, in the order of the targets' names, and waits for answers.

        Returns:
            How many were answered. What went wrong is in `failures`, and costs the answers only.

        Args:
            seconds: to wait at most.

        Raises:
            KeyboardInterrupt: Ctrl-C; all that was sent is accounted for, and `lost` says what is gone.
        """
        with self._lock:
            self._sent = True
        provider: Provider | ProviderError
        try:
            sent = self._allowed()
            if not sent:
                return 0
            began, at = self._monotonic(), self._wall()
            provider = self._opened()
        except KeyboardInterrupt:
            self.lost = "the batch was not sent: no question left this machine, and there is nothing to pay"
            raise
        try:
            told = self._told(provider, [prompt for prompt, _ in sent], seconds)
        except ProviderError as problem:
            told = [problem] * len(sent)
        except KeyboardInterrupt as stop:
            self._lose(sent, stop, at, self._monotonic() - began)
            raise
        took = (self._monotonic() - began) / len(sent)
        for (_, about), reply in zip(sent, told, strict=True):
            self._take(about, reply, at, took)
        return sum(isinstance(reply, Completion) for reply in told)

    def close(self) -> None:
        """Nothing is held between the passes."""

    # -- parts --------------------------------------------------------------------------------------------------

    def _allowed(self) -> list[tuple[Prompt, About]]:
        """What may be sent and paid, even if every answer is as long as it may be."""
        allowed: list[tuple[Prompt, About]] = []
        worst = 0.0
        for _, (prompt, about) in sorted(self._letters.items()):
            try:
                checked = self._source.check(prompt, about)
            except ProviderError as problem:
                self.failures.setdefault(Engine.CLOUD, problem)
                continue
            usd = self._price(self._source.worst(checked, estimate(checked.text))) or 0.0
            if not self._purse.allows(worst + usd):
                spent = ProviderError("--max-cost is reached", hint="raise it to ask more", slug="max-cost")
                self.failures.setdefault(Engine.CLOUD, spent)
                break
            worst += usd
            allowed.append((checked, about))
        if self._show is not None:
            for checked, _ in allowed:
                self._show(self._source.description, checked)
        return allowed

    def _opened(self) -> Provider | ProviderError:
        """The model, or why there is none."""
        try:
            return self._source.open()
        except ProviderError as problem:
            return problem

    def _told(
        self, provider: Provider | ProviderError, prompts: Sequence[Prompt], seconds: float
    ) -> list[Completion | ProviderError]:
        if isinstance(provider, ProviderError):
            raise provider
        try:
            if not isinstance(provider, Patient):
                raise ProviderError(f"{self._source.description.model} takes no batches", slug="no-batches")
            return provider.complete_batch(prompts, seconds=seconds)
        finally:
            provider.close()

    def _lose(self, sent: Sequence[tuple[Prompt, About]], stop: KeyboardInterrupt, at: float, seconds: float) -> None:
        """The account of a batch that nobody waits for any more."""
        known: Sequence[Completion | ProviderError] = [ProviderError("nothing is known of it")] * len(sent)
        over = False
        if isinstance(stop, Stopped):
            known, over = stop.told, stop.over
        for (_, about), reply in zip(sent, known, strict=True):
            self._note(about, _usage(reply), _INTERRUPTED, at, seconds / len(sent))
        paid = [usage for usage in map(_usage, known) if usage != Usage()]
        usd = sum(self._price(usage) or 0.0 for usage in paid)
        if over:
            self.lost = (
                f"the batch was cancelled, or had ended, after {seconds:.0f} s: of {len(sent)} questions {len(paid)} "
                f"are known to be answered by then, for ${usd:.4f}; the answers are lost, and the next --batch run "
                f"asks again"
            )
        else:
            self.lost = (
                f"the batch of {len(sent)} questions was given up after {seconds:.0f} s, and it is not known whether "
                f"it runs and has to be paid: look among the batches in the console of "
                f"{self._source.description.name}, and cancel it there; its answers are lost, and the next --batch run "
                f"asks again"
            )

    def _take(self, about: About, reply: Completion | ProviderError, at: float, seconds: float) -> None:
        outcome = reply.slug if isinstance(reply, ProviderError) else "answered"
        call, usd = self._note(about, _usage(reply), outcome, at, seconds)
        if isinstance(reply, ProviderError):
            self.failures.setdefault(Engine.CLOUD, reply)
            return
        answer = Answer(completion=dataclasses.replace(reply, seconds=0.0), call=call, usd=usd)
        with self._lock:
            self._answers[about.target] = answer
            self._answered.add(about.target)
            self.paths.add(about.path)
            sums = self.sums.setdefault(Engine.CLOUD, Sums(model=reply.model))
            sums.add(dataclasses.replace(answer, completion=dataclasses.replace(reply, seconds=seconds)))

    def _note(self, about: About, usage: Usage, outcome: str, at: float, seconds: float) -> tuple[int, float | None]:
        """Pays, and writes it down; number of the call, and its price."""
        description = self._source.description
        usd = self._price(usage)
        self._purse.spend(usd or 0.0)
        call = self._ledger.record(
            Call(
                at=at,
                project=about.project,
                module=about.module,
                target=about.target,
                engine=Engine.CLOUD,
                provider=description.name + BATCH,
                model=description.model,
                usage=usage,
                seconds=seconds,
                usd=usd,
                outcome=outcome,
                features=json.dumps(dataclasses.asdict(about.features)) if about.features else "",
                confidence=about.confidence,
            )
        )
        return call, usd


def _usage(reply: Completion | ProviderError) -> Usage:
    return reply.usage if isinstance(reply, Completion) else Usage(**reply.spent)
