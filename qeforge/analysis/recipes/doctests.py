"""Candidates from the examples in docstrings, with what the docstring promises as claims."""

import ast
import doctest
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qeforge.analysis.recipes.story import Step, is_wide, needed, related
from qeforge.analysis.recipes.vocabulary import BUILTINS, Vocabulary, bound_names, driven, free_names, root_name
from qeforge.analysis.syntax import parse
from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.target import SourceModule, Target

MOST = 300
"""Candidates per module."""

LONGEST_ARRANGE = 12
"""Statements before an act; longer stories are cut off."""

_REMARK = re.compile(r"#\s*(?:returns?|->|=>|==)\s*(.+)$", re.IGNORECASE)
_PRINTERS = {"print": "print", **dict.fromkeys(("pprint.pprint", "pprint.pp"), "pprint")}
"""Functions that show a value; `pprint` does it as the prompt does."""

_SURROUNDINGS = frozenset({"os.getenv", "os.environ", "os.getcwd", "os.getlogin", "sys.argv"})
_LOOKING = frozenset({"bool", "callable", "format", "hash", "id", "isinstance", "len", "repr", "str", "type"})
"""Calls that are taken to change nothing."""

_HARMLESS = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Tuple, ast.List, ast.Compare, ast.BinOp, ast.UnaryOp, ast.BoolOp),
    *(ast.expr_context, ast.cmpop, ast.operator, ast.unaryop, ast.boolop),
)
_EXCEPTION_NAME = re.compile(r"^([A-Za-z_][\w.]*)\s*(?::|$)")


def doctest_candidates(module: SourceModule) -> tuple[Candidate, ...]:
    """One candidate per doctest example that uses a target of the module.

    The examples of one docstring build on one another: assignments and calls on local objects become the arrangement
    of those that follow. The expected output becomes a claim where it is a literal or an exception; output with an
    ellipsis, of other objects, or of `print` does not. A remark behind the call (`# returns true`) counts as output.
    What only looks at local objects is left out, as it seldom changes them; a claim that comes after it is made of the
    whole story, too, and refuted by that alone.
    """
    vocabulary = Vocabulary.of(module)
    found: dict[str, Candidate] = {}
    for docstring in _docstrings(vocabulary.symbols.tree):
        for candidate in Story(vocabulary).read(docstring):
            found.setdefault(candidate.key, candidate)
    return tuple(found.values())[:MOST]


def spread(statements: Sequence[ast.stmt], example: doctest.Example) -> Iterator[tuple[ast.stmt, doctest.Example]]:
    """The statements of an example (`a = f(); a.g()`) with what it says of each: what it shows is the last one's."""
    for statement in statements[:-1]:
        yield statement, doctest.Example(ast.unparse(statement), "")
    yield from ((statement, example) for statement in statements[-1:])


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and ">>>" in text:
                yield text


