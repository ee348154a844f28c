"""`--record` and `--replay` in whole runs: a demonstration on a machine without a model."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import Bench
from tests.e2e.test_batch import HIDDEN, MAGIC
from tests.e2e.test_models import LAYOUT, calls, passes
from tests.providers.loopback import loopback, stream

pytestmark = pytest.mark.slow

USUAL = ("--max-time=60", "--json")


def project(bench: Bench, name: str) -> Path:
    return bench.project(name, {"pyproject.toml": LAYOUT, "src/lines.py": HIDDEN})


@pytest.fixture
def recorded(bench: Bench) -> Path:
    """A recording of what a server on this machine said, with a suite that has it."""

    def reply(handler: Any, body: dict[str, Any]) -> None:
        pieces = {"choices": [{"delta": {"content": f"{MAGIC!r})\n"}}]}, {"choices": [{"finish_reason": "stop"}]}
        stream(handler, *pieces, "[DONE]")

    folder = project(bench, "recording")
    file = folder / "answers.jsonl"
    with loopback(reply) as there:
        environ = {"QEFORGE_LOCAL_URL": there.url}
        done = bench("generate", "src", "--record", str(file), *USUAL, cwd=folder, environ=environ)
    assert done.code == 0, done.err
    assert MAGIC in (folder / "tests" / "test_lines.py").read_text()
    assert len(file.read_text().splitlines()) == len(calls(bench)) > 0
    return file


def test_recorded_answers_stand_in_for_the_model_that_gave_them(bench: Bench, recorded: Path) -> None:
    before = calls(bench)
    folder = project(bench, "replaying")
    done = bench("generate", "src", "--replay", str(recorded), "--local-only", *USUAL, cwd=folder)
    assert done.code == 0, done.err
    assert MAGIC in (folder / "tests" / "test_lines.py").read_text()
    passes(folder)
    assert any("a recorded answer of" in note and "no model was asked" in note for note in done.data["notes"])
    assert calls(bench) == before  # nobody was asked, so nothing is accounted for


def test_other_code_has_no_recorded_answers_and_the_suite_is_written_without(bench: Bench, recorded: Path) -> None:
    folder = project(bench, "changed")
    source = folder / "src" / "lines.py"
    source.write_text(source.read_text().replace("Kinds of lines", "Lines and their kinds").replace("line is", "line"))
    done = bench("generate", "src", "--replay", str(recorded), *USUAL, cwd=folder)
    assert done.code == 3, done.err
    (error,) = done.envelope["errors"]
    assert error["slug"] == "not-recorded"
    assert str(recorded) in error["message"]
    passes(folder)


@pytest.mark.parametrize(("option", "text", "slug"), [
    ("--replay", None, "broken-model"),
    ("--replay", "no recording\n", "broken-model"),
    ("--record", None, "no-recording"),
])  # fmt: skip
def test_a_file_that_is_none_is_one_line(bench: Bench, option: str, text: str | None, slug: str) -> None:
    folder = project(bench, "broken")
    file = folder / "none" / "answers.jsonl" if text is None else folder / "answers.jsonl"
    if text is not None:
        file.write_text(text)
    with loopback(lambda handler, body: None) as there:
        environ = {"QEFORGE_LOCAL_URL": there.url}
        done = bench("generate", "src", option, str(file), "--max-time=3", "--json", cwd=folder, environ=environ)
        assert there.asked == []
    assert done.code == 3, done.err
    (error,) = done.envelope["errors"]
    assert (error["slug"], error["message"].startswith(str(file))) == (slug, True)
    passes(folder)
