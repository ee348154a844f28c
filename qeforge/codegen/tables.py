"""Cases that differ only in values become one test with a table of rows."""

import ast
import copy
import keyword
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from qeforge.codegen.draft import Draft
from qeforge.codegen.signatures import Signatures
from qeforge.codegen.syntax import is_constant, is_value, names_in, snake
from qeforge.domain.target import Target

MOST_COLUMNS = 5
LONGEST_CELL = 100
_ATOMIC = (
    ast.Lambda, ast.JoinedStr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.FunctionDef,
    ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom,
)  # fmt: skip
_MARK = "__slot_{}__"


@dataclass(slots=True)
class Table:
    """The values of a parametrised test: column names, and a row of expressions for each case."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[ast.expr]] = field(default_factory=list)


@dataclass(slots=True)
class TestFunction:
    """A test as it will stand in the file; `draft` is its body, `cases` those it stands for."""

    __test__ = False

    draft: Draft
    drafts: list[Draft]
    table: Table | None = None
    name: str = ""

    @property
    def target(self) -> str:
        """Id of the target it is for."""
        return self.draft.case.candidate.target


@dataclass(slots=True)
class _Slot:
    hint: str
    value: ast.expr
    expected: bool


@dataclass(slots=True)
class _Shape:
    """A draft with its values taken out."""

    draft: Draft
    hollow: Draft
    slots: list[_Slot]

    @property
    def key(self) -> str:
        parts = [ast.unparse(node) for node in self.hollow.everything()]
        marks = (len(self.hollow.arrange), len(self.hollow.contexts), len(self.hollow.act))
        return "\n".join((*parts, repr(marks), ",".join(sorted(self.draft.fixtures))))


def tabulate(drafts: Sequence[Draft], targets: Mapping[str, Target]) -> list[TestFunction]:
    """Tests for the drafts, in the order of their first case; equal ones once."""
    signatures = Signatures(targets)
    groups: dict[tuple[str, str], list[_Shape]] = {}
    for draft in drafts:
        target = draft.case.candidate.target
        shape = _hollow(draft, signatures.of(targets.get(target)))
        groups.setdefault((target, shape.key), []).append(shape)
    functions = [function for shapes in groups.values() for function in _join(shapes)]
    order = {id(draft): index for index, draft in enumerate(drafts)}
    return sorted(functions, key=lambda function: order[id(function.drafts[0])])


def _join(shapes: list[_Shape]) -> list[TestFunction]:
    fitting = [s for s in shapes if all(len(ast.unparse(slot.value)) <= LONGEST_CELL for slot in s.slots)]
    single = [s for s in shapes if not any(s is other for other in fitting)]
    table = _table(fitting)
    if table is None:
        single, fitting = shapes, []
    functions = [TestFunction(draft=s.draft, drafts=[s.draft]) for s in _unique(single)]
    if table is not None:
        functions.append(table)
    return functions


def _unique(shapes: list[_Shape]) -> list[_Shape]:
    return list({tuple(ast.unparse(slot.value) for slot in s.slots): s for s in reversed(shapes)}.values())[::-1]


def _table(shapes: list[_Shape]) -> TestFunction | None:
    """One parametrised test; None when there is one row only, or too many columns to read."""
    rows = _unique(shapes)
    if len(rows) < 2:
        return None
    width = len(rows[0].slots)
    texts = [[ast.unparse(row.slots[i].value) for row in rows] for i in range(width)]
    varying = [i for i in range(width) if len(set(texts[i])) > 1]
    hollow = copy.deepcopy(rows[0].hollow)
    constant = [all(is_constant(row.slots[i].value) for row in rows) for i in range(width)]
    names = _column_names(rows[0], varying, texts, constant, hollow)
    columns = list(dict.fromkeys(names[i] for i in sorted(varying, key=lambda i: (rows[0].slots[i].expected, i))))
    if len(columns) > MOST_COLUMNS:
        return None
    values: dict[str, ast.expr] = {
        _MARK.format(i): ast.Name(names[i], ast.Load()) if i in names else rows[0].slots[i].value for i in range(width)
    }
    fill = _Fill(values)
    hollow.contexts = [fill.expression(node) for node in hollow.contexts]
    for node in (*hollow.arrange, *hollow.act, *hollow.checks):
        fill.visit(node)
    hollow.arrange = [node for node in hollow.arrange if not _is_self_assignment(node)]
    first = {name: i for i, name in reversed(names.items())}
    table = Table(columns=columns, rows=[[row.slots[first[name]].value for name in columns] for row in rows])
    return TestFunction(draft=hollow, drafts=[row.draft for row in shapes], table=table)


def _column_names(
    shape: _Shape, varying: list[int], texts: list[list[str]], constant: list[bool], hollow: Draft
) -> dict[int, str]:
    """A free name for each varying slot; slots of one name and equal values share a column, and so do an argument and
    an expected value that are always the same constant."""
    taken = {name for name in names_in(hollow.everything()) if not name.startswith("__slot_")}
    taken |= {*hollow.fixtures, "request", "pytest"}
    for node in hollow.arrange:  # `text = <slot>` becomes the column itself
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=mark)) if mark.startswith("__slot_"):
                taken.discard(name)
    outcomes = [i for i in varying if shape.slots[i].expected]
    names: dict[int, str] = {}
    shared: dict[tuple[str, tuple[str, ...]], str] = {}
    given = {tuple(texts[i]): i for i in reversed(varying) if not shape.slots[i].expected}
    for i in varying:
        slot = shape.slots[i]
        same = given.get(tuple(texts[i])) if slot.expected and constant[i] else None
        if same is not None:  # what goes in comes out
            names[i] = names[same]
            continue
        wanted = "expected" if outcomes == [i] and slot.hint != "match" else _identifier(slot.hint)
        key = (wanted, tuple(texts[i]))
        if key not in shared:
            shared[key] = _free(wanted, taken | set(shared.values()), expected=slot.expected)
        names[i] = shared[key]
    return names


def _identifier(hint: str) -> str:
    name = hint.strip("_") or "value"
    return f"{name}_" if keyword.iskeyword(name) else name


def _free(wanted: str, taken: set[str], *, expected: bool) -> str:
    if wanted == "expected" and not expected:
        wanted = "given"
    if wanted not in taken:
        return wanted
    for name in (f"expected_{wanted}",) if expected else ("other" if wanted == "value" else f"{wanted}_value",):
        if name not in taken:
            return name
    number = 2
    while f"{wanted}_{number}" in taken:
        number += 1
    return f"{wanted}_{number}"


def _is_self_assignment(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            return name == same
        case _:
            return False


def _hollow(draft: Draft, signatures: Signatures) -> _Shape:
    hollow = Draft(
        case=draft.case,
        arrange=copy.deepcopy(draft.arrange),
        act=copy.deepcopy(draft.act),
        contexts=copy.deepcopy(draft.contexts),
        checks=copy.deepcopy(draft.checks),
        fixtures=list(draft.fixtures),
    )
    take = _Take(signatures, draft.foreign)
    for node in (*hollow.arrange, *hollow.act):
        take.children(node)
    for manager in hollow.contexts:
        take.pattern(manager)
    for check in hollow.checks:
        take.check(check)
    return _Shape(draft=draft, hollow=hollow, slots=take.slots)


class _Take:
    """Replaces values by marks, in place, and notes each with a hint for its name."""

    def __init__(self, signatures: Signatures, foreign: Collection[str]) -> None:
        self._signatures = signatures
        self._foreign = foreign
        self.slots: list[_Slot] = []

    def children(self, node: ast.AST, *, expected: bool = False) -> None:
        if isinstance(node, _ATOMIC):
            return
        hints = self._hints(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self._taken(value, hints.get(id(value), "value"), expected))
            elif isinstance(value, list):
                value[:] = [
                    self._taken(item, hints.get(id(item), "value"), expected) if isinstance(item, ast.expr) else item
                    for item in value
                ]
                for item in value:
                    if isinstance(item, ast.AST) and not isinstance(item, ast.expr):
                        if isinstance(item, ast.keyword):
                            item.value = self._taken(item.value, item.arg or "value", expected)
                        else:
                            self.children(item, expected=expected)

    def pattern(self, manager: ast.expr) -> None:
        """The `match` of `pytest.raises(…)`."""
        for keyword_ in manager.keywords if isinstance(manager, ast.Call) else ():
            if keyword_.arg == "match":
                keyword_.value = self._mark(keyword_.value, "match", expected=True)

    def check(self, node: ast.stmt) -> None:
        """The right side of `assert … == …`."""
        match node:
            case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]) as compare):
                hint = _expected_hint(left)
                if isinstance(right, ast.Call) and ast.unparse(right.func) == "pytest.approx":
                    right.args = [self._taken(right.args[0], hint, True)] if right.args else []
                else:
                    compare.comparators = [self._taken(right, hint, True)]

    def _taken(self, node: ast.expr, hint: str, expected: bool) -> ast.expr:
        if is_value(node, self._foreign):
            return self._mark(node, hint, expected=expected)
        self.children(node, expected=expected)
        return node

    def _mark(self, node: ast.expr, hint: str, *, expected: bool) -> ast.expr:
        if hint == "value" and isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            hint = snake(node.value.id)
        self.slots.append(_Slot(hint=hint, value=node, expected=expected))
        return ast.Name(_MARK.format(len(self.slots) - 1), ast.Load())

    def _hints(self, node: ast.AST) -> dict[int, str]:
        match node:
            case ast.Call():
                return {id(value): name for name, value in self._signatures.filled(node) if name}
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return {id(value): name}
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                return {id(value): name}
            case ast.Subscript(slice=inner):
                return {id(inner): "key"}
            case ast.Compare(comparators=[right]):
                return {id(right): "other"}
            case ast.BinOp(left=left, right=right):
                return {id(left): "other", id(right): "other"}
            case _:
                return {}


def _expected_hint(left: ast.expr) -> str:
    text = ast.unparse(left)
    if text == "result" or text.startswith("result["):
        return "expected"
    if text.startswith("capsys."):
        return "output"
    if text.endswith(".read_text()"):
        return "content"
    if isinstance(left, ast.Attribute):
        return f"expected_{left.attr}" if left.attr != "code" else "code"
    return f"expected_{left.id}" if isinstance(left, ast.Name) else "expected"


class _Fill(ast.NodeTransformer):
    """Puts column names and common values back where the marks are."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self._values = values

    def expression(self, node: ast.expr) -> ast.expr:
        filled = self.visit(node)
        assert isinstance(filled, ast.expr)
        return filled

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._values.get(node.id, node)
