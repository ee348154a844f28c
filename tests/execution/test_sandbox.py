"""What the sandbox lets through, what it records, and how it says what it lacks."""

import os
from pathlib import Path

import pytest

from qeforge.execution.worker import sandbox
from tests.execution.sandboxed import KERNEL, linux, other_interpreters, run


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


HARMLESS = {
    "threads": """
import threading
found = []
threads = [threading.Thread(target=found.append, args=(n,)) for n in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
result = sorted(found) == list(range(20))
""",
    "thread pool": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    result = sum(pool.map(abs, range(-5, 5))) == 25
""",
    "asyncio": """
import asyncio
async def go():
    await asyncio.sleep(0.001)
    return await asyncio.to_thread(lambda: 7)
result = asyncio.run(go()) == 7
""",
    "tempfile": """
import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a")
    open(path, "w").write("x"); os.rename(path, path + "b"); os.chmod(path + "b", 0o600)
    os.symlink(path + "b", path); os.remove(path)
result = not os.path.exists(folder)
""",
    "sqlite": """
import sqlite3, tempfile
with tempfile.TemporaryDirectory() as folder:
    link = sqlite3.connect(folder + "/a.db"); link.execute("create table t (x)"); link.commit(); link.close()
    link = sqlite3.connect(":memory:"); link.execute("create table t (x)"); link.close()
result = True
""",
    "multiprocessing locks": """
import multiprocessing
lock = multiprocessing.RLock()
with lock: result = True
""",
    "C extensions": """
import _decimal, array, bz2, hashlib, json, lzma, math, pickle, select, ssl, uuid, zlib, xml.parsers.expat
result = zlib.decompress(zlib.compress(b"x")) == b"x" and len(str(uuid.uuid4())) == 36
""",
    "ctypes": """
import ctypes
ctypes.CDLL(None).abs.restype = ctypes.c_int
result = ctypes.CDLL(None).abs(-3) == 3
""",
    "socket pairs": """
import socket
a, b = socket.socketpair()
a.sendall(b"x"); result = b.recv(1) == b"x"
a.close(); b.close()
""",
    "pipes": """
import os
r, w = os.pipe(); os.write(w, b"x"); result = os.read(r, 1) == b"x"
os.close(r); os.close(w)
""",
    "the null device": """
import os
with open(os.devnull, "w") as null: null.write("x")
with open(os.devnull, "r+b") as null: null.read()
result = True
""",
    "signals to itself": """
import os, signal
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1)
result = len(seen) == 2
""",
    "users, time zones, locales": """
import getpass, locale, os, pwd, time, zoneinfo
time.tzset(); pwd.getpwuid(os.getuid()); locale.getlocale(); zoneinfo.available_timezones()
result = True
""",
    "mmap and fcntl": """
import fcntl, mmap, tempfile
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 10); file.flush(); fcntl.flock(file, fcntl.LOCK_EX)
    with mmap.mmap(file.fileno(), 10) as view: result = view[:1] == b"x"
""",
    "folders that are not there": """
result = 0
for attempt in (
    lambda: open("/no/such/folder/x", "w"),
    lambda: __import__("os").remove("/no/such/file"),
    lambda: __import__("os").rename("/no/such/file", "/no/other"),
    lambda: __import__("os").mkdir("/no/such/folder/x"),
):
    try: attempt()
    except FileNotFoundError: result += 1
result = result == 4
""",
    "files moved to another folder": """
