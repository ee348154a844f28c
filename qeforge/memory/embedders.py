"""Which embedder the settings ask for."""

import math
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from qeforge.domain.pattern import Embedder
from qeforge.domain.provider import Place, Provider
from qeforge.errors import ConfigError, PrivacyError, ProviderError
from qeforge.memory.embedder import LexicalEmbedder

BUILTIN, SENTENCES, LOCAL = "builtin", "sentence-transformers", "local"
EMBEDDERS = (BUILTIN, SENTENCES, LOCAL)
"""What `memory.embedder` may be."""


class ProviderEmbedder:
    """The vectors of a local model that also answers.

    Args:
        provider: the model; its owner closes it.

    Raises:
        ProviderError: it makes no vectors.
        PrivacyError: it is in the cloud.
    """

    def __init__(self, provider: Provider) -> None:
        about = provider.describe()
        if about.place is Place.CLOUD:
            raise PrivacyError(f"{about.model}: memory is read by models of this machine only", slug="embedder")
        if not about.embeds:
            raise ProviderError(
                f"{about.model}: this model makes no vectors", hint=f"memory.embedder = {BUILTIN!r}", slug="embedder"
            )
        self._provider = provider
        self._name = f"local-{about.model}-{zlib.crc32(f'{about.name} {about.detail}'.encode()):08x}"

    @property
    def name(self) -> str:
        """What made a vector: the model, and a mark of its file or address."""
        return self._name

    @cached_property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return len(self.embed(["def"])[0])

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length per text.

        Raises:
            ProviderError: the model did not answer, or not as it should.
        """
        if not texts:
            return []
        rows = self._provider.embed([text or " " for text in texts])
        sizes = {len(row) for row in rows}
        if len(rows) != len(texts) or len(sizes) != 1 or not all(math.isfinite(sum(row)) for row in rows):
            raise ProviderError(
                f"{self._name}: {len(rows)} vectors of {sorted(sizes)} numbers for {len(texts)} texts", slug="embedder"
            )
        return [[number / length for number in row] for row in rows for length in (math.hypot(*row) or 1.0,)]


def open_embedder(kind: str, *, folder: Path | None = None, provider: Provider | None = None) -> Embedder:
    """The embedder that a setting asks for; a model is loaded when it gets its first text.

    Args:
        kind: one of `EMBEDDERS`.
        folder: of the sentence-transformers model.
        provider: the local model.

    Raises:
        ConfigError: there is no such kind, or what it needs is not set.
        ProviderError: the local model makes no vectors, or is none of this machine.
        UnavailableError: a package is missing.
    """
    if kind == BUILTIN:
        return LexicalEmbedder()
    if kind == SENTENCES:
        if folder is None:
            raise ConfigError(
                f"memory.embedder is {kind!r}, and no model is named",
                hint="memory.model names the folder of one",
                slug="embedder",
            )
        from qeforge.memory.sentences import SentenceEmbedder

        return SentenceEmbedder(folder)
    if kind == LOCAL:
        if provider is None:
            raise ConfigError(
                f"memory.embedder is {kind!r}, and there is no local model",
                hint="qeforge models list shows them; local.model names one",
                slug="embedder",
            )
        return ProviderEmbedder(provider)
    raise ConfigError(f"memory.embedder: expected one of {', '.join(EMBEDDERS)}, got {kind!r}")
