"""From what a model wrote to candidates: what parses and calls the module is kept, everything else is counted."""

import ast
import doctest
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qeforge.analysis.recipes.doctests import Story
from qeforge.analysis.recipes.vocabulary import Vocabulary
from qeforge.analysis.syntax import parse
from qeforge.codegen.scenarios import scenario_words
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import SourceModule

MOST = 40
"""Candidates of one answer."""

LONGEST = 2_000
"""Characters of one candidate."""

_MOST_LINES = 25
"""Lines of one statement; what does not parse within them is no Python."""

_FENCE = "```"
_NAME = re.compile(r"#\s*name:(?P<text>.{1,80})", re.IGNORECASE)
"""The comment above a snippet that says what its input shows."""
_NO_PYTHON, _NO_IMPORT, _NO_NAME = "not Python", "unknown import", "unknown name"
_NO_CALL, _TOO_LONG = "calls nothing of the module", "too long"
AGAIN = "said before"
"""Why a repeated candidate is dropped; any other reason is a fault of the answer."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The candidates of an answer in its order, how much of it was dropped, by reason, and by the key of a candidate
    the words in which the answer says what its input shows."""

    candidates: tuple[Candidate, ...]
    dropped: tuple[tuple[str, int], ...] = ()
    scenarios: Mapping[str, str] = field(default_factory=dict)


def parse_answer(
    text: str, module: SourceModule, *, proposer: str, claims: bool, named: bool = False, whole: bool = True
) -> Parsed:
    """What an answer proposes.

    Each call of a target of the module is a candidate; assignments and calls on local objects before it, back to the
    last empty line, are its arrangement. Test functions are read as their bodies. Names that nothing defines, and
    imports of anything but the standard library, the module's package and what the module itself imports, are refused.

    Args:
        text: the answer, what it was made to begin with included.
        proposer: who is named in the candidates.
        claims: whether `assert call == literal` and `pytest.raises` are taken as claims; if not, only the call counts.
        named: whether a comment `# name: words` begins a snippet, whose last call it is about.
        whole: whether the answer ended by itself; the last line of one that did not is dropped.
    """
    reader = _Reader(vocabulary=Vocabulary.of(module), proposer=proposer, claims=claims, named=named)
    lines = _code_lines(text)
    if not whole and lines:
        lines.pop()
    found: dict[str, Candidate] = {}
    for candidate in reader.read(lines):
        if len(candidate.key) > LONGEST:
            reader.dropped[_TOO_LONG] += 1
        elif candidate.key in found:
            reader.dropped[AGAIN] += 1
        else:
            found[candidate.key] = candidate
    kept = tuple(found.values())[:MOST]
    return Parsed(
        candidates=kept,
        dropped=tuple(sorted(reader.dropped.items())),
        scenarios={one.key: reader.scenarios[one.key] for one in kept if one.key in reader.scenarios},
    )


def _code_lines(text: str) -> list[str]:
    """The lines inside fences where there are any, else all."""
    lines = text.expandtabs(4).splitlines()
    if not any(line.lstrip().startswith(_FENCE) for line in lines):
        return lines
    inside: list[str] = []
    fenced = False
    for line in lines:
        if line.lstrip().startswith(_FENCE):
            fenced = not fenced
            inside.append("")
        elif fenced:
            inside.append(line)
    return inside


