"""A place of its own for one or more runs of the real program, and what to look at afterwards."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample-projects"
SUBJECTS = ROOT / "tests" / "subjects"
PROGRAM = (sys.executable, "-m", "qeforge.cli")

SMALL = '''\
def add(a: int, b: int) -> int:
    """The sum, but at most ten."""
    if a + b > 10:
        return 10
    return a + b


def greet(name: str) -> str:
    """Says hello."""
    return "hello " + name if name else "hello"
'''

_BACKWARDS = "def pytest_collection_modifyitems(items):\n    items.reverse()\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How one run ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The only line on stderr that is an error; fails when there are several, or anything beside it."""
        [line] = self.err.splitlines()
        assert line.startswith("qeforge: ")
        return line.removeprefix("qeforge: ")

    @property
    def data(self) -> dict[str, Any]:
        """What the envelope on stdout carries."""
        return dict(self.envelope["data"])

    @property
    def envelope(self) -> dict[str, Any]:
        """The one object on stdout."""
        found = json.loads(self.out)
        assert list(found) == ["version", "command", "status", "exit_code", "data", "errors"]
        assert found["exit_code"] == self.code
        return dict(found)

    def actions(self) -> dict[str, str]:
        """Module → what became of its suite, of a run under `--json`."""
        return {module["module"]: module["action"] for module in self.data["modules"]}

    def reasons(self) -> dict[str, str]:
        """Module → why, of a run under `--json`."""
        return {module["module"]: module["reason"] for module in self.data["modules"]}

    def cut(self) -> list[str]:
        """Modules whose search the clock ended, of a run under `--json`."""
        return [module["module"] for module in self.data["modules"] if module["stop"] == "time"]


class Bench:
    """A folder with a home, a temporary folder and a data folder, in which the program runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home, self.temporary, self.data = root / "home", root / "temporary", root / "data"
        for folder in (self.home, self.temporary, self.data):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def environ(self) -> dict[str, str]:
        """What the program is told; nothing of whoever runs the tests but where programs are."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "QEFORGE_DATA_DIR": str(self.data),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def __call__(
        self, *args: str | Path, cwd: Path | None = None, timeout: float = 240, environ: dict[str, str] | None = None
    ) -> Done:
        """Runs it to its end."""
        done = subprocess.run(
            [*PROGRAM, *map(str, args)],
            cwd=cwd or self.root,
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def interrupted(self, *args: str | Path, cwd: Path, when: Callable[[], bool]) -> Done:
        """Runs it, and presses Ctrl-C in its terminal as soon as `when` holds."""
        with subprocess.Popen(
            [*PROGRAM, *map(str, args)],
            cwd=cwd,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            end = time.monotonic() + 60
            while not when() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
        return Done(code=process.returncode, out=out, err=err)

    def project(self, name: str, files: dict[str, str]) -> Path:
        """A folder that is a project of its own, with these files."""
        folder = self.root / name
        for path, text in {"pyproject.toml": "", **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder

    def left(self) -> list[str]:
        """What a run should not have left behind: temporary files, and processes that know this bench."""
        end = time.monotonic() + 5
        while (found := [*self._processes()]) and time.monotonic() < end:
            time.sleep(0.1)
        return [*found, *(str(path.relative_to(self.root)) for path in self.temporary.rglob("*"))]

    def _processes(self) -> Iterable[str]:
        mark = str(self.temporary).encode()
        for folder in Path("/proc").glob("[0-9]*") if Path("/proc").is_dir() else ():
            try:
                known = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile, or is not ours
                continue
            if mark in known:
                yield f"process {folder.name}: {(folder / 'comm').read_text().strip()}"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below and what is in it, compiled code left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and ".git" not in path.relative_to(folder).parts
    }


def pytest_results(
    files: Sequence[Path], *, cwd: Path, hash_seed: int = 0, backwards: bool = False, cover: str = ""
) -> tuple[dict[str, str], float]:
    """Plain pytest over the files: test → passed, failed or skipped; and the share of `cover`'s lines and branches."""
    work = cwd.parent / f"pytest-{hash_seed}-{int(backwards)}-{os.getpid()}"
    work.mkdir(exist_ok=True)
    (work / "backwards.py").write_text(_BACKWARDS, encoding="utf-8")
    report, data = work / "report.xml", work / "coverage"
    runner = ["-m", "coverage", "run", "--branch", f"--data-file={data}", f"--source={cover}", "-m", "pytest"]
    done = subprocess.run(
        [
            sys.executable,
            *(runner if cover else ["-m", "pytest"]),
            *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={report}", f"--basetemp={work / 'tmp'}"),
            *(["-p", "backwards"] if backwards else []),
            *map(str, files),
        ],
        cwd=cwd,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(work),
            "PYTHONHASHSEED": str(hash_seed),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(work),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert report.is_file(), done.stdout + done.stderr
    results = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        results[f"{case.get('classname')}::{case.get('name')}"] = outcome
    rate = 0.0
    if cover:
        told = subprocess.run(
            [sys.executable, "-m", "coverage", "json", "-q", f"--data-file={data}", "-o", str(work / "coverage.json")],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        rate = json.loads((work / "coverage.json").read_text())["totals"]["percent_covered"] / 100
    return results, rate


def not_passed(results: dict[str, str]) -> dict[str, str]:
    """Those tests that did anything else than pass."""
    return {test: result for test, result in results.items() if result != "passed"}


def without_assertion(text: str) -> list[str]:
    """Names of test functions in a suite that check nothing."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            inside = list(ast.walk(node))
            checks = any(isinstance(n, ast.Assert) for n in inside)
            raises = any(isinstance(n, ast.Attribute) and n.attr in ("raises", "warns") for n in inside)
            if not checks and not raises:
                names.append(node.name)
    return names


def body_of(text: str, name: str) -> str:
    """One function of a suite, as it stands there."""
    found = re.search(rf"^(?:@.*\n(?:(?!def ).*\n)*?)?def {name}\(.*\n(?:(?:[ \t].*)?\n)*", text, re.MULTILINE)
    assert found, name
    return found[0].strip()
