"""Secrets in a line of text, as detect-secrets finds them. The only module that imports it.

Its detectors are asked one by one: its own scan would pass over lines that a comment allows, and may be set up to ask a
service on the network whether a secret is valid.
"""

import importlib
import importlib.util
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qeforge.errors import ProviderError

_LIBRARY = "detect_secrets"
_HARMLESS = {"Public IP (ipv4)"}
_GUESSES = {"Base64 High Entropy String", "Hex High Entropy String", "Secret Keyword"}
_EXACT = {"Basic Auth Credentials", *_GUESSES}
_WINDOW, _OVERLAP = 4000, 400
_TOKEN = re.compile(r"[\w.+/=~-]+", re.ASCII)
_MORE = {
    "Anthropic key": re.compile(r"\bsk-ant-[\w-]{8,}"),
    "Google key": re.compile(r"\bAIza[\w-]{30,}"),
    "Hugging Face token": re.compile(r"\bhf_\w{30,}"),
    "Bearer token": re.compile(r"(?i)\bbearer\s+(?=\S*\d)([\w.~+/=-]{16,})"),
    # What the library's keywords miss: annotations, prefixes, brackets, three quotes.
    "Secret by its name": re.compile(
        r"(?i)\b\w*(?:passw(?:or)?d|passphrase|pwd|secret|(?:api|private|access)_?key|(?:auth|access|api)_?token|credential)"
        r"\w*['\"\]]*\s*(?::[^=\n]{0,40})?[=:]\s*\(?\s*[brfu]{0,2}(?:'''|\"\"\"|['\"])([^'\"\s]{3,})"
    ),
    "Token by its name": re.compile(
        r"(?i)token['\"\]]*\s*(?::[^=\n]{0,40})?[=:]\s*\(?\s*[brfu]{0,2}['\"](?=[^'\"\s]*\d)([^'\"\s]{8,})"
    ),
    "Base64 block": re.compile(r"\b(?=[+/\w]*[a-z])(?=[+/\w]*[A-Z])(?=[+/\w]*\d)[A-Za-z0-9+/]{60,}={0,2}"),
}


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Secret:
    """A text that looks like a secret, and what kind of one."""

    text: str
    kind: str


class Scanner:
    """Finds secrets, line by line.

    Raises:
        ProviderError: the library is not installed.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec(_LIBRARY) is None:
            raise ProviderError(
                "nothing is sent to a cloud model unless detect-secrets has looked through it",
                hint="pip install 'qeforge[cloud]'",
                slug="missing-extra",
            )
        kinds = importlib.import_module(f"{_LIBRARY}.core.plugins.util").get_mapping_from_secret_type_to_class()
        self._detectors: list[tuple[str, Any]] = [
            (kind, detector()) for kind, detector in sorted(kinds.items()) if kind not in _HARMLESS
        ]
        self._heuristic = importlib.import_module(f"{_LIBRARY}.filters.heuristic")
        self._look = lru_cache(maxsize=8192)(self._found)

    def __call__(self, line: str) -> tuple[Secret, ...]:
        """Secrets of a line, in the order of their places."""
        found: dict[Secret, None] = {}
        for text in (line, *_closed(line)):
            for start in range(0, max(1, len(text) - _OVERLAP), _WINDOW - _OVERLAP):
                found.update(dict.fromkeys(self._look(text[start : start + _WINDOW])))
        return tuple(found)

    def _found(self, line: str) -> tuple[Secret, ...]:
        found: dict[str, str] = {}
        for kind, detector in self._detectors:
            for hit in detector.analyze_line(filename="code.py", line=line, line_number=1):
                text = hit.secret_value or ""
                if text and not (kind in _GUESSES and self._is_harmless(text)):
                    for whole in [text] if kind in _EXACT else _whole(text, line):
                        found.setdefault(whole, kind)
        for kind, pattern in _MORE.items():
            for match in pattern.finditer(line):
                found.setdefault(match[match.lastindex or 0], kind)
        secrets = [Secret(text=text, kind=kind) for text, kind in found.items()]
        return tuple(sorted(secrets, key=lambda secret: (line.find(secret.text), -len(secret.text), secret.text)))

    def _is_harmless(self, text: str) -> bool:
        """What looks like a secret to a guess, and is an alphabet, an id, a row of signs or a place for one."""
        heuristic = self._heuristic
        return bool(
            heuristic.is_sequential_string(text)
            or heuristic.is_potential_uuid(text)
            or heuristic.is_not_alphanumeric_string(text)
            or heuristic.is_templated_secret(text)
        )


def _closed(line: str) -> list[str]:
    """A line that ends within a literal, because somebody shortened it, with the quote that the detectors look for."""
    return [f"{line.rstrip('. ')}{quote}" for quote in "'\"" if line.count(quote) % 2]


def _whole(text: str, line: str) -> list[str]:
    """Words of a line that hold the text: some detectors tell only the beginning of what they found."""
    words = [match[0] for match in _TOKEN.finditer(line) if text in match[0]]
    return words or [text]
