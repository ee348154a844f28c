"""A question as the Messages API takes it, and its answer as it comes in. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from qeforge.domain.provider import Finish, Prompt, Usage
from qeforge.providers.prices import known

THINKING_TOKENS = 2048
"""Added to the limit of an answer where the model may think first: thinking counts as answer."""
CACHED = {"type": "ephemeral"}
"""Marks the end of what may be kept on the other side for five minutes; what is too short for it is not kept."""

_LONG = 2_000_000
_PARTS = re.compile(r"[A-Za-z]+|[0-9]|\s+|[^\sA-Za-z0-9]", re.ASCII)
_CONTINUE = "Your answer is put right behind the following text. Continue it, and do not repeat it:\n"
_FINISHES = {
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSED,
}


def estimate(text: str) -> int:
    """Tokens of a text, not too few: a token for four letters of a word, for each digit and sign, for each run of white
    space, and for each byte of what is not ASCII."""
    if len(text) > _LONG:
        return len(text.encode(errors="replace"))  # beyond any window, and not worth the time
    return sum(_tokens(part) for part in _PARTS.findall(text))


def _tokens(part: str) -> int:
    if part.isascii():
        return -(-len(part) // 4) if part.isalpha() else 1
    return len(part.encode(errors="replace"))


def body(prompt: Prompt, model: str) -> dict[str, Any]:
    """The request, for one answer. What questions have in common comes first and ends with the mark for the cache.

    The API takes neither temperature nor seed nor the beginning of an answer; the last is asked for in words.
    """
    shared = [_text(text) for text in (prompt.system, prompt.shared) if text.strip()]
    if shared:
        shared[-1]["cache_control"] = CACHED
    system, rest = (shared[:1], shared[1:]) if prompt.system.strip() else ([], shared)
    asked = [_text(text) for text in (prompt.ask, prompt.prefill and _CONTINUE + prompt.prefill) if text.strip()]
    request: dict[str, Any] = {
        "model": model,
        "max_tokens": prompt.max_tokens,
        "messages": [{"role": "user", "content": [*rest, *asked]}],
    }
    if system:
        request["system"] = system
    # White space alone is refused as a stop text, and one that the prefill holds would end an answer that repeats it.
    stops = [stop for stop in prompt.stop if stop.strip() and stop not in prompt.prefill]
    if stops:
        request["stop_sequences"] = stops
    request.update(_thinking(model))
    if request.get("thinking", {}).get("type") not in ("disabled", "between_tools"):
        request["max_tokens"] += THINKING_TOKENS
    return request


def worst(prompt: Prompt, model: str, tokens: int) -> Usage:
    """The most that a question may use: all of what is kept for later ones is written, and all that may be is answered.

    Args:
        prompt: the question.
        model: who is asked.
        tokens: of the whole prompt.
    """
    shared = estimate(prompt.system + prompt.shared)
    return Usage(input=tokens, output=body(prompt, model)["max_tokens"], written=min(shared, tokens))


def _thinking(model: str) -> dict[str, Any]:
    """As little thinking as the model allows: calls of a function need none. Nothing is said about unknown models."""
    facts = known(model)
    if facts is None:
        return {}
    if facts.thinking == "adaptive":
        return {"output_config": {"effort": "low"}}
    return {"thinking": {"type": facts.thinking}}


def _text(text: str) -> dict[str, Any]:
    # What is no character (half of a pair, from a file that is not UTF-8) cannot be sent.
    return {"type": "text", "text": text.encode(errors="replace").decode()}


class Reply:
    """The text of an answer, as it grows: without the prefill, should the model repeat it, and up to a stop text."""

    def __init__(self, prompt: Prompt) -> None:
        lines = prompt.prefill.splitlines(keepends=True)
        heads = ("".join(lines[index:]) for index in range(len(lines)))
        self._heads = tuple(head for head in heads if head.strip())
        self._stops = tuple(stop for stop in prompt.stop if stop)
        self._held = ""
        self.text = ""
        self.stopped = False

    def feed(self, piece: str) -> str:
        """Takes what came, returns what of it is certain to be part of the answer."""
        if self.stopped:
            return ""
        self._held += piece
        if self._heads and not self._begin(final=False):
            return ""
        return self._take(final=False)

    def finish(self) -> str:
        """The rest of the answer: nothing more comes."""
        if self.stopped:
            return ""
        if self._heads:
            self._begin(final=True)
        return self._take(final=True)

    def _begin(self, *, final: bool) -> bool:
        """Drops the prefill, or its last lines, from the beginning; False while it cannot be told."""
        begun = self._held.lstrip()
        if not final and any(head != begun and head.startswith(begun) for head in self._heads):
            return False
        head = max((head for head in self._heads if begun.startswith(head)), key=len, default=None)
        if head is not None:
            self._held = begun[len(head) :]
        self._heads = ()
        return True

    def _take(self, *, final: bool) -> str:
        ends = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if ends:
            taken, self._held, self.stopped = self._held[: min(ends)], "", True
        else:
            kept = 0 if final else self._unsure()
            taken, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        self.text += taken
        return taken

    def _unsure(self) -> int:
        """Letters at the end that may be the beginning of a stop text."""
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:length]):
                    longest = length
                    break
        return longest


def finish_of(stop_reason: str | None) -> Finish:
    """Why an answer ended, in our words."""
    return _FINISHES.get(stop_reason or "", Finish.STOP)


def usage_of(counted: Mapping[str, int | None]) -> Usage:
    """Tokens as the API counts them. It leaves what was read from the cache and written into it out of its input."""
    fresh, cached, written, output = (
        counted.get(name) or 0
        for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    )
    return Usage(input=fresh + cached + written, output=output, cached=cached, written=written)
