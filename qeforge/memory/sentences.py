"""A sentence-transformers model from a folder of this machine. The only module that imports `sentence_transformers`."""

import importlib
import zlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from qeforge.errors import UnavailableError

_LIBRARY = "sentence_transformers"
_HINT = "memory.model names a folder of a model that was downloaded, with its modules.json"
_HEAD = 1 << 16
"""Bytes of each file that tell one model from another."""


class SentenceEmbedder:
    """An embedder that reads texts with a model. Nothing is downloaded, and no code that comes with a model is run; it
    is loaded with the first text (seconds, and for a small one half a gigabyte).

    Args:
        folder: of the model, as sentence-transformers saves it.

    Raises:
        UnavailableError: it is no such folder, cannot be read, or sentence-transformers is not installed.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / "modules.json").is_file():
            raise UnavailableError(f"{folder}: there is no sentence-transformers model", hint=_HINT, slug="embedder")
        if find_spec(_LIBRARY) is None:
            raise UnavailableError(
                "sentence-transformers is not installed, which memory.embedder asks for",
                hint="pip install 'qeforge[embeddings]'",
                slug="embedder",
            )
        self._folder = folder
        try:
            self._name = f"sentences-{folder.resolve().name}-{_mark(folder):08x}"
        except OSError as problem:
            raise UnavailableError(f"{folder}: cannot be read: {problem.strerror}", slug="embedder") from problem
        self._model: Any = None

    @property
    def name(self) -> str:
        """What made a vector: the folder's name, and a mark of what is in it."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return len(self.embed([""])[0])

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length per text; of a long one, the beginning counts.

        Raises:
            UnavailableError: the model cannot be loaded.
        """
        if not texts:
            return []
        model = self._loaded()
        try:
            found = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)
        except Exception as problem:  # as its library and torch like
            [line, *_] = str(problem).splitlines() or [type(problem).__name__]
            raise UnavailableError(f"{self._folder}: no embedding ({line})", slug="embedder") from problem
        return [[float(number) for number in row] for row in found]

    def _loaded(self) -> Any:
        if self._model is None:
            library = importlib.import_module(_LIBRARY)
            try:
                self._model = library.SentenceTransformer(
                    str(self._folder), device="cpu", local_files_only=True, trust_remote_code=False
                )
            except Exception as problem:  # whatever is wrong with the files, its readers raise as they like
                [line, *_] = str(problem).splitlines() or [type(problem).__name__]
                raise UnavailableError(
                    f"{self._folder}: the model cannot be loaded ({line})", hint=_HINT, slug="embedder"
                ) from problem
        return self._model


def _mark(folder: Path) -> int:
    """Another number for other files; two models may be in folders of the same name."""
    mark = 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            head = file.read(_HEAD)
        mark = zlib.crc32(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode() + head, mark)
    return mark
