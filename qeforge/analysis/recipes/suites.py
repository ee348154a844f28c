"""Candidates from the tests that a project already has, read without running them."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from qeforge.analysis.recipes.story import Step, needed
from qeforge.analysis.recipes.vocabulary import BUILTINS, Vocabulary, bound_names, driven, free_names
from qeforge.analysis.symbols import blocks_of
from qeforge.analysis.syntax import decode_source, parse
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import SourceModule

MOST = 200
"""Candidates per module."""

MOST_ROWS = 16
"""Rows of one `parametrize` or of one loop over literals."""

LONGEST_ARRANGE = 8
"""Statements before an act."""

FIXTURES = frozenset({"tmp_path", "monkeypatch"})
"""Fixtures that a candidate may use by name, besides the project's own."""

_SETUPS = frozenset({"setUp", "setUpClass", "setup_method", "setup_class", "setup", "asyncSetUp"})
_Substitution = Mapping[str, ast.expr]


def test_candidates(
    module: SourceModule, test_files: Sequence[Path], fixtures: frozenset[str]
) -> tuple[Candidate, ...]:
    """The calls of the module's targets in existing tests, with the plain assignments that they need.

    Rows of `parametrize` and of loops over literals are spelled out; assignments of `setUp`, of the test class and of
    the test module are brought along, and so are `fixtures`, which the project's conftest files define. A call that
    needs anything else (a helper, a mock, a fixture of the test file) is left out. Files that cannot be read or parsed
    are passed over. At most 200, each once, in the order of files and lines.
    """
    vocabulary = Vocabulary.of(module)
    found: dict[str, Candidate] = {}
    for path in test_files:
        try:
            tree = parse(decode_source(path.read_bytes()))
        except (OSError, SyntaxError, ValueError):
            continue
        for candidate in _TestFile.of(vocabulary, tree, FIXTURES | fixtures).candidates():
            found.setdefault(candidate.key, candidate)
            if len(found) >= MOST:
                return tuple(found.values())
    return tuple(found.values())


@dataclass(slots=True)
class _TestFile:
    """One test module. `aliases` are local names of the module's own; `modules` are local names (or dotted ones) that
    stand for the module; `imports` are statements for other names; `constants` are assignments at its top."""

    vocabulary: Vocabulary
    tree: ast.Module
    aliases: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    constants: dict[str, ast.stmt] = field(default_factory=dict)
    fixtures: frozenset[str] = FIXTURES

    @classmethod
    def of(cls, vocabulary: Vocabulary, tree: ast.Module, fixtures: frozenset[str]) -> "_TestFile":
        own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}  # hide those of conftest files
        file = cls(vocabulary, tree, fixtures=fixtures - own)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                file._import(node)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                file._import_from(node)
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                file.constants[statement.targets[0].id] = statement
        return file

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            local = alias.asname or alias.name
            if alias.name == self.vocabulary.module.name:
                self.modules.add(local)
            else:
                name = alias.asname or alias.name.partition(".")[0]
                self.imports[name] = ast.unparse(ast.Import(names=[alias]))

    def _import_from(self, node: ast.ImportFrom) -> None:
        own = self.vocabulary.module.name
        base = node.module or ""
        for alias in node.names:
            local = alias.asname or alias.name
            exported = base == own or own.startswith(f"{base}.")
            if f"{base}.{alias.name}" == own:
                self.modules.add(local)
            elif exported and alias.name == "*":
                self.aliases.update((name, name) for name in self.vocabulary.defined if not name.startswith("_"))
            elif exported and alias.name in self.vocabulary.defined:
                self.aliases[local] = alias.name
            elif alias.name != "*":
                self.imports[local] = ast.unparse(ast.ImportFrom(module=base, names=[alias], level=0))

    def candidates(self) -> Iterator[Candidate]:
        if not self.aliases and not self.modules:
            return
        for function, setup in self._tests(self.tree.body, []):
            for row in _rows(function, self.constants):
                yield from _Test(self, function, row).read([*setup, *function.body])

    def _tests(
        self, body: Iterable[ast.stmt], setup: list[ast.stmt]
    ) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, list[ast.stmt]]]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                inner: list[ast.stmt] = [each for each in node.body if isinstance(each, ast.Assign)]
                inner += [statement for each in methods if each.name in _SETUPS for statement in each.body]
                yield from self._tests(node.body, inner)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                yield node, setup


