"""Models that are known by name: where their files are, what they have to be, under which licence; `catalogue.toml`."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from qeforge.errors import UsageError
from qeforge.providers.gguf import Header

CONTEXT = 4096
"""Tokens of context for which the need for memory is told; questions and answers stay well below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model of the catalogue.

    Args:
        name: as it is asked for.
        file: name of the file at the hub.
        bytes: of the file.
        sha256: of the file, in hexadecimal digits.
        licence: as its makers call it.
        licence_url: where its text is.
        architecture: `qwen2`, `llama`, …
        context: tokens it was trained for.
        layers, width, key_width: as in `gguf.Header`.
        repo: of the hub; empty when the file can be imported only.
        revision: commit or branch.
        terms: what the licence asks besides, in one line.
    """

    name: str
    file: str
    bytes: int
    sha256: str
    licence: str
    licence_url: str
    architecture: str
    context: int
    layers: int
    width: int
    key_width: int
    repo: str = ""
    revision: str = "main"
    terms: str = ""

    @property
    def memory(self) -> int:
        """Bytes that it takes to run it, with `CONTEXT` tokens of context."""
        header = Header(
            architecture=self.architecture,
            name=self.name,
            context=self.context,
            layers=self.layers,
            width=self.width,
            key_width=self.key_width,
            heads=0,  # not asked for before the file is here
            groups=0,
            template="",
            bytes=self.bytes,
        )
        return header.memory(min(CONTEXT, self.context))


@cache
def catalogue() -> Mapping[str, Entry]:
    """The models that are shipped as known, by name, in the order in which they are shown."""
    data = tomllib.loads(files("qeforge.providers").joinpath("catalogue.toml").read_text(encoding="utf-8"))
    return {
        name: Entry(name=name, **{key.replace("-", "_"): value for key, value in fields.items()})
        for name, fields in data["models"].items()
    }


def entry_named(name: str) -> Entry:
    """The model of that name.

    Raises:
        UsageError: there is none; names the nearest.
    """
    found = catalogue().get(name)
    if found is None:
        raise UsageError(
            f"no model of the catalogue is called {name!r}", hint=nearest(name, catalogue()), slug="no-such-model"
        )
    return found


def entry_with(sha256: str) -> Entry | None:
    """The model whose file has that checksum; None when it is of none."""
    return next((entry for entry in catalogue().values() if entry.sha256 == sha256), None)


def how_to_get(entry: Entry) -> str:
    """How a model of the catalogue comes here."""
    return f"`qeforge models pull {entry.name}`" if entry.repo else f"`qeforge models import {entry.file}`"


def nearest(name: str, names: Mapping[str, object]) -> str:
    """What to do about a name that is none."""
    near = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else "`qeforge models list` names them"
