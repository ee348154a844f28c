"""Refinement against a single pass: how much quality the later rounds add, how many there are, and when they end.

`qeforge generate` as it is and with `--iterations 1`, on the same subjects, budgets and seeds. Quality is qeforge's own
score of the written suite; the rounds are those of its record of the run.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from rig import charts, command, refinement_table
from rig.records import Record
from rig.tools import Qeforge, Tool


def main(arguments: Sequence[str] | None = None, doors: command.Doors | None = None) -> list[Record]:
    """Runs, measures, prints, and returns every record of the file with results."""
    doors = doors or command.Doors()
    made = command.options(__doc__, name="refinement", subjects="dozen,samples", budgets="10", seeds="0,1", mutants=0)
    setting = command.understood(made.parse_args(arguments))

    def make(judge: Path) -> list[Tool]:
        return [Qeforge(target=judge, rounds=1), Qeforge(target=judge)]

    records = command.run(setting, make, doors)
    tables = [("Refinement against a single pass", refinement_table.table(records))]
    command.publish(setting, "refinement", tables, charts.refinement(records), doors)
    return records


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
