"""Hostile code against the sandbox, and against each layer of it alone.

Every attack is first seen to work where nothing stops it, on a stand-in that may be harmed; only then does its failure
inside the sandbox mean anything.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from qeforge.execution.process import count_processes, kill_tree
from qeforge.execution.worker import landlock, sandbox
from tests.execution.sandboxed import KERNEL, linux, run

ALL = sandbox.LAYERS
AUDIT = ("audit",)
MOUNTS = ("namespaces", "mounts")
LANDLOCK = ("landlock",)
SECCOMP = ("seccomp",)

on_linux = pytest.mark.skipif(not linux, reason="the kernel's layers are Linux's")
needs_landlock = pytest.mark.skipif(landlock.version() < 1, reason="this kernel has no Landlock")


def layers_of(*sets: tuple[str, ...]) -> list[ParameterSet]:
    """A parameter for each set of layers that must hold alone, kernel layers only where there can be any."""
    return [pytest.param(chosen, id=_name(chosen), marks=_marks(chosen)) for chosen in (ALL, *sets)]


def _name(chosen: tuple[str, ...]) -> str:
    return "all" if chosen == ALL else "+".join(chosen)


def _marks(chosen: tuple[str, ...]) -> list[pytest.MarkDecorator]:
    if chosen[:1] == LANDLOCK:
        return [needs_landlock]
    return [on_linux] if chosen != ALL and set(chosen) & set(KERNEL) else []


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A stand-in for the user's home folder, which is outside of scratch."""
    folder = tmp_path / "real home"
    (folder / "docs").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "docs" / "thesis.txt").write_text("years of work")
    (folder / "mine.txt").write_text("mine")
    return folder


def contents(folder: Path) -> dict[str, object]:
    """Everything a test could find changed below a folder."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


LIBC = "import ctypes; libc = ctypes.CDLL(None)\n"

WRITES = (AUDIT, MOUNTS, LANDLOCK)
METADATA = (AUDIT, MOUNTS)  # Landlock has no say in it

FILE_ATTACKS = {
    "remove": ("import os; os.remove(home + '/mine.txt')", WRITES),
    "unlink beside a descriptor": (
        "import os; os.unlink('mine.txt', dir_fd=os.open(home, os.O_RDONLY))",
        WRITES,
    ),
    "rmtree": ("import shutil; shutil.rmtree(home + '/docs')", WRITES),
    "overwrite": ("open(home + '/mine.txt', 'w').write('yours')", WRITES),
    "append": ("open(home + '/mine.txt', 'ab').write(b'yours')", WRITES),
    "new file": ("open(home + '/evil.txt', 'x').close()", WRITES),
    "os.open": (
        "import os; os.write(os.open(home + '/mine.txt', os.O_RDWR), b'x')",
        WRITES,
    ),
    "truncate": ("import os; os.truncate(home + '/mine.txt', 0)", METADATA),
    "rename over": (
        "open('evil', 'w').close(); import os; os.replace('evil', home + '/mine.txt')",
        WRITES,
    ),
    "rename away": ("import os; os.rename(home + '/mine.txt', home + '/gone')", WRITES),
    "through a symlink": (
        "import os; os.symlink(home, 'link'); open('link/mine.txt', 'w').close()",
        WRITES,
    ),
    "symlink to the file": (
        "import os; os.symlink(home + '/mine.txt', 'link'); open('link', 'w').close()",
        WRITES,
    ),
    "by dots": (
        "import os; open(os.path.relpath(home) + '/mine.txt', 'w').close()",
        WRITES,
    ),
    "symlink left behind": ("import os; os.symlink('/etc', home + '/link')", WRITES),
    "hard link": ("import os; os.link(home + '/mine.txt', home + '/copy')", WRITES),
    "mkdir": ("import os; os.mkdir(home + '/evil')", WRITES),
    "rmdir": ("import os; os.rmdir(home + '/empty')", WRITES),
    "chmod": ("import os; os.chmod(home + '/mine.txt', 0)", METADATA),
    "pathlib": ("import pathlib; pathlib.Path(home, 'mine.txt').write_text('x')", WRITES),
    "sqlite": (
        "import sqlite3; sqlite3.connect(home + '/evil.db').execute('create table t (x)')",
        WRITES,
    ),
    "libc unlink": (
        LIBC + "libc.unlink(home.encode() + b'/mine.txt')",
        WRITES,
    ),
    "libc chmod": (LIBC + "libc.chmod(home.encode() + b'/mine.txt', 0)", METADATA),
    "in a thread": (
        "import os, threading; t = threading.Thread(target=lambda: open(home + '/evil', 'w').close())\n"
        "threading.excepthook = lambda details: None\n"
        "t.start(); t.join()",
        WRITES,
    ),
}


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        pytest.param(name, layers, id=f"{name}-{_name(layers)}", marks=_marks(layers))
        for name, (_, sets) in FILE_ATTACKS.items()
        for layers in (ALL, *sets)
    ],
)
def test_files_outside_scratch_stay_as_they_are(name: str, layers: tuple[str, ...], scratch: Path, home: Path) -> None:
    before = contents(home)
    outcome = run(FILE_ATTACKS[name][0], scratch, layers=layers, home=str(home))
    assert contents(home) == before
    assert outcome.server_survived
    if "audit" in layers:
        assert outcome.blocked


@pytest.mark.parametrize("name", FILE_ATTACKS)
def test_the_same_attacks_work_without_a_sandbox(name: str, scratch: Path, home: Path) -> None:
    before = contents(home)
    run(FILE_ATTACKS[name][0], scratch, enabled=False, home=str(home))
    assert contents(home) != before


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port on loopback that takes TCP connections and UDP packets, and what has arrived there."""
    arrived: list[bytes] = []
    with (
        closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as stream,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as packets,
    ):
        stream.bind(("127.0.0.1", 0))
        port: int = stream.getsockname()[1]
        packets.bind(("127.0.0.1", port))
        stream.listen()
        stream.settimeout(0.05)
        packets.settimeout(0.05)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with suppress(TimeoutError):
                    stream.accept()[0].close()
                    arrived.append(b"tcp")
                with suppress(TimeoutError):
                    arrived.append(packets.recv(100))

        thread = threading.Thread(target=serve)
        thread.start()
        yield port, arrived
        stop.set()
        thread.join()


