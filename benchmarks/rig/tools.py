"""What writes suites: qeforge in its variants, and its peers, each with its own idea of a budget."""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from figures import REPOSITORY

import qeforge
from qeforge.domain.capability import Capability
from rig.environments import site_packages, version_of
from rig.metered import Finished, Usage, plain_environment, run
from rig.model_server import Endpoint
from rig.subjects import Subject, callables_in
from rig.unhurried import SLOWNESS

PEERS = ("pynguin", "ghostwriter", "crosshair")
UNHURRIED = Path(__file__).with_name("unhurried.py")
UNHURRIED_LIMIT = 900.0  # seconds; work that is counted ends by itself, but for what hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One suite to be written.

    Args:
        subject: for which module.
        budget: seconds that the tool may search; what it needs besides is measured, not limited.
        seed: for tools that have one.
        place: an empty folder that is the tool's own.
        suite: an empty folder for test files.
    """

    subject: Subject
    budget: float
    seed: int
    place: Path
    suite: Path

    @property
    def limit(self) -> float:
        """Seconds after which the tool is killed: room for what some do after their search."""
        return 10 * self.budget + 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What a tool did. `note` is empty, or why there is no suite. `rounds` are those of the refinement loop, `own` is
    the score that the tool gives itself; both are qeforge's alone. `tokens` are those of models."""

    usage: Usage
    note: str = ""
    rounds: tuple[Mapping[str, Any], ...] = ()
    own: Mapping[str, Any] | None = None
    tokens: int = 0


class Tool(Protocol):
    """Something that writes a suite for a module."""

    @property
    def name(self) -> str:
        """As it stands in tables, and in the key of a result."""

    @property
    def version(self) -> str:
        """A result is kept as long as this stays the same."""

    def generate(self, job: Job) -> Generated:
        """Writes test files into `job.suite`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qeforge:
    """This qeforge, as it is in the repository.

    Args:
        target: the interpreter that has the subjects and pytest.
        rounds: of refinement, at most; None leaves the default.
        without: capabilities that are left out.
        counted: does all the work that belongs to the budget, however long it takes, so that a busy machine changes
            nothing (see `unhurried.py`).
        server: of a model that is asked about what the native engine leaves open; None for the native engine alone.
    """

    target: Path
    rounds: int | None = None
    without: tuple[Capability, ...] = ()
    counted: bool = False
    server: Endpoint | None = None

    @property
    def name(self) -> str:
        """`qeforge`, and what is special about it."""
        words = ["qeforge"] if self.server is None else [f"qeforge-local {self.server.model}"]
        if self.rounds is not None:
            words.append("single pass" if self.rounds == 1 else f"{self.rounds} rounds")
        return " ".join([*words, *(f"without {one.value}" for one in self.without)])

    @property
    def version(self) -> str:
        """With a digest of the source: the version alone says little between releases."""
        return f"{qeforge.__version__}+{_digest(Path(qeforge.__file__).parent)}"

    def generate(self, job: Job) -> Generated:
        """One module, in one process at a time."""
        source = job.subject.source(site_packages(self.target))
        if job.subject.sample:  # a project of its own, in which nothing may be written
            project = REPOSITORY / "sample-projects" / job.subject.sample
            copy = Path(
                shutil.copytree(project, job.place / project.name, ignore=shutil.ignore_patterns(".*", "__*__"))
            )
            source = copy / source.relative_to(project)
        start: list[str | Path] = [UNHURRIED] if self.counted else ["-m", "qeforge.cli"]
        command: list[str | Path] = [sys.executable, *start, "generate", source, "--out", job.suite]
        command += ["--python", self.target, "--max-time", f"{job.budget:g}", "--seed", str(job.seed), "--jobs", "1"]
        command += ["--engine", *(["native"] if self.server is None else ["local", "--local-only"])]
        command += ["--ignore-existing", "--no-cache", "--json"]
        if self.rounds is not None:
            command += ["--iterations", str(self.rounds)]
        data = job.place / "data"
        environment = plain_environment(job.place, python_path=[REPOSITORY]) | {"QEFORGE_DATA_DIR": str(data)}
        if self.without:
            environment["QEFORGE_WITHOUT"] = ",".join(self.without)
        if self.server is not None:
            environment |= {"QEFORGE_LOCAL_URL": self.server.ready(), "QEFORGE_LOCAL_MODEL": self.server.model}
        limit = UNHURRIED_LIMIT if self.counted else job.limit
        done = run(command, cwd=job.place, limit=limit, environment=environment)
        generated = _read(done, data / "trajectories.jsonl", SLOWNESS if self.counted else 1.0)
        if self.server is None:
            return generated
        counted = self.server.spent()  # a streamed answer comes without the server's count
        if done.usage.timed_out:
            self.server.abandoned()
        return replace(generated, tokens=counted or generated.tokens)


def _read(done: Finished, trajectories: Path, slowness: float) -> Generated:
    """What qeforge said; its seconds were those of a clock that may have been slow."""
    try:
        envelope: dict[str, Any] = json.loads(done.output)
    except ValueError:
        return Generated(usage=done.usage, note=_why(done))
    note = "; ".join(error["message"] for error in envelope.get("errors", ()))
    modules = (envelope.get("data") or {}).get("modules") or []
    own: dict[str, Any] | None = None
    if modules:
        note = note or modules[0]["reason"] or ""
        reached = (modules[0]["coverage"] or {}).get("rate")
        own = {**(modules[0]["score"] or {}), "stop": modules[0]["stop"], "reached": reached}
        own["seconds"] = modules[0]["seconds"] * slowness
    rounds: tuple[Mapping[str, Any], ...] = ()
    if trajectories.exists():
        last = trajectories.read_text(encoding="utf-8").splitlines()[-1]
        kept = ("number", "offered", "kept", "open_goals", "open_mutants", "quality", "seconds")
        rounds = tuple(
            {name: one[name] for name in kept} | {"seconds": one["seconds"] * slowness}
            for one in json.loads(last)["rounds"]
        )
    tokens = int((own or {}).get("tokens", 0))
    return Generated(usage=done.usage, note=note, rounds=rounds, own=own, tokens=tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another tool, in an environment of its own, confined to its folder."""

    name: str
    package: str
    python: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """That of its package."""
        return version_of(self.python, self.package)

    def generate(self, job: Job) -> Generated:
        """Writes what the tool writes, or prints, into test files."""
        site = site_packages(self.python)
        root = job.subject.root(site)
        environment = plain_environment(job.place, python_path=[root]) | {**self.settings}
        job.suite.mkdir(exist_ok=True)
        command, printed = _COMMANDS[self.name](self.python, job, root, job.subject.source(site))
        done = run(command, cwd=job.place, limit=job.limit, environment=environment, writable=job.place.parent)
        if printed and "def test_" in done.output:
            file = job.suite / f"test_{job.subject.module.replace('.', '_')}.py"
            file.write_text(done.output, encoding="utf-8")
        wrote = any("def test_" in file.read_text(encoding="utf-8") for file in job.suite.rglob("test_*.py"))
        return Generated(usage=done.usage, note="" if wrote else _why(done))


