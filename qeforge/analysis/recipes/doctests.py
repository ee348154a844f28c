"""Candidates from the examples in docstrings, with what the docstring promises as claims."""

import ast
import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from qeforge.analysis.recipes.story import Step, needed
from qeforge.analysis.recipes.vocabulary import BUILTINS, Vocabulary, bound_names, driven, free_names, root_name
from qeforge.analysis.syntax import parse
from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.target import SourceModule, Target

MOST = 300
"""Candidates per module."""

LONGEST_ARRANGE = 12
"""Statements before an act; longer stories are cut off."""

_REMARK = re.compile(r"#\s*(?:returns?|->|=>|==)\s*(.+)$", re.IGNORECASE)
_EXCEPTION_NAME = re.compile(r"^([A-Za-z_][\w.]*)\s*(?::|$)")


def doctest_candidates(module: SourceModule) -> tuple[Candidate, ...]:
    """One candidate per doctest example that uses a target of the module.

    The examples of one docstring build on one another: assignments and calls on local objects become the arrangement
    of those that follow. The expected output becomes a claim where it is a literal or an exception; output with an
    ellipsis, of other objects, or of `print` does not. A remark behind the call (`# returns true`) counts as output.
    """
    vocabulary = Vocabulary.of(module)
    found: dict[str, Candidate] = {}
    for docstring in _docstrings(vocabulary.symbols.tree):
        for candidate in Story(vocabulary).read(docstring):
            found.setdefault(candidate.key, candidate)
    return tuple(found.values())[:MOST]


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and ">>>" in text:
                yield text


