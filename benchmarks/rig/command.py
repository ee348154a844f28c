"""What the side-by-side scripts share: options, and a run from these to tables, plots and pages."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from figures import REPOSITORY

from rig.charts import Chart, Drawer, drawn
from rig.document import replace_section
from rig.environments import MODEL_SERVER, PLOTS, Environments, Unavailable, default_folder
from rig.measure import Glance, Judge, Sampler, cosmic_ray
from rig.model_server import Command, llama_cpp
from rig.records import Record, Store
from rig.running import Measurer, Phase, Plan, execute
from rig.shelf import Shelf
from rig.subjects import Catalogue, Subject, load
from rig.tools import Tool

PAGE = REPOSITORY / "docs" / "benchmarks.md"
RESULTS = REPOSITORY / "benchmarks" / "results"
SMALL = {"subjects": "small", "budgets": "5", "seeds": "0", "mutants": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What is replaced where no peer, no cosmic-ray and no matplotlib can be installed.

    Args:
        peers: makes tools beside those of the command line.
        sampler: where mutants come from.
        draw: draws charts; None looks for matplotlib in its environment.
        model_server: how the server of a model is started.
    """

    peers: Sequence[Tool] = ()
    sampler: Sampler = cosmic_ray
    draw: Drawer | None = None
    model_server: Command = llama_cpp


def options(
    about: str | None, *, name: str, subjects: str, budgets: str, seeds: str, mutants: int
) -> argparse.ArgumentParser:
    """The options of every side-by-side script, with its defaults."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--subjects", default=subjects, help="groups, packages, modules (default: %(default)s)")
    made.add_argument("--budgets", default=budgets, help="seconds of search a module (default: %(default)s)")
    made.add_argument("--seeds", default=seeds, help="with commas between (default: %(default)s)")
    made.add_argument("--mutants", type=int, default=mutants, help="cosmic-ray mutants a module (default: %(default)s)")
    made.add_argument(
        "--jobs", type=int, default=1, help="suites at a time; over 1, wall times say nothing (default: 1)"
    )
    made.add_argument("--measure-jobs", type=int, default=2, help="suites measured at a time (default: %(default)s)")
    made.add_argument(
        "--phase",
        type=Phase,
        choices=[*Phase],
        default=Phase.ALL,
        help="generate needs a quiet machine, measure does not (default: %(default)s, one after the other)",
    )
    made.add_argument("--name", default=name, help="of the file with results (default: %(default)s)")
    made.add_argument("--results", type=Path, help="folder of that file (default: benchmarks/results)")
    made.add_argument("--suites", type=Path, metavar="DIR", help="of suites that were written (default: in --envs)")
    made.add_argument(
        "--docs",
        type=Path,
        nargs="?",
        const=PAGE,
        metavar="PAGE",
        help="write tables and plots (default page: docs/benchmarks.md)",
    )
    made.add_argument(
        "--report", action="store_true", help="run nothing; tables and plots of the results that are there"
    )
    made.add_argument(
        "--envs", type=Path, default=default_folder(), help="folder of environments (default: %(default)s)"
    )
    made.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="environments are made from it; default: this one"
    )
    made.add_argument(
        "--use",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="take this interpreter instead of an environment",
    )
    made.add_argument("--no-install", action="store_true", help="use only environments that are there")
    made.add_argument(
        "--small",
        action="store_true",
        help="one tiny subject, in seconds, with what is installed: is the harness well?",
    )
    return made


def may_be_counted(made: argparse.ArgumentParser) -> None:
    """An option for scripts that compare qeforge with itself only."""
    made.add_argument(
        "--counted",
        action="store_true",
        help="all the work that belongs to the budget, however long it takes: another load of the machine changes "
        "nothing, --jobs may be more than 1, and figures are qeforge's own",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A command line, understood."""

    given: argparse.Namespace
    catalogue: Catalogue
    environments: Environments
    subjects: list[Subject]
    store: Store
    shelf: Shelf

    @property
    def counted(self) -> bool:
        """Whether work is counted and the clock is not asked."""
        return bool(getattr(self.given, "counted", False))

    @property
    def judge(self) -> Path:
        """The interpreter that suites are measured on."""
        return self._interpreter("judge")

    @property
    def target(self) -> Path:
        """The interpreter that qeforge writes suites for."""
        return self._interpreter("qeforge")

    @property
    def model_server(self) -> Path:
        """The interpreter that has the server of a model."""
        return self._interpreter(MODEL_SERVER)

    def _interpreter(self, name: str) -> Path:
        """The one of that environment; this one in the small mode, where there is none else.

        Raises:
            SystemExit: there is none.
        """
        try:
            return self.environments.interpreter(name)
        except Unavailable as problem:
            if self.given.small:
                return Path(sys.executable)
            raise SystemExit(str(problem)) from problem


