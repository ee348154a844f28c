"""The same call with likelier values, for a candidate that a search has left with strange ones."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qeforge.engine.plan import Plan, to_candidate
from qeforge.engine.value import Value

_ROWS = 3
_VALUES = 8
_RECEIVERS = 3
_LIKELIEST, _CONSIDERED = 6, 16
_DEFINITION = re.compile(r"(?:class|def) (\w+)")


def plainer(plan: Plan, pools: Mapping[str, Sequence[Value]], receivers: Sequence[Value]) -> Iterator[Plan]:
    """Plans that differ from `plan` towards the ordinary, the most thorough first.

    Args:
        plan: what works, but reads badly.
        pools: values by parameter, the likeliest first.
        receivers: instances to call a method on, the likeliest first.
    """
    pools = {name: _likely_first(pool) for name, pool in pools.items()}
    usual = receivers[:1] if plan.receiver is not None else ()
    for row in range(_ROWS):
        whole = _row(plan, pools, row)
        if usual:
            yield replace(whole, receiver=usual[0], steps=())
            yield replace(whole, receiver=usual[0])
        yield whole
        if plan.world and row == 0:
            yield _in_world(whole, ())
    yield from _lighter(plan)
    if plan.receiver is not None:
        for receiver in receivers[:_RECEIVERS]:
            yield replace(plan, receiver=receiver)
    for index in range(len(plan.steps)):
        yield replace(plan, steps=(*plan.steps[:index], *plan.steps[index + 1 :]))
    for argument in plan.arguments:
        if argument.keyword:
            yield replace(plan, arguments=tuple(a for a in plan.arguments if a is not argument))
    for index in range(_VALUES):
        for argument in plan.arguments:
            pool = pools.get(argument.name, ())
            if index < len(pool):
                yield plan.with_argument(argument.name, pool[index])


def natural_types(pool: Sequence[Value]) -> frozenset[str]:
    """The types that come up at least twice among the likeliest values; an iterator is no more than a list in
    disguise."""
    counted = Counter(value.type_name for value in pool[:_LIKELIEST] if value.type_name != "iterator")
    return frozenset(name for name, count in counted.items() if count > 1)


def _lighter(plan: Plan) -> Iterator[Plan]:
    """Without what arranges the surroundings: without all of it, then without one statement after another."""
    if plan.world:
        yield _in_world(plan, ())
    for index in range(len(plan.world) if len(plan.world) > 1 else 0):
        yield _in_world(plan, (*plan.world[:index], *plan.world[index + 1 :]))


def _in_world(plan: Plan, world: Sequence[str]) -> Plan:
    """The plan in these surroundings, with the definitions, fixtures and imports that something still uses."""
    used = tuple(line for line in world if not _is_left_over(line, [other for other in world if other is not line]))
    bare = to_candidate(replace(plan, world=used, world_fixtures=(), world_imports=()))
    words = set(re.findall(r"\w+", "\n".join((*bare.arrange, bare.act))))
    return replace(
        plan,
        world=used,
        world_fixtures=tuple(name for name in plan.world_fixtures if name in words),
        world_imports=tuple(line for line in plan.world_imports if words & set(re.findall(r"\w+", _bound(line)))),
        generation=plan.generation + 1,
    )


def _is_left_over(line: str, others: Sequence[str]) -> bool:
    """Whether it defines what no other statement of the surroundings names."""
    defined = _DEFINITION.match(line)
    return defined is not None and not any(re.search(rf"\b{defined[1]}\b", other) for other in others)


def _bound(statement: str) -> str:
    """The names that an import statement brings, among them that by which `import a.b as c` is known."""
    return statement.rpartition("import ")[2].rpartition(" as ")[2].partition(".")[0]


def _likely_first(pool: Sequence[Value]) -> list[Value]:
    natural = natural_types(pool)
    return sorted(pool[:_CONSIDERED], key=lambda value: bool(natural) and value.type_name not in natural)


def _row(plan: Plan, pools: Mapping[str, Sequence[Value]], row: int) -> Plan:
    """Every argument by the value that stands at this place of its pool."""
    for argument in plan.arguments:
        pool = pools.get(argument.name, ())
        if pool:
            plan = plan.with_argument(argument.name, pool[min(row, len(pool) - 1)])
    return plan
