"""Writes what follows from the code: man pages, completions, `docs/cli.md`, the table in `docs/configuration.md`.

::

    python scripts/build_docs.py            # write them
    python scripts/build_docs.py --check    # write nothing; exit 1 and name what differs
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

import qeforge
from qeforge.cli.config import plain, written
from qeforge.cli.main import COMPLETE_VARIABLE, PROGRAM, app
from qeforge.cli.outcome import MEANINGS
from qeforge.config import DATA_DIR_VARIABLE, SETTINGS

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- settings: written by scripts/build_docs.py -->", "<!-- end of settings -->"
LITERAL = "\b\n"
ENVIRONMENT = (
    (f"{PROGRAM.upper()}_*", "Any setting: QEFORGE_MAX_TIME=20 is max-time = 20."),
    (DATA_DIR_VARIABLE, "Where records, logs and the cache go, instead of the user's data, log and cache folders."),
    ("NO_COLOR", "No colours."),
    ("CI", "No live display."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An argument, an option or a command: its name as typed, its placeholder, what it means."""

    name: str
    placeholder: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that is to be said about one command."""

    words: tuple[str, ...]
    paragraphs: tuple[str, ...]
    arguments: tuple[Entry, ...]
    options: tuple[Entry, ...]
    commands: tuple[Entry, ...]
    repeats: bool

    @property
    def name(self) -> str:
        """As typed: `qeforge config set`."""
        return " ".join(self.words)

    @property
    def file(self) -> str:
        """The manual's name for it: `qeforge-config-set`."""
        return "-".join(self.words)

    @property
    def summary(self) -> str:
        """The first sentence, without its full stop."""
        return self.paragraphs[0].rstrip(".")

    @property
    def synopsis(self) -> str:
        """What follows the name."""
        places = [argument.placeholder + ("..." if self.repeats else "") for argument in self.arguments]
        return " ".join(["[OPTIONS]", *places, *(["COMMAND"] if self.commands else [])])


def pages() -> tuple[Page, ...]:
    """One page per command, the program itself first."""
    return tuple(_walk(typer.main.get_command(app), (PROGRAM,)))


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[Page]:
    children = [(name, child) for name, child in getattr(command, "commands", {}).items() if not child.hidden]
    context = typer.Context(command, info_name=words[-1])
    shown = [param for param in command.get_params(context) if not param.hidden]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    yield Page(
        words=words,
        paragraphs=_paragraphs(command.help),
        arguments=tuple(_entry(param) for param in arguments),
        options=tuple(_entry(param) for param in shown if param.param_type_name == "option"),
        commands=tuple(Entry(name=name, placeholder="", help=_paragraphs(c.help)[0]) for name, c in children),
        repeats=any(param.nargs != 1 for param in arguments),
    )
    for name, child in children:
        yield from _walk(child, (*words, name))


def _entry(param: Any) -> Entry:
    is_argument = param.param_type_name == "argument"
    names = () if is_argument else tuple(sorted((*param.opts, *param.secondary_opts), key=lambda o: o.startswith("--")))
    placeholder = param.metavar or "" if is_argument or not param.is_flag else ""
    return Entry(name=", ".join(names), placeholder=placeholder, help=param.help or "")


def _paragraphs(text: str) -> tuple[str, ...]:
    parts = (part.strip("\n") for part in text.split("\n\n"))
    return tuple(part if part.startswith(LITERAL) else " ".join(part.split()) for part in parts if part.strip())


# --- manual -----------------------------------------------------------------------------------------------------


def man_page(page: Page, every: Sequence[Page]) -> str:
    """The page in the `man` macros of roff."""
    title = _roff(page.file.upper())
    lines = [f'.TH {title} 1 "" "{PROGRAM} {qeforge.__version__}" "{PROGRAM} manual"']
    lines += [".SH NAME", f"{_roff(page.file)} \\- {_roff(page.summary)}"]
    lines += [".SH SYNOPSIS", f".B {_roff(page.name)}", _roff(page.synopsis), ".SH DESCRIPTION"]
    for paragraph in page.paragraphs:
        if paragraph.startswith(LITERAL):
            lines += [".PP", ".EX", *map(_roff, paragraph.removeprefix(LITERAL).splitlines()), ".EE"]
        else:
            lines += [".PP", _roff(paragraph)]
    for title, entries in (("ARGUMENTS", page.arguments), ("COMMANDS", page.commands), ("OPTIONS", page.options)):
        if entries:
            lines.append(f".SH {title}")
            lines += [line for entry in entries for line in _man_entry(entry)]
    lines.append(".SH EXIT STATUS")
    lines += [line for code, meaning in MEANINGS.items() for line in (".TP", f".B {int(code)}", _roff(meaning))]
    lines.append(".SH ENVIRONMENT")
    lines += [line for name, meaning in ENVIRONMENT for line in (".TP", f".B {_roff(name)}", _roff(meaning))]
    others = [f".BR {_roff(other.file)} (1)" for other in every if other is not page]
    return "\n".join([*lines, ".SH SEE ALSO", *(f"{other}," for other in others[:-1]), others[-1]]) + "\n"


