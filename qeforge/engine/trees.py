"""Files and folders of the kind that the code walks: by the patterns that it matches, the names that it opens, the
suffixes that it filters, and with content that it can parse."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from qeforge.analysis.symbols import symbols_of
from qeforge.domain.facts import ParameterFact
from qeforge.domain.observation import Raised
from qeforge.domain.target import SourceModule, Target
from qeforge.engine import basics, hints, samples
from qeforge.engine.archives import archives
from qeforge.engine.plan import Plan
from qeforge.engine.state import State, unquoted
from qeforge.engine.value import Value, unique

_CONTENT = {
    "json": '{"a": 1}', "ini": "[section]\nkey = 1\n", "cfg": "[section]\nkey = 1\n", "conf": "key = 1\n",
    "toml": 'a = 1\n\n[section]\nkey = "abc"\n', "csv": "a,b\n1,2\n", "tsv": "a\tb\n1\t2\n", "yaml": "a: 1\n",
    "yml": "a: 1\n", "py": "x = 1\n", "xml": "<a>abc</a>\n", "html": "<p>abc</p>\n", "md": "# Title\n\nabc\n",
    "env": "KEY=value\n",
}  # fmt: skip
_TEXT = "one\ntwo\n"
_PARSERS = {"json": "json", "configparser": "ini", "csv": "csv", "tomllib": "toml", "tomli": "toml", "yaml": "yaml"}
_FILE = re.compile(r"[\w-]*(?:\.[\w-]+)+|[A-Z][a-z]*file|README|LICENSE|MANIFEST")
_PATTERN = re.compile(r"[\w.*?/\[\]-]*[*?][\w.*?/\[\]-]*")
_MISSING = re.compile(r"No such file or directory: '([^']+)'$")
_SCRATCH = re.compile(r".*/tmp/test-\w+/(.+)$")  # the folder behind `tmp_path` in the judge's sandbox
_MOST_FILES = 4
_FOLDER = frozenset({"dir", "directory", "folder", "root", "src", "dst", "source", "target", "destination", "base"})


class Trees:
    """What one module looks for in folders."""

    def __init__(self, module: SourceModule) -> None:
        nodes = symbols_of(module).nodes
        self._names = list(dict.fromkeys(_file_names(nodes)))
        self._imported = list(_imports(nodes))
        self._kind = next((_PARSERS[name] for name in self._imported if name in _PARSERS), "txt")
        self._walks = re.search(r"\b(?:listdir|scandir|iterdir|walk|r?glob)\b", module.source) is not None

    def enrich(self, state: State) -> None:
        """Puts files and folders that suit the target among the likely values of its paths."""
        for parameter in state.parameters:
            pool = state.pools[parameter.name]
            if _is_path(parameter, state):
                state.pools[parameter.name] = unique([*pool[:1], *self._values(state.target, parameter), *pool[1:]])

    def after_missing(self, plan: Plan, raised: Raised) -> list[Plan]:
        """The plan with the file that the code looked for, below the test's own folder."""
        found = _MISSING.search(raised.message)
        if raised.type_name != "FileNotFoundError" or found is None:
            return []
        held = [
            plan.with_argument(argument.name, value)
            for argument in plan.arguments
            if argument.value.type_name == "str" and found[1].endswith(unquoted(argument.value.source) or "\0")
            for value in archives(self._imported, argument.name)
        ]
        return [*held, *self._with_file(plan, found[1])]

    def _with_file(self, plan: Plan, missing: str) -> list[Plan]:
        """The plan with a text file at that place, if it lies in the working folder or the test's own."""
        inside = _SCRATCH.match(missing)
        path = inside[1] if inside else missing
        if path.startswith(("/", "~", "..")) or "\\" in path or len(path) > 80:
            return []
        statements = list(_made("tmp_path", path))
        if not inside:
            statements.insert(0, "monkeypatch.chdir(tmp_path)")
        if set(statements) & set(plan.world):
            return []
        return [
            replace(
                plan,
                world=(*plan.world, *statements),
                world_fixtures=(*plan.world_fixtures, "tmp_path", *(() if inside else ("monkeypatch",))),
                generation=plan.generation + 1,
            )
        ]

    def _values(self, target: Target, parameter: ParameterFact) -> Iterator[Value]:
        """A folder and a file as paths, then the same as texts."""
        near = [name for line, name in self._names if line in target.span]
        names = list(dict.fromkeys(near or [name for _, name in self._names]))[:_MOST_FILES]
        root = parameter.name.strip("_") or "folder"
        words = samples.words(parameter.name)
        folder = bool(words & _FOLDER) or (self._walks and not words & {"file", "filename"})
        file = next((name for name in near if "/" not in name), f"{root}.{self._kind}")
        if folder:
            yield _folder(root, names or ["a.txt", "folder/b.txt"], text=False)
        yield _file(file, text=False)
        yield from archives(self._imported, root)[:1]
        if folder:
            yield _folder(root, names or ["a.txt", "folder/b.txt"], text=True)
        yield _file(file, text=True)


