"""Trap: nothing can be called before three other objects were made, some of them only through factories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal


class Currency:
    """Made by `of`, never directly."""

    _known = ("EUR", "CHF")

    def __init__(self, code: str, *, _token: object = None) -> None:
        if _token is not Currency:
            raise TypeError("use Currency.of")
        self.code = code

    @classmethod
    def of(cls, code: str) -> Currency:
        """One of the known ones."""
        if code not in cls._known:
            raise LookupError(f"unknown currency {code}")
        return cls(code, _token=Currency)


class Price:
    """An amount in a currency."""

    def __init__(self, amount: Decimal, currency: Currency) -> None:
        if not isinstance(amount, Decimal) or not isinstance(currency, Currency):
            raise TypeError("a price is a Decimal in a Currency")
        self.amount, self.currency = amount, currency


class Catalogue:
    """Prices by article."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self.prices = dict(prices)

    def __getitem__(self, article: str) -> Price:
        return self.prices[article]


class Order:
    """Articles, a catalogue, and a function that knows the discount for a number of pieces."""

    def __init__(
        self,
        lines: Sequence[tuple[str, int]],
        catalogue: Catalogue,
        discount: Callable[[int], Decimal] | None = None,
    ) -> None:
        self.lines, self.catalogue, self.discount = list(lines), catalogue, discount

    def total(self) -> Price:
        """With the discount; all articles must be priced in one currency."""
        if not self.lines:
            raise ValueError("an empty order")
        currencies = {self.catalogue[article].currency.code for article, _ in self.lines}
        if len(currencies) > 1:
            raise ValueError("mixed currencies")
        amount = sum((self.catalogue[article].amount * count for article, count in self.lines), Decimal(0))
        if self.discount is not None:
            amount -= amount * self.discount(sum(count for _, count in self.lines))
        return Price(amount, Currency.of(currencies.pop()))


def compare(left: Order, right: Order) -> int:
    """-1, 0 or 1."""
    first, second = left.total().amount, right.total().amount
    return (first > second) - (first < second)
