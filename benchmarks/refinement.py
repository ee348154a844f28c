"""Refinement against a single pass: how much quality the later rounds add, how many there are, and when they end.

`qeforge generate` as it is and with `--iterations 1`, on the same subjects, budgets and seeds. Quality is qeforge's own
score of the written suite; the rounds are those of its record of the run.
"""

from collections.abc import Sequence

from rig import charts, command, refinement_table
from rig.records import Record
from rig.tools import Qeforge


def main(arguments: Sequence[str] | None = None, doors: command.Doors | None = None) -> list[Record]:
    """Runs, measures, prints, and returns every record of the file with results."""
    made = command.options(__doc__, name="refinement", subjects="dozen,samples", budgets="10", seeds="0,1", mutants=0)
    command.may_be_counted(made)
    setting = command.understood(made.parse_args(arguments))
    return command.compared(
        setting,
        "refinement",
        lambda target: [Qeforge(target=target, counted=setting.counted, rounds=rounds) for rounds in (1, None)],
        ("Refinement against a single pass", refinement_table.table),
        charts.refinement,
        doors or command.Doors(),
    )


if __name__ == "__main__":
    command.start(main)