import os
for folder in ("/tmp/one", "/tmp/two"): os.mkdir(scratch + folder)
open(scratch + "/tmp/one/x", "w").close()
os.rename(scratch + "/tmp/one/x", scratch + "/tmp/two/y")
result = os.path.exists(scratch + "/tmp/two/y")
""",
    "existing folders made again": "import os; os.makedirs('/tmp', exist_ok=True); result = True",
}


@pytest.mark.skipif(os.name == "nt", reason="written for POSIX")
@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_things_keep_working(name: str, scratch: Path) -> None:
    outcome = run(HARMLESS[name], scratch)
    assert (outcome.error, outcome.result, outcome.blocked) == ("", True, [])


def effects(code: str, scratch: Path, **names: object) -> list[tuple[str, str, bool]]:
    """Kind, event and refusal of each effect."""
    return [(e["kind"], e["event"], e["blocked"]) for e in run(code, scratch, **names).effects]  # type: ignore[arg-type]


def test_a_relative_write_is_an_effect_on_the_working_folder(scratch: Path) -> None:
    assert effects("open('report.txt', 'w').close()", scratch) == [("cwd", "open", False)]
    assert (scratch / "cwd" / "report.txt").exists()


def test_so_is_an_absolute_one(scratch: Path) -> None:
    code = "import os; os.mkdir(os.path.abspath('made'))"
    assert effects(code, scratch) == [("cwd", "os.mkdir", False)]


def test_a_write_to_the_temporary_folder_is_no_effect(scratch: Path) -> None:
    assert effects("import os; open(os.environ['TMPDIR'] + '/x', 'w').close()", scratch) == []


def test_a_relative_write_elsewhere_is_no_effect_on_the_working_folder(scratch: Path) -> None:
    code = "import os; os.chdir(os.environ['TMPDIR']); open('x', 'w').close()"
    assert effects(code, scratch) == []


def test_a_write_to_the_private_home_is_an_effect_of_its_own(scratch: Path) -> None:
    code = "import os; open(os.path.expanduser('~/.rc'), 'w').close()"
    assert effects(code, scratch) == [("home", "open", False)]


@pytest.mark.parametrize("place", ["'../a'", "os.path.abspath('../a')"])
def test_a_write_beside_the_working_folder_is_refused(scratch: Path, place: str) -> None:
    code = f"import contextlib, os\nwith contextlib.suppress(PermissionError):\n    os.mkdir({place})"
    assert effects(code, scratch) == [("filesystem", "os.mkdir", True)]


def test_reading_what_belongs_to_the_machine_is_an_effect(scratch: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("x")
    assert effects("open(path).read()", scratch, path=str(note)) == [("filesystem", "open", False)]
    assert effects("import os; os.listdir(path)", scratch, path=str(tmp_path)) == [("filesystem", "os.listdir", False)]


def test_reading_the_project_and_the_library_is_none(scratch: Path, tmp_path: Path) -> None:
    note = tmp_path / "project" / "note.txt"
    note.parent.mkdir()
    note.write_text("x")
    code = "import os; open(path).read(); open(os.__file__).read()"
    assert effects(code, scratch, path=str(note), policy={"project": (str(note.parent),)}) == []


def test_what_is_not_there_cannot_be_read(scratch: Path) -> None:
    outcome = run("open('/no/such/file')", scratch)
    assert outcome.error.startswith("FileNotFoundError")
    assert outcome.effects == []


def test_asking_for_input_is_an_effect(scratch: Path) -> None:
    outcome = run("input()", scratch)
    assert ("stdin", "builtins.input", False) in [(e["kind"], e["event"], e["blocked"]) for e in outcome.effects]


@pytest.mark.parametrize("number", ["0", "False", "1", "True", "2"])
def test_a_standard_stream_is_not_opened_by_its_number(scratch: Path, number: str) -> None:
    outcome = run(f"open({number}).close()", scratch)

    assert "PermissionError" in outcome.error
    assert [(e["kind"], e["blocked"]) for e in outcome.effects] == [("stdin", True)]


def test_a_file_is_opened_by_its_number(scratch: Path) -> None:
    assert run("import os; open(os.open(os.__file__, os.O_RDONLY)).close()", scratch).error == ""


def test_a_refusal_says_who_refused_what(scratch: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "x")
    outcome = run("open(path, 'w')", scratch, path=path)
    assert outcome.error == f"PermissionError: [Errno 13] blocked by qeforge: open {path}"
    assert outcome.effects == [{"kind": "filesystem", "event": "open", "detail": path, "blocked": True}]


def test_repeats_are_recorded_once_and_floods_are_cut(scratch: Path) -> None:
    assert len(effects("for _ in range(50): open('x', 'w').close()", scratch)) == 1
    assert len(effects("for n in range(500): open(str(n), 'w').close()", scratch)) == 200


def test_recording_starts_anew(scratch: Path) -> None:
    code = """
