"""Commands under the meter: what they take is known, what they leave behind is gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rig.metered import Finished, allow_again, plain_environment, run, stop_all

from qeforge.execution.worker import landlock

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="orphans are adopted on Linux only")


def metered(code: str, place: Path, *, limit: float = 30.0, writable: Path | None = None) -> Finished:
    environment = plain_environment(place)
    return run([sys.executable, "-c", code], cwd=place, limit=limit, environment=environment, writable=writable)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    done = metered("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (done.output, done.errors, done.usage.code) == ("out\n", "err\n", 3)
    assert done.last_words == "err"
    assert not done.usage.timed_out
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".meter")]


@linux_only
def test_cpu_time_of_a_detached_grandchild_counts(tmp_path: Path) -> None:
    busy = "import pathlib, time\nwhile time.process_time() < 0.4: pass\npathlib.Path('done').touch()"
    code = (
        "import pathlib, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {busy!r}], start_new_session=True)\n"
        "while not pathlib.Path('done').exists(): time.sleep(0.01)"
    )
    done = metered(code, tmp_path)
    assert done.usage.cpu >= 0.4


@linux_only
def test_what_a_command_leaves_behind_is_killed_and_counted(tmp_path: Path) -> None:
    code = (
        "import pathlib, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)\n"
        "pathlib.Path('pid').write_text(str(child.pid))"
    )
    done = metered(code, tmp_path)
    assert done.usage.left_over == 1
    assert not alive(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_the_limit_holds(tmp_path: Path) -> None:
    done = metered("import time; time.sleep(300)", tmp_path, limit=0.5)
    assert done.usage.timed_out
    assert done.usage.code == -signal.SIGKILL
    assert done.usage.wall < 20


@linux_only
def test_memory_is_that_of_the_whole_tree(tmp_path: Path) -> None:
    held = "import time; held = bytearray(60_000_000); time.sleep(1.5)"
    code = (
        "import subprocess, sys\n"
        f"both = [subprocess.Popen([sys.executable, '-c', {held!r}]) for _ in range(2)]\n"
        "[one.wait() for one in both]"
    )
    assert metered(code, tmp_path).usage.memory_mb > 110


@pytest.mark.skipif(not sys.platform.startswith("linux") or landlock.version() < 1, reason="the kernel has no Landlock")
def test_a_confined_command_writes_only_in_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    code = f"open({str(inside / 'a')!r}, 'w').close(); open({str(outside / 'b')!r}, 'w')"
    done = metered(code, inside, writable=inside)
    assert done.usage.code == 1
    assert "PermissionError" in done.errors
    assert (inside / "a").exists()
    assert list(outside.iterdir()) == []


def test_all_commands_can_be_ended_from_another_thread(tmp_path: Path) -> None:
    ended = threading.Timer(0.5, stop_all)
    ended.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            metered("import time; time.sleep(300)", tmp_path)
        ended.join()
        with pytest.raises(KeyboardInterrupt):
            metered("print('too late')", tmp_path)
    finally:
        ended.cancel()
        allow_again()
    assert metered("print('again')", tmp_path).output == "again\n"


@linux_only
def test_the_tree_dies_with_whoever_runs_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from rig.metered import plain_environment, run\n"
        "code = \"import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(300)\"\n"
        "place = Path(sys.argv[1])\n"
        "run([sys.executable, '-c', code], cwd=place, limit=300, environment=plain_environment(place))\n",
        encoding="utf-8",
    )
    benchmarks = Path(__file__).parents[2] / "benchmarks"
    paths = [str(benchmarks), str(benchmarks.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment) as process:
        pid = tmp_path / "pid"
        until = time.monotonic() + 60
        while not (pid.exists() and pid.read_text(encoding="utf-8")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        process.kill()
    sleeper = int(pid.read_text(encoding="utf-8"))
    while alive(sleeper):
        assert time.monotonic() < until + 30
        time.sleep(0.05)