def understood(given: argparse.Namespace) -> Setting:
    """Reads the catalogue, and takes the words of the command line apart."""
    catalogue = load()
    if given.small:
        vars(given).update(SMALL)
        given.no_install = True
    results = given.results or (Path(tempfile.mkdtemp(prefix="qeforge-bench-small-")) if given.small else RESULTS)
    existing = {}
    for word in given.use:
        name, equals, python = word.partition("=")
        if not equals or name not in catalogue.environments:
            raise SystemExit(f"--use {word}: NAME=PYTHON, with one of {', '.join(catalogue.environments)}")
        existing[name] = Path(python).absolute()
    environments = Environments(
        catalogue=catalogue,
        folder=given.envs,
        python=given.python,
        existing=existing,
        install=not given.no_install,
        say=say,
    )
    kind = "-counted" if getattr(given, "counted", False) else ""
    return Setting(
        given=given,
        catalogue=catalogue,
        environments=environments,
        subjects=catalogue.chosen(words(given.subjects)),
        store=Store(path=results / f"{given.name}{kind}.jsonl"),
        shelf=Shelf(folder=given.suites or (results if given.small else given.envs) / f"suites{kind}"),
    )


def run(setting: Setting, make: Callable[[Path], Sequence[Tool]], doors: Doors) -> list[Record]:
    """Does what is not done yet, unless only a report is wanted.

    Args:
        setting: the command line.
        make: the tools, given the interpreter that qeforge writes suites for.
        doors: what is replaced.

    Returns:
        Every record of the file.
    """
    given = setting.given
    if not given.report:
        judge: Measurer = Glance()
        if not setting.counted:
            judge = Judge(python=setting.judge, mutants=given.mutants, sampler=doors.sampler)
        plan = Plan(
            tools=[*make(setting.target), *doors.peers],
            subjects=setting.subjects,
            budgets=[float(word) for word in words(given.budgets)],
            seeds=[int(word) for word in words(given.seeds)],
            jobs=given.jobs,
            measure_jobs=given.measure_jobs,
            phase=given.phase,
        )
        before = signal.signal(signal.SIGTERM, _interrupted)
        try:
            execute(plan, judge, setting.store, setting.shelf, say)
        finally:
            signal.signal(signal.SIGTERM, before)
    say(f"raw results: {setting.store.path}")
    return setting.store.read()


def publish(
    setting: Setting, section: str, tables: Sequence[tuple[str, str]], charts: Sequence[Chart], doors: Doors
) -> None:
    """Prints the tables that are not empty; writes them with the plots into the page, if one was asked for.

    Args:
        setting: the command line.
        section: the name of the page's markers.
        tables: headings and texts.
        charts: to be drawn beside the page.
        doors: how they are drawn.
    """
    parts = [f"### {heading}\n\n{text}" for heading, text in tables if text]
    print("\n\n".join(parts))
    page: Path | None = setting.given.docs
    if page is None:
        return
    draw = doors.draw or _drawer(setting.environments)
    if draw is not None and charts:
        draw(charts, page.parent / "figures")
        parts += [f"![{chart['title']}](figures/{chart['file']})" for chart in charts]
    replace_section(page, section, "\n\n".join(parts))
    say(f"written: {page}")


def compared(
    setting: Setting,
    section: str,
    make: Callable[[Path], Sequence[Tool]],
    table: tuple[str, Callable[[Sequence[Record]], str]],
    draw: Callable[[Sequence[Record]], Sequence[Chart]],
    doors: Doors,
) -> list[Record]:
    """Runs variants of qeforge and publishes one table about them, with its plots.

    Args:
        setting: the command line.
        section: the name of the page's markers.
        make: the variants, given the interpreter that qeforge writes suites for.
        table: its heading, and how it is made of the records.
        draw: how charts are made of the records.
        doors: what is replaced.

    Returns:
        Every record of the file.
    """
    records = run(setting, make, doors)
    heading, told = table
    how = ", counted work" if setting.counted else ""
    publish(setting, section, [(f"{heading}{how}", told(records))], draw(records), doors)
    return records


def start(main: Callable[[], object]) -> None:
    """A script's last line: Ctrl-C ends it without a traceback."""
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)


def words(text: str) -> list[str]:
    """`a, b` as a list."""
    return [word.strip() for word in text.split(",") if word.strip()]


def say(text: str) -> None:
    """Progress, which is no result."""
    print(text, file=sys.stderr, flush=True)


def _drawer(environments: Environments) -> Drawer | None:
    try:
        python = environments.interpreter(PLOTS)
    except Unavailable as problem:
        say(f"no plots: {problem}")
        return None
    return lambda charts, folder: drawn(python, charts, folder)


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
