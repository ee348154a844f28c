"""What cloud models cost and how they take a question, from `prices.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from qeforge.domain.provider import Usage

_DATED = re.compile(r"-\d{8}$")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudModel:
    """One model of the list.

    Args:
        name: as the API takes it.
        context: its window in tokens.
        thinking: the least thinking that it allows: `disabled`, `between_tools`, or `adaptive` (always some).
        input, output: USD per million tokens.
        cache_read: share of the input price for a token that is read from the cache.
        long_above: tokens of a prompt above which the `long_` prices hold for the whole request; None for never.
    """

    name: str
    context: int
    thinking: str
    input: float
    output: float
    cache_read: float
    long_above: int | None = None
    long_input: float = 0.0
    long_output: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """All that is known.

    Args:
        as_of: year and month of the prices.
        default: the model that is asked when nobody says which.
        escalation: the one for what the default model did not manage.
        cache_write: share of the input price for a token that is put into the cache.
        batch: share of every price for a request in a batch.
        models: by name.
    """

    as_of: str
    default: str
    escalation: str
    cache_write: float
    batch: float
    models: dict[str, CloudModel]


@cache
def price_list() -> PriceList:
    """The list that is shipped."""
    data = tomllib.loads(files("qeforge.providers").joinpath("prices.toml").read_text(encoding="utf-8"))
    models = {
        name: CloudModel(name=name, **{key.replace("-", "_"): value for key, value in fields.items()})
        for name, fields in data.pop("models").items()
    }
    return PriceList(models=models, **{key.replace("-", "_"): value for key, value in data.items()})


def known(model: str) -> CloudModel | None:
    """What is known of a model; its name may end in a date."""
    return price_list().models.get(_DATED.sub("", model))


def cost(model: str, usage: Usage, *, batch: bool = False) -> float | None:
    """USD for one request; None when no price of the model is known."""
    price = known(model)
    if price is None:
        return None
    long = price.long_above is not None and usage.input > price.long_above
    into, out = (price.long_input, price.long_output) if long else (price.input, price.output)
    fresh = usage.input - usage.cached - usage.written
    tokens_in = fresh + usage.cached * price.cache_read + usage.written * price_list().cache_write
    usd = (tokens_in * into + usage.output * out) / _MILLION
    return usd * price_list().batch if batch else usd
