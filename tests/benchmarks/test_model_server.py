"""Tools that ask a model, and the server that the rig starts for them; server and peer are stand-ins here."""

import json
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import compare
import pytest
from rig import coverup_peer, model_table, tables, tools
from rig.command import Doors
from rig.coverup_peer import CoverUp
from rig.metered import Finished, Usage, run
from rig.model_server import ModelServer, ServerFailed, chosen_model, llama_cpp
from rig.subjects import load
from rig.tools import Job, Qeforge

from qeforge.execution.worker import landlock

from .records import record

FAKE = Path(__file__).with_name("fake_model_server.py")
ASKS = """\
import json, os, pathlib, sys, urllib.request

def option(name):
    return sys.argv[sys.argv.index(name) + 1]

asked = {"model": option("--model").partition("/")[2], "messages": []}
url = os.environ["OPENAI_API_BASE"] + "/chat/completions"
tests = pathlib.Path(option("--tests-dir"))
(tests / "tmp_test_1.py").write_text("def test_tried(): pass")
package = option("--package-dir")
source = pathlib.Path(sys.argv[-1]).read_text()
with urllib.request.urlopen(urllib.request.Request(url, json.dumps(asked).encode())) as reply:
    answer = json.load(reply)["choices"][0]["message"]["content"]
"""
KEEPS = """\
first = answer.splitlines()[0]
(tests / "test_coverup_1.py").write_text(
    f"from textkit.formatting import truncate\\n\\n\\ndef test_it():\\n    assert {first}\\n"
)
"""
KEEPS_NOTHING = "print('1/4, G=0, F=3, U=1, R=0, cost=~$0.00', file=sys.stderr); sys.exit(1)\n"


def fake(python: Path, file: Path, model: str, port: int) -> list[str | Path]:
    return [python, FAKE, str(port), model, "0"]


def slow(python: Path, file: Path, model: str, port: int) -> list[str | Path]:
    return [python, FAKE, str(port), model, "60"]


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "tiny-coder.gguf"
    file.write_bytes(b"GGUF and more")
    return file


@pytest.fixture
def job(tmp_path: Path) -> Job:
    [subject] = load().chosen(["textkit.formatting"])
    place, suite = tmp_path / "work" / "tool", tmp_path / "work" / "suite"
    place.mkdir(parents=True)
    suite.mkdir()
    return Job(subject=subject, budget=20.0, seed=0, place=place, suite=suite)


@pytest.fixture
def server(gguf: Path) -> Iterator[ModelServer]:
    with ModelServer(Path(sys.executable), gguf, fake) as made:
        yield made


@pytest.fixture
def peer_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def replace(code: str) -> None:
        start = tmp_path / "start.py"
        start.write_text(ASKS + code, encoding="utf-8")
        monkeypatch.setattr(coverup_peer, "START", start)

    return replace


def budget_alone(job: Job) -> float:
    return 0.0


