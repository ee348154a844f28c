"""What stands in for programs and servers: one line for each thing that the module calls, in the simplest form."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qeforge.domain.recipe import Fake

_SUBPROCESS = "import subprocess"
_MOCK = "from unittest.mock import MagicMock"
_DONE = 'subprocess.CompletedProcess(args, {code}, stdout={out}, stderr="")'
_RESPONSE = 'MagicMock(status_code={status}, text="{body}", content=b"{body}")'
_Answers = dict[str, tuple[tuple[str, tuple[str, ...]], ...]]
"""What a callable's stand-in may return, each with its imports, by dotted name."""

_PROCESS: _Answers = {
    "subprocess.run": (
        (_DONE.format(code=0, out='"abc\\n"'), (_SUBPROCESS,)),
        (_DONE.format(code=1, out='""'), (_SUBPROCESS,)),
        (_DONE.format(code=0, out='b"abc\\n"'), (_SUBPROCESS,)),
    ),
    "subprocess.check_output": (('b"abc\\n"', ()), ('"abc\\n"', ())),
    "subprocess.call": (("0", ()), ("1", ())),
    "subprocess.check_call": (("0", ()),),
    "subprocess.Popen": (("MagicMock()", (_MOCK,)),),
    "subprocess.getoutput": (('"abc"', ()),),
    "subprocess.getstatusoutput": (('(0, "abc")', ()),),
    "os.system": (("0", ()), ("1", ())),
    "os.popen": (('io.StringIO("abc\\n")', ("import io",)),),
}
_BODIES = ("abc", '{\\"a\\": 1}')
_WEB = (
    *((_RESPONSE.format(status=200, body=body), (_MOCK,)) for body in _BODIES),
    (_RESPONSE.format(status=404, body=""), (_MOCK,)),
)
_NETWORK: _Answers = {
    "urllib.request.urlopen": (
        ('io.BytesIO(b"abc")', ("import io",)),
        ("io.BytesIO(b'{\"a\": 1}')", ("import io",)),
    ),
    **{
        f"{package}.{verb}": _WEB
        for package in ("requests", "httpx")
        for verb in ("get", "post", "put", "request", "head")
    },
    **{
        f"{package}.{name}": (("MagicMock()", (_MOCK,)),)
        for package in ("requests", "httpx")
        for name in ("Session", "Client")
    },
    "requests.delete": _WEB,
    "socket.create_connection": (("MagicMock()", (_MOCK,)),),
    "socket.socket": (("MagicMock()", (_MOCK,)),),
    "socket.gethostbyname": (('"192.0.2.1"', ()),),
    "http.client.HTTPSConnection": (("MagicMock()", (_MOCK,)),),
    "http.client.HTTPConnection": (("MagicMock()", (_MOCK,)),),
    "urllib.request.urlretrieve": (('("abc.txt", None)', ()),),
    "urllib.request.build_opener": (("MagicMock()", (_MOCK,)),),
    "socket.getaddrinfo": (("[]", ()),),
    "socket.getfqdn": (('"host.example.com"', ()),),
    "aiohttp.ClientSession": (("MagicMock()", (_MOCK,)),),
    "httpx.AsyncClient": (("MagicMock()", (_MOCK,)),),
}
_BY_KIND = {"process": _PROCESS, "network": _NETWORK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faking:
    """A statement that puts a stand-in in place, and its imports."""

    statement: str
    imports: tuple[str, ...]


def fakes_for(nodes: Sequence[ast.AST], module: str, kind: str, known: Sequence[Fake] = ()) -> list[Faking]:
    """Stand-ins for what a module calls of one kind, `process` or `network`; what it imported by name is replaced
    in the module itself.

    Args:
        nodes: of the module.
        module: its import name.
        kind: of what.
        known: stand-ins that were of use before, the best first; of those that are made up here only the order changes.
    """
    found = []
    for place, name in uses(nodes, module, kind):
        usual = {
            ast.unparse(ast.parse(source)): (source, imports)
            for result, imports in _BY_KIND[kind][name]
            for source in (f"lambda *args, **kwargs: {result}",)
        }
        before = {each.source: (each.source, each.imports) for each in known if each.stands_for == name}
        for plain in (*before, *(each for each in usual if each not in before)):
            source, imports = usual.get(plain) or before[plain]
            found.append(Faking(statement=f'monkeypatch.setattr("{place}", {source})', imports=imports))
    return found


def uses(nodes: Sequence[ast.AST], module: str, kind: str) -> Iterator[tuple[str, str]]:
    """Where to put a stand-in and what it stands for, for each known callable of a kind that the code mentions."""
    known = _BY_KIND[kind]
    last = {name.rpartition(".")[2] for name in known}
    mentioned = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute) and node.attr in last}
    aliases: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                local = alias.asname or alias.name
                if name in known:
                    yield f"{module}.{local}", name
                aliases[local] = name
        elif isinstance(node, ast.Import):
            aliases.update({alias.asname: alias.name for alias in node.names if alias.asname})
    for text in sorted(mentioned):
        head, _, rest = text.partition(".")
        name = f"{aliases.get(head, head)}.{rest}"
        if name in known:
            yield name, name