sandbox = __import__("sys").modules["_worker.sandbox"]
open("early", "w").close()
sandbox.start_recording()
open("late", "w").close()
result = [effect["detail"] for effect in sandbox.take_effects()]
open("later", "w").close()
result += [effect["detail"] for effect in sandbox.take_effects()]
"""
    assert run(code, scratch).result == ["late"]


def test_switched_off_it_refuses_nothing_and_still_records(scratch: Path, tmp_path: Path) -> None:
    target = tmp_path / "x"
    outcome = run("open(path, 'w').close()", scratch, enabled=False, path=str(target))
    assert target.exists()
    assert [(e["kind"], e["blocked"]) for e in outcome.effects] == [("filesystem", False)]
    assert set(outcome.layers) <= {"limits"}


def test_own_forks_and_their_ends_pass_and_others_do_not(scratch: Path) -> None:
    code = """
import os, time
sandbox = __import__("sys").modules["_worker.sandbox"]
pid = sandbox.fork()
if pid == 0:
    time.sleep(20)
    os._exit(0)
os.kill(pid, 9)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
os.fork()
"""
    assert "blocked by qeforge: os.fork" in run(code, scratch, child=False).error


@pytest.mark.skipif(not linux, reason="namespaces are Linux's")
def test_a_missing_layer_is_missing_from_the_list(scratch: Path) -> None:
    everything = run("result = 1", scratch)
    without = run("result = 1", scratch, refuse_unshare=True)
    assert without.result == 1
    assert "network-namespace" not in without.layers
    assert "audit" in without.layers
    assert set(without.layers) < set(everything.layers)


@pytest.mark.skipif(not linux, reason="the kernel's layers are Linux's")
def test_each_layer_can_be_left_out(scratch: Path) -> None:
    for layer in KERNEL:
        rest = tuple(name for name in sandbox.LAYERS if name != layer)
        assert run("result = 1", scratch, layers=rest).result == 1


@pytest.mark.skipif(not linux, reason="exit statuses go through Linux's watcher")
@pytest.mark.parametrize("refuse_unshare", [False, True], ids=["namespaces", "watcher only"])
@pytest.mark.parametrize(("code", "status"), [("import os; os._exit(7)", 7), ("import os; os.abort()", -6)])
def test_the_exit_status_comes_through(code: str, status: int, refuse_unshare: bool, scratch: Path) -> None:
    outcome = run(code, scratch, child=False, refuse_unshare=refuse_unshare)
    assert outcome.exit_status == status


@pytest.mark.skipif(not linux, reason="lenience needs namespaces")
def test_lenience_lets_programs_run_and_loopback_be_used_inside(scratch: Path, tmp_path: Path) -> None:
    code = """
import socket, subprocess
service = socket.socket(); service.bind(("127.0.0.1", 0)); service.listen()
socket.create_connection(service.getsockname()).close()
done = subprocess.run(["sh", "-c", f"echo x > {outside}/x; echo hello"], capture_output=True, text=True)
result = done.stdout
"""
    outcome = run(code, scratch, child=False, policy={"lenient": True}, outside=str(tmp_path))
    if "network-namespace" not in outcome.layers:
        assert "blocked by qeforge" in outcome.error
    else:
        assert (outcome.error, outcome.result) == ("", "hello\n")
    assert not (tmp_path / "x").exists()


@pytest.mark.skipif(not linux, reason="needs a machine where namespaces can be refused")
def test_lenience_is_void_without_namespaces(scratch: Path) -> None:
    code = "import subprocess; subprocess.run(['true'])"
    outcome = run(code, scratch, child=False, policy={"lenient": True}, refuse_unshare=True)
    assert "blocked by qeforge" in outcome.error


def test_the_environment_is_an_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("PYTHONPATH", "/x")
    monkeypatch.setenv("TZ", "UTC")
    environment = sandbox.launch_environment("/s", {"PYTHONHASHSEED": "1"})
    assert not {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} & set(environment)
    assert (environment["TZ"], environment["PYTHONHASHSEED"]) == ("UTC", "1")
    assert environment["PATH"] == os.environ["PATH"]
    assert environment["HOME"].startswith("/s")


@pytest.mark.parametrize("interpreter", other_interpreters())
def test_other_versions_have_the_same_layers(interpreter: str, scratch: Path) -> None:
    here = run("result = 1", scratch)
    there = run("import subprocess; subprocess.run(['true'])", scratch, interpreter=interpreter)
    assert there.layers == here.layers
    assert "blocked by qeforge: subprocess.Popen" in there.error
    for code in ("threads", "asyncio", "tempfile"):
        assert run(HARMLESS[code], scratch, interpreter=interpreter).result is True
