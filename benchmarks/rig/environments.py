"""An environment for each tool, one for the judge, one for the plots: made when first needed, kept between runs."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import platformdirs

from rig.subjects import Catalogue

PLOTS, MODEL_SERVER = "plots", "llmserver"
_WITHOUT_SUBJECTS = (PLOTS, MODEL_SERVER)
_READY = "ready.json"


class Unavailable(Exception):
    """An environment that is not there and cannot, or may not, be made; with the reason."""


def default_folder() -> Path:
    """Where environments are kept unless told otherwise."""
    return Path(platformdirs.user_cache_dir("qeforge-benchmarks", appauthor=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environments:
    """Interpreters by the name of what runs on them.

    Args:
        catalogue: what belongs into each.
        folder: where they are.
        python: the interpreter that they are made from.
        existing: interpreters to take as they are, by name.
        install: False takes only what is there already.
        say: told what takes long.
    """

    catalogue: Catalogue
    folder: Path
    python: Path
    existing: Mapping[str, Path] = field(default_factory=dict)
    install: bool = True
    say: Callable[[str], None] = print

    def interpreter(self, name: str) -> Path:
        """The interpreter for a tool.

        Raises:
            Unavailable: there is none.
        """
        if name in self.existing:
            return self.existing[name]
        wanted = (*(() if name in _WITHOUT_SUBJECTS else self.catalogue.packages), *self.catalogue.environments[name])
        digest = hashlib.sha256(json.dumps([str(self.python), *sorted(wanted)]).encode()).hexdigest()[:10]
        place = self.folder / f"{name}-{digest}"
        interpreter = place / "bin" / "python"
        if (place / _READY).exists():
            return interpreter
        if not self.install:
            raise Unavailable(f"no environment for {name} in {self.folder}")
        self.say(f"making the environment for {name}: {', '.join(self.catalogue.environments[name])}")
        shutil.rmtree(place, ignore_errors=True)
        self._command([self.python, "-m", "venv", place], name)
        self._command([interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], name)
        (place / _READY).write_text(json.dumps(wanted), encoding="utf-8")
        return interpreter

    def _command(self, words: list[Path | str], name: str) -> None:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, timeout=1800)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"the environment for {name} could not be made: {reason}")


@cache
def site_packages(python: Path) -> Path:
    """Where an interpreter's packages are.

    Raises:
        Unavailable: it does not run.
    """
    return Path(_asked(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))


@cache
def version_of(python: Path, package: str) -> str:
    """The version of an installed package; empty if there is none."""
    code = "import sys; from importlib import metadata as m\ntry: print(m.version(sys.argv[1]))\nexcept Exception: pass"
    return _asked(python, code, package)


@cache
def python_version(python: Path) -> str:
    """Such as 3.11.7."""
    return _asked(python, "import platform; print(platform.python_version())")


def _asked(python: Path, code: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [str(python), "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise Unavailable(f"{python} does not run: {problem}") from problem
    return done.stdout.strip()
