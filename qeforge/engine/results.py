"""What is done with what a call gave: closures are called, generators drained and sent into, contexts entered."""

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import replace

from qeforge.analysis.evidence import Evidence
from qeforge.analysis.registered import registered
from qeforge.analysis.symbols import FunctionNode, Symbols, symbols_of
from qeforge.domain.facts import ParameterFact
from qeforge.domain.target import Flavour, Kind, SourceModule, Target
from qeforge.engine.build import Builder
from qeforge.engine.plan import Argument, Drive, Plan
from qeforge.engine.state import DRIVES, FLAVOURS
from qeforge.engine.value import Value, literal, merged

_CALLABLE = ("function", "method", "functools.partial", "builtin_function_or_method")
_ROWS = 8
_CLOSURES = 4
_BUILTIN_ERRORS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
)


class Results:
    """Follows up on what calls of one module return.

    Args:
        module: what is under test.
        builder: makes values.
        evidence: target id → parameter → what the code does to it.
    """

    def __init__(self, module: SourceModule, builder: Builder, evidence: Mapping[str, Mapping[str, Evidence]]) -> None:
        self._module = module
        self._symbols: Symbols = symbols_of(module)
        self._builder = builder
        self._evidence = evidence
        self._followed: set[tuple[str, str]] = set()

    def follow(self, plan: Plan, type_name: str) -> list[Plan]:
        """Plans that bring the result to its end.

        Args:
            plan: what returned.
            type_name: what it returned, dotted.
        """
        found: list[Plan] = []
        if plan.drive is Drive.CALL and type_name in DRIVES and plan.then is None:
            found.append(replace(plan, drive=DRIVES[type_name]))
        if type_name in _CALLABLE and plan.drive is Drive.CALL and plan.target.kind is not Kind.PROPERTY:
            if plan.then is None:
                found += self._called(plan)
            elif plan.after is None:
                found += self._called_again(plan)
        if plan.drive is Drive.CALL and plan.then is None:
            found += self._registered(plan)
        if plan.drive in (Drive.LIST, Drive.SLICE, Drive.ENTER) and plan.then is None:
            found += self._resumed(plan)
        return [replace(new, generation=plan.generation + 1) for new in found]

    # -- functions that were returned -----------------------------------------------------------------------------

    def _called(self, plan: Plan) -> list[Plan]:
        """Calls of a returned function, with the parameters of the closures that the target defines."""
        plans = []
        for closure in self._closures(plan.target)[:_CLOSURES]:
            for then in self._rows(closure):
                plans.append(replace(plan, then=then, drive=FLAVOURS[closure.flavour]))
        return plans + [replace(plan, then=then) for then in _USUAL]

    def _called_again(self, plan: Plan) -> list[Plan]:
        """The same for what the returned function returned: a decorator with arguments gives one that gives another."""
        inner = [closure for closure in self._closures(plan.target) if closure.qualname.count("<locals>") > 1]
        plans = []
        for closure in inner[:2]:
            plans += [replace(plan, after=row, drive=FLAVOURS[closure.flavour]) for row in self._rows(closure)[:4]]
        return plans + [replace(plan, after=row) for row in _USUAL[:3]]

    def _closures(self, target: Target) -> list[Target]:
        prefix = f"{target.qualname}."
        return [t for t in self._module.targets if t.kind is Kind.CLOSURE and t.qualname.startswith(prefix)]

    def _rows(self, closure: Target) -> list[tuple[Argument, ...]]:
        facts = [ParameterFact(name=p.name, kind=p.kind, has_default=p.default is not None) for p in closure.parameters]
        evidence = self._evidence.get(closure.id, {})
        rows = self._builder.argument_rows(facts, context=closure.name, depth=0, evidence=evidence)[:_ROWS]
        return [
            tuple(
                Argument(
                    name=name or (facts[i].name if i < len(facts) else f"value{i}"), value=value, keyword=bool(name)
                )
                for i, (name, value) in enumerate(row)
            )
            for row in rows
        ]

    def _registered(self, plan: Plan) -> list[Plan]:
        """Calls of the functions that the target defines and puts into a table."""
        key = (plan.target.id, "registered")
        if key in self._followed:
            return []
        self._followed.add(key)
        plans = []
        for name, place in registered(self._symbols, plan.target):
            through = place.replace("self.", "{receiver}.", 1) if place.startswith("self.") else place
            if through.startswith("{") and plan.receiver is None:
                continue
            imports = () if through.startswith("{") else (f"from {self._module.name} import {place.partition('[')[0]}",)
            for closure in self._closures(plan.target):
                if closure.name == name:
                    world = merged((plan.world_imports, imports))
                    plans += [
                        replace(plan, through=through, then=row, world_imports=world) for row in self._rows(closure)
                    ]
        return plans

    # -- generators and contexts ----------------------------------------------------------------------------------

    def _resumed(self, plan: Plan) -> list[Plan]:
        """A generator is sent what it asks for, and both it and a context hear of the errors that they handle."""
        key = (plan.target.id, plan.drive.value)
        node = self._symbols.function(plan.target)
        if key in self._followed or node is None or isinstance(node, ast.Lambda):
            return []
        self._followed.add(key)
        errors = [self._error(name) for name in _handled_around_yields(node)]
        if plan.drive is Drive.ENTER:
            return [self._raising(plan, Drive.ENTER_RAISE, error) for error in errors]
        if plan.target.flavour is not Flavour.GENERATOR:
            return []
        found = [self._raising(plan, Drive.THROW, error) for error in errors]
        if _receives(node):
            sources = ("1", "None", '"abc"', "0", "[1, 2]")
            found += [replace(plan, drive=Drive.SEND, then=_sent(source)) for source in sources]
            found += [replace(plan, drive=Drive.SEND, then=_sent("1", source)) for source in ("2", "None")]
        if any(isinstance(inner, ast.Try) and inner.finalbody for inner in ast.walk(node)):
            found.append(replace(plan, drive=Drive.CLOSE))
        return found

    def _raising(self, plan: Plan, drive: Drive, error: tuple[str, tuple[str, ...]]) -> Plan:
        source, imports = error
        return replace(plan, drive=drive, error=source, world_imports=merged((plan.world_imports, imports)))

    def _error(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Source and imports of an exception to raise, by the name under which the module knows it."""
        if name in _BUILTIN_ERRORS:
            return f'{name}("boom")', ()
        top = name.partition(".")[0]
        return f'{name}("boom")', (f"from {self._module.name} import {top}",)


_USUAL: tuple[tuple[Argument, ...], ...] = (
    (),
    (Argument(name="value", value=literal("1")),),
    (Argument(name="value", value=literal('"abc"')),),
    (Argument(name="value", value=Value(source="lambda x: x", type_name="function")),),
    (Argument(name="value", value=literal("1")), Argument(name="other", value=literal("2"))),
)


def _sent(*sources: str) -> tuple[Argument, ...]:
    return tuple(Argument(name="value", value=literal(source)) for source in sources)


def _receives(node: FunctionNode) -> bool:
    """Whether a generator uses what is sent into it."""
    ignored = {id(inner.value) for inner in ast.walk(node) if isinstance(inner, ast.Expr)}
    return any(isinstance(inner, ast.Yield) and id(inner) not in ignored for inner in ast.walk(node))


def _handled_around_yields(node: FunctionNode) -> Iterator[str]:
    """Names of the exceptions that handlers around a `yield` catch."""
    names: dict[str, None] = {}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Try) and any(isinstance(n, ast.Yield) for s in inner.body for n in ast.walk(s)):
            for handler in inner.handlers:
                kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                for kind in kinds:
                    names[ast.unparse(kind) if kind is not None else "ValueError"] = None
    yield from (name if name not in ("Exception", "BaseException", "GeneratorExit") else "ValueError" for name in names)
