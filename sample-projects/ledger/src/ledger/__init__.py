"""Double-entry bookkeeping for a small club."""

from ledger.book import Account, Ledger
from ledger.entries import AccountKind, Entry, Posting
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.stores import CsvStore, JsonStore, Store

__all__ = [
    "Account",
    "AccountKind",
    "CsvStore",
    "Entry",
    "JsonStore",
    "Ledger",
    "LedgerError",
    "Money",
    "Posting",
    "Store",
]
