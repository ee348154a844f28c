"""From paths and settings to the work on each module."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qeforge.analysis.changes import changed_targets
from qeforge.analysis.discovery import Discovery, discover
from qeforge.analysis.project import Project, find_project, is_project_root
from qeforge.codegen.header import read_header
from qeforge.codegen.layout import suite_path
from qeforge.config import Config
from qeforge.domain.capability import Capability
from qeforge.domain.target import SourceModule
from qeforge.errors import UsageError
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.refinement.task import ModuleTask
from qeforge.wiring.ended import Interrupted as Interrupted
from qeforge.wiring.ended import Unfinished as Unfinished
from qeforge.wiring.suspects import without_suspects


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the paths lead to."""

    project: Project
    interpreter: Interpreter
    discovery: Discovery
    siblings: tuple[str, ...]
    out: Path


def look_up(config: Config, paths: Sequence[Path]) -> Found:
    """What the paths lead to.

    Raises:
        UsageError: one does not exist.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(
                f"{path}: no such file or folder", hint="give Python files or folders", slug="no-such-path"
            )
    project = find_project(paths[0])
    interpreter = find_interpreter(config.python, project.root)
    discovery = discover(paths, exclude=config.exclude, search_path=interpreter.search_path)
    out = (config.out or project.test_dir).absolute()
    siblings = _siblings(config, project, interpreter, discovery)
    return Found(project=project, interpreter=interpreter, discovery=discovery, siblings=siblings, out=out)


def _siblings(config: Config, project: Project, interpreter: Interpreter, discovery: Discovery) -> tuple[str, ...]:
    """Names of all modules of the project, so that a suite's file name does not depend on which are asked for."""
    names = {module.name for module in discovery.modules}
    roots = {module.import_root for module in discovery.modules}
    for module in discovery.modules:
        top = module.import_root / module.name.partition(".")[0]
        if top.is_dir() and top not in roots:
            roots.add(top)
            names |= {
                ".".join((*path.relative_to(module.import_root).with_suffix("").parts,)).removesuffix(".__init__")
                for path in top.rglob("*.py")
            }
    return tuple(sorted(names))


def wanted_targets(config: Config, modules: Sequence[SourceModule]) -> frozenset[str] | None:
    """Ids of the targets that were asked for; None for all."""
    wanted: frozenset[str] | None = None
    known = [target for module in modules for target in module.targets]
    if config.targets:
        ids = {target.id for target in known}
        chosen: set[str] = set()
        for name in config.targets:
            hits = {i for i in ids if i == name or i.startswith(f"{name}.") or i.partition(":")[2] == name}
            if not hits:
                raise _unknown_target(name, sorted(ids))
            chosen |= hits
        wanted = frozenset(chosen)
    if config.changed is not None:
        changed = changed_targets(modules, config.changed)
        wanted = changed if wanted is None else wanted & changed
    if not config.private:
        public = frozenset(target.id for target in known if not target.is_private)
        wanted = public if wanted is None else wanted & public
    return wanted


def _unknown_target(name: str, ids: Sequence[str]) -> UsageError:
    import difflib

    near = difflib.get_close_matches(name, ids, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "`qeforge targets PATH` lists them"
    return UsageError(f"--target {name}: no such target", hint=hint, slug="no-such-target")


def has_work(module: SourceModule, wanted: frozenset[str] | None) -> bool:
    """Whether anything of a module was asked for."""
    return wanted is None or any(target.id in wanted for target in module.targets)


def task_for(config: Config, found: Found, module: SourceModule, wanted: frozenset[str] | None) -> ModuleTask:
    """The work on one module; `wanted` are ids of targets, None for all."""
    project = find_project(module.path)
    out = found.out if config.out is not None else project.test_dir.absolute()
    suite = suite_path(module, out, siblings=found.siblings, import_mode=project.import_mode)
    existing = () if config.ignore_existing else _existing(project, module)
    mine = None if wanted is None else frozenset(t.id for t in module.targets if t.id in wanted)
    asked_for_some = bool(config.targets) or config.changed is not None
    return ModuleTask(
        module=module,
        interpreter=found.interpreter,
        suite=suite,
        out=out,
        root=project.root,
        python_paths=tuple(path for path in project.python_paths if path.is_dir()),
        existing=existing,
        conftests=_conftests(project, suite),
        wanted=mine,
        merge=mine is not None and asked_for_some,
        seconds=config.max_time,
        rounds=config.iterations,
        seed=config.seed,
        sandbox=config.sandbox,
        why=config.why,
        private=config.private,
        without=frozenset(map(Capability, config.without)),
        properties=config.properties,
        memory_bytes=config.memory_mb << 20,
        force=config.force,
        dry_run=config.dry_run,
    )


def _existing(project: Project, module: SourceModule) -> tuple[Path, ...]:
    """Hand-written test files of the project that mention the module; a folder without any project's mark, such as
    where libraries are installed, has none."""
    if not is_project_root(project.root) or not project.test_dir.is_dir():
        return ()
    last = module.name.rpartition(".")[2]
    top = module.name.partition(".")[0]
    found = []
    for path in test_files(project.test_dir):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if top in text and last in text and read_header(text) is None:
            found.append(path)
    return tuple(found)


def test_files(tests: Path) -> tuple[Path, ...]:
    """The test files that a path means.

    Raises:
        UsageError: it does not exist.
    """
    if tests.is_file():
        return (tests,)
    if not tests.is_dir():
        raise UsageError(
            f"{tests}: no such file or folder", hint="--tests names a folder with a pytest suite", slug="no-such-path"
        )
    return without_suspects(sorted({*tests.rglob("test_*.py"), *tests.rglob("*_test.py")}))


def _conftests(project: Project, suite: Path) -> tuple[Path, ...]:
    folders = [folder for folder in (suite.parent, *suite.parent.parents) if folder.is_relative_to(project.root)]
    return tuple(folder / "conftest.py" for folder in reversed(folders) if (folder / "conftest.py").is_file())
