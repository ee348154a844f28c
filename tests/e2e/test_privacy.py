"""Whether a packet would leave this machine: every process of every command is listened to, and nothing is let out."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from qeforge.cli.main import app
from tests.e2e.bench import SMALL, Bench, Done

TRAP = '''\
"""Listens to its process, and to whatever that starts: notes attempts to reach another machine, and stops them."""

import json
import os
import sys
import threading
import time

SECRETS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "HTTPS_PROXY", "DATABASE_URL")


def note(**what):
    line = json.dumps({"pid": os.getpid(), "argv": sys.orig_argv[1:4], **what}) + "\\n"
    try:
        fd = os.open(os.environ["TRAP"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    except OSError:  # within the sandbox, which has ways of its own to refuse and to tell
        return
    os.write(fd, line.encode())
    os.close(fd)


def hear(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"):
        place = arguments[1]
        host = place[0] if isinstance(place, tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not str(host).startswith("127.") and host not in ("localhost", "::1"):
        note(event=event, host=str(host))
        raise OSError("trapped")


def phone():
    """As a library that reports home, in a thread of its own, once the program is at work."""
    import socket

    while getattr(sys.modules.get("qeforge.providers.guard"), "_state", None) is None:
        time.sleep(0.05)
    try:
        socket.create_connection(("203.0.113.1", 443), 0.2)
    except Exception as problem:
        note(phoned=type(problem).__name__)
    else:
        note(phoned="connected")


note(started=[name for name in SECRETS if name in os.environ])
if "PHONE" in os.environ:
    threading.Thread(target=phone, daemon=True).start()
else:
    sys.addaudithook(hear)
'''
KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-not-a-key",
    "OPENAI_API_KEY": "sk-not-a-key",
    "HF_TOKEN": "hf_not_a_token",
    "DATABASE_URL": "postgres://me:password@db.example/shop",
    "HTTPS_PROXY": "http://198.51.100.8:3128",
    "https_proxy": "http://198.51.100.8:3128",
    "ANTHROPIC_BASE_URL": "https://api.example",
}
LOCAL_ONLY = '[tool.qeforge]\nprivacy = "local-only"\n'
QUICK = ("--max-time=3", "--iterations=1", "--no-cache")

COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "generate": (("calc.py", "other.py", "--jobs=2", *QUICK), 0),
    "targets": (("calc.py",), 0),
    "score": (("calc.py",), 0),
    "check": (("calc.py",), 0),
    "suspects": ((), 0),
    "cost": ((), 0),
    "doctor": ((), 0),
    "route explain": (("calc.py",), 0),
    "models list": ((), 0),
    "models pull": (("qwen2.5-coder-0.5b", "--yes"), 3),
    "models import": (("broken.gguf",), 3),
    "models verify": ((), 0),
    "models remove": (("qwen2.5-coder-0.5b",), 2),
    "models use": (("qwen2.5-coder-0.5b",), 2),
    "models bench": (("qwen2.5-coder-0.5b",), 3),
    "memory list": ((), 0),
    "memory search": (("add",), 0),
    "memory show": (("1",), 2),
    "memory cluster": ((), 0),
    "memory stats": ((), 0),
    "memory forget": (("shop", "--yes"), 2),
    "memory export": (("patterns.json",), 2),
    "memory import": (("broken.gguf",), 2),
    "memory backup": (("copy.db",), 2),
    "memory restore": (("broken.gguf",), 2),
    "memory vacuum": ((), 0),
    "memory verify": ((), 0),
    "learn status": ((), 3),
    "learn history": ((), 3),
    "learn micro": ((), 3),
    "learn consolidate": ((), 3),
    "learn rollback": ((), 3),
    "learn export": (("adapter.gguf",), 3),
    "learn import": (("broken.gguf",), 3),
    "learn off": ((), 3),
    "learn bench": ((), 3),
    "config show": ((), 0),
    "config path": ((), 0),
    "config set": (("local.url", "http://127.0.0.1:9"), 0),
}
"""Arguments for each command, and its exit code, in a project that says `local-only`."""


class Trapped:
    """A bench whose every Python process is listened to."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.log = bench.root / "trap.jsonl"
        trap = bench.root / "trap"
        trap.mkdir()
        (trap / "sitecustomize.py").write_text(TRAP)
        # A package that is installed editable is found by an entry of its own; here PYTHONPATH has to name it.
        self.environ = {**KEYS, "TRAP": str(self.log), "PYTHONPATH": os.pathsep.join((str(trap), str(_SOURCE)))}

    def project(self, table: str = LOCAL_ONLY) -> Path:
        other = SMALL.replace("add", "plus").replace("greet", "welcome")
        return self.bench.project(
            "shop",
            {
                "calc.py": SMALL,
                "other.py": other,
                "tests/test_calc.py": "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
                "pyproject.toml": table,
                "broken.gguf": "",
            },
        )

    def __call__(self, *args: str | Path, cwd: Path, environ: dict[str, str] | None = None) -> Done:
        return self.bench(*args, cwd=cwd, environ={**self.environ, **(environ or {})})

    def heard(self, kind: str) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [note for note in map(json.loads, lines) if kind in note]

    @property
    def attempts(self) -> list[dict[str, Any]]:
        return self.heard("event")


