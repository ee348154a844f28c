import pytest

from qeforge.config import Config
from qeforge.domain.provider import Usage
from qeforge.providers.prices import cost, known, price_list


def test_each_kind_of_token_has_its_price() -> None:
    usage = Usage(input=1_000_000, output=1_000_000, cached=400_000, written=100_000)
    assert cost("claude-sonnet-5-5", usage) == pytest.approx(0.5 * 2 + 0.4 * 2 * 0.05 + 0.1 * 2 * 1.25 + 10)
    assert cost("claude-opus-5", usage) == pytest.approx(0.5 * 5 + 0.4 * 5 * 0.1 + 0.1 * 5 * 1.25 + 25)


def test_a_long_prompt_makes_the_whole_request_dearer() -> None:
    assert cost("claude-haiku-5-5", Usage(input=100_000, output=1000)) == pytest.approx(0.0105)
    assert cost("claude-haiku-5-5", Usage(input=100_001, output=1000)) == pytest.approx(0.0525005)
    cached = Usage(input=200_000, output=0, cached=200_000)
    assert cost("claude-haiku-5-5", cached) == pytest.approx(0.2 * 0.5 * 0.1)


def test_a_batch_costs_half() -> None:
    usage = Usage(input=1000, output=200)
    whole, half = cost("claude-opus-5-5", usage), cost("claude-opus-5-5", usage, batch=True)
    assert whole == pytest.approx(0.008)
    assert half == pytest.approx(0.004)


def test_a_name_may_end_in_a_date_and_an_unknown_one_has_no_price() -> None:
    usage = Usage(input=1000, output=200)
    assert cost("claude-haiku-5-5-20261007", usage) == cost("claude-haiku-5-5", usage)
    assert cost("claude-haiku-9", usage) is None
    assert known("qwen2.5-coder-1.5b") is None


def test_the_models_that_are_asked_unless_told_otherwise_are_known_and_ordered() -> None:
    prices = price_list()
    assert prices.as_of == "2026-11"
    assert (prices.default, prices.escalation) == (Config().cloud_model, Config().cloud_escalation)
    usage = Usage(input=1000, output=200)
    default, escalation = cost(prices.default, usage), cost(prices.escalation, usage)
    assert default is not None
    assert escalation is not None
    assert default < escalation
    for model in prices.models.values():
        assert model.thinking in ("disabled", "between_tools", "adaptive")
        assert 0 < model.cache_read < 1
        assert 0 < model.input < model.output
        assert model.context >= 200_000
