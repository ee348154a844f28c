"""The first plans for a target: the plain call, then one argument after another changed, then all at random."""

import ast
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qeforge.analysis.command_line import argument_parameters, commands_of, decorated_commands
from qeforge.analysis.constants import Constants, module_constants, target_constants
from qeforge.analysis.declared import declared
from qeforge.analysis.enums import member_values
from qeforge.analysis.evidence import Evidence, raised_types
from qeforge.analysis.ownership import ownership_of
from qeforge.analysis.registered import handed_to
from qeforge.analysis.symbols import symbols_of
from qeforge.domain.facts import CallableFact, ClassKind, ModuleFacts, ParameterFact, TypeRef
from qeforge.domain.target import Kind, ParameterKind, SourceModule, Target
from qeforge.engine import basics, patterns
from qeforge.engine.build import Builder
from qeforge.engine.commands import vectors
from qeforge.engine.declaring import declaring
from qeforge.engine.definitions import definitions
from qeforge.engine.dressed import dressed, holding
from qeforge.engine.plan import Argument, Drive, Plan
from qeforge.engine.state import FLAVOURS, State, texts_of
from qeforge.engine.value import Value, literal, of
from qeforge.engine.worlds import Worlds

_VARIADIC = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)

_MOST_REPEATED, _NEAR = 6, 6

_CALLERS = ("lambda function: function()", "lambda function: function(1)", 'lambda function: function("abc")')
"""What calls the function that it is given."""


