"""What is tested: modules by name, in groups, with the figures that others published about them."""

import ast
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import REPOSITORY, SAMPLES

CATALOGUE = Path(__file__).resolve().parent.parent / "subjects.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Line+branch coverage in percent that other tools were reported to reach, and how much there was to reach."""

    coverup_gpt4o: float
    codamosa_codex: float
    codamosa_gpt4o: float
    lines: int
    branches: int

    @property
    def size(self) -> int:
        """Lines and branches: the weight of the module in an overall figure."""
        return self.lines + self.branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One module. `sample` names the sample project that it is in; empty for one of an installed package."""

    module: str
    groups: tuple[str, ...]
    sample: str = ""
    published: Published | None = None

    @property
    def package(self) -> str:
        """The top of its name."""
        return self.module.partition(".")[0]

    def root(self, site: Path) -> Path:
        """The folder that is on the search path, given the site-packages of an environment."""
        return REPOSITORY / "sample-projects" / self.sample / "src" if self.sample else site

    def source(self, site: Path) -> Path:
        """Its file.

        Raises:
            FileNotFoundError: it is not installed there.
        """
        base = self.root(site).joinpath(*self.module.split("."))
        for file in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if file.is_file():
                return file
        raise FileNotFoundError(f"{self.module} is not in {self.root(site)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All subjects, and what the environments consist of."""

    packages: tuple[str, ...]
    environments: Mapping[str, tuple[str, ...]]
    subjects: Mapping[str, Subject]
    source: str

    def chosen(self, words: Iterable[str]) -> list[Subject]:
        """Subjects of these groups, packages or modules, each once, in this order.

        Raises:
            SystemExit: a word that is none of them.
        """
        found: dict[str, Subject] = {}
        for word in words:
            fitting = [
                subject
                for subject in self.subjects.values()
                if word in subject.groups or f"{subject.module}.".startswith(f"{word}.")
            ]
            if not fitting:
                groups = sorted({group for subject in self.subjects.values() for group in subject.groups})
                raise SystemExit(f"{word}: no such module, package or group; groups are {', '.join(groups)}")
            found |= {subject.module: subject for subject in fitting}
        return list(found.values())


def load(path: Path = CATALOGUE) -> Catalogue:
    """Reads the catalogue."""
    document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = {}
    for group, modules in document["groups"].items():
        for module in modules:
            groups.setdefault(module, []).append(group)
    published = {module: Published(**figures) for module, figures in document["published"]["modules"].items()}
    for module in published:
        groups.setdefault(module, []).append("cm")
    subjects = {}
    for module in sorted(groups):
        sample = module.partition(".")[0] if module.partition(".")[0] in SAMPLES else ""
        within = (*groups[module], *(["samples"] if sample else []))
        subjects[module] = Subject(module=module, groups=within, sample=sample, published=published.get(module))
    return Catalogue(
        packages=tuple(document["packages"]["subjects"]),
        environments={name: tuple(wanted) for name, wanted in document["environments"].items()},
        subjects=subjects,
        source=document["published"]["source"],
    )


def callables_in(source: Path) -> int:
    """Functions and methods in a file: what a budget for the module is shared between."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))
