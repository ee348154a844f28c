"""Many questions in one batch: half the price, and answers when the other side has time."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from qeforge.domain.provider import Completion, Prompt, Stopped
from qeforge.errors import ProviderError
from qeforge.providers.failures import Refusal, failure
from qeforge.providers.messages import Reply, finish_of, usage_of
from qeforge.providers.streaming import answered

T = TypeVar("T")

_FIRST_LOOK = 1.0
_LONGEST_PAUSE = 60.0
_TO_CANCEL = 30.0  # before the end, so that what was answered can still be read
_LAST_WORD = 5.0


class Guard(Protocol):
    """Makes one request, patiently, and its failures ours."""

    def __call__(self, call: Callable[[], T], *, until: float, once: bool = False) -> T:
        """What the request gave; a ProviderError when it gave nothing until then (monotonic clock). Without a second
        attempt when it may happen only `once`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A way to ask many questions at once.

    Args:
        api: the batches of the API's library.
        model: who is asked, for messages.
        rest: waits some seconds; True when the provider is being closed.
        guard: makes requests.
    """

    api: Any
    model: str
    rest: Callable[[float], bool]
    guard: Guard

    def run(
        self, prompts: Sequence[Prompt], requests: Sequence[dict[str, Any]], *, seconds: float
    ) -> list[Completion | ProviderError]:
        """Answers in the order of the prompts, an error in the place of each that is missing; within
        `seconds`, and a few more to fetch them.

        Raises:
            ProviderError: the batch could not be handed in, or nothing is known of it any more.
            Stopped: Ctrl-C after the batch was taken; it is cancelled, and what was answered by then is told.
            KeyboardInterrupt: Ctrl-C while it was handed in; that goes on in a thread, and the batch may run.
        """
        if not prompts:
            return []
        until = time.monotonic() + seconds
        asked = [{"custom_id": str(number), "params": request} for number, request in enumerate(requests)]
        # Not twice: where only the confirmation was lost, both would be paid.
        batch = self.guard(lambda: self.api.create(requests=asked), until=until, once=True).id
        ended = False
        try:
            ended = self._ended(batch, looks_until=until - min(seconds / 2, _TO_CANCEL), until=until)
            if not ended:
                self._cancel(batch, until=until)
                ended = self._ended(batch, looks_until=until, until=until + _LAST_WORD)
                if not ended:
                    return [self._late() for _ in prompts]
            return self._results(batch, prompts, until=until + _LAST_WORD)
        except KeyboardInterrupt:
            raise self._last_word(batch, prompts, ended=ended) from None
        except BaseException:  # nobody is going to read the answers
            if not ended:
                self._cancel(batch, until=time.monotonic() + _LAST_WORD)
            raise

    def _results(self, batch: str, prompts: Sequence[Prompt], *, until: float) -> list[Completion | ProviderError]:
        told = self.guard(lambda: list(self.api.results(batch)), until=until)
        results = {item.custom_id: item.result for item in told}
        return [self._read(prompt, results.get(str(number))) for number, prompt in enumerate(prompts)]

    def _last_word(self, batch: str, prompts: Sequence[Prompt], *, ended: bool) -> Stopped:
        """Cancels what has not ended, and waits a moment for what was answered before, because that is paid."""
        until = time.monotonic() + _LAST_WORD
        told: list[Completion | ProviderError] = []
        over = ended
        with suppress(ProviderError, KeyboardInterrupt):  # a second Ctrl-C ends the waiting
            over = over or self._cancel(batch, until=until)
            if ended or self._ended(batch, looks_until=until, until=until):
                over = True
                told = self._results(batch, prompts, until=until)
        return Stopped(told or [self._late() for _ in prompts], over=over)

    def _ended(self, batch: str, *, looks_until: float, until: float) -> bool:
        """Looks again and again, less and less often; False when it has not ended after the last look."""
        pause = _FIRST_LOOK
        while True:
            if self.guard(lambda: self.api.retrieve(batch), until=until).processing_status == "ended":
                return True
            left = looks_until - time.monotonic()
            if left <= 0 or self.rest(min(pause, left)):
                return False
            pause = min(1.5 * pause, _LONGEST_PAUSE)

    def _cancel(self, batch: str, *, until: float) -> bool:
        """Whether the other side took it."""
        with suppress(ProviderError):  # it may have ended just now
            self.guard(lambda: self.api.cancel(batch), until=until)
            return True
        return False

    def _read(self, prompt: Prompt, result: Any) -> Completion | ProviderError:
        match result.type if result is not None else "":
            case "succeeded":
                message = result.message
                reply = Reply(prompt)
                reply.feed("".join(block.text for block in message.content if block.type == "text"))
                reply.finish()
                try:
                    usage = usage_of(message.usage.model_dump())
                    return answered(self.model, reply.text, finish_of(message.stop_reason), usage)
                except ProviderError as empty:
                    return empty
            case "errored":
                error = result.error.error
                return failure(Refusal(status=400, kind=error.type, message=error.message), self.model)
            case _:
                return self._late()

    def _late(self) -> ProviderError:
        return ProviderError(f"{self.model}: not answered before the batch ended", slug="timeout", transient=True)