def _folder(root: str, names: list[str], *, text: bool) -> Value:
    place = f'tmp_path / "{root}"'
    base = f"({place})" if text else "{name}"
    lines = [f"{base}.mkdir()"]
    for name in names:
        lines += [line for line in _made(base if not text else place, name, braces=True) if line not in lines]
    source = f"str({place})" if text else place
    kind = "str" if text else "PosixPath"
    return Value(source=source, type_name=kind, fixtures=("tmp_path",), setup=tuple(lines), shared=True)


def _file(name: str, *, text: bool) -> Value:
    place = f'tmp_path / "{name}"'
    line = f"({place}).write_text({_content(name)!r})" if text else f"{{name}}.write_text({_content(name)!r})"
    setup = line.replace("{", "{{").replace("}", "}}").replace("{{name}}", "{name}")
    source = f"str({place})" if text else place
    kind = "str" if text else "PosixPath"
    return Value(source=source, type_name=kind, fixtures=("tmp_path",), setup=(setup,), shared=True)


def _made(base: str, path: str, *, braces: bool = False) -> Iterator[str]:
    """Statements that make a file and the folders above it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    place = base
    for part in parts[:-1]:
        place += f' / "{part}"'
        yield f"({place}).mkdir()"
    text = f"{_content(parts[-1])!r}"
    if braces:
        text = text.replace("{", "{{").replace("}", "}}")
    yield f'({place} / "{parts[-1]}").write_text({text})'


def _content(name: str) -> str:
    return _CONTENT.get(name.rpartition(".")[2].lower(), _TEXT)


def _is_path(parameter: ParameterFact, state: State) -> bool:
    evidence = state.evidence.get(parameter.name)
    if parameter.type.name in basics.PATHS:
        return True
    if parameter.type.name not in ("Any", "object", "str", "union"):
        return False
    wide = parameter.type.name != "str" or hints.sort_of(parameter.name) == "path"
    return (evidence is not None and evidence.path_like) or (wide and hints.sort_of(parameter.name) == "path")


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _file_names(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Lines and names of files that would be found: from patterns, names and suffixes in the code."""
    for node in nodes:
        match node:
            case ast.Call(
                func=ast.Attribute(attr="glob" | "rglob" | "iglob" | "fnmatch" | "match"),
                args=[*_, ast.Constant(value=str(text))],
            ) if _PATTERN.fullmatch(text):
                yield node.lineno, _of_pattern(text)
            case ast.Call(func=ast.Attribute(attr="endswith"), args=[ast.Constant(value=str(text))]) if (
                _FILE.fullmatch(text) and len(text) < 12
            ):
                yield node.lineno, f"a{text}" if text.startswith(".") else text
            case ast.Compare(left=ast.Attribute(attr="suffix"), comparators=[ast.Constant(value=str(text))]) if text:
                yield node.lineno, f"a{text}"
            case ast.BinOp(op=ast.Div(), right=ast.Constant(value=str(text))) if _FILE.fullmatch(text):
                yield node.lineno, text
            case ast.Call(func=ast.Attribute(attr="join" | "joinpath"), args=[*_, ast.Constant(value=str(text))]) if (
                _FILE.fullmatch(text)
            ):
                yield node.lineno, text


def _of_pattern(text: str) -> str:
    """A path that matches a glob pattern."""
    text = text.replace("**", "folder").lstrip("/")
    return re.sub(r"\[.([^\]]?)[^\]]*\]", r"\1", text).replace("*", "a").replace("?", "a")


def with_key(plan: Plan, raised: Raised) -> list[Plan]:
    """After a KeyError: the plan whose JSON, in a file or in an answer, has that key."""
    try:
        key = ast.literal_eval(raised.message)
    except (ValueError, SyntaxError):
        return []
    if not isinstance(key, str):
        return []
    found = []
    for filler in ("abc", 1, [{"a": 1}], {"a": 1}):
        more = f'{{"{key}": {json.dumps(filler)}, '
        world = tuple(line.replace('{"', f'{more}"', 1) if _holds_json(line) else line for line in plan.world)
        if world != plan.world:
            found.append(replace(plan, world=world, generation=plan.generation + 1))
        setups = plan.map_values(lambda value, more=more: _with_more(value, more))  # type: ignore[misc]
        if setups.values() != plan.values():
            found.append(setups)
    return found


def _holds_json(line: str) -> bool:
    return re.search(r"(?:write_text|BytesIO|StringIO)\(b?'\{\"", line) is not None


def _with_more(value: Value, more: str) -> Value:
    braced = more.replace("{", "{{").replace("}", "}}")
    setup = tuple(line.replace('{{"', f'{braced}"', 1) if "write_text('{{\"" in line else line for line in value.setup)
    return replace(value, setup=setup)
