"""What may be sent to a cloud: files that never are, and secrets that are replaced before anything else is."""

import itertools
import os
import re
import string
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pathspec import GitIgnoreSpec

from qeforge.config.loading import privacy_of
from qeforge.config.surroundings import is_secret
from qeforge.domain.provider import Prompt
from qeforge.domain.routing import About
from qeforge.errors import ConfigError, PrivacyError
from qeforge.providers.literals import LONGEST, secrets_in
from qeforge.providers.scanner import Scanner, Secret

_SETTING = "privacy.never-send"
_SHORT = 8  # a shorter one is replaced where it is a whole literal only: `password="test"` leaves the word `test` alone
_MARKER = re.compile(r"-----(BEGIN|END) [A-Z ]*PRIVATE KEY(?: BLOCK)?-----")
_BODY = f"{string.ascii_letters}{string.digits}+/=\\\"' \t\r\n"
_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MARK = "(?:XX)?"  # what a mutant puts around a text
_OURS = re.compile(r"REDACTED_\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Something that was not sent.

    Args:
        path: the file that it is about.
        what: `file`, or `secret`.
        why: the pattern that matches the file, or the kind of secret.
    """

    path: str
    what: str
    why: str


class Redactor:
    """Decides what of a project may be sent. Threads may use it at once.

    What the project that a file belongs to says of its privacy holds for it, also where `root` is another's: one of a
    repository of several projects, or one that was worked on beside it.

    Args:
        root: the project's folder. Nothing outside of it is sent.
        never_send: patterns in the language of `.gitignore`, from the root.
        known: texts that are secret, whatever they look like.
        scanner: finds secrets in a line; None for the usual one.

    Raises:
        ConfigError: a pattern cannot be read: what it means to protect would be sent.
        ProviderError: the scanner is not installed.
    """

    def __init__(
        self,
        root: Path,
        *,
        never_send: Sequence[str] = (),
        known: Iterable[str] = (),
        scanner: Callable[[str], Sequence[Secret]] | None = None,
    ) -> None:
        self._root = root.resolve()
        self._patterns = [pattern for pattern in never_send if pattern.strip()]
        self._spec = _spec(self._patterns)
        self._known = sorted({text for text in known if text}, key=lambda text: (-len(text), text))
        self._scan = scanner if scanner is not None else Scanner()
        self._kept: dict[Withheld, None] = {}
        self._files: dict[tuple[Path, int], tuple[Secret, ...]] = {}
        self._lock = threading.Lock()

    @property
    def withheld(self) -> tuple[Withheld, ...]:
        """What was not sent so far, each once, in order."""
        with self._lock:
            return tuple(self._kept)

    def refused(self, path: Path) -> str | None:
        """Why nothing of a file may be sent; None when it may."""
        return self._protected(path, local_only=True)

    def never_sent(self, path: Path) -> str | None:
        """Why a file is one of those that are never sent, where others of its project may be; None when it is none."""
        return self._protected(path, local_only=False)

    def _protected(self, path: Path, *, local_only: bool) -> str | None:
        absolute = Path(os.path.abspath(self._root / path))  # noqa: PTH100 (a link is looked at as itself, and resolved)
        for place in (absolute, absolute.resolve()):
            if not place.is_relative_to(self._root):
                return "outside of the project"
            result = self._spec.check_file(place.relative_to(self._root).as_posix())
            if result.include:
                return self._patterns[result.index] if result.index is not None else _SETTING
            try:
                own = privacy_of(place.parent)
            except ConfigError as problem:
                return f"what its project says of privacy cannot be read: {problem.message}"
            if own is None:
                continue
            if own.local_only and local_only:
                return f"{own.folder} is local-only"
            matched = _spec(own.never_send).check_file(place.relative_to(own.folder).as_posix())
            if matched.include:
                return own.never_send[matched.index] if matched.index is not None else _SETTING
        return None

    def check(self, prompt: Prompt, about: About) -> Prompt:
        """What of a prompt may be sent.

        Raises:
            PrivacyError: nothing, because its file must not.
        """
        why = self.refused(Path(about.path))
        if why is not None:
            self._note([Withheld(path=about.path, what="file", why=why)])
            raise PrivacyError(f"{about.path} is not sent: {why}", hint=f"{_SETTING} says what never is")
        clean, kinds = self.redact(prompt, self._of_file(self._root / about.path))
        self._note([Withheld(path=about.path, what="secret", why=kind) for kind in kinds])
        return clean

    def redact(self, prompt: Prompt, more: Sequence[Secret] = ()) -> tuple[Prompt, tuple[str, ...]]:
        """The prompt with a placeholder for each secret, the same for the same secret; and the kinds of what was
        replaced, each once. `more` are secrets that the prompt may hold without what shows them to be such."""
        texts = [prompt.system, prompt.shared, prompt.ask, prompt.prefill]
        names: dict[str, str] = {}
        kinds: dict[str, None] = {}

        def name(secret: Secret) -> str:
            kinds.setdefault(secret.kind)
            return names.setdefault(secret.text, f"REDACTED_{len(names) + 1}")

        texts = [_without_keys(text, name) for text in texts]
        known = [Secret(text=text, kind="value of the environment") for text in self._known]
        found = dict.fromkeys(secret for secret in known if any(secret.text in text for text in texts))
        for text in texts:
            for line in text.splitlines():
                found.update(dict.fromkeys(secret for secret in self._scan(line) if not _OURS.fullmatch(secret.text)))
        texts_found = {secret.text for secret in found}
        for secret in (*more, *(each for text in texts for block in _blocks(text) for each in secrets_in(block))):
            if secret.text in texts_found or _OURS.fullmatch(secret.text):
                continue
            if any(_replaced(text, secret.text, "") != text for text in texts):
                texts_found.add(secret.text)
                found[secret] = None
        # Longest first: one secret may be part of another.
        order = sorted(found, key=lambda secret: -len(secret.text))
        held = {secret: f"\0{number}\0" for number, secret in enumerate(order)}
        for secret in order:
            texts = [_replaced(text, secret.text, held[secret]) for text in texts]
        for secret in found:
            if any(held[secret] in text for text in texts):
                texts = [text.replace(held[secret], name(secret)) for text in texts]
        system, shared, ask, prefill = texts
        return replace(prompt, system=system, shared=shared, ask=ask, prefill=prefill), tuple(kinds)

    def _of_file(self, path: Path) -> tuple[Secret, ...]:
        """Secrets of the file that a prompt is about. The prompt shows parts of it only: a mutant may quote a secret
        whose line, with the name in it, is left out."""
        try:
            key = path, path.stat().st_mtime_ns
            if key not in self._files:
                source = path.read_bytes()[:LONGEST].decode("utf-8", "replace")
                lines = [secret for line in source.splitlines() for secret in self._scan(line)]
                self._files[key] = tuple(dict.fromkeys((*lines, *secrets_in(source))))
            return self._files[key]
        except OSError:
            return ()

    def _note(self, items: Iterable[Withheld]) -> None:
        with self._lock:
            self._kept.update(dict.fromkeys(items))


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of an environment that are secret by their variable's name. Short ones may be anything, and are left."""
    return tuple(text for name, text in environ.items() if len(text) >= _SHORT and is_secret(name, text))


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            raise ConfigError(f"{_SETTING}: {pattern!r} is no pattern", hint="write it as in .gitignore") from None
    return GitIgnoreSpec.from_lines(patterns)


def _without_keys(text: str, name: Callable[[Secret], str]) -> str:
    """A text with each private key as one placeholder; also one whose beginning or end lies outside of the text."""
    parts, done = [], 0
    markers = list(_MARKER.finditer(text))
    for marker, following in itertools.zip_longest(markers, markers[1:]):
        if marker.start() < done:
            continue
        if marker[1] == "END":
            start, end = len(text[: marker.start()].rstrip(_BODY)), marker.end()
        elif following is not None and following[1] == "END":
            start, end = marker.start(), following.end()
        else:
            start, end = marker.start(), len(text) - len(text[marker.end() :].lstrip(_BODY))
        start = max(start, done)
        parts += [text[done:start], name(Secret(text=text[start:end], kind="Private Key"))]
        done = end
    return "".join([*parts, text[done:]])


def _replaced(text: str, secret: str, placeholder: str) -> str:
    if len(secret) >= _SHORT:
        return text.replace(secret, placeholder)
    word = re.escape(secret)
    places = [rf"(?<=['\"]){_MARK}{word}{_MARK}(?=['\"])", rf"(?<=:){word}(?=@)", rf"(?<==){word}(?=[;&])"]
    if re.search(r"\d", secret) and re.search(r"[A-Za-z]", secret):  # no word that code is made of
        places.append(rf"(?<!\w){word}(?!\w)")
    return re.sub("|".join(places), placeholder, text)


def _blocks(text: str) -> list[str]:
    """The code in a text, or all of it where no code is marked."""
    return _BLOCK.findall(text) or [text]
