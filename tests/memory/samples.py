"""A small module, and what was learned from it."""

from pathlib import Path

from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Accepted, Pattern, Place
from qeforge.domain.target import SourceModule, Target
from qeforge.memory.bank import distil
from qeforge.memory.embedder import LexicalEmbedder
from qeforge.memory.indexes import open_index
from qeforge.memory.patterns import PatternStore
from qeforge.memory.store import Store
from tests.analysis.modules import module_of

SOURCE = '''
import re


def slugify(text: str, separator: str = "-") -> str:
    """A text for an address."""
    return re.sub(r"\\W+", separator, text.lower()).strip(separator)


def slugify_all(text: str, separator: str = "_") -> str:
    return re.sub(r"\\W+", separator, text.lower()).strip(separator)


def area(width: float, height: float) -> float:
    return width * height


class Cart:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.items = []

    def add(self, name: str, price: float) -> int:
        self.items.append((name, price))
        return len(self.items)

    def remove(self, name: str) -> None:
        self.items = [item for item in self.items if item[0] != name]
'''
PROJECT = "/srv/shop"


def module(source: str = SOURCE, name: str = "shop.texts") -> SourceModule:
    return module_of(source, name)


def target(name: str, of: SourceModule | None = None) -> Target:
    return next(one for one in (of or module()).targets if one.qualname == name)


def call(act: str, name: str = "slugify", *, at: str = "shop.texts", **more: object) -> Candidate:
    top = name.partition(".")[0]
    given: dict[str, object] = {"imports": (f"from {at} import {top}",), **more}
    return Candidate(target=f"{at}:{name}", act=act, **given)  # type: ignore[arg-type]


def learned(*candidates: Candidate, project: str = PROJECT, of: SourceModule | None = None) -> list[Pattern]:
    where = of or module()
    accepted = [Accepted(candidate=one, goals=1) for one in candidates]
    return [pattern for each in where.targets for pattern in distil(where, each, accepted, project=project)]


def place(name: str = "slugify", *, project: str = PROJECT, at: str = "shop.texts") -> Place:
    return Place(project=project, target=f"{at}:{name}", path="src/shop/texts.py", digest="d")


def memory_in(folder: Path) -> PatternStore:
    return PatternStore(
        Store(folder / "memory.db"),
        embedder=LexicalEmbedder(),
        index=lambda embedder, rows: open_index(folder, embedder=embedder, rows=rows),
    )


def keep(memory: PatternStore, *candidates: Candidate, project: str = PROJECT, at: float = 1_000.0) -> list[Pattern]:
    found = learned(*candidates, project=project)
    for name in dict.fromkeys(one.target.partition(":")[2] for one in found):
        mine = [one for one in found if one.target.partition(":")[2] == name]
        memory.keep(place(name, project=project), mine, at=at)
    return found
