"""What each capability of the search buys: qeforge as it is, and without one capability at a time.

The same subjects, budgets and seeds on both sides. Coverage is coverage.py's on the written suite, or with `--counted`
qeforge's own; mutation and quality are by qeforge's own mutants, which are the same ones with and without. Differences
are told with their standard error over modules, next to how much seeds alone make; a module counts as better or worse
only beyond that.
"""

from collections.abc import Sequence

from rig import ablation_table, charts, command
from rig.records import Record
from rig.tools import Qeforge

from qeforge.domain.capability import Capability


def main(arguments: Sequence[str] | None = None, doors: command.Doors | None = None) -> list[Record]:
    """Runs, measures, prints, and returns every record of the file with results."""
    made = command.options(__doc__, name="ablation", subjects="dozen", budgets="5", seeds="0,1,2", mutants=0)
    every = ",".join(Capability)
    made.add_argument("--capabilities", default=every, help="to leave out, one at a time (default: %(default)s)")
    command.may_be_counted(made)
    setting = command.understood(made.parse_args(arguments))
    names = command.words(setting.given.capabilities)
    if unknown := [name for name in names if name not in list(Capability)]:
        raise SystemExit(f"{unknown[0]}: no such capability; there are {every}")
    return command.compared(
        setting,
        "ablation",
        lambda target: [
            Qeforge(target=target, counted=setting.counted),
            *(Qeforge(target=target, counted=setting.counted, without=(Capability(name),)) for name in names),
        ],
        ("What is lost without each capability, in percentage points", ablation_table.table),
        charts.ablation,
        doors or command.Doors(),
    )


if __name__ == "__main__":
    command.start(main)
