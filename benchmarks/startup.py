"""How long `qeforge --help` takes, against the import of the library that its command line is made with.

Also which heavy modules `import qeforge.cli.main` loads: there should be none.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from figures import Figures, keep, median, parser, timed, verdict

HEAVY = (
    "anthropic",
    "coverage",
    "llama_cpp",
    "multiprocessing",
    "numpy",
    "pathspec",
    "peft",
    "pytest",
    "rich",
    "ruff",
    "sentence_transformers",
    "tomlkit",
    "torch",
    "transformers",
    "usearch",
)
"""Packages that some command needs, and none needs to start."""

_LOADED = "import json, sys, qeforge.cli.main; print(json.dumps(sorted(sys.modules)))"


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=15, help="of each command (default: %(default)s)")
    given = options.parse_args(arguments)
    program = Path(sys.executable).with_name("qeforge")
    command: list[str | Path] = [program] if program.is_file() else [sys.executable, "-m", "qeforge.cli"]
    helping, importing = [], []
    for _ in range(given.runs + 1):  # in turns, so that both feel the same load; the first of each warms the disk
        helping.append(timed([*command, "--help"])[0])
        importing.append(timed([sys.executable, "-c", "import typer"])[0])
    mine, theirs = median(helping[1:]), median(importing[1:])
    _, _, out = timed([sys.executable, "-c", _LOADED])
    loaded = json.loads(out)
    heavy = [name for name in HEAVY if name in loaded]
    print(f"qeforge --help: {mine * 1000:.0f} ms; python -c 'import typer': {theirs * 1000:.0f} ms (medians)")
    print(f"ratio: {mine / theirs:.2f}; {verdict(mine / theirs, 3, at_most=True)}")
    print(f"heavy modules loaded by import qeforge.cli.main: {', '.join(heavy) or 'none'} (of {len(loaded)} loaded)")
    figures: Figures = {
        "help_seconds": helping[1:],
        "import_typer_seconds": importing[1:],
        "ratio": mine / theirs,
        "heavy": heavy,
        "loaded": len(loaded),
    }
    keep(figures, given.out)
    return figures


if __name__ == "__main__":
    main()
