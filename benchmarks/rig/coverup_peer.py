"""CoverUp, which asks a model for tests of what is not covered, and keeps those that pass and cover more."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rig.environments import site_packages, version_of
from rig.metered import Finished, plain_environment, run
from rig.model_server import Endpoint
from rig.tools import Generated, Job

START = Path(__file__).with_name("coverup_start.py")
PROMPT = "gpt-v1"
"""The one of its prompts that does without calls of functions, which the server of llama-cpp-python does not read out
of a model's answer. An answer has 512 tokens at most (`coverup_start.py`). All else is as CoverUp has it by default."""

_PROGRESS = re.compile(r"G=(\d+), F=(\d+), U=(\d+), R=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverUp:
    """CoverUp, in an environment of its own, confined to its folder and to the server of the model.

    It knows no budget: what it has kept when its wall time is over is its suite.

    Args:
        python: the interpreter that has it.
        server: of the model.
        at_least: seconds that it has where they are more than the budget: what another tool took in the end, so that
            both have had the same wall time.
    """

    python: Path
    server: Endpoint
    at_least: Callable[[Job], float]

    @property
    def name(self) -> str:
        """With the model."""
        return f"coverup {self.server.model}"

    @property
    def version(self) -> str:
        """That of its package."""
        return version_of(self.python, "coverup")

    def generate(self, job: Job) -> Generated:
        """Works on a copy of the package, from no test at all, until nothing is left to try or the time is over."""
        source, package = self._copied(job)
        url = self.server.ready()
        command: list[str | Path] = [self.python, START, "--model", f"openai/{self.server.model}", "--prompt", PROMPT]
        command += ["--tests-dir", job.suite, "--log-file", job.place / "log", "--no-checkpoint"]
        if package.is_dir():
            command += ["--package-dir", package]
        command.append(source)
        environment = plain_environment(job.place) | {
            "OPENAI_API_BASE": f"{url}/v1",
            "OPENAI_API_KEY": "none",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        done = run(
            command,
            cwd=job.place,
            limit=max(job.budget, self.at_least(job)),
            environment=environment,
            writable=job.place.parent,
            port=urlsplit(url).port,
        )
        tokens = self.server.spent()
        if done.usage.timed_out:
            self.server.abandoned()
        for attempt in job.suite.glob("tmp_test_*"):  # it was being tried when the time was over
            attempt.unlink()
        kept = any("def test_" in file.read_text(encoding="utf-8") for file in job.suite.glob("test_*.py"))
        return Generated(usage=done.usage, note="" if kept else told(done), tokens=tokens)

    def _copied(self, job: Job) -> tuple[Path, Path]:
        """The module's file in a project of its own, and the package that it is in."""
        root = job.subject.root(site_packages(self.python))
        source = job.subject.source(site_packages(self.python))
        project = job.place / "project"
        project.mkdir()
        top = root / job.subject.package
        if top.is_dir():
            shutil.copytree(top, project / top.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, project)
        return project / source.relative_to(root), project / top.name


def told(done: Finished) -> str:
    """Why there is no suite: what became of the answers, or how the run ended."""
    counts = _PROGRESS.findall(done.errors)
    if not counts:
        return "killed at the limit" if done.usage.timed_out else f"exit code {done.usage.code}: {done.last_words}"
    _, failed, useless, retried = counts[-1]
    return f"no test kept: {failed} failed, {useless} covered nothing new, {retried} requests repeated"
