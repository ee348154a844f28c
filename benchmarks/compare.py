"""qeforge and its peers, side by side: the same subjects, the same budgets, measured by the same outsiders.

Each tool runs in an environment of its own, which is made when it is first needed. Suites are run by pytest on a copy
of the package (verdicts, coverage.py's lines and branches, four runs with other hash seeds and orders) and against a
sample of cosmic-ray's mutants, the same for every tool. Results are kept in a file of JSON lines; a run that was
stopped goes on where it was, and what is there is not done again while the tool's version stays the same.

`qeforge-local` and `coverup` ask a model: the GGUF file that --model or QEFORGE_MODEL names, behind a server on this
machine that the run starts and ends. Their results are kept in a file of their own, with those of the others in that
run.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

from rig import charts, command, model_table, tables
from rig.coverup_peer import CoverUp
from rig.model_server import Endpoint, ModelServer, ServerFailed, chosen_model
from rig.records import Record
from rig.running import available
from rig.tools import PEERS, Job, Qeforge, Tool, peer

LOCAL, COVERUP = "qeforge-local", "coverup"
TOOLS = ("qeforge", *PEERS, LOCAL, COVERUP)
SAME_MODEL = "same-model"
"""The page's section, and the file of results, of runs in which a model is asked."""


def main(arguments: Sequence[str] | None = None, doors: command.Doors | None = None) -> list[Record]:
    """Runs, measures, prints, and returns every record of the file with results."""
    doors = doors or command.Doors()
    made = command.options(__doc__, name="compare", subjects="cm,pynguin,samples", budgets="10", seeds="0", mutants=80)
    made.add_argument("--tools", default="qeforge,pynguin,ghostwriter,crosshair", help="(default: %(default)s)")
    made.add_argument("--model", type=Path, metavar="FILE.gguf", help=f"for {LOCAL} and {COVERUP}")
    given = made.parse_args(arguments)
    names = command.words(given.tools)
    if unknown := [name for name in names if name not in TOOLS]:
        raise SystemExit(f"{unknown[0]}: no such tool; there are {', '.join(TOOLS)}")
    with_model = LOCAL in names or COVERUP in names
    if with_model and given.name == made.get_default("name"):
        given.name = SAME_MODEL
    setting = command.understood(given)

    with _server(setting, doors) if with_model and not given.report else nullcontext() as server:

        def make(target: Path) -> list[Tool]:
            return _tools(names, target, server, setting)

        try:
            records = command.run(setting, make, doors)
        except ServerFailed as problem:
            raise SystemExit(str(problem)) from problem
    subjects = setting.catalogue.subjects
    comparison = tables.side_by_side(records)
    ratio = tables.wall_ratio(records)
    command.publish(
        setting,
        SAME_MODEL if with_model else "compare",
        [
            ("Every tool and budget", tables.summary(records)),
            ("Module by module, with the same model", model_table.ahead(records, COVERUP, LOCAL)),
            ("Side by side", f"{comparison}\n\n{ratio}".strip()),
            (
                "Lines and branches of the CM modules, in percent, beside published figures",
                tables.published(records, subjects),
            ),
            ("Why lines were missed", tables.causes(records)),
            ("Without a suite", tables.failures(records)),
        ],
        [] if with_model else charts.comparison(records, subjects),
        doors,
    )
    return records


def _tools(names: Sequence[str], target: Path, server: Endpoint | None, setting: command.Setting) -> list[Tool]:
    """Those of the tools that are there, qeforge first."""
    local = Qeforge(target=target, server=server)

    def wall(job: Job) -> float:
        made = setting.shelf.get(local.name, job.subject.module, job.budget, job.seed)
        return made.generated.usage.wall if made is not None else 0.0

    def other(name: str, python: Path) -> Tool:
        if server is None or name != COVERUP:
            return peer(name, python)
        return CoverUp(python=python, server=server, at_least=wall)

    mine: list[Tool] = [Qeforge(target=target)] if "qeforge" in names else []
    others = [name for name in names if name not in ("qeforge", LOCAL)]
    return [*mine, *([local] if LOCAL in names else []), *available(others, other, setting.environments, command.say)]


def _server(setting: command.Setting, doors: command.Doors) -> ModelServer:
    """The server of the run's model; it starts when a tool asks for it.

    Raises:
        SystemExit: there is no model, nothing to run or to ask it with, or more than one would ask at a time.
    """
    if setting.given.jobs > 1:
        raise SystemExit("the model's server gives one answer at a time: --jobs 1")
    if LOCAL in command.words(setting.given.tools) and find_spec("httpx") is None:
        raise SystemExit(f"{LOCAL} needs httpx beside qeforge: pip install 'qeforge[local]'")
    file = chosen_model(setting.given.model)
    return ModelServer(setting.model_server, file, doors.model_server)


if __name__ == "__main__":
    command.start(main)
