"""Recorded replies in place of a model: for tests, for demonstrations, and for measuring the same run twice.

A recording is a file of JSON lines: the digest of a prompt, and the completion that it got.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Provider, Usage
from qeforge.errors import ProviderError

_CONTEXT = 1 << 20


def digest(prompt: Prompt) -> str:
    """What identifies a prompt, its limits and seed included: SHA-256 of its fields as JSON."""
    text = json.dumps(dataclasses.asdict(prompt), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Replay:
    """Answers what was recorded, and nothing else.

    Args:
        replies: completions by the digest of their prompt.
        name: of the recording, for messages.
    """

    def __init__(self, replies: Mapping[str, Completion], *, name: str = "replay") -> None:
        self._replies = dict(replies)
        self._name = name

    @classmethod
    def read(cls, path: Path) -> "Replay":
        """The recording in a file.

        Raises:
            ProviderError: it cannot be read, or a line is no recorded reply; names file and line.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8 text"
            raise ProviderError(f"{path}: {reason}", hint="name a recording of replies", slug="broken-model") from None
        replies = {}
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    key, reply = _reply(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    raise ProviderError(
                        f"{path}:{number}: no recorded reply", hint="record it again", slug="broken-model"
                    ) from None
                replies[key] = reply
        return cls(replies, name=str(path))

    def describe(self) -> Description:
        """What it is."""
        models = {reply.model for reply in self._replies.values()}
        model = models.pop() if len(models) == 1 else "recorded replies"
        return Description(
            name="replay", model=model, place=Place.PROCESS, context=_CONTEXT, embeds=True, detail=self._name
        )

    def count_tokens(self, text: str) -> int:
        """A careful estimate."""
        return _estimate(text)

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        """The recorded completion.

        Raises:
            ProviderError: the prompt was never recorded.
        """
        reply = self._replies.get(digest(prompt))
        if reply is None:
            raise ProviderError(
                f"{self._name}: no reply is recorded for this prompt",
                hint="replies are those to the same code, seed and settings",
                slug="not-recorded",
            )
        if listener is None:
            return reply
        told = ""
        for piece in _pieces(reply.text):
            told += piece
            if not listener(piece):
                return dataclasses.replace(reply, text=told, finish=Finish.CANCELLED)
        return reply

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors made of the texts' digests: equal texts have equal ones, others do not."""
        vectors = []
        for text in texts:
            numbers = [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()]
            length = sum(number * number for number in numbers) ** 0.5
            vectors.append([number / length for number in numbers])
        return vectors

    def close(self) -> None:
        """Nothing is held."""


class Recorder:
    """A provider that keeps what another one answers.

    Args:
        provider: who answers.
        path: the recording; replies are added at its end.

    Raises:
        ProviderError: the file cannot be written.
    """

    def __init__(self, provider: Provider, path: Path) -> None:
        self._provider = provider
        self._path = path
        self._add("")

    def describe(self) -> Description:
        """What the other one is."""
        return self._provider.describe()

    def count_tokens(self, text: str) -> int:
        """As it will be counted when the replies are given again: a prompt is cut by this, and has to be the same."""
        return _estimate(text)

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        """The other one's completion; one that was cut off is not kept."""
        reply = self._provider.complete(prompt, listener)
        if reply.finish is not Finish.CANCELLED:
            line = json.dumps({"prompt": digest(prompt), **dataclasses.asdict(reply)}, sort_keys=True)
            self._add(line + "\n")
        return reply

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The other one's vectors."""
        return self._provider.embed(texts)

    def close(self) -> None:
        """Closes the other one."""
        self._provider.close()

    def _add(self, text: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            raise ProviderError(
                f"{self._path}: replies cannot be recorded: {problem.strerror}",
                hint="name a file that can be written",
                slug="no-recording",
            ) from None


def _estimate(text: str) -> int:
    """Three bytes a token."""
    return len(text.encode()) // 3 + 1


def _reply(raw: Mapping[str, Any]) -> tuple[str, Completion]:
    fields = {name: value for name, value in raw.items() if name != "prompt"}
    completion = Completion(**{**fields, "finish": Finish(raw["finish"]), "usage": Usage(**raw["usage"])})
    if not isinstance(completion.text, str) or not isinstance(raw["prompt"], str):
        raise TypeError(raw)
    return raw["prompt"], completion


def _pieces(text: str) -> Iterable[str]:
    """Line by line, as an answer would come."""
    return text.splitlines(keepends=True)