@dataclass(slots=True)
class Story:
    """The examples of one text, told in order: what each binds or changes is there for those that follow.

    `proposer` and `source` are who is named in candidates and in claims.
    """

    vocabulary: Vocabulary
    arrange: list[ast.stmt] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    proposer: str = "doctest"
    source: str = "docstring"

    def read(self, docstring: str) -> Iterator[Candidate]:
        """The candidates of a docstring's examples."""
        try:
            examples = doctest.DocTestParser().get_examples(docstring)
        except ValueError:
            return  # not laid out as doctest wants it: prose
        for example in examples:
            if example.options.get(doctest.SKIP):
                continue
            try:
                statements = parse(example.source).body
            except SyntaxError:
                return
            for statement in statements:
                if not self.knows(statement):
                    return  # what follows may depend on it
                yield from self.tell(statement, example)

    def tell(self, statement: ast.stmt, example: doctest.Example) -> Iterator[Candidate]:
        """The candidates of one statement, all of whose names are known."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement)
        elif isinstance(statement, ast.Expr):
            expression = _printed(statement.value)
            source, story = self._inlined(expression)
            target = self._target(source)
            if target is not None:
                yield self._candidate(target, source, story, expression is statement.value, example)
            root = root_name(expression)
            if root and root in self._local and isinstance(expression, ast.Call) and example.exc_msg is None:
                self.arrange.append(statement)
        elif example.exc_msg is not None:
            value = statement.value if isinstance(statement, ast.Assign) else None
            target = self._target(value) if value is not None else None
            if target is not None and value is not None:
                yield self._candidate(target, value, self.arrange, True, example)
        else:
            self.arrange.append(statement)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                owner = self.vocabulary.class_of(statement.value, self.classes)
                if owner:
                    self.classes[statement.targets[0].id] = owner

    def offer(self, value: ast.expr, example: doctest.Example) -> Iterator[Candidate]:
        """The candidate of a value that a statement assigns, which nothing is said of."""
        target = self.vocabulary.called(value, self.classes)
        if target is not None:
            yield self._candidate(target, value, self.arrange, False, example)

    @property
    def _local(self) -> set[str]:
        return {name for statement in self.arrange for name in bound_names(statement)}

    @property
    def full(self) -> bool:
        """Whether it is as long as stories get."""
        return len(self.arrange) >= LONGEST_ARRANGE

    def knows(self, statement: ast.stmt) -> bool:
        """Whether every name in it is defined; names that the module imports are imported likewise."""
        for name in free_names(statement):
            if name in self._local or name in self.imports or name in self.vocabulary.defined or name in BUILTINS:
                continue
            borrowed = self.vocabulary.borrowed(name)
            if borrowed is None:
                return name in bound_names(statement)
            self.imports[name] = borrowed
        return not self.full

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        own = isinstance(statement, ast.ImportFrom) and statement.module == self.vocabulary.module.name
        for alias in statement.names:
            if alias.name == "*" or (own and not alias.asname):
                continue
            name = alias.asname or alias.name.partition(".")[0]
            if isinstance(statement, ast.ImportFrom) and not alias.asname and alias.name in self.vocabulary.defined:
                continue  # re-exported by its package: taken from where it is defined
            self.imports[name] = ast.unparse(type(statement)(**{**vars(statement), "names": [alias]}))

    def _inlined(self, expression: ast.expr) -> tuple[ast.expr, list[ast.stmt]]:
        """A variable that the last statement assigned is replaced by what was assigned."""
        last = self.arrange[-1] if self.arrange else None
        if (
            isinstance(expression, ast.Name)
            and isinstance(last, ast.Assign)
            and isinstance(last.targets[0], ast.Name)
            and last.targets[0].id == expression.id
        ):
            return last.value, self.arrange[:-1]
        return expression, self.arrange

    def _target(self, expression: ast.expr) -> Target | None:
        found = self.vocabulary.called(expression, self.classes)
        if found is not None:
            return found
        for node in ast.walk(expression):
            if isinstance(node, ast.Call | ast.Attribute):
                found = self.vocabulary.called(node, self.classes)
                if found is not None:
                    return found
        if isinstance(expression, ast.Compare | ast.BinOp | ast.Subscript | ast.Call | ast.Name):
            return self._operated(expression)
        return None

    def _operated(self, expression: ast.expr) -> Target | None:
        """The operator method behind `a + b`, `a[0]`, `len(a)` or the display of `a`."""
        operators = {ast.BinOp: "__add__", ast.Compare: "__eq__", ast.Subscript: "__getitem__", ast.Name: "__repr__"}
        for name in free_names(expression):
            owner = self.classes.get(name)
            method = operators.get(type(expression), f"__{root_name(expression)}__")
            if owner and f"{owner}.{method}" in self.vocabulary.targets:
                return self.vocabulary.targets[f"{owner}.{method}"]
        return None

    def _candidate(
        self, target: Target, expression: ast.expr, story: list[ast.stmt], shown: bool, example: doctest.Example
    ) -> Candidate:
        before = needed([Step.of(each) for each in story], expression)
        act = ast.unparse(expression)
        extra: tuple[str, ...] = ()
        whole = isinstance(expression, ast.Call) and self.vocabulary.called(expression, self.classes) is target
        if whole:
            act, extra = driven(act, target)
        names = [name for node in (*before, expression) for name in free_names(node)]
        others = [self.imports[name] for name in dict.fromkeys(names) if name in self.imports]
        local = {name for node in before for name in bound_names(node)}
        own = self.vocabulary.imports(name for name in names if name not in self.imports and name not in local)
        claim = _claim(example, self.source) if shown and act == ast.unparse(expression) else None
        return Candidate(
            target=target.id,
            act=act,
            arrange=tuple(ast.unparse(each) for each in before),
            imports=tuple(dict.fromkeys((*others, *extra, *own))),
            proposer=self.proposer,
            claims=(claim,) if claim else (),
        )


def _printed(expression: ast.expr) -> ast.expr:
    """What `print(x)` prints, else the expression itself."""
    match expression:
        case ast.Call(func=ast.Name(id="print"), args=[only], keywords=[]) if not isinstance(only, ast.Starred):
            return only
    return expression


def _claim(example: doctest.Example, source: str) -> Claim | None:
    if example.exc_msg is not None:
        name = _EXCEPTION_NAME.match(example.exc_msg)
        return Claim(expected=name.group(1), source=source, raises=True) if name else None
    want = example.want.strip() or _remark(example.source)
    if not want or (example.options.get(doctest.ELLIPSIS) and "..." in want):
        return None
    try:
        value = ast.literal_eval(want)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return Claim(expected=repr(value), source=source)


def _remark(source: str) -> str:
    """What a comment behind the call says that it returns: `f(1)  # returns true`."""
    found = _REMARK.search(source.strip())
    text = found.group(1).strip() if found else ""
    return {"true": "True", "false": "False", "none": "None"}.get(text.lower(), text)