class _Test:
    """One test function with one row of parameters."""

    def __init__(self, file: _TestFile, function: ast.FunctionDef | ast.AsyncFunctionDef, row: _Substitution) -> None:
        self.file = file
        self.row = dict(row)
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        self.fixtures = {each.arg for each in arguments} & file.fixtures
        self.history: list[Step] = []
        self.classes: dict[str, str] = {}

    def read(self, body: Sequence[ast.stmt]) -> Iterator[Candidate]:
        for original in body:
            yield from self._statement(original)

    def _statement(self, original: ast.stmt) -> Iterator[Candidate]:
        if isinstance(original, ast.For) and isinstance(
            original.iter, ast.List | ast.Tuple | ast.Dict | ast.Name | ast.Call
        ):
            yield from self._loop(original)
        elif isinstance(original, ast.With | ast.AsyncWith | ast.If | ast.Try):
            headers = (
                [item.context_expr for item in original.items] if isinstance(original, ast.With | ast.AsyncWith) else []
            )
            for header in headers:
                yield from self._calls(self._expression_of(header))
            for block in blocks_of(original):
                yield from self.read(block)
        elif not isinstance(original, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.For | ast.While):
            statement = self._statement_of(original)
            yield from self._calls(statement)
            if not isinstance(statement, ast.Assert) and not _is_idle(statement):
                self.history.append(Step.of(statement))
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                owner = self.file.vocabulary.class_of(statement.value, self.classes)
                if owner:
                    self.classes[statement.targets[0].id] = owner

    def _loop(self, node: ast.For) -> Iterator[Candidate]:
        before = dict(self.row)
        for element in islice(_elements(self._expression_of(node.iter), self.file.constants), MOST_ROWS):
            if not _bind(self.row, node.target, element):
                break
            yield from self.read(node.body)
        self.row = before

    def _statement_of(self, node: ast.stmt) -> ast.stmt:
        """The statement with rows put in, `self.x` as a local `x`, and the module's names as themselves."""
        plain: ast.stmt = _Plain(self.file, self.row).visit(deepcopy(node))
        return plain

    def _expression_of(self, node: ast.expr) -> ast.expr:
        plain: ast.expr = _Plain(self.file, self.row).visit(deepcopy(node))
        return plain

    def _calls(self, node: ast.AST) -> Iterator[Candidate]:
        for call in _calls_in_order(node):
            target = self.file.vocabulary.called(call, self.classes)
            if target is None:
                continue
            arrange = self._needed(call)
            if arrange is None:
                continue
            act, extra = driven(ast.unparse(call), target)
            names = list(dict.fromkeys(name for each in (*arrange, call) for name in free_names(each)))
            local = {name for each in arrange for name in bound_names(each)}
            known = {"asyncio": "import asyncio", **self.file.imports}
            others = [known[name] for name in names if name in known and name not in local]
            own = self.file.vocabulary.imports(name for name in names if name not in local)
            yield Candidate(
                target=target.id,
                act=act,
                arrange=tuple(ast.unparse(each) for each in arrange),
                imports=tuple(dict.fromkeys((*others, *extra, *own))),
                fixtures=tuple(sorted(self.fixtures & set(names))),
                proposer="tests",
            )

    def _needed(self, call: ast.expr) -> list[ast.stmt] | None:
        """The statements before a call that it depends on; None when it needs something that cannot be had."""
        kept = needed(self.history, call)
        for _ in range(LONGEST_ARRANGE):
            missing = self._missing([*kept, call])
            if missing is None:
                return kept if len(kept) <= LONGEST_ARRANGE else None
            constant = self.file.constants.get(missing)
            if constant is None:
                return None
            kept.insert(0, self._statement_of(constant))
        return None

    def _missing(self, code: Sequence[ast.AST]) -> str | None:
        """The first name that is read before anything gives it a value."""
        bound: set[str] = set()
        for each in code:
            for name in free_names(each):
                if name not in bound and not self._available(name):
                    return name
            if isinstance(each, ast.stmt):
                bound |= bound_names(each)
        return None

    def _available(self, name: str) -> bool:
        vocabulary = self.file.vocabulary
        if name == "asyncio":
            return True
        if name in self.file.imports:
            return not name.startswith(("mock", "patch", "Mock", "MagicMock"))
        return name in vocabulary.defined or name in BUILTINS or name in self.fixtures


