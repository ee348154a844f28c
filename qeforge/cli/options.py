"""Options that several commands share.

Typer reads them from a command's signature; their values travel in `ctx.params` (see `session.configure`), so most
are not named again in its body. Settings default to None, which is "not given": `config` alone knows defaults.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from qeforge.config import SETTINGS


def _help(name: str, text: str) -> str:
    default = SETTINGS[name].default
    if default is None or default == () or isinstance(default, bool):
        return text
    return f"{text} [default: {default:g}]" if isinstance(default, float) else f"{text} [default: {default}]"


Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH", help="Files and folders with the code.", show_default=False)
]
Start = Annotated[
    Path | None,
    typer.Argument(metavar="[PATH]", help="Where to look from, upward; the current folder.", show_default=False),
]

JsonOutput = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, for failures too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="More on stderr: details per module, tracebacks of internal errors.")
]
NoProgress = Annotated[
    bool, typer.Option("--no-progress", help="No live display (there is none in a pipe, in CI, or with --json).")
]

Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for suites. [default: the project's test folder]"),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Leave out files that match, as in a .gitignore; repeatable."),
]
Targets = Annotated[
    list[str] | None, typer.Option("--target", metavar="NAME", help="Only this module:qualname; repeatable.")
]
Changed = Annotated[
    str | None,
    typer.Option(
        metavar="[REV]",
        help="Only targets whose code differs from git REV, staged or not. Without REV, or when the next word is a "
        "path that exists: HEAD; --changed=REV leaves no doubt.",
    ),
]
Engine = Annotated[
    Literal["auto", "native", "local", "cloud"] | None,
    typer.Option(metavar="ENGINE", help=_help("engine", "Who proposes tests: auto, native, local or cloud.")),
]
Python = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="The project's interpreter. [default: the active virtual environment, the project's .venv or venv, "
        "else qeforge's own]",
    ),
]
Batch = Annotated[
    bool,
    typer.Option(
        "--batch",
        help="Ask the cloud model about everything that is left open in one batch, at half the price; it may take "
        "--max-time once more for each module.",
    ),
]
MaxCost = Annotated[
    float | None, typer.Option(metavar="USD", help=_help("max_cost", "What models may cost in one run."))
]
MaxTime = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help=_help("max_time", "Wall-clock budget per module.")),
]
Iterations = Annotated[
    int | None,
    typer.Option(metavar="N", help=_help("iterations", "Rounds of refinement at most; 1 is a single pass.")),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help=_help("seed", "Same seed, same suite."))]
Jobs = Annotated[
    int | None,
    typer.Option(metavar="N", help=_help("jobs", "Modules worked on at the same time; 0 is one per core.")),
]
FailUnder = Annotated[
    float | None,
    typer.Option(metavar="Q", help=_help("fail_under", "Exit 1 when the quality score, from 0 to 1, is below.")),
]
MemoryMb = Annotated[
    int | None,
    typer.Option(metavar="MIB", help=_help("memory_mb", "Memory limit of the code under test, in MiB.")),
]
Sandbox = Annotated[
    bool | None,
    typer.Option(
        "--sandbox/--no-sandbox",
        help="Keep code under test from files, network and programs; on unless configured otherwise.",
    ),
]
Why = Annotated[
    bool | None,
    typer.Option("--why/--no-why", help="Say in each test what justifies it; on unless configured otherwise."),
]
Private = Annotated[
    bool | None,
    typer.Option(
        "--private/--no-private",
        help="Test private functions and methods directly; on unless configured otherwise.",
    ),
]
Properties = Annotated[
    bool | None,
    typer.Option(
        "--properties/--no-properties",
        help="Offer Hypothesis tests, too, where they notice what examples do not; off unless configured otherwise.",
    ),
]
Cache = Annotated[
    bool | None,
    typer.Option(
        "--cache/--no-cache",
        help="Leave out what an earlier run did on the same code with the same settings; on unless configured "
        "otherwise.",
    ),
]
Memory = Annotated[
    bool | None,
    typer.Option(
        "--memory/--no-memory",
        help="Begin with what worked in earlier runs, and remember what works in this one; on unless configured "
        "otherwise.",
    ),
]
IgnoreExisting = Annotated[
    bool | None,
    typer.Option(
        "--ignore-existing/--no-ignore-existing",
        help="Generate as if there were no tests yet, instead of aiming at what they leave open.",
    ),
]
