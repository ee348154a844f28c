"""Candidates from the examples in README and documentation files, with what they promise as claims."""

import ast
import doctest
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qeforge.analysis.recipes.doctests import Story, spread
from qeforge.analysis.recipes.vocabulary import Vocabulary, bound_names, free_names
from qeforge.analysis.syntax import parse
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import SourceModule

MOST = 200
"""Candidates per module."""

MOST_FILES = 40
MOST_CHARACTERS = 200_000
"""Of one file; the rest of it is not read."""

_FOLDERS = ("doc", "docs", "documentation", "examples")
_SUFFIXES = (".md", ".rst", ".txt")
_NAMES = re.compile(r"^(readme|usage|tutorial|guide|quickstart|examples?|index)", re.IGNORECASE)
_FENCE = re.compile(r"^( *)(```+|~~~+) *\{?\.?(?:code-block\})?\s*([\w.+-]*).*$")
_DIRECTIVE = re.compile(r"^( *)\.\. *(?:code-block|code|sourcecode|highlight|doctest|testcode)::? *(\w*)")
_LITERAL = re.compile(r"^( *)(?!\.\.).*::$")
_PYTHON = frozenset({"", "python", "py", "python3", "pycon", "py3", "pycon3", "doctest"})
_OPTION = re.compile(r"^\s*:[\w-]+:")


def find_documents(root: Path) -> tuple[Path, ...]:
    """The documents of a project, those near its root first: `*.md` and `*.rst` beside it and in its folders of
    documentation; at most 40."""
    near = [path for path in sorted(root.glob("*")) if path.suffix in _SUFFIXES and path.is_file()]
    near = [path for path in near if path.suffix != ".txt" or _NAMES.match(path.name)]
    near.sort(key=lambda path: _NAMES.match(path.name) is None)
    inside = [
        path
        for folder in _FOLDERS
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in _SUFFIXES[:2] and path.is_file()
    ]
    return (*near, *inside)[:MOST_FILES]


def document_candidates(module: SourceModule, documents: Sequence[Path]) -> tuple[Candidate, ...]:
    """One candidate per call of a target of the module in the Python examples of `documents`, with what it needs.

    Blocks of one document build on one another. Where a `>>>` example or a remark (`# -> 3`) states the result, it is
    a claim. Code that needs a name which nothing defines is passed over, and what depends on it too. Files that cannot
    be read are left out.
    """
    vocabulary = Vocabulary.of(module)
    package = module.name.partition(".")[0]
    found: dict[str, Candidate] = {}
    for path in documents:
        text = _text(path)
        if package not in text:
            continue
        for candidate in _Document(vocabulary).read(python_blocks(text)):
            found.setdefault(candidate.key, candidate)
            if len(found) >= MOST:
                return tuple(found.values())
    return tuple(found.values())


def python_blocks(text: str) -> tuple[str, ...]:
    """The Python code of a Markdown or reStructuredText document: fenced blocks, code directives, indented blocks
    behind `::`, and `>>>` sessions in running text."""
    return tuple(block for block in _blocks(text.splitlines()) if block.strip())


@lru_cache(maxsize=64)
def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MOST_CHARACTERS)
    except (OSError, UnicodeDecodeError):
        return ""


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        if fence:
            end = at + 1
            while end < len(lines) and not lines[end].strip().startswith(fence.group(2)):
                end += 1
            if fence.group(3).lower() in _PYTHON:
                yield textwrap.dedent("\n".join(lines[at + 1 : end]))
            at = end + 1
            continue
        directive = _DIRECTIVE.match(line)
        if directive or _LITERAL.match(line):
            indent = len(line) - len(line.lstrip())
            end = at + 1
            while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
                end += 1
            if directive is None or directive.group(2).lower() in _PYTHON:
                yield textwrap.dedent("\n".join(each for each in lines[at + 1 : end] if not _OPTION.match(each)))
            at = end
            continue
        if line.lstrip().startswith(">>> "):
            end = at
            while end < len(lines) and lines[end].strip():
                end += 1
            yield textwrap.dedent("\n".join(lines[at:end]))
            at = end
            continue
        at += 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


@dataclass(slots=True)
class _Document:
    """The blocks of one document, told in order."""

    vocabulary: Vocabulary

    def read(self, blocks: Sequence[str]) -> Iterator[Candidate]:
        story = self._story()
        lost: set[str] = set()
        for block in blocks:
            for statement, example in _examples(block):
                plain = _Bare(self.vocabulary).visit(statement)
                bound = bound_names(plain)
                if lost.intersection(free_names(plain)):
                    lost |= bound
                    story.doubt(plain)
                elif not story.knows(plain):
                    lost |= bound
                    story.doubt(plain)
                    if story.full:
                        story = self._story(story)
                else:
                    lost -= bound
                    if isinstance(plain, ast.Assign):
                        yield from story.offer(plain.value, example)
                    yield from story.tell(plain, example)

    def _story(self, before: Story | None = None) -> Story:
        """A new one, with what was imported so far."""
        story = Story(self.vocabulary, proposer="readme", source="readme")
        if before is not None:
            story.imports.update(before.imports)
        return story


class _Bare(ast.NodeTransformer):
    """Names of the module as themselves: `package.module.name` and `package.name` become `name`."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """What is reached through the module or through a package that exports it."""
        module = self.vocabulary.module.name
        owner = ast.unparse(node.value)
        if node.attr in self.vocabulary.defined and (module == owner or module.startswith(f"{owner}.")):
            return ast.copy_location(ast.Name(id=node.attr, ctx=node.ctx), node)
        return self.generic_visit(node)


def _examples(block: str) -> Iterator[tuple[ast.stmt, doctest.Example]]:
    """The statements of a block, each with what it is said to print."""
    if ">>>" in block:
        try:
            examples = doctest.DocTestParser().get_examples(block)
        except ValueError:
            return
        for example in examples:
            try:
                statements = parse(example.source).body
            except SyntaxError:
                continue
            if not example.options.get(doctest.SKIP):
                yield from spread(statements, example)
        return
    try:
        statements = parse(block).body
    except SyntaxError:
        return
    lines = block.splitlines()
    for statement in statements:
        source = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        yield statement, doctest.Example(source, "")
