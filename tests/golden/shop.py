"""A small module of many kinds of behaviour, for golden suites."""

import logging
import re
import sys
import warnings
from decimal import Decimal
from pathlib import Path

log = logging.getLogger(__name__)


class InsufficientFunds(Exception):
    """More was asked for than there is."""


def parse_duration(text: str) -> int:
    """Seconds in `2h32m`."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?", text)
    if not text or found is None:
        raise ValueError(f"not a duration: {text!r}")
    return 3600 * int(found[1] or 0) + 60 * int(found[2] or 0)


def slugify(text, *, separator="-"):
    """Words joined by a separator."""
    if text is None:
        return ""
    return separator.join(re.findall(r"[a-z0-9]+", text.lower()))


def is_email(text: str) -> bool:
    """Roughly."""
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", text) is not None


def mean(values):
    """Arithmetic."""
    return sum(values) / len(values)


def describe(values):
    """Count, mean and spread."""
    return {"count": len(values), "mean": mean(values), "range": [min(values), max(values)]}


def greet(name):
    """On standard output."""
    print(f"Hello, {name}!")


def old_greet(name):
    """Its former name."""
    warnings.warn("old_greet is deprecated, use greet", DeprecationWarning, stacklevel=2)
    return f"Hello, {name}!"


def save(path: Path, lines) -> int:
    """Lines to a file; their number."""
    path.write_text("".join(f"{line}\n" for line in lines))
    log.warning("wrote %d lines", len(lines))
    return len(lines)


def main(arguments):
    """A command."""
    if not arguments:
        sys.exit(2)
    return 0


def filter(items, keep):
    """Shadows the builtin on purpose."""
    return [item for item in items if keep(item)]


def poem():
    """Several lines."""
    return "Roses are red,\nviolets are blue,\nthis text is long\nand so are you.\n"


class Account:
    """Money of one owner."""

    def __init__(self, owner: str, balance: str = "0") -> None:
        if not owner:
            raise ValueError("owner must not be empty")
        self.owner = owner
        self.balance = Decimal(balance)

    def deposit(self, amount: int) -> None:
        """More."""
        if amount <= 0:
            raise ValueError("amount must be positive (is the sign right?)")
        self.balance += amount

    def withdraw(self, amount: int) -> Decimal:
        """Less."""
        if amount > self.balance:
            raise InsufficientFunds(f"{self.owner} has {self.balance}, not {amount}")
        self.balance -= amount
        return self.balance

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and self.balance == other.balance

    def _audit(self) -> list[str]:
        return [f"{self.owner}: {self.balance}"]


def extend(items, item):
    """Changes its argument."""
    items.append(item)


def notify(callback, event):
    """Calls back twice."""
    callback(event)
    callback(event, last=True)


def open_account(owner):
    """Through a function."""
    return Account(owner)
