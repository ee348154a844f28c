import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.domain.provider import Finish, Prompt, Usage
from qeforge.providers.messages import THINKING_TOKENS, Reply, body, estimate, finish_of, usage_of, worst


def prompt(
    *, system: str = "You test.", shared: str = "module", prefill: str = "", stop: tuple[str, ...] = ()
) -> Prompt:
    return Prompt(system=system, shared=shared, ask="calls", prefill=prefill, stop=stop)


def read(asked: Prompt, *pieces: str) -> tuple[str, bool]:
    reply = Reply(asked)
    heard = [reply.feed(piece) for piece in pieces]
    heard.append(reply.finish())
    assert "".join(heard) == reply.text
    return reply.text, reply.stopped


def test_only_what_is_said_is_sent() -> None:
    request = body(prompt(system="", shared=" \n"), "claude-haiku-5-5")
    assert "system" not in request
    assert request["messages"] == [{"role": "user", "content": [{"type": "text", "text": "calls"}]}]


def test_without_a_module_the_role_is_cached() -> None:
    request = body(prompt(shared=""), "claude-haiku-5-5")
    assert request["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in request["messages"][0]["content"][0]


def test_a_module_without_a_role_is_no_system_text() -> None:
    request = body(prompt(system=""), "claude-haiku-5-5")
    assert "system" not in request
    assert [part["text"] for part in request["messages"][0]["content"]] == ["module", "calls"]


@pytest.mark.parametrize(
    ("model", "extra", "more"),
    [
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}, 0),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}, 0),
        ("claude-opus-5-5", {"output_config": {"effort": "low"}}, 2048),
        ("claude-next", {}, 2048),
    ],
)
def test_as_little_thinking_as_the_model_allows(model: str, extra: dict[str, object], more: int) -> None:
    request = body(prompt(), model)
    assert {name: request[name] for name in ("thinking", "output_config") if name in request} == extra
    assert request["max_tokens"] == 256 + more
    assert not {"temperature", "top_p", "seed"} & set(request)


def test_the_most_that_a_question_may_use() -> None:
    asked = Prompt(system="s", shared="module " * 100, ask="what", max_tokens=900)
    usage = worst(asked, "claude-opus-5-5", 1_000)
    assert (usage.input, usage.output) == (1_000, 900 + THINKING_TOKENS)
    assert usage.written == estimate(asked.system + asked.shared)
    assert worst(asked, "claude-opus-5-5", 7).written == 7


def test_the_beginning_of_an_answer_is_asked_for_in_words() -> None:
    request = body(prompt(prefill="```python\nadd(", stop=("```", "\n\n", "END")), "claude-haiku-5-5")
    assert [message["role"] for message in request["messages"]] == ["user"]
    assert request["messages"][0]["content"][-1]["text"].endswith("```python\nadd(")
    assert request["stop_sequences"] == ["END"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("1, 2)\nadd(3)",), "1, 2)\nadd(3)"),
        (("```pyth", "on\nad", "d(1, 2)"), "1, 2)"),
        (("\n```python\nadd(1)\n```",), "1)\n"),
        (("add(1, 2)\n",), "1, 2)\n"),
        (("ad",), "ad"),
        ((), ""),
    ],
)
def test_a_prefill_that_is_repeated_is_dropped(pieces: tuple[str, ...], text: str) -> None:
    assert read(prompt(prefill="```python\nadd(", stop=("```",)), *pieces)[0] == text


@given(
    text=st.text(alphabet="ab`\n", max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=6),
    stops=st.lists(st.sampled_from(["```", "\n\n", "ab", "ba`"]), max_size=3),
)
def test_a_stop_text_ends_an_answer_however_it_is_cut_into_pieces(text: str, cuts: list[int], stops: list[str]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    ends = [text.find(stop) for stop in stops if stop in text]
    # Which of two overlapping stop texts comes first depends on the pieces; the text up to the first is always there.
    read_text, stopped = read(prompt(stop=tuple(stops)), *pieces)
    assert text.startswith(read_text)
    assert stopped == bool(ends)
    assert len(read_text) >= min(ends, default=len(text))
    assert not any(stop in read_text for stop in stops)


def test_tokens_are_counted_as_ours() -> None:
    counted = {"input_tokens": 5, "cache_read_input_tokens": 200, "cache_creation_input_tokens": None}
    assert usage_of(counted) == Usage(input=205, cached=200)


def test_why_an_answer_ended() -> None:
    reasons = {"end_turn": Finish.STOP, "stop_sequence": Finish.STOP, "max_tokens": Finish.LENGTH, None: Finish.STOP}
    assert {reason: finish_of(reason) for reason in reasons} == reasons
    assert finish_of("refusal") is Finish.REFUSED
    assert finish_of("model_context_window_exceeded") is Finish.LENGTH


@pytest.mark.parametrize(
    ("text", "least"), [("", 0), ("def add(a, b):", 8), ("  return 1234", 6), ("日本語", 3), ("\ud800", 1)]
)
def test_an_estimate_is_not_too_low(text: str, least: int) -> None:
    assert least <= estimate(text) <= max(1, 3 * len(text))


def test_an_estimate_of_something_huge_takes_no_time() -> None:
    assert estimate("x" * 10_000_000) >= 2_500_000
