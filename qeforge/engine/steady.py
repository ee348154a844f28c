"""The clock, chance and identifiers held still, for tests whose results waver with them.

The least that does it: a seed for the functions of `random`, a fixed moment in the place of `time.time`, one UUID. Only
for `datetime`, whose class cannot be changed, a small subclass takes the place of the name that the code looks up.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qeforge.analysis.symbols import symbols_of
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import SourceModule, Span
from qeforge.engine.value import merged

_SEED = ("random.seed(0)", ("import random",), ())
_STILL: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "time.time": ("lambda: 1700000000.0", ()),
    "time.time_ns": ("lambda: 1700000000000000000", ()),
    "time.monotonic": ("lambda: 100.0", ()),
    "time.perf_counter": ("lambda: 100.0", ()),
    "time.localtime": ("lambda *args: time.struct_time((2020, 1, 31, 12, 30, 45, 4, 31, 0))", ("import time",)),
    "time.gmtime": ("lambda *args: time.struct_time((2020, 1, 31, 12, 30, 45, 4, 31, 0))", ("import time",)),
    "time.strftime": ('lambda *args: "2020-01-31"', ()),
    "time.ctime": ('lambda *args: "Fri Jan 31 12:30:45 2020"', ()),
    "uuid.uuid4": ('lambda: UUID("12345678-1234-5678-1234-567812345678")', ("from uuid import UUID",)),
    "uuid.uuid1": ('lambda: UUID("12345678-1234-5678-1234-567812345678")', ("from uuid import UUID",)),
    "secrets.token_hex": ('lambda *args: "0123abcd"', ()),
    "secrets.token_urlsafe": ('lambda *args: "abc-123"', ()),
    "secrets.token_bytes": ("lambda size=4: bytes(size)", ()),
    "secrets.choice": ("lambda items: items[0]", ()),
    "secrets.randbelow": ("lambda limit: 0", ()),
    "os.urandom": ("lambda size: bytes(size)", ()),
    "os.getpid": ("lambda: 1234", ()),
    "socket.gethostname": ('lambda: "host.example.com"', ()),
    "platform.node": ('lambda: "host.example.com"', ()),
    "getpass.getuser": ('lambda: "user"', ()),
}
_MOMENTS: Mapping[str, str] = {
    "now": "def now(cls, tz=None):\n        return datetime(2020, 1, 31, 12, 30, 45, tzinfo=tz)",
    "utcnow": "def utcnow(cls):\n        return datetime(2020, 1, 31, 12, 30, 45)",
    "today": "def today(cls):\n        return datetime(2020, 1, 31, 12, 30, 45)",
}
_DAY = "def today(cls):\n        return date(2020, 1, 31)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    """Statements that hold one thing still, with their imports and fixtures, and the lines that ask for it."""

    statements: tuple[str, ...]
    imports: tuple[str, ...]
    fixtures: tuple[str, ...]
    lines: frozenset[int]


class Steady:
    """What one module reads of the clock, of chance and of the machine."""

    def __init__(self, module: SourceModule) -> None:
        found: dict[tuple[str, ...], _Stay] = {}
        for stay in _stays(symbols_of(module).nodes, module.name):
            known = found.get(stay.statements)
            lines = stay.lines | known.lines if known else stay.lines
            found[stay.statements] = replace(stay, lines=lines)
        self._found = list(found.values())

    def worlds(self, span: Span) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Statements, with their imports, that hold still what is read within these lines: as `variants` do, and for a
        date also at another time of another year."""
        for stay in self._found:
            if "monkeypatch" in stay.fixtures and any(line in span for line in stay.lines):
                yield stay.statements, stay.imports
                other = tuple(line.replace("2020, 1, 31, 12, 30, 45", "2023, 7, 1, 8, 15") for line in stay.statements)
                if other != stay.statements:
                    yield other, stay.imports

    def variants(self, candidate: Candidate, lines: Collection[int]) -> list[Candidate]:
        """The candidate with one thing after another held still, then with all of them.

        Args:
            candidate: what wavers.
            lines: of the module that it runs; what they ask for is held still, or all where they ask for nothing.
        """
        near = [stay for stay in self._found if not stay.lines.isdisjoint(lines)] or self._found
        near = [stay for stay in near if not set(stay.statements) & set(candidate.arrange)]
        groups = [[stay] for stay in near[:4]] + ([near] if len(near) > 1 else [])
        return [_with(candidate, group) for group in groups]


def _with(candidate: Candidate, stays: list[_Stay]) -> Candidate:
    return replace(
        candidate,
        arrange=(*(line for stay in stays for line in stay.statements), *candidate.arrange),
        imports=merged([candidate.imports, *(stay.imports for stay in stays)]),
        fixtures=merged([candidate.fixtures, *(stay.fixtures for stay in stays)]),
    )


def _stays(nodes: Sequence[ast.AST], module: str) -> Iterator[_Stay]:
    imported: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            imported.update({alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    for node in nodes:
        match node:
            case ast.Name(id=local, ctx=ast.Load()) if local in imported:
                yield from _of_function(imported[local], f"{module}.{local}", node.lineno)
            case ast.Attribute(value=ast.Name(id=local), attr=attr) if local in imported:
                dotted = f"{imported[local]}.{attr}"
                yield from _of_function(dotted, dotted, node.lineno)
                if attr in _MOMENTS and imported[local] in ("datetime.datetime", "datetime.date"):
                    yield _of_class(imported[local].rpartition(".")[2], attr, f"{module}.{local}", node.lineno)
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=local), attr=kind), attr=attr) if (
                imported.get(local) == "datetime" and kind in ("datetime", "date") and attr in _MOMENTS
            ):
                yield _of_class(kind, attr, f"datetime.{kind}", node.lineno)


def _of_function(dotted: str, place: str, line: int) -> Iterator[_Stay]:
    lines = frozenset({line})
    if dotted.startswith("random.") and dotted.count(".") == 1 and dotted[7:8].islower():
        yield _Stay(statements=(_SEED[0],), imports=_SEED[1], fixtures=(), lines=lines)
    elif dotted in _STILL:
        source, imports = _STILL[dotted]
        statement = f'monkeypatch.setattr("{place}", {source})'
        yield _Stay(statements=(statement,), imports=imports, fixtures=("monkeypatch",), lines=lines)


def _of_class(kind: str, method: str, place: str, line: int) -> _Stay:
    """A subclass that knows one moment only; what it gives are values of the real class."""
    name = f"Fixed{kind.capitalize()}"
    body = _DAY if kind == "date" else _MOMENTS[method]
    return _Stay(
        statements=(
            f"class {name}({kind}):\n    @classmethod\n    {body}",
            f'monkeypatch.setattr("{place}", {name})',
        ),
        imports=(f"from datetime import {kind}",),
        fixtures=("monkeypatch",),
        lines=frozenset({line}),
    )
