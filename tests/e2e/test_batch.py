"""`--batch` in whole runs, through the API's own library against a loopback server."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.provider import Usage
from qeforge.providers.prices import cost
from tests.e2e.bench import PROGRAM, Bench, Done
from tests.e2e.test_models import HIDDEN as RETURNING
from tests.e2e.test_models import LAYOUT, passes
from tests.providers.messages_server import MODEL, USAGE, MessagesServer, message

pytestmark = pytest.mark.slow

HIDDEN = RETURNING.replace('return "magic"', 'raise LookupError("magic")')
MAGIC = "aaaaaaaaatzzzzzzzzzzzz~"
"""Meets the condition in `HIDDEN`, which no search finds."""
PLAIN = "def twice(number: int) -> int:\n    return number * 2\n"
ANSWER = f"```python\n# name: letters_before_a_tilde\nkind({MAGIC!r})\n```\n"


def project(bench: Bench) -> Path:
    files = {"pyproject.toml": LAYOUT, "src/lines.py": HIDDEN, "src/more.py": HIDDEN, "src/plain.py": PLAIN}
    return bench.project("lines", files)


def batch(bench: Bench, folder: Path, server: MessagesServer, *options: str) -> Done:
    environ = {"ANTHROPIC_API_KEY": "sk-loopback-0123456789", "ANTHROPIC_BASE_URL": server.url}
    command = ("generate", "src", "--batch", "--yes", "--max-time=10", "--json", *options)
    return bench(*command, cwd=folder, environ=environ)


def calls(bench: Bench) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(bench.data / "memory.db")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("select * from call order by target")]


def succeeded(text: str) -> dict[str, Any]:
    return {"type": "succeeded", "message": message(text, output=9)}


def test_one_batch_answers_for_all_modules_at_half_the_price(bench: Bench) -> None:
    folder = project(bench)
    with MessagesServer().running() as server:
        server.looks, server.results = 1, [succeeded(ANSWER), succeeded(ANSWER)]
        done = batch(bench, folder, server, "--show-prompts")
        posted = [request for request in server.requests if request.method == "POST"]
        assert done.code == 0, done.err
        again = batch(bench, folder, server)
        assert len([request for request in server.requests if request.method == "POST"]) == len(posted)
    assert [request.path for request in posted] == ["/v1/messages/batches"]
    asked = posted[0].body["requests"]
    assert len(asked) == 2
    assert all("def kind(line: str)" in json.dumps(item) for item in asked)
    assert "def kind(line: str)" in done.err
    assert done.actions() == {"lines": "written", "more": "written", "plain": "written"}
    passes(folder)
    for name in ("lines", "more"):
        suite = (folder / "tests" / f"test_{name}.py").read_text()
        assert MAGIC in suite
        assert re.search(r"def test_kind_raises_lookup_error_for_letters_before_a_tilde\(", suite)
    entries = calls(bench)
    assert [(row["target"], row["outcome"]) for row in entries] == [
        ("lines:kind", "answered"),
        ("more:kind", "answered"),
    ]
    half = cost(MODEL, Usage(input=USAGE["input_tokens"], output=9), batch=True)
    assert [row["usd"] for row in entries] == [half, half]
    assert all(row["goals"] >= 1 and row["candidates"] == row["valid"] == 1 for row in entries)
    assert any("in one batch" in note for note in done.data["notes"])
    assert set(again.actions().values()) == {"unchanged"}  # and nobody was asked
    assert bench.left() == []


def test_an_expired_batch_leaves_the_native_suites(bench: Bench) -> None:
    folder = project(bench)
    with MessagesServer().running() as server:
        server.results = [{"type": "expired"}, {"type": "expired"}]
        done = batch(bench, folder, server)
    assert done.code == 3
    (error,) = done.envelope["errors"]
    assert error["slug"] == "timeout"
    assert done.actions() == {"lines": "written", "more": "written", "plain": "written"}
    passes(folder)
    assert {row["outcome"] for row in calls(bench)} == {"timeout"}
    assert all(row["usd"] == 0 for row in calls(bench))


def test_a_batch_that_takes_longer_than_the_time_is_cancelled(bench: Bench) -> None:
    folder = bench.project("lines", {"pyproject.toml": LAYOUT, "src/lines.py": HIDDEN})
    with MessagesServer().running() as server:
        server.looks = 1_000
        began = time.monotonic()
        done = batch(bench, folder, server, "--max-time=4")
        assert time.monotonic() - began < 60
        assert server.cancelled
    assert done.code == 3
    passes(folder)


def test_half_of_the_answers_are_used_and_the_others_told(bench: Bench) -> None:
    folder = project(bench)
    with MessagesServer().running() as server:
        server.results = [{"type": "canceled"}, succeeded(ANSWER)]
        done = batch(bench, folder, server)
    assert done.code == 0, done.err
    assert MAGIC not in (folder / "tests" / "test_lines.py").read_text()
    assert MAGIC in (folder / "tests" / "test_more.py").read_text()
    assert any("not all questions" in note for note in done.data["notes"])


def test_ctrl_c_while_waiting_cancels_the_batch_and_leaves_the_native_suites(bench: Bench) -> None:
    folder = project(bench)
    with MessagesServer().running() as server:
        server.looks = 1_000
        environ = {
            **bench.environ,
            "ANTHROPIC_API_KEY": "sk-loopback-0123456789",
            "ANTHROPIC_BASE_URL": server.url,
        }
        command = [*PROGRAM, "generate", "src", "--batch", "--yes", "--max-time=60", "--json"]
        with subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            end = time.monotonic() + 240
            while not any(one.method == "GET" for one in server.requests) and time.monotonic() < end:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert server.cancelled
    assert process.returncode == 130, err
    data = json.loads(out)["data"]
    assert {module["action"] for module in data["modules"]} == {"written"}
    passes(folder)
    assert [(row["target"], row["outcome"], row["usd"]) for row in calls(bench)] == [
        ("lines:kind", "interrupted", 0.0),
        ("more:kind", "interrupted", 0.0),
    ]
    (note,) = (note for note in data["notes"] if "batch" in note)
    assert "of 2 questions 0 are known to be answered" in note
    assert "the next --batch run asks again" in note


@pytest.mark.parametrize(
    ("options", "code", "slug"),
    [
        (("--local-only",), 2, "contradiction"),
        (("--engine=local",), 2, "contradiction"),
        (("--engine=native",), 2, "contradiction"),
        ((), 3, "no-cloud"),
        (("--max-cost=0",), 3, "max-cost"),
    ],
)
def test_without_a_cloud_or_money_one_line_says_so(
    bench: Bench, options: tuple[str, ...], code: int, slug: str
) -> None:
    folder = bench.project("lines", {"pyproject.toml": LAYOUT, "src/lines.py": HIDDEN})
    with MessagesServer().running() as server:
        key = {"ANTHROPIC_API_KEY": "sk-loopback-0123456789"} if slug == "max-cost" else {}
        environ = {"ANTHROPIC_BASE_URL": server.url, **key}
        command = ("generate", "src", "--batch", "--yes", "--max-time=4", "--json", *options)
        done = bench(*command, cwd=folder, environ=environ)
    assert (done.code, done.envelope["errors"][0]["slug"]) == (code, slug)
    assert server.requests == []
    if code == 3:
        passes(folder)


def test_route_explain_tells_the_price_of_a_batch(bench: Bench) -> None:
    folder = project(bench)
    environ = {"ANTHROPIC_API_KEY": "sk-loopback-0123456789"}
    usual, half = (
        bench("route", "explain", "src", "--json", *options, cwd=folder, environ=environ).data
        for options in (("--force-cloud",), ("--batch",))
    )
    assert half["targets"][0]["usd"] == pytest.approx(usual["targets"][0]["usd"] / 2)
    assert {row["engine"] for row in half["targets"]} == {"cloud"}
    assert any("half the price" in note for note in half["notes"])
