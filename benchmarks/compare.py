"""qeforge and its peers, side by side: the same subjects, the same budgets, measured by the same outsiders.

Each tool runs in an environment of its own, which is made when it is first needed. Suites are run by pytest on a copy
of the package (verdicts, coverage.py's lines and branches, four runs with other hash seeds and orders) and against a
sample of cosmic-ray's mutants, the same for every tool. Results are kept in a file of JSON lines; a run that was
stopped goes on where it was, and what is there is not done again while the tool's version stays the same.
"""

from collections.abc import Sequence
from pathlib import Path

from rig import charts, command, tables
from rig.records import Record
from rig.running import available
from rig.tools import PEERS, Qeforge, Tool, peer


def main(arguments: Sequence[str] | None = None, doors: command.Doors | None = None) -> list[Record]:
    """Runs, measures, prints, and returns every record of the file with results."""
    doors = doors or command.Doors()
    made = command.options(__doc__, name="compare", subjects="cm,pynguin,samples", budgets="10", seeds="0", mutants=80)
    made.add_argument("--tools", default="qeforge,pynguin,ghostwriter,crosshair", help="(default: %(default)s)")
    setting = command.understood(made.parse_args(arguments))
    names = command.words(setting.given.tools)
    if unknown := [name for name in names if name not in ("qeforge", *PEERS)]:
        raise SystemExit(f"{unknown[0]}: no such tool; there are qeforge, {', '.join(PEERS)}")

    def make(target: Path) -> list[Tool]:
        mine: list[Tool] = [Qeforge(target=target)] if "qeforge" in names else []
        return [
            *mine,
            *available([name for name in names if name != "qeforge"], peer, setting.environments, command.say),
        ]

    records = command.run(setting, make, doors)
    subjects = setting.catalogue.subjects
    comparison = tables.side_by_side(records)
    ratio = tables.wall_ratio(records)
    command.publish(
        setting,
        "compare",
        [
            ("Every tool and budget", tables.summary(records)),
            ("Side by side", f"{comparison}\n\n{ratio}".strip()),
            (
                "Lines and branches of the CM modules, in percent, beside published figures",
                tables.published(records, subjects),
            ),
            ("Why lines were missed", tables.causes(records)),
            ("Without a suite", tables.failures(records)),
        ],
        charts.comparison(records, subjects),
        doors,
    )
    return records


if __name__ == "__main__":
    command.start(main)