TCP = "import socket; socket.create_connection(('127.0.0.1', port), 2).close()"
UDP = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'udp', ('127.0.0.1', port))"
RAW_TCP = (
    LIBC
    + """
import socket, struct
s = socket.socket()
address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + bytes([127, 0, 0, 1]) + bytes(8)
libc.connect(s.fileno(), address, 16)
"""
)
NETWORK_ATTACKS = {"tcp": TCP, "udp": UDP, "tcp by libc": RAW_TCP}


def arrival(arrived: list[bytes], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not arrived:
        time.sleep(0.02)
    return bool(arrived)


@pytest.mark.parametrize("layers", layers_of(AUDIT, ("namespaces",), SECCOMP))
@pytest.mark.parametrize("name", NETWORK_ATTACKS)
def test_nothing_reaches_the_network(
    name: str, layers: tuple[str, ...], scratch: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, arrived = listener
    run(NETWORK_ATTACKS[name], scratch, layers=layers, port=port)
    assert not arrival(arrived, 0.3)


@pytest.mark.skipif(landlock.version() < 4, reason="this kernel's Landlock knows no TCP")
@pytest.mark.parametrize("name", ["tcp", "tcp by libc"])
def test_landlock_alone_stops_tcp(name: str, scratch: Path, listener: tuple[int, list[bytes]]) -> None:
    port, arrived = listener
    run(NETWORK_ATTACKS[name], scratch, layers=LANDLOCK, port=port)
    assert not arrival(arrived, 0.3)


@pytest.mark.parametrize("name", NETWORK_ATTACKS)
def test_the_network_is_reached_without_a_sandbox(name: str, scratch: Path, listener: tuple[int, list[bytes]]) -> None:
    port, arrived = listener
    run(NETWORK_ATTACKS[name], scratch, enabled=False, port=port)
    assert arrival(arrived, 5)


@on_linux
@pytest.mark.parametrize(
    ("layers", "reached"),
    [(ALL, False), (AUDIT, False), (SECCOMP, False), ((), True)],
    ids=["all", "audit", "seccomp", "none"],
)
def test_services_that_listen_on_a_path_are_out_of_reach(
    layers: tuple[str, ...], reached: bool, scratch: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    with closing(socket.socket(socket.AF_UNIX)) as service:
        service.bind(str(path))
        service.listen()
        outcome = run(
            "import socket; socket.socket(socket.AF_UNIX).connect(path)", scratch, layers=layers, path=str(path)
        )
    assert (outcome.error == "") is reached


@on_linux
@pytest.mark.parametrize("layers", layers_of(("namespaces",), AUDIT, SECCOMP))
def test_abstract_sockets_are_out_of_reach(layers: tuple[str, ...], scratch: Path) -> None:
    name = f"\0qeforge-test-{os.getpid()}-{time.monotonic_ns()}"
    code = "import socket; socket.socket(socket.AF_UNIX).connect('\\0' + name)"
    with closing(socket.socket(socket.AF_UNIX)) as service:
        service.bind(name)
        service.listen()
        assert run(code, scratch, enabled=False, name=name[1:]).error == ""
        assert "Error" in run(code, scratch, layers=layers, name=name[1:]).error


def test_the_environment_holds_no_secrets(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "s3cret")
    monkeypatch.setenv("LC_ALL", "C")
    outcome = run("import os; result = dict(os.environ)", scratch)
    assert "s3cret" not in str(outcome.result)
    assert outcome.result["LC_ALL"] == "C"
    assert outcome.result["HOME"].startswith(str(scratch))
    assert outcome.result["TMPDIR"].startswith(str(scratch))


@pytest.fixture
def victim() -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the user's that the sandbox has no business with."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={"SECRET": "s3cret"}
    ) as process:
        yield process
        process.kill()


@on_linux
@pytest.mark.parametrize("file", ["environ", "mem"])
@pytest.mark.parametrize("layers", layers_of(AUDIT, MOUNTS, ("landlock", "privileges")))
def test_other_processes_cannot_be_read(
    layers: tuple[str, ...], file: str, scratch: Path, victim: "subprocess.Popen[bytes]"
) -> None:
    code = f"result = open('/proc/' + str(pid) + '/{file}', 'rb').read(0 if '{file}' == 'mem' else -1).decode()"
    unprotected = run(code, scratch, enabled=False, pid=victim.pid)
    assert unprotected.error == ""
    outcome = run(code, scratch, layers=layers, pid=victim.pid)
    assert "Error" in outcome.error
    assert "s3cret" not in str(outcome.result)


@on_linux
def test_a_child_cannot_read_the_server(scratch: Path) -> None:
    code = "import os; result = open(f'/proc/{os.getppid()}/environ').read()"
    assert "PermissionError" in run(code, scratch).error
    assert run(code, scratch, layers=()).error == ""


MARK = "echo started > marker"
START_ATTACKS = {
    "subprocess": f"import subprocess; subprocess.run({MARK!r}, shell=True)",
    "os.system": f"import os; os.system({MARK!r})",
    "os.popen": f"import os; os.popen({MARK!r}).read()",
    "posix_spawn": f"import os; os.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', {MARK!r}], {{}}), 0)",
    "exec": f"import os; os.execv('/bin/sh', ['sh', '-c', {MARK!r}])",
    "asyncio": f"import asyncio, asyncio.subprocess\n"
    f"async def go(): await (await asyncio.create_subprocess_shell({MARK!r})).wait()\n"
    "asyncio.run(go())",
    "libc.system": LIBC + f"libc.system({MARK.encode()!r})",
    "libc by handle": f"import ctypes, _ctypes; h = ctypes.CDLL(None)._handle\n"
    f"ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p)(_ctypes.dlsym(h, 'system'))({MARK.encode()!r})",
}


@pytest.mark.skipif(os.name == "nt", reason="written for a POSIX shell")
@pytest.mark.parametrize("layers", layers_of(AUDIT, LANDLOCK, SECCOMP))
@pytest.mark.parametrize("child", [True, False], ids=["child", "server"])
@pytest.mark.parametrize("name", START_ATTACKS)
def test_no_program_is_started(name: str, child: bool, layers: tuple[str, ...], scratch: Path) -> None:
    run(START_ATTACKS[name], scratch, layers=layers, child=child)
    assert not (scratch / "cwd" / "marker").exists()


@pytest.mark.skipif(os.name == "nt", reason="written for a POSIX shell")
@pytest.mark.parametrize("name", START_ATTACKS)
def test_programs_are_started_without_a_sandbox(name: str, scratch: Path) -> None:
    run(START_ATTACKS[name], scratch, enabled=False)
    assert (scratch / "cwd" / "marker").exists()


FORK_BOMB = """
import os, time
for number in range(20):
    try:
        if fork() == 0:
            open(f"child{number}-{os.getpid()}", "w").close()
            time.sleep(0.5)
            os._exit(0)
    except OSError:
        pass
"""
OS_FORK = "from os import fork" + FORK_BOMB
LIBC_FORK = LIBC + "fork = libc.fork" + FORK_BOMB


@pytest.mark.skipif(os.name == "nt", reason="there is no fork")
@pytest.mark.parametrize("code", [OS_FORK, LIBC_FORK], ids=["os.fork", "libc.fork"])
@pytest.mark.parametrize("layers", layers_of(AUDIT, SECCOMP))
def test_a_child_cannot_multiply(code: str, layers: tuple[str, ...], scratch: Path) -> None:
    run(code, scratch, layers=layers)
    assert list((scratch / "cwd").glob("child*")) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no fork")
@pytest.mark.parametrize("code", [OS_FORK, LIBC_FORK], ids=["os.fork", "libc.fork"])
def test_a_module_cannot_multiply_while_it_is_imported(code: str, scratch: Path) -> None:
    run(code, scratch, child=False)
    assert list((scratch / "cwd").glob("child*")) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no fork")
@pytest.mark.parametrize("code", [OS_FORK, LIBC_FORK], ids=["os.fork", "libc.fork"])
def test_anything_multiplies_without_a_sandbox(code: str, scratch: Path) -> None:
    run(code, scratch, enabled=False)
    assert len(list((scratch / "cwd").glob("child*"))) == 20


@on_linux
@pytest.mark.slow
def test_the_kernel_bounds_what_gets_past_the_hook(scratch: Path) -> None:
    code = """
import os, time
made = 0
while made < 900:
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    except OSError:
        break
    made += 1
result = made
"""
    bounded = run(code, scratch, child=False, layers=("limits", "namespaces", "mounts"), policy={"processes": 8})
    if "process-limit" not in bounded.layers:
        pytest.skip("this kernel counts processes for the whole machine only")
    assert bounded.result < 320
    assert run("result = 1", scratch).result == 1


KILL_ATTACKS = {
    "the server": "import os; os.kill(os.getppid(), 9)",
    "its group": "import os; os.killpg(os.getpgid(0), 9)",
    "the server by libc": LIBC + "import os; libc.kill(os.getppid(), 9)",
}


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize("name", KILL_ATTACKS)
@pytest.mark.parametrize("layers", layers_of(AUDIT, SECCOMP))
def test_a_child_cannot_kill_the_server(name: str, layers: tuple[str, ...], scratch: Path) -> None:
    assert run(KILL_ATTACKS[name], scratch, layers=layers).server_survived


@on_linux
@pytest.mark.skipif(landlock.version() < 6, reason="this kernel's Landlock knows no signals")
@pytest.mark.parametrize("name", ["the server", "the server by libc"])
def test_landlock_alone_saves_the_server(name: str, scratch: Path) -> None:
    assert run(KILL_ATTACKS[name], scratch, layers=LANDLOCK).server_survived


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize("name", ["the server", "its group", "the server by libc"])
def test_the_server_dies_without_a_sandbox(name: str, scratch: Path) -> None:
    assert not run(KILL_ATTACKS[name], scratch, enabled=False).server_survived


@on_linux
@pytest.mark.parametrize("child", [True, False], ids=["child", "server"])
@pytest.mark.parametrize("layers", layers_of(AUDIT, ("namespaces",)))
def test_processes_outside_cannot_be_killed(
    layers: tuple[str, ...], child: bool, scratch: Path, victim: "subprocess.Popen[bytes]"
) -> None:
    run("import os; os.kill(pid, 9)", scratch, layers=layers, child=child, pid=victim.pid)
    time.sleep(0.1)
    assert victim.poll() is None


@on_linux
def test_processes_outside_can_be_killed_without_a_sandbox(scratch: Path, victim: "subprocess.Popen[bytes]") -> None:
    run("import os; os.kill(pid, 9)", scratch, enabled=False, pid=victim.pid)
    assert victim.wait(5) == -signal.SIGKILL


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        end = time.monotonic() + 8
        while time.monotonic() < end:
            open("beat", "a").write(".")
            time.sleep(0.02)
    os._exit(0)
while not os.path.exists("beat"):
    time.sleep(0.02)
"""


def is_beating(scratch: Path) -> bool:
    beat = scratch / "cwd" / "beat"
    before = beat.stat().st_size
    time.sleep(0.3)
    return beat.stat().st_size > before


@on_linux
@pytest.mark.parametrize("refuse_unshare", [False, True], ids=["namespaces", "watcher only"])
def test_daemons_end_with_the_server(refuse_unshare: bool, scratch: Path) -> None:
    outcome = run(DAEMON, scratch, child=False, layers=("namespaces",), refuse_unshare=refuse_unshare)
    assert outcome.server_survived
    assert ("pid-namespace" in outcome.layers) is not refuse_unshare
    assert not is_beating(scratch)


@on_linux
def test_daemons_outlive_the_server_without_a_sandbox(scratch: Path) -> None:
    run(DAEMON, scratch, child=False, enabled=False)
    assert is_beating(scratch)


@on_linux
@pytest.mark.parametrize("refuse_unshare", [False, True], ids=["namespaces", "watcher only"])
def test_kill_tree_ends_daemons_too(refuse_unshare: bool, scratch: Path) -> None:
    def start() -> None:
        run(DAEMON + "time.sleep(8)", scratch, child=False, layers=("namespaces",), refuse_unshare=refuse_unshare)

    thread = threading.Thread(target=start)
    thread.start()
    while not (scratch / "cwd" / "beat").exists():
        time.sleep(0.05)
    (worker,) = [pid for pid in _children_of(os.getpid()) if b"_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert count_processes(worker) >= 3
    kill_tree(worker)
    thread.join(5)
    assert not thread.is_alive()
    assert not is_beating(scratch)


def _children_of(pid: int) -> list[int]:
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


@on_linux
@pytest.mark.parametrize(
    "code",
    [
        LIBC + "libc.unshare(0x10000000); libc.mount(b'none', home.encode(), b'tmpfs', 0, None)",
        LIBC + "libc.umount2(b'/proc', 2); libc.chroot(b'/tmp')",
        LIBC + "libc.sethostname(b'evil', 4)",
    ],
    ids=["mount", "chroot", "hostname"],
)
def test_the_machine_itself_cannot_be_changed(code: str, scratch: Path, home: Path) -> None:
    before = contents(home), socket.gethostname()
    outcome = run(code, scratch, layers=tuple(layer for layer in ALL if layer != "audit"), home=str(home))
    assert (contents(home), socket.gethostname()) == before
    assert outcome.server_survived


@pytest.mark.skipif(os.name == "nt", reason="there are no limits")
def test_memory_is_bounded(scratch: Path) -> None:
    code = "import mmap; mmap.mmap(-1, 1 << 30)"
    assert "Cannot allocate memory" in run(code, scratch, policy={"memory_bytes": 512 << 20}).error
    assert run(code, scratch, layers=()).error == ""


@pytest.mark.skipif(os.name == "nt", reason="there are no limits")
def test_a_file_cannot_fill_the_disk(scratch: Path) -> None:
    code = "open('big', 'wb').write(bytes(2 << 20))"
    assert "OSError" in run(code, scratch, policy={"file_bytes": 1 << 20}).error
    assert (scratch / "cwd" / "big").stat().st_size <= 1 << 20


@pytest.mark.skipif(os.name == "nt", reason="there are no limits")
@pytest.mark.slow
def test_a_loop_in_c_runs_out_of_cpu_time(scratch: Path) -> None:
    outcome = run("sum(range(10 ** 12))", scratch, policy={"cpu_seconds": 1})
    assert outcome.server_survived
    assert outcome.result is None
