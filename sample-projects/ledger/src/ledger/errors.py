"""What can go wrong.

LedgerError
├── CurrencyMismatch    amounts of two currencies met
├── UnknownAccount      an entry names an account that was never opened
├── DuplicateAccount    an account is opened twice
├── Unbalanced          the postings of an entry do not add up to nothing
├── Overdrawn           an account would go below what it may
└── FormatError         a file cannot be read
"""


class LedgerError(Exception):
    """Anything the ledger refuses to do."""


class CurrencyMismatch(LedgerError):
    """Amounts of two currencies met."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"cannot combine {left} with {right}")
        self.currencies = (left, right)


class UnknownAccount(LedgerError, KeyError):
    """An entry names an account that was never opened."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no account is called {name!r}")
        self.name = name

    def __str__(self) -> str:
        # KeyError would show the repr of the message.
        return str(self.args[0])


class DuplicateAccount(LedgerError):
    """An account is opened twice."""


class Unbalanced(LedgerError):
    """The postings of an entry do not add up to nothing."""

    def __init__(self, difference) -> None:
        super().__init__(f"the entry is out of balance by {difference}")
        self.difference = difference


class Overdrawn(LedgerError):
    """An account would go below what it may."""

    def __init__(self, account: str, missing) -> None:
        super().__init__(f"{account} lacks {missing}")
        self.account = account
        self.missing = missing


class FormatError(LedgerError):
    """A file cannot be read; `line` is one-based, 0 when it is the file as a whole."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.line = line
