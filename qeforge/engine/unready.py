"""What a module keeps, as something else would have left it: a switch the other way round, an attribute of a global
object that is not there yet, a global that is still None."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from qeforge.analysis.symbols import Symbols, symbols_of
from qeforge.domain.observation import Raised
from qeforge.domain.target import SourceModule
from qeforge.engine.plan import Plan
from qeforge.engine.value import merged

_MISSING = re.compile(r"'([\w.]+)' object has no attribute '(\w+)'")
_VALUES = ("1", '"abc"', "[]")
_MOST_SWITCHES = 3
_MOCK = "from unittest.mock import MagicMock"


class Unready:
    """The globals of one module, as a test may set them up.

    Args:
        module: what is under test.
    """

    def __init__(self, module: SourceModule) -> None:
        self._symbols: Symbols = symbols_of(module)
        self._used: dict[tuple[int, str], list[str]] = {}
        for node in ast.walk(self._symbols.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = node.value.id
                if name in self._symbols.constants and "." not in name:
                    for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                        self._used.setdefault((line, node.attr), []).append(name)

        self._switches = {
            (inner.lineno, inner.id): None
            for node in ast.walk(self._symbols.tree)
            if isinstance(node, ast.If | ast.IfExp | ast.While | ast.BoolOp)
            for inner in _truths(node.values if isinstance(node, ast.BoolOp) else [node.test])
            if _is_switch(self._symbols.constants.get(inner.id))
        }

    def switched(self, plan: Plan) -> Iterator[Plan]:
        """The plan with each switch of the module that the target's own code asks for, on and off."""
        names = dict.fromkeys(name for line, name in self._switches if line in plan.target.span)
        for name in list(names)[:_MOST_SWITCHES]:
            for value in _other_values(self._symbols.constants[name]):
                yield _with(plan, f'monkeypatch.setattr("{self._symbols.module}.{name}", {value})', ())

    def plans(self, plan: Plan, raised: Raised) -> Iterator[Plan]:
        """After an AttributeError: the plan in a module in which the global has what was missed."""
        found = _MISSING.search(raised.message)
        own = [frame.line for frame in raised.frames if frame.own]
        if raised.type_name != "AttributeError" or found is None or not own:
            return
        for name in dict.fromkeys(self._used.get((own[-1], found[2]), ())):
            if found[1] == "NoneType":
                place = f"{self._symbols.module}.{name}"
                yield _with(plan, f'monkeypatch.setattr("{place}", MagicMock())', (_MOCK,))
                continue
            imports = (f"from {self._symbols.module} import {name}",)
            for value in _VALUES:
                yield _with(plan, f'monkeypatch.setattr({name}, "{found[2]}", {value}, raising=False)', imports)


def _with(plan: Plan, statement: str, imports: tuple[str, ...]) -> Plan:
    return replace(
        plan,
        world=(*plan.world, statement),
        world_fixtures=(*plan.world_fixtures, "monkeypatch"),
        world_imports=merged((plan.world_imports, imports)),
        generation=plan.generation + 1,
    )


def _truths(tests: list[ast.expr]) -> Iterator[ast.Name]:
    """Names whose truth is asked for."""
    for test in tests:
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test = test.operand
        if isinstance(test, ast.Name):
            yield test


def _is_switch(value: ast.expr | None) -> bool:
    """Whether what is assigned at module level is a truth value."""
    match value:
        case ast.Constant(value=bool()) | ast.Call(func=ast.Name(id="bool")):
            return True
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
    return False


def _other_values(value: ast.expr) -> tuple[str, ...]:
    """The truth values that the assignment does not state."""
    return (str(not value.value),) if isinstance(value, ast.Constant) else ("True", "False")