class Seeder:
    """Makes states and their first plans for one module.

    Args:
        module: what is under test.
        facts: what importing it told.
        builder: makes values.
        evidence: target id → parameter → what the code does to it.
        worlds: surroundings that the code asks for.
        rng: decides among equals.
    """

    def __init__(
        self,
        module: SourceModule,
        facts: ModuleFacts,
        builder: Builder,
        evidence: Mapping[str, Mapping[str, Evidence]],
        worlds: Worlds,
        rng: random.Random,
    ) -> None:
        self.module = module
        self.facts = facts
        self.builder = builder
        self.rng = rng
        self._evidence = evidence
        self._worlds = worlds
        self._constants = module_constants(module)
        self._symbols = symbols = symbols_of(module)
        self._declare()
        self._owned = _owned(symbols.tree, module)
        self._vectors = [of(list(vector)) for vector in vectors(commands_of(symbols))]
        self._parsed = argument_parameters(symbols)
        self._definitions = definitions(symbols.tree)
        self._commands = decorated_commands(symbols)

    def _declare(self) -> None:
        """Tells the builder of classes that are nothing without attributes in a subclass's body."""
        for qualname, kinds in declared(self._symbols).items():
            known = [self.builder.instance(kind) for kind in kinds if kind in self.facts.classes]
            made = declaring(f"{self.module.name}:{qualname}", known)
            self.builder.declaring[f"{self.module.name}.{qualname}"] = made

    def state(self, target: Target) -> State:
        """What is known of a target before its first run."""
        evidence = self._evidence.get(target.id, {})
        parameters = self._parameters(target)
        constants: Constants = target_constants(self.module, target)
        texts = texts_of(constants.strings) or texts_of(self._constants.strings)
        for pattern in constants.patterns:
            texts += tuple(patterns.matching(pattern, self.rng, count=3))
        pools = {p.name: self._pool(target, p, evidence.get(p.name), constants) for p in parameters}
        lines = self._owned.get(target.id, frozenset()).union(range(target.span.line, target.span.end_line + 1))
        return State(target=target, parameters=parameters, evidence=evidence, pools=pools, texts=texts, lines=lines)

    def _pool(
        self, target: Target, parameter: ParameterFact, evidence: Evidence | None, constants: Constants
    ) -> list[Value]:
        if parameter.kind is ParameterKind.VAR_POSITIONAL and evidence is not None:
            evidence = evidence.element  # each argument is one item of what the code sees
        pool = self.builder.values(parameter.type, parameter.name, evidence, context=target.name)
        if target.kind is Kind.CONSTRUCTOR and parameter.name == "value":
            pool = [*map(literal, member_values(self._symbols, target)), *pool]
        if (target.qualname, parameter.name) in self._parsed:
            return [*self._vectors, *pool[:6]]
        if parameter.name in handed_to(self._symbols, target):
            pool = [*map(literal, _CALLERS), *pool]
        kinds = {value.type_name for value in pool[:4]}
        if self._definitions and any(value.type_name == "function" for value in pool[:_NEAR]):
            pool = [*pool[:3], *self._definitions, *pool[3:]]
        if "str" in kinds:
            own = [of(text) for text in texts_of(constants.strings)[:12] if len(text) <= 80]
            for pattern in constants.patterns[:6]:
                own += [of(text) for text in patterns.matching(pattern, self.rng, count=3)]
            pool = pool[:6] + own + pool[6:]
        if kinds & {"int", "float"}:
            pool = pool[:4] + [literal(n) for n in constants.numbers[:8]] + pool[4:]
        if parameter.default is not None and len(parameter.default) <= 60:
            try:
                default = literal(parameter.default)
            except ValueError:
                return pool
            if default.type_name:
                pool.append(default)
        return pool

    def _parameters(self, target: Target) -> tuple[ParameterFact, ...]:
        """Runtime facts where there are some, else what the source states."""
        if target.kind is Kind.CONSTRUCTOR:
            fact = self.facts.classes.get(f"{target.module}.{target.owner or target.qualname}")
            if fact is not None and fact.kind is not ClassKind.ENUM:
                return fact.constructor
        known: CallableFact | None = self.facts.callables.get(target.qualname)
        if known is not None:
            return known.parameters
        return tuple(
            ParameterFact(name=p.name, kind=p.kind, has_default=p.default is not None, default=p.default)
            for p in target.parameters
        )

    def receivers(self, target: Target) -> list[Value]:
        """Instances on which a method can be called."""
        owner = f"{target.module}.{target.owner}"
        made = self.builder.instance(owner)
        return [value for value in made if not value.setup or value.lifted]

    def seeds(self, state: State) -> list[Plan]:
        """The plain call, then one argument after another changed, then optional ones added, then all at random."""
        target, parameters = state.target, state.parameters
        if target.qualname in self._commands:
            invoked = vectors([self._commands[target.qualname]])
            return [
                Plan(target=target, arguments=(Argument(name="arguments", value=of(list(vector))),), drive=Drive.INVOKE)
                for vector in invoked
            ]
        drive = FLAVOURS[target.flavour]
        if target.kind is Kind.METHOD and target.name in ("__enter__", "__exit__"):
            drive = Drive.ENTER
        elif target.kind is Kind.METHOD and target.name in ("__aenter__", "__aexit__"):
            drive = Drive.ENTER_ASYNC
        elif target.kind is Kind.METHOD and target.name == "__aiter__":
            drive = Drive.COLLECT
        receivers: list[Value | None] = [None]
        if target.kind in (Kind.METHOD, Kind.PROPERTY):
            receivers = [*self.receivers(target)[:12]] or [None]
            if receivers == [None]:
                return []
        required = [p for p in parameters if not p.has_default and p.kind not in _VARIADIC]
        optional = [p for p in parameters if p.has_default]
        if drive in (Drive.ENTER, Drive.ENTER_ASYNC) and target.name.startswith("__"):
            required, optional = [], []
        base = tuple(
            Argument(name=p.name, value=state.pools[p.name][0], keyword=p.kind is ParameterKind.KEYWORD_ONLY)
            for p in required
        )
        first = Plan(target=target, receiver=receivers[0], arguments=base, drive=drive)
        plans = [first]
        plans += [replace(first, receiver=receiver) for receiver in receivers[1:6]]
        if receivers[0] is not None:
            made = dressed(self._symbols, target, receivers[0], self.builder)
            plans += [replace(first, receiver=receiver) for receiver in made]
            plans += holding(self._symbols, first, state.pools)
        if drive is Drive.ENTER:
            plans.append(replace(first, drive=Drive.ENTER_RAISE))
        width = max((len(state.pools[p.name]) for p in required), default=0)
        for index in range(1, width):
            for p in required:
                if index < len(state.pools[p.name]):
                    plans.append(first.with_argument(p.name, state.pools[p.name][index]))
        for index in range(3):
            plans += [
                first.with_argument(p.name, state.pools[p.name][index], keyword=True)
                for p in optional
                if index < len(state.pools[p.name])
            ]
        plans += self._variadic(state, first)
        for _ in range(min(30, 6 * len(parameters))):
            plan = first
            for p in (*required, *optional):
                if p in required or self.rng.random() < 0.4:
                    plan = plan.with_argument(
                        p.name,
                        self._drawn(state.pools[p.name]),
                        keyword=p in optional or p.kind is ParameterKind.KEYWORD_ONLY,
                    )
            plans.append(replace(plan, receiver=self.rng.choice(receivers)))
        plans += [replace(first, receiver=receiver) for receiver in receivers[6:]]
        if raised_types(self.module, target):  # a guard may be what raises
            plans += [
                first.with_argument(p.name, misfit, keyword=p in optional)
                for p in (*required, *optional)
                if (misfit := basics.misfit(value.type_name for value in state.pools[p.name])) is not None
            ]
        return [*self._worlds.prepare(first), *[replace(plan, generation=0) for plan in plans]]

    def _variadic(self, state: State, first: Plan) -> list[Plan]:
        """Plans that fill `*args` and `**kwargs`: none, one, two; each key that the code asks for."""
        plans: list[Plan] = []
        rows: list[tuple[Argument, ...]] = [()]
        for p in state.parameters:
            if p.kind is ParameterKind.VAR_POSITIONAL:
                pool = state.pools[p.name]
                rows += [(Argument(name=p.name, value=value),) for value in pool[:5]]
                rows += [
                    (Argument(name=p.name, value=value), Argument(name=f"{p.name}2", value=other))
                    for value, other in zip(pool[:4], pool[:1] + pool[:3], strict=False)
                ]
                rows += [self._many(p.name, pool, count) for count in self._counts(state.target)]
        pairs: list[tuple[Argument, ...]] = [()]
        for p in state.parameters:
            if p.kind is ParameterKind.VAR_KEYWORD:
                keys = (state.evidence.get(p.name) or Evidence()).keys
                for key, inner in list(keys.items())[:6]:
                    values = self.builder.values(TypeRef("Any"), key, inner)
                    pairs += [(Argument(name=key, value=value, keyword=True),) for value in values[:4]]
                if not keys:
                    pairs.append((Argument(name="key", value=literal("1"), keyword=True),))
        for row in rows:
            for pair in pairs[: 1 if len(row) == 1 else None]:
                if row or pair:
                    plans.append(replace(first, arguments=(*first.arguments, *row, *pair)))
        return plans[:60]

    def _counts(self, target: Target) -> list[int]:
        """Small numbers in the target's code: it may ask how many arguments there are."""
        numbers = target_constants(self.module, target).numbers
        return [int(number) for number in numbers if number.isdigit() and 3 <= int(number) <= _MOST_REPEATED]

    def _many(self, name: str, pool: Sequence[Value], count: int) -> tuple[Argument, ...]:
        """So many values of one type for `*args`."""
        alike = [value for value in pool if value.type_name == pool[0].type_name]
        return tuple(Argument(name=f"{name}{i + 1}", value=alike[i % len(alike)]) for i in range(count))

    def _drawn(self, pool: Sequence[Value]) -> Value:
        """One of the pool, the first ones more often."""
        return pool[min(int(self.rng.expovariate(4 / len(pool))), len(pool) - 1)]


def _owned(tree: ast.Module, module: SourceModule) -> dict[str, frozenset[int]]:
    """By target id, the lines that its calls run; those of a generic function's implementations lie elsewhere."""
    found: dict[str, set[int]] = {}
    for line, owner in ownership_of(tree, module.targets, lambda line: line).owners.items():
        found.setdefault(owner, set()).add(line)
    return {owner: frozenset(lines) for owner, lines in found.items()}
