"""What is written in the book: entries, each made of postings that balance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import NamedTuple, TypedDict

from ledger.errors import FormatError, LedgerError, Unbalanced
from ledger.money import Money


class AccountKind(Enum):
    """What an account stands for, which decides the side it grows on."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def grows_by_debit(self) -> bool:
        """Assets and expenses do; the others grow by credit."""
        return self in (AccountKind.ASSET, AccountKind.EXPENSE)


class Posting(NamedTuple):
    """One side of an entry: a debit is positive, a credit negative."""

    account: str
    money: Money


class EntryRow(TypedDict):
    """An entry as JSON has it."""

    day: str
    memo: str
    tags: list[str]
    postings: list[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """Something that happened on a day. Raises `Unbalanced` when it does not add up."""

    day: date
    memo: str
    postings: tuple[Posting, ...]
    tags: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if len(self.postings) < 2:
            raise ValueError("an entry needs two postings at least")
        difference = Money.total(
            (posting.money for posting in self.postings), self.currency
        )
        if difference:
            raise Unbalanced(difference)

    @classmethod
    def transfer(
        cls, day: date, memo: str, source: str, target: str, money: Money, *tags: str
    ) -> Entry:
        """Move `money` from one account to another."""
        if not money or money.is_negative:
            raise ValueError(f"a transfer moves a positive amount, not {money}")
        postings = (Posting(target, money), Posting(source, -money))
        return cls(day, memo, postings, frozenset(tags))

    @classmethod
    def from_row(cls, row: EntryRow) -> Entry:
        """An entry from its JSON form."""
        try:
            postings = tuple(
                Posting(account, Money.parse(amount))
                for account, amount in row["postings"]
            )
            day = date.fromisoformat(row["day"])
            return cls(day, row["memo"], postings, frozenset(row.get("tags", ())))
        except (AttributeError, KeyError, TypeError, ValueError, LedgerError) as error:
            raise FormatError(f"not an entry: {error}") from error

    def to_row(self) -> EntryRow:
        """The entry as JSON has it."""
        return {
            "day": self.day.isoformat(),
            "memo": self.memo,
            "tags": sorted(self.tags),
            "postings": [(p.account, str(p.money)) for p in self.postings],
        }

    @property
    def currency(self) -> str:
        return self.postings[0].money.currency

    @property
    def volume(self) -> Money:
        """How much money moves: the sum of the debits."""
        debits = (p.money for p in self.postings if not p.money.is_negative)
        return Money.total(debits, self.currency)

    def amount_on(self, account: str) -> Money:
        """What the entry does to one account."""
        amounts = (p.money for p in self.postings if p.account == account)
        return Money.total(amounts, self.currency)