_SOURCE = Path(__file__).resolve().parents[2]


@pytest.fixture
def trapped(bench: Bench) -> Trapped:
    return Trapped(bench)


def commands(command: Any = None, words: tuple[str, ...] = ()) -> list[str]:
    """Every command that there is, as typed."""
    command = command or typer.main.get_command(app)
    children = getattr(command, "commands", {})
    if not children:
        return [" ".join(words)]
    return [name for word, child in children.items() for name in commands(child, (*words, word))]


def test_the_trap_hears_what_leaves(trapped: Trapped) -> None:
    code = "import socket; socket.create_connection(('away.example', 80))"
    environ = {**trapped.bench.environ, **trapped.environ}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=False)
    assert done.returncode == 1
    assert [(note["event"], note["host"]) for note in trapped.attempts] == [("socket.getaddrinfo", "away.example")]


def test_every_command_is_tried_here() -> None:
    assert sorted(commands()) == sorted(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_leaves_whatever_is_asked(name: str, trapped: Trapped) -> None:
    arguments, code = COMMANDS[name]
    done = trapped(*name.split(), *arguments, cwd=trapped.project())
    assert trapped.attempts == []
    assert trapped.heard("started"), "nobody listened"
    assert done.code == code, done.err
    if code:
        assert done.complaint
    assert not any(key in done.out + done.err for key in KEYS.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["generate", "models pull", "route explain"])
def test_nothing_leaves_with_the_flag_either(name: str, trapped: Trapped) -> None:
    arguments, code = COMMANDS[name]
    done = trapped(*name.split(), *arguments, "--local-only", cwd=trapped.project(table=""))
    assert trapped.attempts == []
    assert done.code == code


LOOSENING: tuple[tuple[tuple[str, ...], dict[str, str], int], ...] = (
    (("--engine=cloud",), {}, 2),
    (("--force-cloud",), {}, 2),
    (("--force-cloud", "--yes"), {}, 2),
    (("--engine=cloud", "--yes", "--max-cost=100"), {}, 2),
    (("--engine=auto", "--yes"), {}, 0),
    ((), {"QEFORGE_ENGINE": "cloud"}, 2),
    ((), {"QEFORGE_PRIVACY": "hybrid"}, 0),
    (("--engine=auto",), {"QEFORGE_PRIVACY": "hybrid", "QEFORGE_CLOUD_MODEL": "claude-haiku-5-5"}, 0),
    (("--engine=auto",), {"QEFORGE_ROUTING_GATE": "1", "QEFORGE_ROUTING_LOCAL_SHARE": "0"}, 0),
)


@pytest.mark.slow
@pytest.mark.parametrize(("flags", "environ", "code"), LOOSENING)
def test_no_flag_and_no_variable_loosens_the_project(
    flags: tuple[str, ...], environ: dict[str, str], code: int, trapped: Trapped
) -> None:
    shop = trapped.project()
    done = trapped("generate", "calc.py", *QUICK, *flags, cwd=shop, environ=environ)
    shown = trapped("config", "show", shop, cwd=shop, environ=environ)
    assert trapped.attempts == []
    assert done.code == code, done.err
    if code:
        assert "local-only" in done.complaint
    else:
        (privacy,) = [line for line in shown.out.splitlines() if line.split()[:1] == ["privacy"]]
        assert privacy.split()[1] == "local-only"
        assert (shop / "tests").is_dir()


def test_it_holds_for_a_project_among_others_and_behind_a_link(trapped: Trapped) -> None:
    shop = trapped.project()
    free = trapped.bench.project("free", {"easy.py": SMALL})
    (trapped.bench.root / "link").symlink_to(shop)
    for paths in ((free, shop), (trapped.bench.root / "link",), (trapped.bench.root / "link" / "calc.py",)):
        done = trapped("generate", *paths, "--engine=cloud", "--yes", cwd=free)
        assert done.code == 2
        assert "local-only" in done.complaint
    assert trapped.attempts == []


FAILURES = {
    "empty file": 'model = "broken.gguf"',
    "no such file": 'model = "gone.gguf"',
    "no such model": 'model = "no-such-model"',
    "not pulled": 'model = "qwen2.5-coder-0.5b"',
    "nobody listens": 'url = "http://127.0.0.1:9"',
    "another machine": 'url = "http://192.168.77.7:8080"',
    "another machine, allowed": 'url = "http://192.168.77.7:8080"\nallow-private = true',
    "another machine by name": 'url = "http://models.example:8080"\nallow-private = true',
}


@pytest.mark.slow
@pytest.mark.parametrize("failure", FAILURES)
def test_a_local_failure_is_told_and_nobody_else_is_asked(failure: str, trapped: Trapped) -> None:
    shop = trapped.project(f"{LOCAL_ONLY}\n[tool.qeforge.local]\n{FAILURES[failure]}\n")
    done = trapped("generate", "calc.py", "--engine=local", *QUICK, cwd=shop)
    assert trapped.attempts == []
    assert done.code in (0, 3)
    told = [line for line in done.err.splitlines() if "local" in line or "model" in line or "GGUF" in line]
    assert len(told) == 1, done.err
    assert "Traceback" not in done.err
    if done.code == 0:
        assert (shop / "tests").is_dir()


@pytest.mark.slow
def test_keys_and_proxies_reach_no_other_process(trapped: Trapped) -> None:
    shop = trapped.project(table="")
    for command in (("git", "init", "-q"), ("git", "add", ".")):
        subprocess.run(command, cwd=shop, check=True, env=trapped.bench.environ)
    subprocess.run(
        ("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"),
        cwd=shop,
        check=True,
        env=trapped.bench.environ,
    )
    (shop / "calc.py").write_text(SMALL.replace("10", "12"))
    (shop / "other.py").write_text(SMALL.replace("10", "14"))
    programs = trapped.bench.root / "programs"
    programs.mkdir()
    shim = f'#!/bin/sh\nenv > {trapped.bench.root}/git-environment\nexec {shutil.which("git")} "$@"\n'
    (programs / "git").write_text(shim)
    (programs / "git").chmod(0o755)
    path = os.pathsep.join((str(programs), trapped.bench.environ["PATH"]))

    done = trapped("generate", ".", "--changed", "--jobs=2", *QUICK, cwd=shop, environ={"PATH": path})

    assert done.code == 0, done.err
    by_process = {note["pid"]: note["started"] for note in trapped.heard("started")}
    parents = [note["pid"] for note in trapped.heard("started") if note["argv"][:2] == ["-m", "qeforge.cli"]]
    assert len(by_process) >= 4  # itself, the target's interpreter when it is asked what it is, two for the modules
    assert len(parents) == 1
    assert len(by_process.pop(parents[0])) == 5
    assert {name for names in by_process.values() for name in names} <= {"HTTPS_PROXY"}
    seen = (trapped.bench.root / "git-environment").read_text()
    assert "GIT_ALLOW_PROTOCOL=none" in seen
    assert not any(value in seen for name, value in KEYS.items() if name != "ANTHROPIC_BASE_URL")
    assert trapped.attempts == []


@pytest.mark.slow
@pytest.mark.parametrize("table", [LOCAL_ONLY, ""])
def test_a_library_that_reports_home_is_refused(table: str, trapped: Trapped) -> None:
    shop = trapped.project(table)
    done = trapped("generate", "calc.py", "other.py", "--jobs=2", *QUICK, cwd=shop, environ={"PHONE": "1"})
    assert done.code == 0, done.err
    phoned = trapped.heard("phoned")
    assert {note["phoned"] for note in phoned} == {"PrivacyError"}
    assert len(phoned) == 3  # the program itself, and a process for each module
