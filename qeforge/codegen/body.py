"""A test function as text: arrange, act, assert."""

import ast

from qeforge.codegen.draft import Draft, result_uses
from qeforge.codegen.fixtures import Fixture
from qeforge.codegen.tables import Table, TestFunction

_INDENT = "    "
_ROOM = 4
"""Lines of a body that need no blank lines between its parts."""


def function_source(function: TestFunction, comment: str, width: int) -> str:
    """The whole function with its decorators.

    Args:
        function: what is to be written.
        comment: what justifies it, without `#`; empty for none.
        width: columns of a line; what is longer is laid out on several.
    """
    draft, table = function.draft, function.table
    columns = table.columns if table else []
    parameters = [*columns, *(name for name in draft.fixtures if name not in columns)]
    lines = [*(_table_lines(table) if table else ()), f"def {function.name}({', '.join(parameters)}):"]
    if comment:
        lines.append(f"{_INDENT}# {comment}")
    return "\n".join((*lines, *_indented(_body(draft, width))))


def fixture_source(fixture: Fixture) -> str:
    """A fixture function."""
    parameters = ", ".join(fixture.needs)
    return f"@pytest.fixture\ndef {fixture.name}({parameters}):\n{_INDENT}return {ast.unparse(fixture.value)}"


def _table_lines(table: Table) -> list[str]:
    if len(table.columns) == 1:
        cells = ", ".join(ast.unparse(row[0]) for row in table.rows)
        return [f"@pytest.mark.parametrize({table.columns[0]!r}, [{cells}])"]
    names = ", ".join(map(repr, table.columns))
    rows = [f"{_INDENT * 2}({', '.join(map(ast.unparse, row))})," for row in table.rows]
    return ["@pytest.mark.parametrize(", f"{_INDENT}({names}),", f"{_INDENT}[", *rows, f"{_INDENT}],", ")"]


def _body(draft: Draft, width: int) -> list[str]:
    """The parts of a test, with blank lines between them when it is long."""
    arrange = [line for node in draft.arrange for line in ast.unparse(node).splitlines()]
    act, checks = _act_and_checks(draft, width)
    parts = [part for part in (arrange, act, checks) if part]
    lines = [line for part in parts for line in part]
    short = all(len(line) + len(_INDENT) <= width for line in lines)
    if short and len(lines) < _ROOM and not (len(checks) > 1 and act):
        return lines
    spaced: list[str] = []
    for part in parts:
        spaced += ["", *part] if spaced else part
    return spaced


def _act_and_checks(draft: Draft, width: int) -> tuple[list[str], list[str]]:
    result = draft.result
    if isinstance(result, ast.Compare) and not draft.contexts and len(draft.checks) == 1:
        plain = _plain_comparison(result, draft.checks[0])
        if plain is not None and len(plain) + len(_INDENT) <= width:
            return [], [plain]
    checks = [line for node in draft.checks for line in _lines(node)]
    act = [line for node in draft.act for line in _lines(node)]
    reads = result_uses(draft.checks)
    if result is not None and reads:
        if reads == 1 and not draft.contexts:
            joined = _joined(draft, result, width)
            if joined is not None:
                return [], joined
        act = _lines(ast.Assign(targets=[ast.Name("result", ast.Store())], value=result, lineno=1))
    if draft.contexts:
        managers = [ast.withitem(context_expr=manager) for manager in draft.contexts]
        if any("excinfo" in line for line in checks):
            managers[0].optional_vars = ast.Name("excinfo", ast.Store())
        act = [f"with {', '.join(map(ast.unparse, managers))}:", *_indented(act)]
    outputs = [line for line in checks if "capsys.readouterr()" in line]
    if len(outputs) > 1:
        checks = [
            "captured = capsys.readouterr()",
            *(line.replace("capsys.readouterr()", "captured") for line in checks),
        ]
    return act, checks


def _plain_comparison(act: ast.Compare, check: ast.stmt) -> str | None:
    """`assert a < b` for `assert (a < b) is True`, and its opposite where that asks the same of the operands."""
    match check, act.ops:
        case ast.Assert(test=ast.Compare(left=ast.Name("result"), ops=[ast.Is()], comparators=[ast.Constant(True)])), _:
            return f"assert {ast.unparse(act)}"
        case (
            ast.Assert(test=ast.Compare(left=ast.Name("result"), ops=[ast.Is()], comparators=[ast.Constant(False)])),
            [ast.In()],
        ):
            return f"assert {ast.unparse(ast.Compare(act.left, [ast.NotIn()], act.comparators))}"
        case _:
            return None


def _joined(draft: Draft, result: ast.expr, width: int) -> list[str] | None:
    """The single check with the act in place of `result`, when that is one short line and nothing else is checked."""
    if len(draft.checks) != 1 or isinstance(result, ast.Await | ast.Yield | ast.NamedExpr):
        return None
    check = ast.parse(ast.unparse(draft.checks[0])).body[0]
    checks = _lines(_PutResult(result).visit(check))
    return checks if len(checks) == 1 and len(checks[0]) + len(_INDENT) <= width else None


class _PutResult(ast.NodeTransformer):
    def __init__(self, value: ast.expr) -> None:
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._value if node.id == "result" else node


def _lines(node: ast.AST) -> list[str]:
    return ast.unparse(node).splitlines()


def _indented(lines: list[str]) -> list[str]:
    return [_INDENT + line if line else line for line in lines]
