"""The benchmark of what models bring, with a server that always gives the same answer."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.test_scripts import run
from tests.providers.loopback import loopback, stream


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "said", "more"),
    [
        ("nturl2path", "'///C|/a')\nurl2pathname('//host/a')", ("--max-time", "40")),
        ("chunk", "'a')", ("--max-time", "3", "--counted")),
    ],
)
def test_it_compares_with_the_native_engine_and_goes_on_where_it_was(
    tmp_path: Path, module: str, said: str, more: tuple[str, ...]
) -> None:
    answer = ({"choices": [{"delta": {"content": said}, "finish_reason": "stop"}]}, "[DONE]")
    settings = ("--model", "echo", "--modules", module, "--out", "figures.json", *more)
    with loopback(lambda handler, body: stream(handler, *answer)) as server:
        first = run("proposals.py", *settings, "--url", server.url, cwd=tmp_path)
        asked = len(server.asked)
        again = run("proposals.py", *settings, "--url", server.url, cwd=tmp_path)

    assert (first.returncode, first.stderr) == (0, "")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert asked
    assert len(server.asked) == asked
    kept = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    row = kept["modules"][module]
    assert row["native"]["questions"] == 0
    assert row["echo"]["questions"] == len(row["echo"]["prompts"]) > 0
    assert kept["echo"]["left_open"] == row["native"]["open"]
    assert f"met {row['native']['open'] - row['echo']['open']} of the {row['native']['open']} goals" in first.stdout


def test_no_model_is_one_line(tmp_path: Path) -> None:
    done = run("proposals.py", "--modules", "textwrap", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "no model: --model FILE.gguf, or QEFORGE_MODEL=FILE.gguf\n"