def _man_entry(entry: Entry) -> tuple[str, str, str]:
    name = f"\\fB{_roff(entry.name)}\\fR" if entry.name else ""
    placeholder = f"\\fI{_roff(entry.placeholder)}\\fR" if entry.placeholder else ""
    return ".TP", " ".join(filter(None, (name, placeholder))), _roff(entry.help)


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


# --- completions ------------------------------------------------------------------------------------------------


def completions() -> Iterator[tuple[str, str]]:
    """File name and text for each shell."""
    for shell, name in (("bash", f"{PROGRAM}.bash"), ("zsh", f"_{PROGRAM}"), ("fish", f"{PROGRAM}.fish")):
        environ = {**os.environ, COMPLETE_VARIABLE: f"source_{shell}"}
        answer = subprocess.run(
            [sys.executable, "-m", "qeforge.cli"], env=environ, cwd=ROOT, capture_output=True, text=True, check=True
        )
        script = answer.stdout.strip()  # zsh wants `#compdef` in the very first line; Typer starts with an empty one
        yield name, (_autoloadable(script) if shell == "zsh" else script) + "\n"


def _autoloadable(script: str) -> str:
    """The zsh script such that it also answers the first time, when zsh runs the file as the function itself."""
    register = f"compdef _{PROGRAM}_completion {PROGRAM}"
    assert script.startswith(f"#compdef {PROGRAM}\n")
    assert script.endswith(register)
    ending = f'if [ "$funcstack[1]" = "_{PROGRAM}" ]; then\n  _{PROGRAM}_completion "$@"\nelse\n  {register}\nfi'
    return script.removesuffix(register) + ending


# --- Markdown ---------------------------------------------------------------------------------------------------


def cli_page(every: Sequence[Page]) -> str:
    """`docs/cli.md`: every command with every option."""
    lines = ["# Command line", "", "Written by `scripts/build_docs.py` from the program itself.", ""]
    for page in every:
        lines += [f"## `{page.name}`", "", "```", f"{page.name} {page.synopsis}", "```", ""]
        for paragraph in page.paragraphs:
            literal = paragraph.removeprefix(LITERAL)
            lines += [paragraph, ""] if literal == paragraph else ["```", literal, "```", ""]
        for title, entries in (("argument", page.arguments), ("command", page.commands), ("option", page.options)):
            if entries:
                lines += [f"| {title} | meaning |", "|---|---|", *map(_row, entries), ""]
    lines += ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {int(code)} | {_cell(meaning)} |" for code, meaning in MEANINGS.items()]
    lines += ["", "## Environment", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(meaning)} |" for name, meaning in ENVIRONMENT]
    return "\n".join(lines) + "\n"


def _row(entry: Entry) -> str:
    return f"| `{' '.join(filter(None, (entry.name, entry.placeholder)))}` | {_cell(entry.help)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def settings_table() -> str:
    """The settings as a Markdown table."""
    rows = ["| key | variable | default | value | meaning |", "|---|---|---|---|---|"]
    for setting in SETTINGS.values():
        default = written(plain(setting.default))
        cells = (
            f"`{setting.key}`",
            f"`{setting.variable}`",
            f"`{default}`" if default else "unset",
            _cell(setting.expected),
            _cell(setting.meaning),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def with_settings(text: str) -> str:
    """The text of `docs/configuration.md` with its table renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{settings_table()}\n\n{END}{after}"


# --- files ------------------------------------------------------------------------------------------------------


def wanted(root: Path) -> dict[Path, str]:
    """Every generated file with the text it should have."""
    every = pages()
    configuration = root / "docs" / "configuration.md"
    return {
        **{root / "man" / f"{page.file}.1": man_page(page, every) for page in every},
        **{root / "completions" / name: text for name, text in completions()},
        root / "docs" / "cli.md": cli_page(every),
        configuration: with_settings(configuration.read_text(encoding="utf-8")),
    }


def drift(root: Path) -> list[str]:
    """What is missing, out of date, or left over from a command that is gone."""
    files = wanted(root)
    problems = []
    for path, text in files.items():
        if not path.is_file():
            problems.append(f"missing: {path.relative_to(root)}")
        elif path.read_text(encoding="utf-8") != text:
            problems.append(f"out of date: {path.relative_to(root)}")
    present = [*(root / "man").iterdir(), *(root / "completions").iterdir()]
    return problems + [f"left over: {path.relative_to(root)}" for path in sorted(present) if path not in files]


def main(args: Sequence[str] | None = None) -> int:
    """Writes or checks; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name what differs")
    if parser.parse_args(args).check:
        problems = drift(ROOT)
        print("\n".join([*problems, "run scripts/build_docs.py"] if problems else ["generated files are up to date"]))
        return 1 if problems else 0
    for path, text in wanted(ROOT).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