@dataclass(slots=True, kw_only=True)
class _Reader:
    vocabulary: Vocabulary
    proposer: str
    claims: bool
    named: bool
    dropped: Counter[str] = field(default_factory=Counter)
    scenarios: dict[str, str] = field(default_factory=dict)

    def read(self, lines: Sequence[str]) -> Iterator[Candidate]:
        story = self._story()
        words = ""
        for paragraph in _paragraphs(lines, named=self.named):
            if self.named and (name := _NAME.match(paragraph[0])):
                words = scenario_words(name["text"].strip(" `'\"."))
            last: Candidate | None = None
            statements = self._statements(paragraph)
            fresh = self._story()
            fresh.imports.update(story.imports)
            code = next((one for one in statements if not isinstance(one, ast.Import | ast.ImportFrom)), None)
            story = story if code is not None and not fresh.knows(code) else fresh
            for statement in statements:
                for last in self._told(statement, story):
                    yield last
            if last is not None and words:
                self.scenarios.setdefault(last.key, words)
            words = words if last is None else ""

    def _story(self) -> Story:
        return Story(self.vocabulary, proposer=self.proposer, source=self.proposer)

    def _statements(self, lines: Sequence[str]) -> list[ast.stmt]:
        """What of a paragraph is Python; a line that begins no statement is dropped alone."""
        found: list[ast.stmt] = []
        start = 0
        while start < len(lines):
            if lines[start].lstrip().startswith("#"):
                start += 1
                continue
            body, end = _longest(lines, start)
            if body is None:
                self.dropped[_NO_PYTHON] += 1
                start += 1
            else:
                found += body
                start = end
        return found

    def _told(self, statement: ast.stmt, story: Story) -> Iterator[Candidate]:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            if _only_pytest(statement):
                return
            if not self._may_import(statement):
                self.dropped[_NO_IMPORT] += 1
                return
            yield from story.tell(statement, _example(statement))
        elif isinstance(statement, _Function) and statement.name.startswith("test"):
            inner = self._story()
            inner.imports.update(story.imports)
            for each in statement.body:
                yield from self._told(each, inner)
        elif isinstance(statement, ast.ClassDef) and statement.name.startswith("Test"):
            for each in statement.body:
                yield from self._told(each, story)
        else:
            yield from self._called(statement, story)

    def _called(self, statement: ast.stmt, story: Story) -> Iterator[Candidate]:
        act, want, raises = _stated(statement)
        if not self.claims:
            want = raises = ""
        if isinstance(act, ast.Pass) or (isinstance(act, ast.Expr) and isinstance(act.value, ast.Constant)):
            return
        if not story.knows(act):
            self.dropped[_NO_NAME] += 1
            return
        message = f"{raises}: " if raises else None
        example = doctest.Example(ast.unparse(act), want, exc_msg=message)
        told = list(story.tell(act, example))
        if isinstance(act, ast.Assign):
            told += story.offer(act.value, example)
        elif isinstance(act, ast.Expr) and not told:
            self.dropped[_NO_CALL] += 1
        yield from told

    def _may_import(self, statement: ast.Import | ast.ImportFrom) -> bool:
        if isinstance(statement, ast.ImportFrom):
            if statement.level:
                return False
            if statement.module == self.vocabulary.module.name:
                return all(alias.name in self.vocabulary.defined for alias in statement.names)
            wanted = [statement.module or ""]
        else:
            wanted = [alias.name for alias in statement.names]
        used = {path.partition(".")[0] for path in self.vocabulary.symbols.imports.values()}
        known = used | {self.vocabulary.module.name.partition(".")[0]} | sys.stdlib_module_names
        return all(name.partition(".")[0] in known for name in wanted)


def _paragraphs(lines: Sequence[str], *, named: bool) -> Iterator[list[str]]:
    """Lines up to an empty one that does not lie inside an indented block, or to the next name."""
    found: list[str] = []
    for number, line in enumerate(lines):
        if found and named and _NAME.match(line):
            yield found
            found = []
        if line.strip():
            found.append(line)
            continue
        following = next((later for later in lines[number + 1 :] if later.strip()), "")
        if found and following.startswith((" ", ")", "]", "}")):
            continue
        if found:
            yield found
        found = []
    if found:
        yield found


def _longest(lines: Sequence[str], start: int) -> tuple[list[ast.stmt] | None, int]:
    """The statements from a line on, with all lines that belong to them, and the line behind; None when it begins no
    statement."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    for end in range(start + 1, min(len(lines), start + _MOST_LINES) + 1):
        if end < len(lines) and _goes_on(lines[end], indent):
            continue
        text = "\n".join(line[indent:] if line[:indent].isspace() or not indent else line for line in lines[start:end])
        try:
            return list(parse(text).body), end
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
    return None, start


def _goes_on(line: str, indent: int) -> bool:
    inner = len(line) - len(line.lstrip()) > indent
    return inner or line.strip().startswith(("else:", "elif ", "except", "finally:", ")", "]", "}"))


def _stated(statement: ast.stmt) -> tuple[ast.stmt, str, str]:
    """The act of a statement, the result that it states, and the exception that it expects; either may be empty."""
    match statement:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right])):
            return ast.Expr(left), ast.unparse(right), ""
        case ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=inner)):
            return ast.Expr(inner), "", ""
        case ast.Assert(test=inner):
            return ast.Expr(inner), "", ""
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=function, args=[kind, *_]))], body=[*_, act]) if (
            ast.unparse(function) in ("pytest.raises", "raises")
        ):
            return act, "", ast.unparse(kind) if isinstance(kind, ast.Name | ast.Attribute) else ""
        case ast.Try(body=[act, *_]):
            return act, "", ""
    return statement, "", ""


def _only_pytest(statement: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "pytest"
    return all(alias.name == "pytest" for alias in statement.names)


def _example(statement: ast.stmt) -> doctest.Example:
    return doctest.Example(ast.unparse(statement), "")
