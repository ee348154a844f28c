"""Keeping a ledger in a file."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from pathlib import Path

from ledger.book import Ledger
from ledger.entries import AccountKind, Entry
from ledger.errors import FormatError, LedgerError


class Store(ABC):
    """Somewhere to keep a ledger."""

    suffix = ""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if self.path.suffix != self.suffix:
            raise ValueError(f"{self.path.name} does not end in {self.suffix}")

    @property
    def exists(self) -> bool:
        return self.path.is_file()

    def save(self, ledger: Ledger) -> int:
        """Write all of it; returns the number of entries."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(self.path.name + ".part")
        self._write(draft, ledger)
        draft.replace(self.path)
        return len(ledger)

    def load(self) -> Ledger:
        """Read it back. `FormatError` says what is wrong and in which line."""
        if not self.exists:
            raise FormatError(f"{self.path.name} does not exist")
        kinds, entries = self._read(self.path)
        return Ledger.from_entries(kinds, entries)

    @abstractmethod
    def _write(self, path: Path, ledger: Ledger) -> None: ...

    @abstractmethod
    def _read(self, path: Path) -> tuple[dict[str, AccountKind], list[Entry]]: ...


class JsonStore(Store):
    """One JSON document: accounts and entries."""

    suffix = ".json"

    def _write(self, path: Path, ledger: Ledger) -> None:
        document = {
            "accounts": {each.name: each.kind.value for each in ledger.accounts},
            "entries": [entry.to_row() for entry in ledger],
        }
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def _read(self, path: Path) -> tuple[dict[str, AccountKind], list[Entry]]:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise FormatError(error.msg, error.lineno) from error
        try:
            kinds = {n: AccountKind(k) for n, k in document["accounts"].items()}
            return kinds, [Entry.from_row(row) for row in document["entries"]]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FormatError(f"not a ledger: {error}") from error


class CsvStore(Store):
    """One line per transfer: day, memo, from, to, amount. Other entries do not fit.

    Tags and kinds of account are not kept: all accounts come back as assets.
    """

    suffix = ".csv"
    header = ("day", "memo", "from", "to", "amount")

    def _write(self, path: Path, ledger: Ledger) -> None:
        rows = [self._row(entry) for entry in ledger]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.header)
            writer.writerows(rows)

    def _read(self, path: Path) -> tuple[dict[str, AccountKind], list[Entry]]:
        kinds: dict[str, AccountKind] = {}
        entries = []
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, restval="")
            if tuple(reader.fieldnames or ()) != self.header:
                raise FormatError(f"the header must be {','.join(self.header)}", 1)
            for row in reader:
                postings = [
                    (row["to"], row["amount"]),
                    (row["from"], f"-{row['amount']}"),
                ]
                entry = {"day": row["day"], "memo": row["memo"], "postings": postings}
                try:
                    entries.append(Entry.from_row(entry))
                except LedgerError as error:
                    raise FormatError(str(error), reader.line_num) from error
                for account, _ in postings:
                    kinds.setdefault(account, AccountKind.ASSET)
        return kinds, entries

    @staticmethod
    def _row(entry: Entry) -> tuple[str, ...]:
        if len(entry.postings) != 2:
            raise LedgerError(f"{entry.memo!r} is no plain transfer")
        source, target = sorted(entry.postings, key=lambda posting: posting.money)
        names = (source.account, target.account)
        return (entry.day.isoformat(), entry.memo, *names, str(target.money))
