"""`--changed`: an option whose value may be left out, which Typer has no word for."""

from pathlib import Path
from typing import Any

from typer.core import TyperCommand

DEFAULT_REV = "HEAD"


class ChangedCommand(TyperCommand):
    """A command that has `--changed`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Gives a bare `--changed` its value before the options are parsed."""
        return super().parse_args(ctx, complete_changed(args))


def complete_changed(args: list[str]) -> list[str]:
    """Every bare `--changed` as `--changed=REV`: the next word, unless it is an option or a path that exists."""
    done: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*done, word, *rest]
        if word == "--changed":
            names_rev = bool(rest) and not rest[0].startswith("-") and not Path(rest[0]).exists()
            word = f"--changed={rest.pop(0) if names_rev else DEFAULT_REV}"
        done.append(word)
    return done
