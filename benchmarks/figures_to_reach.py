"""The figures that the project set itself: what is aimed at, what was reached, and why where it was not.

Runs nothing: it reads the raw results of `compare.py` (at 10 and 60 s, with Pynguin at 60 s), `refinement.py` and
`whole_repo.py`. What they did not measure is in the table as not measured. Missing lines are told by cause, from the
syntax around them.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from figures import keep, parser
from rig.command import PAGE, RESULTS, say, start
from rig.document import replace_section
from rig.reach import Figure, Results, figures, table
from rig.records import Store
from rig.subjects import load

SECTION = "figures"


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    """Prints the table, and returns its lines."""
    options = parser(__doc__)
    options.add_argument("--results", type=Path, default=RESULTS, help="folder of raw results (default: %(default)s)")
    options.add_argument(
        "--refinement", default="refinement-counted,refinement", help="the first that is there (default: %(default)s)"
    )
    options.add_argument(
        "--docs", type=Path, nargs="?", const=PAGE, metavar="PAGE", help="write it (default page: docs/benchmarks.md)"
    )
    given = options.parse_args(arguments)
    whole = given.results / "whole-repo.json"
    names = given.refinement.split(",")
    refined = [records for name in names if (records := Store(path=given.results / f"{name}.jsonl").read())]
    results = Results(
        compared=Store(path=given.results / "compare.jsonl").read(),
        refined=refined[0] if refined else [],
        whole=json.loads(whole.read_text(encoding="utf-8")) if whole.exists() else None,
        subjects=load().subjects,
    )
    text = table(results)
    print(text)
    if given.docs is not None:
        replace_section(given.docs, SECTION, text)
        say(f"written: {given.docs}")
    listed = figures(results)
    rows = [{"measure": one.measure, "reached": one.reached, "verdict": one.verdict} for one in listed]
    keep({"figures": rows}, given.out)
    return listed


if __name__ == "__main__":
    start(main)
