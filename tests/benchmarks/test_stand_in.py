"""A model in the place of one in the cloud, asked through the API's own library."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import router_record
from rig.stand_in import prompt_in, standing_in

from qeforge.domain.ledger import Call
from qeforge.domain.provider import Completion, Finish, Listener, Prompt, Usage
from qeforge.errors import ProviderError
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import NAME, Store
from qeforge.providers.cloud import Cloud
from qeforge.providers.key import Key
from qeforge.providers.replay import Replay
from tests.providers.models import small_model

MODEL = "claude-haiku-5-5"
PROMPT = Prompt(system="You test.", shared="module", ask="question", prefill="add(", stop=("```",), max_tokens=40)


class Here(Replay):
    """Says two lines, or fails."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[Prompt] = []
        self.finish = Finish.LENGTH
        self.problem: ProviderError | None = None

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        self.asked.append(prompt)
        if self.problem is not None:
            raise self.problem
        for piece in ("add(1, 2)\n", "", "add(0, 0)\n"):
            assert listener is not None
            assert listener(piece)
        return Completion(
            text="add(1, 2)\nadd(0, 0)\n", model="here", finish=self.finish, usage=Usage(input=31, output=17, cached=9)
        )


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def address(here: Here) -> Iterator[str]:
    pytest.importorskip("anthropic", reason="the package anthropic is not installed")
    with standing_in(here, MODEL) as found:
        yield found


def asked(address: str, model: str = MODEL) -> Completion:
    cloud = Cloud(model, key=Key("sk-loopback-0123456789"), url=address, retries=0)
    try:
        return cloud.complete(PROMPT)
    finally:
        cloud.close()


def test_it_answers_as_the_api_does_and_counts_what_it_took(here: Here, address: str) -> None:
    said = asked(address)
    assert said.text.endswith("1, 2)\nadd(0, 0)\n")
    assert (said.finish, said.usage) == (Finish.LENGTH, Usage(input=31, output=17))
    here.finish = Finish.STOP
    assert asked(address).finish is Finish.STOP
    question = here.asked[0]
    assert question.system == "You test."
    assert question.ask.startswith("module\n\nquestion\n\n")
    assert (question.stop, question.max_tokens) == (("```",), 40)


def test_other_models_are_not_there_and_trouble_is_an_error(here: Here, address: str) -> None:
    with pytest.raises(ProviderError):
        asked(address, "claude-sonnet-5-5")
    assert here.asked == []
    here.problem = ProviderError("the file is broken")
    with pytest.raises(ProviderError):
        asked(address)


def test_a_request_with_plain_texts_is_understood() -> None:
    prompt = prompt_in({"system": "s", "messages": [{"role": "user", "content": "a"}]})
    assert (prompt.system, prompt.ask, prompt.stop, prompt.max_tokens) == ("s", "a", (), 1)


@pytest.mark.slow
@pytest.mark.model
def test_a_recording_has_both_models_about_the_same_targets(tmp_path: Path) -> None:
    pytest.importorskip("anthropic", reason="the package anthropic is not installed")
    package = tmp_path / "code"
    package.mkdir()
    condition = "sum(ord(letter) * place for place, letter in enumerate(line)) == 30_000"
    (package / "kinds_of.py").write_text(
        f"def kind(line: str) -> str:\n    if {condition}:\n        return 'magic'\n    return 'text'\n"
    )
    model, data = str(small_model()), tmp_path / "data"
    figures = router_record.main(
        ["--local", model, "--cloud", model, "--modules", "kinds_of", "--search", str(package), "--data", str(data)]
    )
    calls: list[Call] = SqliteLedger(Store(data / NAME)).calls()
    assert [(str(call.engine), call.target) for call in calls] == [
        ("local", "kinds_of:kind"),
        ("cloud", "kinds_of:kind"),
    ]
    assert [call.usd is not None and call.usd > 0 for call in calls] == [False, True]
    assert calls[1].model == figures["in_the_place_of"]
    assert figures["modules"]["kinds_of"]["targets"] == 1
    assert [row["engine"] for row in figures["calls"]] == ["local", "cloud"]
