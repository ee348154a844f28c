"""Results of one function as arguments of another: what only accepts what a sibling makes (a compressed text, a signed
value) never returns for a value that is made up."""

from collections.abc import Iterator
from dataclasses import replace

from qeforge.domain.observation import Observation
from qeforge.domain.target import Kind
from qeforge.engine.plan import Drive, Plan
from qeforge.engine.state import State
from qeforge.engine.value import Value, call, merged

_PATIENT = 12
"""Plans that a target may fail with before it is fed."""
_GIVERS = 24
_SHORTEST = 6
_TEXTS = frozenset({"str", "bytes"})
_CALLED = frozenset({Kind.FUNCTION, Kind.STATIC_METHOD, Kind.CLASS_METHOD, Kind.METHOD})


class Feeding:
    """Gives targets that never returned what others return."""

    def __init__(self) -> None:
        self._results: dict[str, Value] = {}
        self._fed: set[tuple[str, str]] = set()

    def returned(self, plan: Plan, seen: Observation) -> None:
        """Notes the first text that a target made; a short one says too little."""
        result = seen.result
        if result is None or result.type_name not in _TEXTS or len(result.source or "") < _SHORTEST:
            return
        if plan.target.id not in self._results and len(self._results) < _GIVERS and _is_one_call(plan):
            self._results[plan.target.id] = _as_value(plan, result.type_name)

    def plans(self, state: State, plan: Plan) -> Iterator[Plan]:
        """After a failure: the plan with what others return as its first argument, if nothing returned yet."""
        if state.worked or state.offered < _PATIENT or not plan.arguments:
            return
        first = plan.arguments[0]
        for giver, value in self._results.items():
            fresh = giver != state.target.id and (state.target.id, giver) not in self._fed
            if fresh and first.value.type_name == value.type_name:
                self._fed.add((state.target.id, giver))
                yield plan.with_argument(first.name, value, keyword=first.keyword)


def _is_one_call(plan: Plan) -> bool:
    """Whether it can be written as one expression."""
    whole = plan.drive is Drive.CALL and not plan.steps and not plan.world and plan.then is None and not plan.through
    usual = plan.target.kind in _CALLED and not plan.target.name.startswith("__")
    return whole and usual and all(value.plain and not value.fixtures for value in plan.values())


def _as_value(plan: Plan, type_name: str) -> Value:
    target, receiver = plan.target, plan.receiver
    callee = f"{receiver.source}.{target.name}" if receiver is not None else target.qualname
    imports = (f"from {target.module} import {target.qualname.partition('.')[0]}",)
    rows = [(argument.name if argument.keyword else "", argument.value) for argument in plan.arguments]
    made = call(callee, rows, type_name=type_name, imports=imports)
    around = (receiver,) if receiver is not None else ()
    return replace(
        made,
        shared=False,
        imports=merged((made.imports, *(value.imports for value in around))),
        before=merged((*(value.before for value in around), made.before)),
    )
