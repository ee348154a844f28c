"""With a real model of 135 million parameters."""

import ast
import inspect
import math
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from qeforge.domain.provider import Finish, Place, Prompt
from qeforge.errors import ProviderError
from qeforge.providers import llama as implementation
from qeforge.providers.grammar import Opening, grammar_for
from qeforge.providers.llama import Llama, _goes_in_circles
from qeforge.providers.parsing import AGAIN, parse_answer
from tests.analysis.modules import module_of
from tests.providers.gguf_files import gguf
from tests.providers.models import small_model

PROMPT = Prompt(
    system="You write Python calls.",
    shared="```python\ndef add(a, b):\n    return a + b\n```",
    ask="Write 3 calls of add, one per line.",
    prefill="```python\nadd(",
    stop=("```",),
    max_tokens=24,
)


@pytest.fixture(scope="module")
def small() -> Iterator[Llama]:
    provider = Llama(small_model(), threads=lambda: 2)
    yield provider
    provider.close()


@pytest.mark.model
def test_it_goes_on_with_what_was_begun(small: Llama) -> None:
    pieces: list[str] = []

    def hears(piece: str) -> bool:
        pieces.append(piece)
        return True

    answer = small.complete(PROMPT, hears)
    assert "add(" + answer.text.splitlines()[0] == "add(1, 2)" or ")" in answer.text
    assert "".join(pieces).startswith(answer.text[:5])
    assert answer.finish in (Finish.STOP, Finish.LENGTH)
    assert 20 < answer.usage.input < 200
    assert 0 < answer.usage.output <= 25


@pytest.mark.model
@pytest.mark.parametrize("seed", range(3))
def test_a_grammar_holds_an_answer_to_the_signature(small: Llama, seed: int) -> None:
    source = "def add(a, b, *, exact): return a + b"
    module = module_of(source)
    opening = Opening(text="add(")
    answer = small.complete(
        replace(
            PROMPT,
            shared=source,
            prefill=opening.text,
            grammar=grammar_for(module, module.targets[0], opening, ["# a == b"]),
            max_tokens=60,
            temperature=0.8 * bool(seed),
            seed=seed,
        )
    )
    assert answer.text
    parsed = parse_answer(
        opening.text + answer.text, module, proposer="m", claims=False, whole=answer.finish is Finish.STOP
    )
    assert {why for why, _ in parsed.dropped} <= {AGAIN}
    for candidate in parsed.candidates:
        call = ast.parse(candidate.act, mode="eval").body
        assert isinstance(call, ast.Call)
        inspect.signature(lambda a, b, *, exact: None).bind(*call.args, **{str(each.arg): 0 for each in call.keywords})


@pytest.mark.model
def test_what_is_no_grammar_is_one_line(small: Llama) -> None:
    with pytest.raises(ProviderError, match="grammar"):
        small.complete(replace(PROMPT, grammar="root ::= nothing"))


@pytest.mark.model
def test_the_same_question_has_the_same_answer_and_is_not_read_again(small: Llama) -> None:
    first, second = small.complete(PROMPT), small.complete(PROMPT)
    assert first.text == second.text
    assert second.usage.cached == second.usage.input - 1


@pytest.mark.model
def test_what_prompts_share_is_read_once(small: Llama) -> None:
    small.complete(PROMPT)
    other = Prompt(system=PROMPT.system, shared=PROMPT.shared, ask="Write one call of add.", max_tokens=4)
    assert small.complete(other).usage.cached > 10


@pytest.mark.model
def test_the_listener_ends_it_while_the_prompt_is_read_too(small: Llama) -> None:
    heard = 0

    def few(piece: str) -> bool:
        nonlocal heard
        heard += 1
        return heard < 5

    assert small.complete(PROMPT, few).finish is Finish.CANCELLED
    never = small.complete(Prompt(system="x", shared="y " * 600, ask="z"), lambda piece: False)
    assert (never.text, never.finish) == ("", Finish.CANCELLED)


@pytest.mark.model
def test_a_longer_prompt_gets_a_larger_context(small: Llama) -> None:
    long = Prompt(system="s", shared="def f(x): return x\n" * 400, ask="calls?", max_tokens=4)
    assert small.complete(long).usage.input > 2_048


@pytest.mark.model
def test_a_prompt_beyond_the_window_is_refused(small: Llama) -> None:
    with pytest.raises(ProviderError, match="its window 8192") as caught:
        small.complete(Prompt(system="s", shared="word " * 9_000, ask="calls?"))
    assert caught.value.slug == "context"
    assert small.complete(PROMPT).text


