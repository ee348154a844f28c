"""The mark on a generated file: who wrote it, whether a person has edited it since, and what each test is for.

A file starts with its docstring and one marker line, and ends with one short comment block::

    # Written by qeforge 0.1.0; digest 4be1f0a2c3d4; edit freely: an edited file is never …
    …
    # qeforge: digests of the code in pkg.mod that these tests were written for (*tests)
    # parse_duration=3f2a9c1b0d12*2 Account.deposit=90aa17d2c4e1*3 Account.close=5512cc03ab10*0

The digest looks at what the file says, not at how it is laid out: reformatting it, or sorting its imports, is no edit.
"""

import ast
import hashlib
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qeforge import __version__
from qeforge.codegen.words import subject_words

_MARKER = re.compile(
    r"^# Written by qeforge (?P<version>\S+); digest (?P<digest>[0-9a-f]{12}); edit freely.*$", re.MULTILINE
)
_FOOTER = re.compile(r"^# qeforge: digests of the code in (?P<module>\S+) .*\n(?P<rows>(?:#.*\n?)*)\Z", re.MULTILINE)
_ROW = re.compile(r"(?P<name>[^\s=#]+)=(?P<digest>[0-9a-f]{1,12})\*(?P<count>\d+)")
_ADVICE = "edit freely: an edited file is never overwritten without --force."
_DIGITS = 12
_WIDTH = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the marks of a generated file say.

    Args:
        version: the qeforge that wrote it.
        module: the module under test; empty when the closing block is gone.
        edited: whether a person changed what the file says.
        digests: target id to the first digits of its code's digest at that time.
        tests: test function name to the id of the target it is for, in file order.
    """

    version: str
    module: str = ""
    edited: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)
    tests: Mapping[str, str] = field(default_factory=dict)

    def stale(self, digests: Mapping[str, str]) -> tuple[str, ...]:
        """Ids of targets that are new, changed or gone, given today's digests by id; sorted."""
        now = {name: digest[:_DIGITS] for name, digest in digests.items()}
        return tuple(
            sorted(name for name in now.keys() | self.digests.keys() if now.get(name) != self.digests.get(name))
        )


def marker(digest: str) -> str:
    """The marker line, with a digest of 12 hexadecimal digits."""
    return f"# Written by qeforge {__version__}; digest {digest}; {_ADVICE}"


def stamp(body: str, digests: Mapping[str, str], tests: Mapping[str, int] | None = None) -> str:
    """`body` (docstring, imports, tests) with its marks.

    Args:
        body: the whole file without marks.
        digests: id to digest of every target of the module, those without a test included.
        tests: id to how many test functions are for it; they stand in `body` in the order of `digests`.
    """
    counts = tests or {}
    head, rest = _after_docstring(body)
    text = f"{head}{marker('0' * _DIGITS)}\n\n{rest.strip(chr(10))}\n"
    if digests:
        module = next(iter(digests)).partition(":")[0]
        rows = [
            f"{name.partition(':')[2]}={digest[:_DIGITS]}*{counts.get(name, 0)}" for name, digest in digests.items()
        ]
        text += f"\n\n# qeforge: digests of the code in {module} that these tests were written for (*tests)\n"
        text += textwrap.fill(
            " ".join(rows),
            _WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        text += "\n"
    return _MARKER.sub(marker(content_digest(text)), text, count=1)


def read_header(text: str) -> Header | None:
    """What the marks say; None for a file that qeforge did not write."""
    found = _MARKER.search(text)
    if found is None:
        return None
    try:
        tree = ast.parse(text)
        edited = content_digest(text) != found["digest"]
    except (SyntaxError, ValueError, tokenize.TokenError):
        return Header(version=found["version"], edited=True)
    footer = _FOOTER.search(text)
    if footer is None:
        return Header(version=found["version"], edited=True)
    module = footer["module"]
    names = [name for node in tree.body if (name := test_name(node))]
    rows = list(_ROW.finditer(re.sub(r"^# ?", " ", footer["rows"], flags=re.MULTILINE).replace("\n", " ")))
    return Header(
        version=found["version"],
        module=module,
        edited=edited,
        digests={f"{module}:{row['name']}": row["digest"] for row in rows},
        tests=_owners(names, {f"{module}:{row['name']}": int(row["count"]) for row in rows}),
    )


def test_name(node: ast.stmt) -> str | None:
    """The name of a top-level statement that pytest collects as a test function; None for others."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
        return node.name
    return None


test_name.__test__ = False  # type: ignore[attr-defined]


def _owners(names: Sequence[str], counts: Mapping[str, int]) -> dict[str, str]:
    """Test name to target id: by position, or, when a person has added or removed tests, by the longest name of a
    target that the test's name begins with."""
    if len(names) == sum(counts.values()):
        ids = (target for target, count in counts.items() for _ in range(count))
        return dict(zip(names, ids, strict=True))
    subjects = sorted(
        ((subject_words(target), target) for target, count in counts.items() if count), key=_longest_first
    )
    found = {}
    for name in names:
        owner = next((target for words, target in subjects if f"{name}_".startswith(f"test_{words}_")), None)
        if owner is not None:
            found[name] = owner
    return found


def _longest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[1]


def content_digest(text: str) -> str:
    """12 hexadecimal digits over what the text says: its syntax and its comments, the marker line left out.

    The same for every Python version and however the text is formatted; imports count as a set.

    Raises:
        SyntaxError: the text is not Python.
    """
    tree = ast.parse(text)
    imports = sorted(ast.unparse(one) for node in tree.body for one in _single_imports(node))
    rest = [_canonical(node) for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    whole = "\n".join((*imports, *rest, *_comments(text)))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _after_docstring(body: str) -> tuple[str, str]:
    """The docstring with a blank line after it (or nothing), and the rest."""
    tree = ast.parse(body)
    if not tree.body or ast.get_docstring(tree) is None:
        return "", body
    lines = body.splitlines(keepends=True)
    end = tree.body[0].end_lineno or 1
    return "".join(lines[:end]).rstrip("\n") + "\n\n", "".join(lines[end:])


def _single_imports(node: ast.stmt) -> Iterable[ast.stmt]:
    """An import statement as one statement for each name; nothing for others."""
    if isinstance(node, ast.Import):
        return [ast.Import(names=[alias]) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [ast.ImportFrom(module=node.module, names=[alias], level=node.level) for alias in node.names]
    return []


def _canonical(node: object) -> str:
    """A syntax tree as text. Not `ast.dump`, whose form changes from one Python to the next."""
    if isinstance(node, ast.AST):
        parts = (
            f"{name}={_canonical(value)}"
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name not in ("ctx", "kind", "type_comment")
        )
        return f"{type(node).__name__}({','.join(parts)})"
    if isinstance(node, list):
        return f"[{','.join(map(_canonical, node))}]"
    return repr(node)


def _comments(text: str) -> Iterable[str]:
    """Every comment's words in order. The closing block is refilled by no formatter, so it counts line by line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not _MARKER.match(token.string):
            yield token.string.lstrip("#").strip()
