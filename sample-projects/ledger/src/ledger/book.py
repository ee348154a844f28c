"""The book itself: accounts, and entries in the order of their days."""

from __future__ import annotations

import logging
import warnings
from bisect import insort
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from ledger.entries import AccountKind, Entry
from ledger.errors import (
    CurrencyMismatch,
    DuplicateAccount,
    Overdrawn,
    UnknownAccount,
)
from ledger.money import Money

logger = logging.getLogger(__name__)


class Account:
    """A named account. `floor` is the lowest balance that it may reach."""

    def __init__(self, name: str, kind: AccountKind, floor: Money | None = None):
        if not name.strip():
            raise ValueError("an account needs a name")
        self.name = name
        self.kind = kind
        self.floor = floor
        self.closed = False

    def normal(self, debits: Money) -> Money:
        """A sum of debits as the balance that people expect to read."""
        return debits if self.kind.grows_by_debit else -debits

    def __repr__(self) -> str:
        state = " (closed)" if self.closed else ""
        return f"<Account {self.name}: {self.kind.value}{state}>"


class Ledger:
    """Accounts and entries of one currency."""

    def __init__(self, currency: str = "EUR") -> None:
        self.currency = currency
        self._accounts: dict[str, Account] = {}
        self._entries: list[Entry] = []

    @classmethod
    def from_entries(cls, kinds: dict[str, AccountKind], entries: Iterable[Entry]):
        """A ledger with an account for each of `kinds`, and `entries` posted."""
        entries = list(entries)
        ledger = cls(entries[0].currency if entries else "EUR")
        for name, kind in kinds.items():
            ledger.open(name, kind)
        for entry in sorted(entries, key=lambda entry: entry.day):
            ledger.post(entry)
        return ledger

    @property
    def accounts(self) -> tuple[Account, ...]:
        return tuple(self._accounts.values())

    @property
    def last_day(self) -> date | None:
        """The day of the latest entry, None in an empty book."""
        return self._entries[-1].day if self._entries else None

    def open(self, name: str, kind: AccountKind, floor: Money | None = None) -> Account:
        """Add an account."""
        if name in self._accounts:
            raise DuplicateAccount(f"{name!r} is open already")
        account = Account(name, kind, floor)
        self._accounts[name] = account
        return account

    def close(self, name: str) -> None:
        """Take no more entries on an account, which must be empty."""
        balance = self.balance(name)
        if balance:
            raise ValueError(f"{name} still holds {balance}")
        self._account(name).closed = True

    def post(self, entry: Entry) -> None:
        """Write an entry. Warns when it is older than the latest one."""
        if entry.currency != self.currency:
            raise CurrencyMismatch(self.currency, entry.currency)
        for name in {posting.account for posting in entry.postings}:
            self._check(self._account(name), entry)
        if self.last_day is not None and entry.day < self.last_day:
            warnings.warn(f"{entry.memo!r} is posted late", UserWarning, stacklevel=2)
        insort(self._entries, entry, key=lambda each: each.day)
        logger.info("posted %s of %s", entry.memo, entry.volume)

    def _account(self, name: str) -> Account:
        try:
            return self._accounts[name]
        except KeyError:
            raise UnknownAccount(name) from None

    def _check(self, account: Account, entry: Entry) -> None:
        if account.closed:
            raise ValueError(f"{account.name} is closed")
        if account.floor is None:
            return
        change = account.normal(entry.amount_on(account.name))
        after = self.balance(account.name) + change
        if after < account.floor:
            raise Overdrawn(account.name, account.floor - after)

    def balance(self, name: str, until: date | None = None) -> Money:
        """What an account holds, at the end of the day `until` or after all entries."""
        account = self._account(name)
        amounts = (
            entry.amount_on(name)
            for entry in self._entries
            if until is None or entry.day <= until
        )
        return account.normal(Money.total(amounts, self.currency))

    def trial_balance(self) -> dict[str, Money]:
        """The balance of every account that is not empty."""
        balances = {name: self.balance(name) for name in self._accounts}
        return {name: money for name, money in balances.items() if money}

    def profit(self) -> Money:
        """Income less expenses."""
        result = Money.zero(self.currency)
        for account in self.accounts:
            if account.kind is AccountKind.INCOME:
                result += self.balance(account.name)
            elif account.kind is AccountKind.EXPENSE:
                result -= self.balance(account.name)
        return result

    def between(self, first: date, last: date) -> Iterator[Entry]:
        """Entries from `first` to `last`, both days included."""
        for entry in self._entries:
            if entry.day > last:
                break
            if entry.day >= first:
                yield entry

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Everything posted inside stays, or nothing does when an exception leaves."""
        saved = list(self._entries)
        try:
            yield self
        except Exception:
            logger.warning("rolled back %d entries", len(self._entries) - len(saved))
            self._entries = saved
            raise

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __contains__(self, item: object) -> bool:
        """Whether an account of that name is open, or that very entry is posted."""
        if isinstance(item, str):
            return item in self._accounts and not self._accounts[item].closed
        return item in self._entries