@pytest.mark.model
def test_embeddings_have_unit_length_and_tell_texts_apart(small: Llama) -> None:
    one, same, other = small.embed(["def add(a, b)", "def add(a, b)", "the weather in spring"])
    assert math.isclose(sum(number * number for number in one), 1.0, rel_tol=1e-4)
    assert one == same
    assert one != other


@pytest.mark.model
def test_it_says_what_it_is_and_counts(small: Llama) -> None:
    about = small.describe()
    assert (about.place, about.context) == (Place.PROCESS, 8192)
    assert "llama" in about.detail
    assert small.count_tokens("def add(a, b):") > 4


@pytest.mark.model
def test_threads_wait_for_one_another(small: Llama) -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(small.complete(PROMPT).text)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 3
    assert len(set(texts)) == 1


@pytest.mark.model
def test_a_template_without_a_part_for_the_system_is_given_all_as_the_users(small: Llama) -> None:
    template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
        "{{ messages[0]['content'] }}|"
    )
    form = implementation._formatter(small._loaded(0), replace(small._header, template=template))
    text, _ = form([{"role": "system", "content": "You test."}, {"role": "user", "content": "add"}])
    assert text == "You test.\n\nadd|"


@pytest.mark.model
def test_too_little_memory_is_said_before_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementation, "available_memory", lambda: 50 << 20)
    with pytest.raises(ProviderError, match="50 MiB are free") as caught:
        Llama(small_model())
    assert caught.value.slug == "memory"


@pytest.mark.model
def test_an_unknown_architecture(tmp_path: Path) -> None:
    small_model()
    path = tmp_path / "strange.gguf"
    path.write_bytes(gguf({"general.architecture": "martian", "martian.context_length": 2048}))
    with pytest.raises(ProviderError, match="architecture martian") as caught:
        Llama(path).complete(PROMPT)
    assert caught.value.slug == "unknown-architecture"


def test_a_file_of_zero_bytes(tmp_path: Path) -> None:
    path = tmp_path / "empty.gguf"
    path.touch()
    with pytest.raises(ProviderError, match="the file is empty"):
        Llama(path)


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf({"general.architecture": "llama"}))
    with pytest.raises(ProviderError) as caught:
        Llama(path)
    assert (caught.value.slug, caught.value.hint) == ("missing-extra", "pip install 'qeforge[local]'")


@pytest.mark.parametrize(("wanted", "able", "given"), [(-1, True, -1), (7, True, 7), (-1, False, 0), (7, False, 0)])
def test_layers_go_to_the_card_where_llama_cpp_can_use_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: int, able: bool, given: int
) -> None:
    layers: list[int] = []

    def load(*arguments: object, n_gpu_layers: int, **more: object) -> None:
        layers.append(n_gpu_layers)
        raise ValueError

    library = SimpleNamespace(llama_supports_gpu_offload=lambda: able, Llama=load)
    monkeypatch.setattr(implementation, "_library", lambda: library)
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf({"general.architecture": "llama", "llama.context_length": 2048}))
    model = Llama(path, layers_on_gpu=wanted)
    with pytest.raises(ProviderError) as caught:
        model.complete(PROMPT)
    assert layers == [given]
    assert ("local.gpu-layers" in caught.value.hint) == able
    told = {-1: "all layers on the graphics card", 7: "7 layers on the graphics card"}
    assert model.describe().detail.endswith(told[wanted]) == able


@pytest.mark.parametrize(
    ("text", "circles"),
    [
        ("", False),
        ("f(1)\nf(2)\nf(3)\n", False),
        ("f(0)\nf(0)\nf(0)\n", False),
        ("f(0)\nf(0)\nf(0)\nf(0)\n", True),
        ("x = A()\nx.f(1)\nx = A()\nx.f(2)\nx = A()\nx.f(3)\n", False),
        ("x = A()\nx.f(1)\n\nx = A()\nx.f(1)\n\nx = A()\nx.f(1)\n", True),
        ("x = A()\nx.f(1)\nx = A()\nx.f(1)\nx = A()\nx.f(1", False),
    ],
)
def test_a_model_that_goes_in_circles_is_heard_no_longer(text: str, circles: bool) -> None:
    assert _goes_in_circles(text) is circles
