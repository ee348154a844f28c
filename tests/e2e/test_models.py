"""Models in whole runs: a real one in this process, a loopback server in place of the cloud, and neither."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import Bench, not_passed, pytest_results
from tests.providers.loopback import loopback, stream
from tests.providers.messages_server import Fails, MessagesServer, Says
from tests.providers.models import small_model

pytestmark = pytest.mark.slow

HIDDEN = '''\
"""Kinds of lines."""


def kind(line: str) -> str:
    """What a line is.

    >>> kind("plain")
    'text'
    """
    if sum(ord(letter) * place for place, letter in enumerate(line)) == 30_000 and line.endswith("~"):
        return "magic"
    return "text"
'''
LAYOUT = '[tool.pytest.ini_options]\npythonpath = ["src"]\n'
MAGIC = "a" * 23 + "b" * 3 + "~"
"""Does not have to be magic: what counts is that it was asked for and run."""


def calls(bench: Bench) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(bench.data / "memory.db")) as connection:
        return connection.execute("select engine, target, input, output, outcome, usd from call").fetchall()


def project(bench: Bench) -> Path:
    return bench.project("lines", {"pyproject.toml": LAYOUT, "src/lines.py": HIDDEN})


def passes(folder: Path) -> None:
    suites = list((folder / "tests").glob("test_*.py"))
    assert suites
    results, _ = pytest_results(suites, cwd=folder)
    assert results
    assert not not_passed(results)


@pytest.mark.model
def test_a_real_model_is_asked_and_the_suite_passes(bench: Bench) -> None:
    folder = project(bench)
    environ = {"QEFORGE_LOCAL_MODEL": str(small_model())}
    done = bench(
        "generate", "src", "--engine=local", "--local-only", "--max-time=60", "--json", cwd=folder, environ=environ
    )
    assert done.code == 0, done.err
    passes(folder)
    asked = calls(bench)
    assert {(engine, target, outcome) for engine, target, _, _, outcome, _ in asked} == {
        ("local", "lines:kind", "answered")
    }
    assert all(tokens > 100 for _, _, tokens, _, _, _ in asked)
    cost = bench("cost", "--json", cwd=folder)
    assert cost.data["total"]["calls"] == len(asked)
    assert bench.left() == []


def test_the_cloud_is_asked_once_somebody_agreed_and_its_claims_are_checked(bench: Bench) -> None:
    folder = project(bench)
    named = f"# name: letters_before_a_tilde\nkind({MAGIC!r})\n\n"
    says = Says(pieces=("```python\n", named, "assert kind('plain') == 'prose'\n", "```\n"))
    with MessagesServer(*[says] * 8).running() as server:
        environ = {"ANTHROPIC_API_KEY": "sk-loopback-0123456789", "ANTHROPIC_BASE_URL": server.url}
        command = ("generate", "src", "--force-cloud", "--max-time=30", "--json")
        refused = bench(*command, cwd=folder, environ=environ)
        assert refused.code == 3
        assert refused.envelope["errors"][0]["slug"] == "privacy"
        assert "--yes" in refused.envelope["errors"][0]["hint"]
        assert server.requests == []
        done = bench(*command, "--yes", "--force", "--show-prompts", cwd=folder, environ=environ)
        assert server.requests
    assert done.code == 0, done.err
    passes(folder)
    (module,) = done.data["modules"]
    assert any("prose" in json.dumps(suspect) for suspect in module["suspects"])
    sent = json.dumps(server.requests[0].body)
    assert "def kind(line: str)" in sent
    assert "def kind(line: str)" in done.err
    assert "sk-loopback" not in done.err + done.out + sent
    assert {row[0] for row in calls(bench)} == {"cloud"}
    assert all(row[5] is not None and row[5] > 0 for row in calls(bench))


def test_an_escalation_model_without_a_price_is_asked_and_the_run_says_so(bench: Bench) -> None:
    folder = project(bench)
    with MessagesServer(*[Says(pieces=("```python\nkind('other')\n```\n",))] * 8).running() as server:
        environ = {
            "ANTHROPIC_API_KEY": "sk-loopback-0123456789",
            "ANTHROPIC_BASE_URL": server.url,
            "QEFORGE_CLOUD_ESCALATION": "claude-of-our-own",
        }
        command = ("generate", "src", "--force-cloud", "--yes", "--max-time=120", "--json")
        done = bench(*command, cwd=folder, environ=environ)
    assert done.code == 0, done.err
    assert [request.body["model"] for request in server.requests] == ["claude-haiku-5-5", "claude-of-our-own"]
    assert [row[5] is None for row in calls(bench)] == [False, True]
    assert "claude-of-our-own: its price is not known; --max-cost does not limit it" in done.data["notes"]
    assert bench("cost", "--json", cwd=folder).data["unpriced_models"] == ["claude-of-our-own"]


def test_money_ends_what_costs_money(bench: Bench) -> None:
    folder = project(bench)
    with MessagesServer().running() as server:
        environ = {"ANTHROPIC_API_KEY": "sk-loopback-0123456789", "ANTHROPIC_BASE_URL": server.url}
        command = ("generate", "src", "--force-cloud", "--yes", "--max-cost=0", "--max-time=30", "--json")
        done = bench(*command, cwd=folder, environ=environ)
    assert server.requests == []
    assert done.code == 3
    assert done.envelope["errors"][0]["slug"] == "max-cost"
    passes(folder)


@pytest.mark.parametrize(
    ("failure", "slug"),
    [
        (Fails(status=401, kind="authentication_error"), "wrong-key"),
        (Fails(status=400, kind="invalid_request_error", message="Your credit balance is too low"), "no-credit"),
        (Fails(status=529, kind="overloaded_error", headers={"retry-after": "300"}), "overloaded"),
    ],
)
def test_trouble_in_the_cloud_costs_nothing_but_what_it_would_have_brought(
    bench: Bench, failure: Fails, slug: str
) -> None:
    folder = project(bench)
    with MessagesServer(*[failure] * 20).running() as server:
        environ = {"ANTHROPIC_API_KEY": "sk-loopback-0123456789", "ANTHROPIC_BASE_URL": server.url}
        command = ("generate", "src", "--engine=cloud", "--yes", "--max-time=20", "--json")
        done = bench(*command, cwd=folder, environ=environ)
    assert done.code == 3, done.err
    (error,) = done.envelope["errors"]
    assert error["slug"] == slug
    assert "sk-loopback" not in done.out
    passes(folder)


def test_a_server_on_this_machine_is_a_local_model(bench: Bench) -> None:
    folder = project(bench)

    def reply(handler: Any, body: dict[str, Any]) -> None:
        piece = f"{MAGIC!r})\nkind('other')\n"
        stream(
            handler, {"choices": [{"delta": {"content": piece}}]}, {"choices": [{"finish_reason": "stop"}]}, "[DONE]"
        )

    with loopback(reply) as there:
        environ = {"QEFORGE_LOCAL_URL": there.url}
        command = ("generate", "src", "--engine=local", "--local-only", "--max-time=30", "--json")
        done = bench(*command, cwd=folder, environ=environ)
        assert there.asked
    assert done.code == 0, done.err
    assert {row[:2] for row in calls(bench)} == {("local", "lines:kind")}
    passes(folder)


def test_a_model_that_is_too_slow_for_the_time_is_a_note(bench: Bench) -> None:
    folder = project(bench)
    with loopback(lambda handler, body: time.sleep(40)) as there:
        environ = {"QEFORGE_LOCAL_URL": there.url}
        done = bench("generate", "src", "--engine=local", "--max-time=30", "--json", cwd=folder, environ=environ)
        assert there.asked
    assert done.code == 0, done.err
    assert any("no answer in the" in note and "--max-time" in note for note in done.data["notes"])
    passes(folder)


@pytest.mark.parametrize(
    ("environ", "slug"),
    [
        ({}, "no-model"),
        ({"QEFORGE_LOCAL_URL": "http://127.0.0.1:9"}, "network"),
        ({"QEFORGE_LOCAL_MODEL": "empty.gguf"}, "broken-model"),
    ],
)
def test_a_local_model_that_cannot_be_had_is_one_line_and_the_suite_is_written(
    bench: Bench, environ: dict[str, str], slug: str
) -> None:
    folder = project(bench)
    (folder / "empty.gguf").touch()
    environ = {name: str(folder / value) if value.endswith(".gguf") else value for name, value in environ.items()}
    environ["ANTHROPIC_API_KEY"] = "sk-never-used-0123456789"
    command = ("generate", "src", "--engine=local", "--local-only", "--max-time=4", "--json")
    done = bench(*command, cwd=folder, environ=environ)
    assert done.code == 3, done.err
    (error,) = done.envelope["errors"]
    assert error["slug"] == slug
    passes(folder)


def test_where_nothing_is_set_up_nothing_of_models_is_loaded(bench: Bench) -> None:
    folder = project(bench)
    done = bench("generate", "src", "--max-time=3", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.err == ""
    assert not (bench.data / "memory.db").exists() or calls(bench) == []
