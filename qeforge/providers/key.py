"""The key to the cloud: read from the environment, shown to nobody."""

import os
from collections.abc import MutableMapping

from qeforge.config.surroundings import reclaim
from qeforge.errors import ProviderError

VARIABLE = "ANTHROPIC_API_KEY"
_HIDDEN = "[key]"


class Key:
    """A key that does not show itself: not in its representation, not in a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def take(cls, environ: MutableMapping[str, str] = os.environ) -> "Key":
        """The key of the environment, which no longer holds it afterwards: processes started from now on do not get it.

        Raises:
            ProviderError: there is none, or what there is cannot be one.
        """
        text = environ.pop(VARIABLE, "").strip() or (reclaim(VARIABLE).strip() if environ is os.environ else "")
        if not text:
            raise ProviderError(
                f"{VARIABLE} is not set", hint="set it to ask a cloud model, or choose --engine local", slug="no-key"
            )
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ProviderError(
                f"{VARIABLE} holds characters that no key has", hint="copy the key again, alone", slug="wrong-key"
            )
        return cls(text)

    def reveal(self) -> str:
        """The key itself, for whoever sends it."""
        return self._text

    def scrub(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._text, _HIDDEN)

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key does not leave its process")
