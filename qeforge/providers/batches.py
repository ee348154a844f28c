"""Many questions in one batch: half the price, and answers when the other side has time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from qeforge.domain.provider import Completion, Prompt
from qeforge.errors import ProviderError
from qeforge.providers.failures import Refusal, failure
from qeforge.providers.messages import Reply, finish_of, usage_of
from qeforge.providers.streaming import answered

T = TypeVar("T")

_FIRST_LOOK = 1.0
_LONGEST_PAUSE = 60.0
_TO_CANCEL = 30.0


class Guard(Protocol):
    """Makes one request, patiently, and its failures ours."""

    def __call__(self, call: Callable[[], T], *, until: float) -> T:
        """What the request gave; a ProviderError when it gave nothing until then (monotonic clock)."""
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
        """Answers in the order of the prompts, an error in the place of each that is missing; within `seconds`.

        Raises:
            ProviderError: the batch could not be handed in, or nothing is known of it any more.
        """
        if not prompts:
            return []
        until = time.monotonic() + seconds
        asked = [{"custom_id": str(number), "params": request} for number, request in enumerate(requests)]
        batch = self.guard(lambda: self.api.create(requests=asked), until=until).id
        patience = max(seconds / 2, seconds - _TO_CANCEL)
        if not self._ended(batch, until=until - (seconds - patience)):
            self.guard(lambda: self.api.cancel(batch), until=until)
            if not self._ended(batch, until=until):
                return [self._late() for _ in prompts]
        told = self.guard(lambda: list(self.api.results(batch)), until=until)
        results = {item.custom_id: item.result for item in told}
        return [self._read(prompt, results.get(str(number))) for number, prompt in enumerate(prompts)]

    def _ended(self, batch: str, *, until: float) -> bool:
        """Looks again and again, less and less often; False when it has not ended by then."""
        pause = _FIRST_LOOK
        while True:
            if self.guard(lambda: self.api.retrieve(batch), until=until + _TO_CANCEL).processing_status == "ended":
                return True
            left = until - time.monotonic()
            if left <= 0 or self.rest(min(pause, left)):
                return False
            pause = min(1.5 * pause, _LONGEST_PAUSE)

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
