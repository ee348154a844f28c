"""What programs and servers answer: fakes shaped by what the code does with an answer.

First each thing that leads out of the process is replaced by a proxy that records how its answer is used; then by a
function that gives an answer of that shape, in the simplest form, several ones in turn.
"""

import ast
from collections.abc import Mapping, Sequence
from itertools import islice

from qeforge.analysis.evidence import Evidence
from qeforge.engine import standins
from qeforge.engine.fakes import uses
from qeforge.engine.shapes import pick
from qeforge.engine.value import Value, literal, merged

ROOT = "fake:"
"""What the names of proxies of such functions begin with."""

_ROWS = 4
_PLACES = 10
_GENERIC: Mapping[str, tuple[str, ...]] = {
    "network": (
        "socket.create_connection", "socket.socket", "socket.getaddrinfo", "socket.gethostbyname", "socket.getfqdn",
        "socket.gethostname", "urllib.request.urlopen",
    ),
    "process": ("subprocess.Popen", "os.system", "os.kill", "os.fork", "os.popen"),
}  # fmt: skip
"""What is replaced where the module itself mentions nothing of the kind."""

_FIXED: Mapping[str, tuple[str, ...]] = {
    "subprocess.call": ("0", "1"),
    "subprocess.check_call": ("0",),
    "os.system": ("0", "1"),
    "os.kill": ("None",),
    "os.fork": ("0", "1234"),
    "subprocess.getstatusoutput": ('(0, "abc")', '(1, "")'),
    "socket.gethostbyname": ('"192.0.2.1"',),
    "socket.getfqdn": ('"host.example.com"', '"localhost"'),
    "socket.gethostname": ('"host.example.com"',),
    "socket.getaddrinfo": ('[(2, 1, 6, "", ("192.0.2.1", 80))]', "[]"),
}
_REPLIES = (
    'b"220 ready\\r\\n250 ok\\r\\n250 ok\\r\\n"',
    'b"* OK ready\\r\\n"',
    'b"+OK ready\\r\\n"',
    'b""',
    'b"500 no\\r\\n"',
)
"""What servers say first: SMTP and FTP, IMAP, POP3; nothing; no."""

_OUTPUTS = ("abc\\n", "", "one\\ntwo\\n", "1.2.3\\n")
_FILE = frozenset({"read", "readline", "readlines", "close", "closed", "readinto", "seek", "tell", "fileno", "flush"})
_BODIES = ('b"abc"', "b'{\"a\": 1}'", 'b""')
_POPEN: Mapping[str, tuple[str, ...]] = {
    "returncode": ("0", "1"),
    "wait": ("0", "1"),
    "poll": ("0", "None"),
    "pid": ("1234",),
}

World = tuple[tuple[str, ...], tuple[str, ...]]
"""Statements, and the imports that they need."""