@dataclass(slots=True)
class Story:
    """The examples of one text, told in order: what each binds or changes is there for those that follow.

    `arrange` are the statements that give or change something, `told` all of them; something that cannot be told again
    may have changed what is `doubted`. `proposer` and `source` are who is named in candidates and in claims.
    """

    vocabulary: Vocabulary
    arrange: list[ast.stmt] = field(default_factory=list)
    told: list[Step] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)
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
            for statement, said in spread(statements, example):
                if not self.knows(statement):
                    return  # what follows may depend on it
                yield from self.tell(statement, said)

    def tell(self, statement: ast.stmt, example: doctest.Example) -> Iterator[Candidate]:
        """The candidates of one statement, all of whose names are known."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement)
        elif isinstance(statement, ast.Expr):
            yield from self._look(statement.value, example)
            self._remember(statement, example)
        elif example.exc_msg is not None:
            value = statement.value if isinstance(statement, ast.Assign) else None
            target = self._target(value) if value is not None else None
            if target is not None and value is not None:
                yield from self._candidates(target, value, self.arrange, True, example)
            self.doubt(statement)
        else:
            self.arrange.append(statement)
            self.told.append(_step(statement, wide=is_wide(statement, self._local)))
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                owner = self.vocabulary.class_of(statement.value, self.classes)
                if owner:
                    self.classes[statement.targets[0].id] = owner

    def offer(self, value: ast.expr, example: doctest.Example) -> Iterator[Candidate]:
        """The candidate of a value that a statement assigns, which nothing is said of."""
        target = self.vocabulary.called(value, self.classes)
        if target is not None:
            yield from self._candidates(target, value, self.arrange, False, example)

    def doubt(self, statement: ast.stmt) -> None:
        """Takes note that a statement which the story leaves out may have changed what it mentions."""
        self.doubted |= self._local.intersection(free_names(statement))

    def _look(self, shown: ast.expr, example: doctest.Example) -> Iterator[Candidate]:
        """The candidates of an expression whose value an example shows."""
        kind, expression = self._printed(shown)
        source, story = self._inlined(expression)
        target = self._target(source)
        if target is not None:
            yield from self._candidates(target, source, story, kind != "print", example)

    def _remember(self, statement: ast.Expr, example: doctest.Example) -> None:
        """An expression is part of the story where it may have changed a local object."""
        if example.exc_msg is not None:
            self.doubt(statement)
            return
        _, expression = self._printed(statement.value)
        mentioned = self._local.intersection(free_names(expression))
        if _only_looks(expression):
            return
        own = root_name(expression) in mentioned
        effect = isinstance(expression, ast.Call) and not own and not _shown(example)
        if expression is not statement.value:
            statement = ast.Expr(expression)
        if mentioned or effect:
            self.told.append(_step(statement, wide=effect))
        if mentioned and (effect or (own and isinstance(expression, ast.Call))):
            self.arrange.append(statement)

    def _printed(self, expression: ast.expr) -> tuple[str, ast.expr]:
        """What `print(x)` and `pprint(x)` print, with the function's name; else the expression itself."""
        match expression:
            case ast.Call(func=ast.Name() | ast.Attribute() as func, args=[only], keywords=[]):
                kind = _PRINTERS.get(self._path(func), "")
                if kind and not isinstance(only, ast.Starred):
                    return kind, only
        return "", expression

    def _asks_around(self, node: ast.AST) -> bool:
        """Whether it reads what only the machine of its author is known to have."""
        attributes = (each for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Name))
        return any(self._path(each) in _SURROUNDINGS for each in attributes)

    def _path(self, function: ast.expr) -> str:
        """What a function is called where it comes from (`pprint.pprint`), as far as imports tell."""
        name, *rest = ast.unparse(function).split(".")
        [*_, line] = ast.parse(self.imports.get(name, "pass")).body
        match line:
            case ast.Import(names=[alias]):
                name = alias.name if alias.asname else name
            case ast.ImportFrom(module=str(module), names=[alias]):
                name = f"{module}.{alias.name}"
        return ".".join((name, *rest))

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

    def _candidates(
        self, target: Target, expression: ast.expr, story: list[ast.stmt], shown: bool, example: doctest.Example
    ) -> Iterator[Candidate]:
        """The candidate with what the expression clearly needs, and where something is claimed of more than that, the
        one with all that was told."""
        before = needed([_step(each) for each in story], expression)
        claim = _claim(example, self.source) if shown else None
        if claim is None:
            yield self._candidate(target, expression, before, None)
            return
        inlined = len(story) < len(self.arrange)
        told = self.told[:-1] if inlined else self.told
        whole, names = related(told, expression)
        sure = not names & self.doubted and not (inlined and self.told[-1].statement is not self.arrange[-1])
        sure = sure and not any(self._asks_around(node) for node in (*whole, expression))
        yield self._candidate(target, expression, before, replace(claim, partial=not sure or whole != before))
        if sure and whole != before and len(whole) <= LONGEST_ARRANGE:
            yield self._candidate(target, expression, whole, claim)

    def _candidate(
        self, target: Target, expression: ast.expr, before: list[ast.stmt], claim: Claim | None
    ) -> Candidate:
        act = ast.unparse(expression)
        extra: tuple[str, ...] = ()
        whole = isinstance(expression, ast.Call) and self.vocabulary.called(expression, self.classes) is target
        if whole:
            act, extra = driven(act, target)
        names = [name for node in (*before, expression) for name in free_names(node)]
        others = [self.imports[name] for name in dict.fromkeys(names) if name in self.imports]
        local = {name for node in before for name in bound_names(node)}
        own = self.vocabulary.imports(name for name in names if name not in self.imports and name not in local)
        claim = claim if act == ast.unparse(expression) else None
        return Candidate(
            target=target.id,
            act=act,
            arrange=tuple(ast.unparse(each) for each in before),
            imports=tuple(dict.fromkeys((*others, *extra, *own))),
            proposer=self.proposer,
            claims=(claim,) if claim else (),
        )


def _step(statement: ast.stmt, *, wide: bool = False) -> Step:
    """A bare call in a story is there because it changes something: one of the objects that it mentions."""
    step = Step.of(statement)
    return replace(step, changes=step.reads if isinstance(statement, ast.Expr) else step.changes, wide=wide)


def _only_looks(expression: ast.expr) -> bool:
    """Whether evaluating it changes nothing, unless somebody means to surprise."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in _LOOKING:
                return False
        elif not isinstance(node, _HARMLESS):
            return False
    return True


def _claim(example: doctest.Example, source: str) -> Claim | None:
    if example.exc_msg is not None:
        name = _EXCEPTION_NAME.match(example.exc_msg)
        return Claim(expected=name.group(1), source=source, raises=True) if name else None
    want = _shown(example)
    if not want or (example.options.get(doctest.ELLIPSIS) and "..." in want):
        return None
    try:
        value = ast.literal_eval(want)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return Claim(expected=repr(value), source=source)


def _shown(example: doctest.Example) -> str:
    """What an example says that its expression gives; empty for nothing."""
    return example.want.strip() or _remark(example.source)


def _remark(source: str) -> str:
    """What a comment behind the call says that it returns: `f(1)  # returns true`."""
    found = _REMARK.search(source.strip())
    text = found.group(1).strip() if found else ""
    return {"true": "True", "false": "False", "none": "None"}.get(text.lower(), text)