def pynguin(python: Path) -> Peer:
    """Search, and assertions from mutation analysis; it asks to be told that its user knows what it runs."""
    return Peer(name="pynguin", package="pynguin", python=python, settings={"PYNGUIN_DANGER_AWARE": "1"})


def ghostwriter(python: Path) -> Peer:
    """The Hypothesis ghostwriter: property tests from signatures; it knows no budget and no seed."""
    return Peer(name="ghostwriter", package="hypothesis", python=python)


def crosshair(python: Path) -> Peer:
    """CrossHair `cover`: symbolic execution; the budget is shared between the functions of the module."""
    return Peer(name="crosshair", package="crosshair-tool", python=python)


def peer(name: str, python: Path) -> Peer:
    """One of `PEERS`."""
    return {"pynguin": pynguin, "ghostwriter": ghostwriter, "crosshair": crosshair}[name](python)


def _pynguin(python: Path, job: Job, root: Path, source: Path) -> tuple[list[str | Path], bool]:
    words: list[str | Path] = [python, "-m", "pynguin", "--no-rich", "--project-path", root]
    words += ["--module-name", job.subject.module, "--output-path", job.suite, "--report-dir", job.place / "report"]
    return [*words, "--maximum-search-time", f"{max(1.0, job.budget):.0f}", "--seed", str(job.seed)], False


def _ghostwriter(python: Path, job: Job, root: Path, source: Path) -> tuple[list[str | Path], bool]:
    return [python.with_name("hypothesis"), "write", job.subject.module], True


def _crosshair(python: Path, job: Job, root: Path, source: Path) -> tuple[list[str | Path], bool]:
    share = max(0.2, job.budget / max(1, callables_in(source)))
    words: list[str | Path] = [python, "-m", "crosshair", "cover", "--example_output_format", "pytest"]
    return [*words, "--per_condition_timeout", f"{share:.2f}", job.subject.module], True


_COMMANDS = {"pynguin": _pynguin, "ghostwriter": _ghostwriter, "crosshair": _crosshair}


def _why(done: Finished) -> str:
    return "killed at the limit" if done.usage.timed_out else f"exit code {done.usage.code}: {done.last_words}"


@cache
def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]
