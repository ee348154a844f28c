"""Patterns as a file that can be handed on. A file that comes from elsewhere is data: nothing in it is run here, and
what it offers is run by the judge alone, in its sandbox, like everything that is proposed."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qeforge.domain.pattern import Pattern, PatternKind, Place
from qeforge.domain.remembered import Imported
from qeforge.errors import UsageError, WriteError
from qeforge.memory.listing import listed
from qeforge.memory.patterns import PatternStore

FORMAT, VERSION = "qeforge-patterns", 1
MOST_BYTES = 64 << 20
"""Of a file; a pattern takes some hundred bytes."""
_MOST_PATTERNS = 100_000
_MOST_TEXT, _MOST_ITEMS = 4_000, 64
_TEXTS = ("shape", "act", "module", "target")
_LISTS = ("arrange", "imports", "fixtures", "roles")
_NAMED = {
    PatternKind.CONSTRUCTION: re.compile(r"object \w+ [\w.]+"),
    PatternKind.FAKE: re.compile(r"outside \w+(\.\w+)+ "),
}
"""The shapes of what is found by a name."""


def exported(memory: PatternStore, *, project: str) -> str:
    """The patterns of a project as a file: JSON, one pattern a line. Neither folders nor what became of the patterns
    here are in it.

    Raises:
        StoreError: what is remembered cannot be read.
    """
    rows = listed(memory, project=project, count=_MOST_PATTERNS)
    lines = [json.dumps({"format": FORMAT, "version": VERSION})]
    lines += [json.dumps(_data(row.pattern), ensure_ascii=True) for row in rows]
    return "\n".join(lines) + "\n"


def write(text: str, target: Path) -> None:
    """Writes an export.

    Raises:
        UsageError: there is a file of that name.
        WriteError: it cannot be written.
    """
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{target}: exists already", hint="give another name", slug="exists") from None
    except OSError as problem:
        raise WriteError(f"{target}: {problem.strerror}") from problem


def take_in(memory: PatternStore, source: Path, *, project: str, at: float) -> Imported:
    """Remembers the patterns in a file as those of a project, as if they had never been used. What is no recipe is
    refused, line by line; the rest is kept.

    Args:
        memory: where they go.
        source: the file.
        project: folder of the project that they are for.
        at: when, in seconds since 1970.

    Raises:
        UsageError: the file is none of ours, too large, or of a newer version.
        StoreError: the database cannot be written; then nothing was kept.
    """
    by_target: dict[str, list[Pattern]] = {}
    refused: list[tuple[int, str]] = []
    for number, line in _lines(source):
        try:
            pattern = replace(_pattern(json.loads(line)), project=project)
            by_target.setdefault(pattern.target, []).append(pattern)
        except (ValueError, RecursionError, MemoryError) as problem:
            refused.append((number, str(problem) or type(problem).__name__))
    known = {row.pattern.id for row in listed(memory, project=project, count=_MOST_PATTERNS)}
    fresh = {one.id for group in by_target.values() for one in group}
    for target, group in by_target.items():
        memory.keep(Place(project=project, target=target, path="", digest=""), group, at=at)
    return Imported(added=len(fresh - known), known=len(fresh & known), refused=tuple(refused))


def _lines(source: Path) -> Iterator[tuple[int, str]]:
    try:
        if source.stat().st_size > MOST_BYTES:
            raise UsageError(f"{source}: larger than {MOST_BYTES >> 20} MB", slug="no-export")
        lines = source.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as problem:
        raise UsageError(f"{source}: no text", hint=_HINT, slug="no-export") from problem
    except OSError as problem:
        raise UsageError(f"{source}: {problem.strerror}", slug="no-such-path") from problem
    try:
        head = json.loads(lines[0]) if lines else None
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT or type(head.get("version")) is not int:
        raise UsageError(f"{source}: no export of qeforge's memory", hint=_HINT, slug="no-export")
    if head["version"] != VERSION:
        raise UsageError(
            f"{source}: written by a newer qeforge (format {head['version']}, known here up to {VERSION})",
            hint="upgrade qeforge",
            slug="export-newer",
        )
    if len(lines) > _MOST_PATTERNS + 1:
        raise UsageError(f"{source}: more than {_MOST_PATTERNS} patterns", slug="no-export")
    return ((number, line) for number, line in enumerate(lines[1:], start=2) if line.strip())


_HINT = "`qeforge memory export FILE` makes one"


def _data(pattern: Pattern) -> dict[str, object]:
    lists = {name: list(getattr(pattern, name)) for name in _LISTS}
    return {"kind": str(pattern.kind), **{name: getattr(pattern, name) for name in _TEXTS}, **lists}


def _pattern(data: Any) -> Pattern:
    """The pattern that a line holds.

    Raises:
        ValueError: it holds none, with the reason.
    """
    expected = {"kind", *_TEXTS, *_LISTS}
    if not isinstance(data, dict) or set(data) != expected:
        raise ValueError(f"its fields are not {', '.join(sorted(expected))}")
    if data["kind"] not in list(PatternKind):
        raise ValueError(f"unknown kind {str(data['kind'])[:40]!r}")
    for name in _TEXTS:
        if not isinstance(data[name], str) or not 0 < len(data[name]) <= _MOST_TEXT:
            raise ValueError(f"{name} is no text of 1 to {_MOST_TEXT} characters")
    for name in _LISTS:
        items = data[name]
        whole = isinstance(items, list) and len(items) <= _MOST_ITEMS and all(isinstance(one, str) for one in items)
        if not whole or sum(map(len, items)) > _MOST_TEXT:
            raise ValueError(f"{name} is no list of at most {_MOST_ITEMS} short texts")
    if not data["shape"].isprintable():  # half a character cannot be stored
        raise ValueError("shape holds characters that are no text")
    _check_names(data)
    _check_code(data)
    return Pattern(
        kind=PatternKind(data["kind"]),
        shape=data["shape"],
        act=data["act"],
        arrange=tuple(data["arrange"]),
        imports=tuple(data["imports"]),
        fixtures=tuple(data["fixtures"]),
        roles=tuple(data["roles"]),
        project="",
        module=data["module"],
        target=data["target"],
    )


def _check_names(data: dict[str, Any]) -> None:
    module, colon, qualname = data["target"].partition(":")
    dotted = (*module.split("."), *qualname.replace("<locals>.", "").split("."))
    if not colon or module != data["module"] or not all(part.isidentifier() for part in dotted):
        raise ValueError("target is no module:qualname of module")
    if not all(name.isidentifier() for name in data["fixtures"]):
        raise ValueError("a fixture is no name")
    if not all(role.lstrip("*").isidentifier() for role in data["roles"]):
        raise ValueError("a role is no name")


def _check_code(data: dict[str, Any]) -> None:
    """That each part is what it claims to be; what it does is the judge's business."""
    for line in data["imports"]:
        if not all(isinstance(node, ast.Import | ast.ImportFrom) for node in _parsed("imports", line)):
            raise ValueError("imports hold something else than imports")
        if any(
            isinstance(node, ast.ImportFrom) and any(n.name == "*" for n in node.names) for node in _parsed("", line)
        ):
            raise ValueError("imports hold a star")
    for line in data["arrange"]:
        if not _parsed("arrange", line):
            raise ValueError("arrange holds a line without a statement")
    act = _parsed("act", data["act"])
    if data["kind"] == PatternKind.VALUE:
        if len(act) != 1 or not isinstance(act[0], ast.Expr) or len(data["roles"]) != 1 or data["arrange"]:
            raise ValueError("a value is no single expression for one role")
    elif data["kind"] in (PatternKind.CONSTRUCTION, PatternKind.FAKE):
        expression = len(act) == 1 and isinstance(act[0], ast.Expr)
        if not expression or data["roles"] or data["arrange"] or not _NAMED[data["kind"]].fullmatch(data["shape"]):
            raise ValueError(f"a {data['kind']} is no single expression for what its shape names")
    elif not act:
        raise ValueError("act is empty")


def _parsed(name: str, source: str) -> Sequence[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError) as problem:
        raise ValueError(f"{name} is no Python: {problem}") from None
