"""An answer that comes in pieces: heard, bounded in time, and cut where it is long enough."""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from qeforge.domain.provider import Completion, Finish, Listener, Usage
from qeforge.errors import ProviderError
from qeforge.providers.messages import Reply, estimate, finish_of, usage_of
from qeforge.providers.pump import BEAT, Pump


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one event of the API tells: text, tokens counted so far, why the answer ended, that it is complete."""

    text: str = ""
    counted: dict[str, int] = field(default_factory=dict)
    reason: str | None = None
    over: bool = False


def chunks(events: Iterable[Any]) -> Iterator[Chunk]:
    """The events of the API's stream, as far as they concern us: thinking is passed over.

    Raises:
        ProviderError: one has not the form that it should.
    """
    for event in events:
        try:
            chunk = _chunk(event)
        except (AttributeError, TypeError):  # the library checks nothing
            chunk = None
        if chunk is None:
            raise ProviderError("the service's answer cannot be understood", slug="cut")
        yield chunk


def _chunk(event: Any) -> Chunk:
    match event.type:
        case "message_start":
            return Chunk(counted=_numbers(event.message.usage))
        case "content_block_delta" if event.delta.type == "text_delta":
            return Chunk(text="" + event.delta.text)
        case "message_delta":
            return Chunk(counted=_numbers(event.usage), reason=event.delta.stop_reason)
        case kind:
            return Chunk(over=kind == "message_stop")


def _numbers(usage: Any) -> dict[str, int]:
    return {name: number for name, number in usage.model_dump().items() if isinstance(number, int)}


@dataclass(slots=True, kw_only=True)
class Hearing:
    """One answer on its way.

    Args:
        model: who answers, for messages.
        reply: the text so far.
        hears: is told each piece; an empty one now and then while nothing comes.
        until: when time is up, on the monotonic clock.
        ending: set when the provider is closed.
    """

    model: str
    reply: Reply
    hears: Listener
    until: float
    ending: threading.Event
    counted: dict[str, int] = field(default_factory=dict)
    reason: str | None = None

    def listen(self, pump: Pump[Chunk]) -> Completion:
        """The answer.

        Raises:
            ProviderError: it was cut off, empty, or did not begin in time; with what it took all the same.
        """
        try:
            return self._listened(pump)
        except ProviderError as problem:
            problem.spent = asdict(self._so_far())
            raise

    def _listened(self, pump: Pump[Chunk]) -> Completion:
        while (left := self.until - time.monotonic()) > 0:
            try:
                chunk = pump.next(min(BEAT, left))
            except TimeoutError:
                if self.ending.is_set() or not self.hears(""):
                    return self._ended_by_us(Finish.CANCELLED)
                continue
            if chunk is None:
                raise ProviderError(f"{self.model}: the answer was cut off", slug="cut", transient=True)
            self.counted |= chunk.counted
            self.reason = chunk.reason or self.reason
            piece = self.reply.finish() if chunk.over else self.reply.feed(chunk.text)
            if piece and not self.hears(piece):
                return self._ended_by_us(Finish.CANCELLED)
            if chunk.over:
                pump.finish(min(BEAT, left))
                return answered(self.model, self.reply.text, finish_of(self.reason), usage_of(self.counted))
            if self.reply.stopped:
                return self._ended_by_us(Finish.STOP)
        if not self.reply.text:
            raise ProviderError(f"{self.model}: no answer in time", slug="timeout", transient=True)
        return self._ended_by_us(Finish.CANCELLED)

    def _ended_by_us(self, finish: Finish) -> Completion:
        """What there is."""
        self.reply.finish()
        return Completion(text=self.reply.text, model=self.model, finish=finish, usage=self._so_far())

    def _so_far(self) -> Usage:
        """What was used. The count of the answer's tokens comes with its end, so it is estimated before."""
        usage = usage_of(self.counted)
        return replace(usage, output=max(usage.output, estimate(self.reply.text)))


def answered(model: str, text: str, finish: Finish, usage: Usage) -> Completion:
    """A whole answer; a ProviderError when there is nothing in it."""
    if not text.strip() and finish is not Finish.REFUSED:
        why = "it used up its tokens before it said anything" if finish is Finish.LENGTH else "it said nothing"
        raise ProviderError(f"{model}: an empty answer: {why}", slug="empty", spent=asdict(usage))
    return Completion(text=text, model=model, finish=finish, usage=usage)