def nobody_at(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except OSError:
        return True
    return False


def test_the_server_starts_once_and_ends_with_the_run(gguf: Path) -> None:
    with ModelServer(Path(sys.executable), gguf, fake) as server:
        assert server.model == "tiny-coder"
        url = server.ready()
        assert not nobody_at(f"{url}/v1/models")
        assert server.ready() == url
        assert server.spent() == 0
    assert nobody_at(f"{url}/v1/models")


def test_a_server_that_was_left_at_work_is_replaced(server: ModelServer) -> None:
    first = server.ready()
    server.abandoned()
    assert nobody_at(f"{first}/v1/models")
    assert not nobody_at(f"{server.ready()}/v1/models")


def test_a_server_that_does_not_start_says_why(gguf: Path) -> None:
    def broken(python: Path, file: Path, model: str, port: int) -> list[str | Path]:
        return [python, "-c", f"raise SystemExit('cannot load {file.name}')"]

    with (
        ModelServer(Path(sys.executable), gguf, broken) as server,
        pytest.raises(ServerFailed, match=r"does not start: cannot load tiny-coder\.gguf"),
    ):
        server.ready()


def test_how_the_real_server_is_started(gguf: Path) -> None:
    words = [str(word) for word in llama_cpp(Path("python"), gguf, "tiny-coder", 4321)]
    assert words[:5] == ["python", "-m", "llama_cpp.server", "--model", str(gguf)]
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert words[words.index("--port") + 1] == "4321"
    assert words[words.index("--model_alias") + 1] == "tiny-coder"


def test_a_model_is_named_by_the_command_line_or_the_environment(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QEFORGE_MODEL", raising=False)
    assert chosen_model(gguf) == gguf
    with pytest.raises(SystemExit, match=r"no model: --model FILE\.gguf, or QEFORGE_MODEL=FILE\.gguf"):
        chosen_model()
    monkeypatch.setenv("QEFORGE_MODEL", str(gguf))
    assert chosen_model() == gguf
    with pytest.raises(SystemExit, match=r"nowhere\.gguf: No such file"):
        chosen_model(Path("nowhere.gguf"))
    gguf.write_bytes(b"<html>")
    with pytest.raises(SystemExit, match="no GGUF file"):
        chosen_model()


def test_coverup_works_on_a_copy_and_its_tokens_are_the_servers(
    server: ModelServer, job: Job, peer_does: Callable[[str], None]
) -> None:
    peer_does(KEEPS)
    tool = CoverUp(python=Path(sys.executable), server=server, at_least=budget_alone)
    assert tool.name == "coverup tiny-coder"
    generated = tool.generate(job)
    assert (generated.note, generated.tokens) == ("", 42)
    assert [path.name for path in job.suite.iterdir()] == ["test_coverup_1.py"]
    assert (job.place / "project" / "textkit" / "formatting.py").is_file()
    assert generated.usage.left_over == 0


def test_coverup_without_a_suite_says_what_became_of_the_answers(
    server: ModelServer, job: Job, peer_does: Callable[[str], None]
) -> None:
    peer_does(KEEPS_NOTHING)
    generated = CoverUp(python=Path(sys.executable), server=server, at_least=budget_alone).generate(job)
    assert generated.note == "no test kept: 3 failed, 1 covered nothing new, 0 requests repeated"
    assert list(job.suite.iterdir()) == []


@pytest.mark.parametrize("budget, at_least", [(2.0, 0.0), (0.1, 2.0)])
def test_coverup_is_ended_when_its_wall_time_is_over_and_the_server_with_its_question(
    gguf: Path, job: Job, peer_does: Callable[[str], None], budget: float, at_least: float
) -> None:
    peer_does(KEEPS)
    short = Job(subject=job.subject, budget=budget, seed=0, place=job.place, suite=job.suite)
    with ModelServer(Path(sys.executable), gguf, slow) as server:
        url = server.ready()
        generated = CoverUp(python=Path(sys.executable), server=server, at_least=lambda job: at_least).generate(short)
        assert nobody_at(f"{url}/v1/models")
    assert generated.usage.timed_out
    assert 2.0 <= generated.usage.wall < 5.0
    assert (generated.note, generated.tokens) == ("killed at the limit", 0)
    assert list(short.suite.iterdir()) == []


@pytest.mark.skipif(landlock.version() < 4, reason="the kernel cannot keep a process from TCP")
def test_a_confined_command_reaches_its_server_and_nobody_else(tmp_path: Path) -> None:
    code = "import socket, sys\nfor port in sys.argv[1:]: socket.create_connection(('127.0.0.1', int(port)), 2).close()"
    with socket.create_server(("127.0.0.1", 0)) as mine, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(one.getsockname()[1]) for one in (mine, other)]

        def connect(*to: str) -> int:
            command = [sys.executable, "-c", code, *to]
            return run(
                command, cwd=tmp_path, limit=20, environment={}, writable=tmp_path, port=int(ports[0])
            ).usage.code

        assert connect(ports[0]) == 0
        assert connect(ports[1]) == 1


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ([], "no model: --model"),
        (["--jobs", "2"], "the model's server gives one answer at a time"),
        (["--model", "nowhere.gguf"], "nowhere.gguf: No such file"),
    ],
)
def test_a_run_without_what_it_needs_is_one_line(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QEFORGE_MODEL", raising=False)
    words = ["--tools", "coverup", "--no-install", "--envs", str(tmp_path), "--results", str(tmp_path)]
    with pytest.raises(SystemExit) as caught:
        compare.main([*words, *arguments])
    assert str(caught.value).startswith(expected)


def test_without_the_servers_environment_there_is_one_line(tmp_path: Path, gguf: Path) -> None:
    words = ["--tools", "qeforge-local", "--no-install", "--envs", str(tmp_path), "--results", str(tmp_path)]
    with pytest.raises(SystemExit, match="no environment for llmserver"):
        compare.main([*words, "--model", str(gguf)])


@pytest.mark.parametrize("timed_out", [False, True])
def test_qeforge_is_told_of_the_same_server(
    server: ModelServer, job: Job, monkeypatch: pytest.MonkeyPatch, timed_out: bool
) -> None:
    def asks(command: Sequence[str | Path], *, cwd: Path, limit: float, environment: Mapping[str, str]) -> Finished:
        words = [str(word) for word in command]
        assert words[words.index("--engine") + 1] == "local"
        assert "--local-only" in words
        url = environment["QEFORGE_LOCAL_URL"]
        question = json.dumps({"model": environment["QEFORGE_LOCAL_MODEL"], "stream": True}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/chat/completions", question)) as reply:
            assert b"tiny-coder" in reply.read()
        usage = Usage(code=0, timed_out=timed_out, wall=1.0, cpu=1.0, memory_mb=1.0, left_over=0)
        return Finished(usage=usage, output='{"data": {"modules": []}}', errors="")

    monkeypatch.setattr(tools, "run", asks)
    url = server.ready()
    assert Qeforge(target=Path(sys.executable), server=server).generate(job).tokens == 42
    assert nobody_at(f"{url}/v1/models") is timed_out


@pytest.mark.slow
def test_a_comparison_with_a_model_has_a_file_of_its_own(
    tmp_path: Path, gguf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--small", "--tools", "qeforge-local,coverup", "--model", str(gguf)]
    words += ["--results", str(tmp_path / "results"), "--envs", str(tmp_path / "none"), "--measure-jobs", "1"]
    [ours] = compare.main(words, Doors(sampler=lambda python, source, count: None, model_server=fake))
    assert ours.tool == "qeforge-local tiny-coder"
    assert ours.measures.tests == ours.measures.passed > 0, ours.note
    assert (tmp_path / "results" / "same-model.jsonl").exists()
    said = capsys.readouterr()
    assert "coverup is left out: no environment for coverup" in said.err
    assert "| qeforge-local tiny-coder, 5 s | 1 |" in said.out


def test_variants_with_a_model_are_told_apart(server: ModelServer) -> None:
    here = Path(sys.executable)
    assert Qeforge(target=here, server=server).name == "qeforge-local tiny-coder"
    assert Qeforge(target=here, server=server, rounds=1).name == "qeforge-local tiny-coder single pass"


def test_who_is_ahead_is_counted_by_module_with_the_same_model_only() -> None:
    low = {"covered_lines": 10, "killed": 15}
    records = [
        record(),
        record("qeforge-local small", tokens=1200),
        record("coverup small", measures=low, tokens=4000),
        record("qeforge-local small", "other", measures=low),
        record("coverup small", "other"),
        record("coverup large", "alone"),
    ]
    lines = model_table.ahead(records, "coverup", "qeforge-local").splitlines()[2:]
    assert lines == [
        "| qeforge and coverup small, 10 s: line+branch | 80.0 | 36.0 | 1 | 0 | 0 |",
        "| qeforge and coverup small, 10 s: mutation | 75.0 | 75.0 | 0 | 1 | 0 |",
        "| qeforge-local small and coverup small, 10 s: line+branch | 58.0 | 58.0 | 1 | 0 | 1 |",
        "| qeforge-local small and coverup small, 10 s: mutation | 75.0 | 75.0 | 0 | 2 | 0 |",
    ]
    assert model_table.ahead(records[:2], "coverup", "qeforge-local") == ""
    summary = tables.summary(records).splitlines()
    assert summary[0].endswith("| left over | tokens |")
    assert summary[3].endswith("| 1,200 |")


def test_mutants_noticed_are_of_all_that_were_tried() -> None:
    assert model_table.noticed([record(), record(measures={"mutants": 60, "killed": 5})]) == 0.25
    assert model_table.noticed([record(measures={"mutants": None, "killed": 0})]) is None
