"""Models as `qeforge models` shows them, to people and under `--json`."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from qeforge.providers.catalogue import Entry
from qeforge.providers.shelf import Stored
from qeforge.report.text import percent

HEADS = ("model", "size", "licence", "memory", "tokens/s", "here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A model that is in the catalogue, on this machine, or both.

    Args:
        name: of the model.
        entry: what the catalogue says; None for a file that it does not know.
        stored: what is on disk; None for nothing.
        path: of its file, where there is one.
        intact: whether that file is as it was when it was checked.
        chosen: whether it is used when nobody says which.
        partial: bytes of an unfinished download.
        memory: bytes of this machine; 0 where that is not known.
    """

    name: str
    entry: Entry | None
    stored: Stored | None
    path: Path | None
    intact: bool
    chosen: bool
    partial: int
    memory: int

    @property
    def cells(self) -> tuple[str, ...]:
        """For a table with `HEADS`."""
        one = self.stored or self.entry
        assert one is not None
        speed = self.stored.speed if self.stored else None
        need = size(one.memory) + ("" if self.fits else f", of {size(self.memory)}")
        return (
            self.name,
            size(one.bytes),
            one.licence or "not known",
            need,
            f"{speed.answer:g}" if speed else "",
            self.here,
        )

    @property
    def fits(self) -> bool:
        """Whether the machine has the memory at all, however much of it is free now."""
        one = self.stored or self.entry
        return one is None or not self.memory or one.memory <= self.memory

    @property
    def here(self) -> str:
        """Whether it can be used, in words."""
        if self.stored is None:
            if self.partial and self.entry:
                return f"{percent(self.partial / self.entry.bytes)} loaded"
            return "" if self.entry and self.entry.repo else "import only"
        words = ["in use" if self.chosen else "yes"]
        if not self.intact:
            words.append("changed since it was checked")
        elif not self.stored.verified:
            words.append("unverified")
        return ", ".join(words)

    @property
    def data(self) -> dict[str, object]:
        """For `--json`; null for what is not known."""
        entry, stored = self.entry, self.stored
        one = stored or entry
        assert one is not None
        return {
            "name": self.name,
            "bytes": one.bytes,
            "sha256": one.sha256,
            "licence": one.licence or None,
            "licence_url": entry.licence_url if entry else None,
            "terms": (entry.terms or None) if entry else None,
            "architecture": one.architecture,
            "memory": one.memory,
            "fits": self.fits,
            "repo": (entry.repo or None) if entry else None,
            "revision": entry.revision if entry and entry.repo else None,
            "file": entry.file if entry else None,
            "in_catalogue": entry is not None,
            "installed": stored is not None,
            "chosen": self.chosen,
            "verified": stored.verified if stored else None,
            "intact": self.intact if stored else None,
            "path": str(self.path) if self.path else None,
            "partial": self.partial,
            "speed": asdict(stored.speed) if stored and stored.speed else None,
        }


def size(number: int) -> str:
    """Bytes for people: `98 MB`, `1.1 GB`; decimal, as disks and downloads are told."""
    return f"{number / 1e9:.1f} GB" if number >= 999_500_000 else f"{number / 1e6:.0f} MB"


def machine_memory() -> int | None:
    """Bytes of memory that this machine has; None where that cannot be told."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