class Services:
    """The ways out of the process that one module takes.

    Args:
        nodes: of its tree.
        module: its name.
        fitting: makes values from evidence.
    """

    def __init__(self, nodes: Sequence[ast.AST], module: str, fitting: standins.Fitting) -> None:
        self._uses = {kind: list(dict.fromkeys(uses(nodes, module, kind))) for kind in _GENERIC}
        self._fitting = fitting

    def places(self, kind: str, *, generic: bool) -> list[tuple[str, str]]:
        """Where to put a fake and what it stands for."""
        found = self._uses.get(kind, [])[:_PLACES]
        known = {name for _, name in found}
        if generic or not found:
            found = [*found, *((name, name) for name in _GENERIC.get(kind, ()) if name not in known)]
        return found

    def proxies(self, kinds: Sequence[str], known: Mapping[str, object], *, generic: bool) -> World:
        """Statements that put a recording proxy in each place."""
        statements = []
        for kind in kinds:
            for place, _ in self.places(kind, generic=generic):
                root = f"{ROOT}{place}"
                values = {path: value for path, value in known.items() if path.split("\0")[0] == root}
                inside = f"{root!r}, {values!r}" if values else repr(root)
                statements.append(f'monkeypatch.setattr("{place}", Probe({inside}))')
        return tuple(statements), ("from _qeforge_worker.probe import Probe",)

    def answers(self, found: Mapping[str, Evidence], kinds: Sequence[str], *, generic: bool) -> list[World]:
        """Fakes for what was called, each with other answers than the one before."""
        columns: list[tuple[str, list[Value]]] = []
        for kind in kinds:
            for place, name in self.places(kind, generic=generic):
                evidence = found.get(f"{ROOT}{place}")
                if evidence is not None and evidence.called:
                    columns.append((place, self._values(name, evidence.result or Evidence())))
        if not columns:
            return []
        rows = min(_ROWS, max(len(values) for _, values in columns))
        return [self._row([(place, pick(values, row)) for place, values in columns]) for row in range(rows)]

    def _row(self, chosen: Sequence[tuple[str, Value]]) -> World:
        statements = tuple(
            f'monkeypatch.setattr("{place}", lambda *args, **kwargs: {value.source})' for place, value in chosen
        )
        return statements, merged(value.imports for _, value in chosen)

    def _values(self, name: str, result: Evidence) -> list[Value]:
        """What a function may give, the likeliest first."""
        if name in _FIXED:
            return [literal(source) for source in _FIXED[name]]
        if name == "subprocess.run":
            outputs = self._outputs(result.attributes.get("stdout", Evidence()))
            nothing = 'b""' if outputs[0].startswith("b") else '""'
            return [
                Value(
                    source=f"subprocess.CompletedProcess(args, {code}, stdout={text}, stderr={nothing})",
                    imports=("import subprocess",),
                )
                for code, text in zip((0, 1, 0, 0, 0, 0), outputs, strict=False)
            ]
        if name in ("subprocess.check_output", "subprocess.getoutput", "os.popen"):
            outputs = self._outputs(result)
            if name == "os.popen":
                return [Value(source=f"io.StringIO({text})", imports=("import io",)) for text in outputs]
            return [literal(text) for text in outputs]
        if name == "subprocess.Popen":
            return self._processes(result)
        inner = result.result if result.entered and result.result is not None else result
        if inner.attributes and (inner.iterated or set(inner.attributes) <= _FILE) and name.endswith("urlopen"):
            return [Value(source=f"io.BytesIO({body})", imports=("import io",)) for body in _BODIES]
        if "makefile" in result.attributes:
            return self._connections(result)
        return standins.results(name.rpartition(".")[2], result, self._fitting)

    def _outputs(self, evidence: Evidence) -> list[str]:
        """Sources of what a program may print, as text or as bytes."""
        as_bytes = "decode" in evidence.attributes or any(kind.name == "bytes" for kind in evidence.types[:1])
        wanted = [repr(text) for text in dict.fromkeys(_wanted(evidence)) if len(text) < 60][:4]
        usual = [f'"{text}"' for text in _OUTPUTS]
        texts = list(dict.fromkeys([*usual[:2], *wanted, *usual[2:]]))
        return [f"b{text}" for text in texts if text.isascii()] if as_bytes else texts

    def _processes(self, result: Evidence) -> list[Value]:
        """Processes: what `communicate` gives, an exit code, output to read."""
        inner = result.result if result.entered and result.result is not None else result
        columns: list[tuple[str, list[Value]]] = []
        for name, evidence in islice(inner.attributes.items(), 10):
            if name == "communicate":
                item = (evidence.result or Evidence()).element or Evidence()
                outputs = self._outputs(item)
                pairs = [f'({text}, {"b" if text.startswith("b") else ""}"")' for text in outputs[:3]]
                columns.append((name, [literal(f"lambda *args, **kwargs: {pair}") for pair in pairs]))
            elif name in _POPEN:
                head = "lambda *args, **kwargs: " if evidence.called else ""
                columns.append((name, [literal(f"{head}{source}") for source in _POPEN[name]]))
            elif name in ("stdout", "stderr"):
                texts = [f'io.BytesIO(b"{text}")' for text in _OUTPUTS[:3]]
                columns.append((name, [Value(source=text, imports=("import io",)) for text in texts]))
            elif name == "stdin":
                columns.append((name, [Value(source="io.BytesIO()", imports=("import io",))]))
            else:
                columns.append((name, standins.attribute(name, evidence, self._fitting)))
        return self._named(columns, entered=result.entered)

    def _connections(self, result: Evidence) -> list[Value]:
        """Sockets that are read as files."""
        columns: list[tuple[str, list[Value]]] = []
        for name, evidence in islice(result.attributes.items(), 10):
            if name == "makefile":
                files = [f"lambda *args, **kwargs: io.BytesIO({reply})" for reply in _REPLIES]
                columns.append((name, [Value(source=source, imports=("import io",)) for source in files]))
            else:
                columns.append((name, standins.attribute(name, evidence, self._fitting)))
        return self._named(columns, entered=False)

    def _named(self, columns: Sequence[tuple[str, list[Value]]], *, entered: bool) -> list[Value]:
        rows = min(_ROWS, max((len(values) for _, values in columns), default=1))
        made = []
        for row in range(rows):
            chosen = [(name, pick(values, row)) for name, values in columns]
            source = f"SimpleNamespace({', '.join(f'{name}={value.source}' for name, value in chosen)})"
            imports = merged([("from types import SimpleNamespace",), *(value.imports for _, value in chosen)])
            if entered:
                source, imports = f"nullcontext({source})", (*imports, "from contextlib import nullcontext")
            made.append(Value(source=source, type_name="SimpleNamespace", imports=imports))
        return made


_TEXT_TO_TEXT = frozenset(
    {"decode", "strip", "lstrip", "rstrip", "lower", "upper", "splitlines", "split", "read", "readline", "replace"}
)


def _wanted(evidence: Evidence, depth: int = 0) -> list[str]:
    """Texts that the code looks for in an output, however it takes it apart first."""
    found = [f"{text} 1.2.3\n" for text in map(_text, evidence.prefixes) if text]
    found += [f"{text}\n" for text in map(_text, (*evidence.equals, *evidence.suffixes)) if text]
    found += [f"a{text}b\n" for text in map(_text, evidence.contains) if text]
    inner = [each.result for name, each in evidence.attributes.items() if name in _TEXT_TO_TEXT]
    for below in (*inner, evidence.element):
        if below is not None and depth < 8:
            found += _wanted(below, depth + 1)
    return found


def _text(source: str) -> str:
    value = ast.literal_eval(source)
    return value.decode("ascii", "ignore") if isinstance(value, bytes) else value if isinstance(value, str) else ""