class _Plain(ast.NodeTransformer):
    def __init__(self, file: _TestFile, row: _Substitution) -> None:
        self.file = file
        self.row = row

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node.value) in self.file.modules and node.attr in self.file.vocabulary.defined:
            return ast.copy_location(ast.Name(id=node.attr, ctx=node.ctx), node)
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return ast.copy_location(ast.Name(id=node.attr, ctx=node.ctx), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.row and isinstance(node.ctx, ast.Load):
            value: ast.AST = _Plain(self.file, {}).visit(deepcopy(self.row[node.id]))
            return value
        if node.id in self.file.aliases and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Name(id=self.file.aliases[node.id], ctx=node.ctx), node)
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        """What is awaited is run instead."""
        inner = self.visit(node.value)
        return ast.Call(
            func=ast.Attribute(value=ast.Name(id="asyncio", ctx=ast.Load()), attr="run", ctx=ast.Load()),
            args=[inner],
            keywords=[],
        )


def _calls_in_order(node: ast.AST) -> Iterator[ast.expr]:
    """Calls and attributes, the innermost first: what is called inside an argument comes before."""
    for child in ast.iter_child_nodes(node):
        yield from _calls_in_order(child)
    if isinstance(node, ast.Call | ast.Attribute):
        yield node


def _is_idle(statement: ast.stmt) -> bool:
    """Whether it assigns a name to itself, which is what becomes of `queue = self.queue`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=value)):
            return name == value
    return False


def _rows(
    function: ast.FunctionDef | ast.AsyncFunctionDef, constants: Mapping[str, ast.stmt]
) -> list[dict[str, ast.expr]]:
    """The rows of its `parametrize` decorators, one empty row without any; several are combined up to a bound."""
    rows: list[dict[str, ast.expr]] = [{}]
    for decorator in function.decorator_list:
        if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("parametrize")):
            continue
        if len(decorator.args) < 2:
            continue
        names = _parameter_names(decorator.args[0])
        sole = len(names) == 1 and isinstance(decorator.args[0], ast.Constant)
        target: ast.expr = ast.Name(id=names[0]) if sole else ast.Tuple(elts=[ast.Name(id=n) for n in names])
        own: list[dict[str, ast.expr]] = []
        for element in islice(_elements(decorator.args[1], constants), MOST_ROWS):
            row: dict[str, ast.expr] = {}
            if _bind(row, target, _unwrapped(element, sole)):
                own.append(row)
        rows = [{**left, **right} for left in rows for right in own][:MOST_ROWS]
    return rows


def _parameter_names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    if isinstance(node, ast.List | ast.Tuple):
        return [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return []


def _unwrapped(element: ast.expr, sole: bool) -> ast.expr:
    """The values of `pytest.param(…, id=…)`, else the element itself."""
    if isinstance(element, ast.Call) and ast.unparse(element.func).endswith("param") and element.args:
        return element.args[0] if sole else ast.Tuple(elts=element.args, ctx=ast.Load())
    return element


def _elements(node: ast.expr, constants: Mapping[str, ast.stmt]) -> list[ast.expr]:
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            return list(node.elts)
        case ast.Dict():
            return [key for key in node.keys if key is not None]
        case ast.Call(func=ast.Attribute(attr="items", value=ast.Dict() | ast.Name() as table), args=[]):
            known = _constant(table.id, constants) if isinstance(table, ast.Name) else table
            if isinstance(known, ast.Dict):
                pairs = zip(known.keys, known.values, strict=True)
                return [ast.Tuple(elts=[key, value], ctx=ast.Load()) for key, value in pairs if key is not None]
        case ast.Name():
            constant = _constant(node.id, constants)
            return _elements(constant, {}) if constant is not None else []
    return []


def _constant(name: str, constants: Mapping[str, ast.stmt]) -> ast.expr | None:
    statement = constants.get(name)
    return statement.value if isinstance(statement, ast.Assign) else None


def _bind(row: dict[str, ast.expr], target: ast.expr, element: ast.expr) -> bool:
    """Binds the names of a target to the parts of an element; False when they do not fit."""
    if isinstance(target, ast.Name):
        row[target.id] = element
        return True
    if isinstance(target, ast.Tuple | ast.List) and isinstance(element, ast.Tuple | ast.List):
        if len(target.elts) != len(element.elts):
            return False
        return all(_bind(row, inner, part) for inner, part in zip(target.elts, element.elts, strict=True))
    return False
