"""Amounts of money: decimal, rounded to cents, never mixed between currencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import total_ordering

from ledger.errors import CurrencyMismatch

CENT = Decimal("0.01")


@total_ordering
@dataclass(frozen=True)
class Money:
    """An amount in one currency, rounded to the cent (half to even)."""

    amount: Decimal
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"not a currency code: {self.currency!r}")
        rounded = Decimal(self.amount).quantize(CENT, rounding=ROUND_HALF_EVEN)
        object.__setattr__(self, "amount", rounded)

    @classmethod
    def zero(cls, currency: str = "EUR") -> Money:
        """No money at all."""
        return cls(Decimal(0), currency)

    @classmethod
    def parse(cls, text: str) -> Money:
        """`1,250.00 EUR`, `-3 CHF`, or a bare number of euros.

        >>> Money.parse("1,250.5 CHF")
        Money(amount=Decimal('1250.50'), currency='CHF')
        """
        number, _, currency = text.strip().partition(" ")
        try:
            amount = Decimal(number.replace(",", ""))
        except InvalidOperation:
            raise ValueError(f"not an amount: {text!r}") from None
        if not amount.is_finite():
            raise ValueError(f"not an amount: {text!r}")
        return cls(amount, currency.strip() or "EUR")

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str = "EUR") -> Money:
        """The sum; zero of `currency` when there is nothing to add."""
        result = cls.zero(currency)
        for amount in amounts:
            result += amount
        return result

    @property
    def is_negative(self) -> bool:
        return self.amount < 0

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Parts in proportion to `weights` that add up to the whole.

        What rounding leaves over goes to the first that have a weight, a cent each.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("weights must not be negative, nor all zero")
        cents = int(self.amount / CENT)
        shares = [cents * weight // whole for weight in weights]
        weighted = [index for index, weight in enumerate(weights) if weight]
        for index in weighted[: cents - sum(shares)]:
            shares[index] += 1
        return [Money(share * CENT, self.currency) for share in shares]

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        if not isinstance(factor, (int, Decimal)):
            return NotImplemented
        return Money(self.amount * factor, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        self._same_currency(other)
        return self.amount < other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"
