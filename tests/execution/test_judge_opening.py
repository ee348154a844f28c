"""Opening a judge: modules that import, modules that do not, and processes that end with their parent."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.target import SkippedModule
from qeforge.execution.judge import ForkJudge
from tests.execution.judging import candidate, judging, open_module, source_of, write_module


def reason(folder: Path, source: str, **settings: Any) -> str:
    skipped = open_module(folder, source, **settings)
    assert isinstance(skipped, SkippedModule)
    assert (skipped.name, skipped.path) == ("sample", folder / "sample.py")
    return skipped.reason


@pytest.mark.parametrize(
    "source, expected",
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it' ({folder}sample.py:1)"),
        ("x = 1\nraise ValueError('not\\ntoday')", "ValueError: not today ({folder}sample.py:2)"),
        ("import sys\nsys.exit(3)", "it exits on import (SystemExit: 3) ({folder}sample.py:2)"),
        ("x = (", "SyntaxError: '(' was never closed (sample.py, line 1) ({folder}sample.py)"),
        ("import os\nos._exit(4)", "the interpreter ended with exit code 4 while importing it"),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            "the interpreter died of SIGSEGV while importing it",
        ),
        ("import sys\nsys.modules[__name__] = object()", "it replaces itself in sys.modules with another object"),
    ],
)
def test_a_module_that_does_not_import_tells_why(tmp_path: Path, source: str, expected: str) -> None:
    assert reason(tmp_path, source, sandbox=False) == expected.format(folder=f"{tmp_path.name}/")


def test_another_module_of_the_same_name_is_told(tmp_path: Path) -> None:
    package = tmp_path / "sample"
    package.mkdir()
    (package / "__init__.py").write_text("")

    assert reason(tmp_path, "x = 1") == f"import sample finds {package / '__init__.py'} instead"


@pytest.mark.slow
@pytest.mark.parametrize("source", ["while True: pass", "import time; time.sleep(99)", "sum(iter(int, 1))"])
def test_an_import_that_hangs_is_ended(tmp_path: Path, source: str) -> None:
    started = time.monotonic()

    assert "more than 1 s" in reason(tmp_path, source, import_seconds=1)
    assert time.monotonic() - started < 8


def test_what_importing_runs_is_known(tmp_path: Path) -> None:
    with judging(tmp_path, "x = 1\ndef f():\n    return 2\nif x:\n    y = 2\n") as judge:
        assert judge.import_arcs == {(-1, 1), (1, 2), (2, 4), (4, 5), (5, -1)}
        assert judge.layers


def test_the_module_sees_its_own_package_and_the_projects_paths(tmp_path: Path) -> None:
    extra = tmp_path / "lib"
    extra.mkdir()
    (extra / "helper.py").write_text("VALUE = 5\n")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "other.py").write_text("VALUE = 6\n")
    source = "import helper\nfrom . import other\ndef f():\n    return helper.VALUE, other.VALUE\n"
    with judging(tmp_path, source, name="pkg.mod", project_paths=(extra,)) as judge:
        [observation] = judge.run([candidate("f()", imports=("from pkg.mod import f",))])

    assert source_of(observation) == "(5, 6)"


def test_nothing_of_qeforge_is_in_the_way(tmp_path: Path) -> None:
    """Projects may have modules called as the worker's are."""
    (tmp_path / "server.py").write_text("VALUE = 1\n")
    source = (
        "import server, sys\ndef f():\n    return server.VALUE, [n for n in sys.modules if n.startswith('qeforge')]\n"
    )
    with judging(tmp_path, source, name="snapshot") as judge:
        [observation] = judge.run([candidate("snapshot.f()", imports=("import snapshot",))])

    assert source_of(observation) == "(1, [])"


def test_a_lost_worker_is_replaced(tmp_path: Path) -> None:
    source = "import os, signal\ndef f():\n    os.kill(os.getppid(), signal.SIGKILL)\ndef g():\n    return 1\n"
    with judging(tmp_path, source, sandbox=False) as judge:
        observed = judge.run([candidate("sample.g()"), candidate("sample.f()"), candidate("sample.g()")])

    assert [str(observation.outcome) for observation in observed] == ["returned", "crashed", "returned"]


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    judge = open_module(tmp_path, "x = 1")
    assert isinstance(judge, ForkJudge)
    judge.close()
    judge.close()


_PARENT = """
import sys, tempfile
from pathlib import Path
from typing import Any
from tests.execution.judging import candidate, judging
tempfile.tempdir = sys.argv[1]
with judging(Path(sys.argv[2]), Path(sys.argv[2], "sample.py").read_text()) as judge:
    judge.run([candidate("sample.f()")])
    judge.confirm([candidate("sample.f()")])
    print("ready", flush=True)
    judge.run([candidate("sample.wait()")] * 9)
"""

_WAITING = """
    import time

    def f():
        return 1

    def wait():
        time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_outlives_a_parent_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    write_module(tmp_path, _WAITING)
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_PARENT), str(temporary), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        assert processes_in(temporary)
        parent.send_signal(number)
        parent.wait()

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (processes_in(temporary) or any(temporary.iterdir())):
        time.sleep(0.05)
    assert not processes_in(temporary)
    assert not list(temporary.iterdir())


def processes_in(folder: Path) -> list[str]:
    """Workers whose scratch folder, named in their command line, is in this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if f"{folder}{os.sep}qeforge-".encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found
