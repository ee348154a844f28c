"""Raw results: one file of JSON lines for each run, a line for each suite that was written and measured."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from rig.measure import Measures
from rig.metered import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One suite: who wrote it for what, under which conditions, what that took, and what the suite is worth.

    `rounds` and `own` are what qeforge says about its own run.
    """

    tool: str
    version: str
    module: str
    groups: tuple[str, ...]
    budget: float
    seed: int
    machine: Mapping[str, Any]
    usage: Usage
    measures: Measures
    note: str = ""
    tokens: int = 0
    rounds: tuple[Mapping[str, Any], ...] = ()
    own: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[str, str, float, int]:
        """A later record with the same key replaces an earlier one."""
        return self.tool, self.module, self.budget, self.seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A file of records that grows; what is in it is not done again."""

    path: Path
    lock: Lock = dataclasses.field(default_factory=Lock)

    def read(self) -> list[Record]:
        """The latest record for each key. A line that was cut short by a crash is passed over."""
        found: dict[tuple[str, str, float, int], Record] = {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    data = json.loads(line)
                except ValueError:
                    continue
                record = Record(
                    **{
                        **data,
                        "groups": tuple(data["groups"]),
                        "rounds": tuple(data["rounds"]),
                        "usage": Usage(**data["usage"]),
                        "measures": Measures(**data["measures"]),
                    }
                )
                found[record.key] = record
        return sorted(found.values(), key=lambda record: record.key)

    def add(self, record: Record) -> None:
        """Appends a line, at once."""
        line = json.dumps(dataclasses.asdict(record), sort_keys=True) + "\n"
        with self.lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)

    def tidy(self) -> None:
        """Leaves one line for each key, in order, so that the file can be kept under version control."""
        records = self.read()
        with self.lock:
            text = "".join(json.dumps(dataclasses.asdict(record), sort_keys=True) + "\n" for record in records)
            fresh = self.path.with_suffix(".new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.path)


def is_done(record: Record | None, *, version: str, mutants: int) -> bool:
    """Whether there is a result of the same version, with as many mutants."""
    return record is not None and record.version == version and record.measures.mutants_asked >= mutants


def by_tool(records: Sequence[Record]) -> dict[tuple[str, float], list[Record]]:
    """Records by tool and budget, qeforge first."""
    found: dict[tuple[str, float], list[Record]] = {}
    for record in sorted(records, key=lambda one: (not one.tool.startswith("qeforge"), one.tool, one.budget)):
        found.setdefault((record.tool, record.budget), []).append(record)
    return found
