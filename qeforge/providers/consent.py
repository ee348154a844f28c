"""Whether a project's code may be shown to a cloud model: asked once for each project, and remembered.

What is remembered is a hash of the project's folder, so that the file tells nobody what its owner works on.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from qeforge.errors import PrivacyError

_FILE = "consent.json"


class Consent(StrEnum):
    """What is to be done before code of a project is sent for the first time."""

    GIVEN = "given"  # nothing: it was asked before
    TAKEN = "taken"  # `--yes` answers
    ASK = "ask"  # somebody is there to be asked
    MISSING = "missing"  # nobody is


def decide(*, known: bool, yes: bool, terminal: bool) -> Consent:
    """What is to be done; a pure function."""
    if known:
        return Consent.GIVEN
    if yes:
        return Consent.TAKEN
    return Consent.ASK if terminal else Consent.MISSING


def obtain(
    root: Path,
    *,
    where: str,
    data_dir: Path,
    yes: bool,
    ask: Callable[[str], bool] | None,
    wall: Callable[[], float] = time.time,
) -> None:
    """Makes sure that code of this project may be sent, and remembers it.

    Args:
        root: the project's folder.
        where: who gets the code, in words: the model and its address.
        data_dir: where it is remembered.
        yes: whether `--yes` was given.
        ask: puts a question to a person; None where there is none to ask.
        wall: seconds since 1970.

    Raises:
        PrivacyError: it may not, or nobody is there to say so.
    """
    file = data_dir / _FILE
    name = _digest(root)
    match decide(known=name in _read(file), yes=yes, terminal=ask is not None):
        case Consent.GIVEN:
            return
        case Consent.MISSING:
            raise PrivacyError(
                f"{root.name}: nobody has agreed yet that its code may be sent to {where}",
                hint="run it in a terminal, or give --yes",
            )
        case Consent.ASK:
            assert ask is not None
            question = f"Code of {root.name} would be sent to {where}, secrets left out. Is that all right?"
            if not ask(question):
                raise PrivacyError(
                    f"{root.name}: its code is not sent to {where}", hint="--local-only asks no more", slug="declined"
                )
    _remember(file, name, wall())


def _digest(root: Path) -> str:
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()


def _read(file: Path) -> Mapping[str, object]:
    """Projects whose owner agreed; none where the file says nothing that can be understood."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    projects = found.get("projects") if isinstance(found, dict) else None
    return projects if isinstance(projects, dict) else {}


def _remember(file: Path, name: str, at: float) -> None:
    """Adds a project; where that is impossible, it is asked about again next time."""
    text = json.dumps({"projects": {**_read(file), name: int(at)}}, indent=1, sort_keys=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    except OSError:
        with suppress(OSError):
            partial.unlink()
