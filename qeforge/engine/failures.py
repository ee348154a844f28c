"""Failures that the code is prepared for: what it calls inside of a `try` raises what the handler waits for.

Offered for a call that was seen to get as far as the `try`, while the handler is still dark. What is replaced is a
function of another module that touches the world (`os.remove`, `subprocess.run`), by a mock that raises; `open` is
replaced in the module under test only; a module that may be missing is missing.
"""

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from qeforge.analysis.symbols import symbols_of
from qeforge.domain.target import SourceModule
from qeforge.engine.plan import Plan

_MOCK = "from unittest.mock import Mock"
_TIMES = 2
"""Plans in which one failure is tried."""

_WORLD = frozenset((
    "os", "shutil", "socket", "subprocess", "urllib", "requests", "httpx", "http", "ssl", "smtplib", "ftplib",
    "imaplib", "select", "signal", "termios", "tty", "locale", "tempfile", "zipfile", "tarfile", "sqlite3",
    "importlib", "pwd", "grp", "fcntl", "msvcrt", "webbrowser", "getpass", "json", "pickle", "time",
    "platform", "socketserver", "multiprocessing", "threading", "readline", "curses", "gzip", "bz2", "lzma",
    "tomllib", "configparser",
))  # fmt: skip
"""Top-level modules that reach out of the program."""

_NEVER = ("os.path.", "os.fspath", "os.getcwd", "os.stat", "os.lstat", "os.environ", "os.getpid", "threading.")
"""What the test itself, or pytest, cannot do without."""

_ARGUMENTS = {
    "subprocess.CalledProcessError": '1, ["cmd"]',
    "subprocess.TimeoutExpired": '["cmd"], 1',
    "urllib.error.HTTPError": '"http://example.com", 404, "Not Found", None, None',
    "json.JSONDecodeError": '"boom", "", 0',
    "json.decoder.JSONDecodeError": '"boom", "", 0',
    "UnicodeDecodeError": '"utf-8", b"", 0, 1, "boom"',
    "UnicodeEncodeError": '"utf-8", "", 0, 1, "boom"',
    "StopIteration": "",
    "KeyboardInterrupt": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way in which a `try` can fail: `lines` of the call, first line of the `handler`, the statement that makes it
    fail, with its imports."""

    lines: range
    handler: int
    statement: str
    imports: tuple[str, ...]


class Failures:
    """What the code of one module is prepared for."""

    def __init__(self, module: SourceModule) -> None:
        symbols = symbols_of(module)
        self._names = dict(_imported(symbols.nodes))
        self._own = {node.name for node in symbols.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        self._module = module.name
        self._found = list(dict.fromkeys(failure for node in symbols.nodes for failure in self._of(node)))
        self._tried: dict[Failure, int] = {}

    def provoke(self, plan: Plan, lines: Collection[int], known: Collection[int]) -> list[Plan]:
        """The plan with a failure in the place of each call that it came to.

        Args:
            plan: what was run.
            lines: that it ran.
            known: lines that any plan ran; their handlers need no failure.
        """
        found = []
        for failure in self._found:
            if failure.handler in known or self._tried.get(failure, 0) >= _TIMES or _fails(plan):
                continue
            if any(line in lines for line in failure.lines):
                self._tried[failure] = self._tried.get(failure, 0) + 1
                found.append(
                    replace(
                        plan,
                        world=(*plan.world, failure.statement),
                        world_fixtures=(*plan.world_fixtures, "monkeypatch"),
                        world_imports=(*plan.world_imports, *failure.imports),
                        generation=plan.generation + 1,
                    )
                )
        return found

    def _of(self, node: ast.AST) -> Iterator[Failure]:
        if not isinstance(node, ast.Try):
            return
        for handler in node.handlers:
            for raised in self._raised(handler.type):
                for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                    yield from self._failing(inner, raised, handler.body[0].lineno)

    def _raised(self, kind: ast.expr | None) -> list[str]:
        """Dotted names of what a handler catches, the first two."""
        if kind is None:
            return ["Exception"]
        nodes = kind.elts if isinstance(kind, ast.Tuple) else [kind]
        return [name for node in nodes[:2] if (name := self._dotted(node))]

    def _failing(self, node: ast.AST, raised: str, handler: int) -> Iterator[Failure]:
        match node:
            case ast.Call(func=function):
                place = self._place(function)
                if place:
                    error, imports = _error(raised)
                    patched = f'monkeypatch.setattr("{place}", Mock(side_effect={error}))'
                    if place == f"{self._module}.open":
                        patched = f"{patched[:-1]}, raising=False)"
                    lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                    yield Failure(lines=lines, handler=handler, statement=patched, imports=(_MOCK, *imports))
            case ast.Import(names=[alias, *_]) if raised in ("ImportError", "ModuleNotFoundError"):
                yield self._missing(node, alias.name, handler)
            case ast.ImportFrom(module=str(name), level=0) if raised in ("ImportError", "ModuleNotFoundError"):
                yield self._missing(node, name, handler)

    def _missing(self, node: ast.stmt, name: str, handler: int) -> Failure:
        return Failure(
            lines=range(node.lineno, node.lineno + 1),
            handler=handler,
            statement=f'monkeypatch.setitem(sys.modules, "{name}", None)',
            imports=("import sys",),
        )

    def _place(self, function: ast.expr) -> str:
        """What is to be replaced, as `monkeypatch.setattr` names it; empty for what is left alone."""
        if isinstance(function, ast.Name):
            if function.id == "open":
                return f"{self._module}.open"
            known = self._names.get(function.id, "")
            if known.partition(".")[0] in _WORLD and "." in known and not known.startswith(_NEVER):
                return f"{self._module}.{function.id}"
            return ""
        name = self._dotted(function)
        return name if name.partition(".")[0] in _WORLD and "." in name and not name.startswith(_NEVER) else ""

    def _dotted(self, node: ast.expr) -> str:
        """The full dotted name of an imported thing or a builtin; that of a class of the module with its module."""
        match node:
            case ast.Name(id=name):
                if name in self._own:
                    return f"{self._module}.{name}"
                return self._names.get(name, name if hasattr(builtins, name) else "")
            case ast.Attribute(value=value, attr=attr):
                base = self._dotted(value)
                return f"{base}.{attr}" if base and not hasattr(builtins, base) else ""
        return ""


def _fails(plan: Plan) -> bool:
    return any("Mock(side_effect" in line or "setitem(sys.modules" in line for line in plan.world)


def _error(dotted: str) -> tuple[str, tuple[str, ...]]:
    """Source of an instance of an exception, and its imports."""
    given = _ARGUMENTS.get(dotted, '"boom"')
    module, _, name = dotted.rpartition(".")
    return (f"{dotted}({given})", (f"import {module}",)) if module else (f"{name}({given})", ())


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Local name and full dotted name of all that is imported."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
