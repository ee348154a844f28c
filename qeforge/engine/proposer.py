"""The native proposer: with nothing installed but qeforge it calls everything, with values that fit, and learns from
what happens."""

import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from qeforge.analysis.constants import Constants, module_constants, target_constants
from qeforge.analysis.evidence import Evidence, parameter_evidence
from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import CallableFact, ClassKind, ModuleFacts, ParameterFact, TypeRef
from qeforge.domain.observation import Observation, Outcome
from qeforge.domain.protocols import Request
from qeforge.domain.target import Flavour, Kind, ParameterKind, SourceModule, Target
from qeforge.engine import operands, patterns, worlds
from qeforge.engine.archive import Archive
from qeforge.engine.build import Builder
from qeforge.engine.plainer import natural_types, plainer
from qeforge.engine.plan import Argument, Drive, Plan, Step, to_candidate
from qeforge.engine.repair import repairs
from qeforge.engine.tweak import tweak
from qeforge.engine.value import Value, call, literal, of

_MOST_GENERATIONS = 14
_QUEUE = 400
_SEEDS_AT_ONCE = 6
_MOST_TIMEOUTS = 8
_MOST_REPAIRS = 24
_DRIVES = {
    "generator": Drive.LIST,
    "map": Drive.LIST,
    "filter": Drive.LIST,
    "zip": Drive.LIST,
    "enumerate": Drive.LIST,
    "reversed": Drive.LIST,
    "list_iterator": Drive.LIST,
    "coroutine": Drive.RUN,
    "async_generator": Drive.COLLECT,
    "contextlib._GeneratorContextManager": Drive.ENTER,
    "contextlib._AsyncGeneratorContextManager": Drive.ENTER_ASYNC,
}
_FLAVOURS = {
    Flavour.PLAIN: Drive.CALL,
    Flavour.GENERATOR: Drive.LIST,
    Flavour.COROUTINE: Drive.RUN,
    Flavour.ASYNC_GENERATOR: Drive.COLLECT,
    Flavour.CONTEXT_MANAGER: Drive.ENTER,
    Flavour.ASYNC_CONTEXT_MANAGER: Drive.ENTER_ASYNC,
}


@dataclass(slots=True)
class _State:
    """Where the search for one target stands."""

    target: Target
    parameters: tuple[ParameterFact, ...]
    evidence: Mapping[str, Evidence]
    pools: dict[str, list[Value]]
    texts: tuple[str, ...]
    queue: deque[Plan] = field(default_factory=deque)
    good: list[Plan] = field(default_factory=list)
    offered: int = 0
    timeouts: int = 0
    endless: bool = False
    lines: frozenset[int] = frozenset()


class NativeProposer:
    """Search over values, objects and call sequences.

    Args:
        module: what is under test.
        facts: what importing it told.
        seed: equal seeds give equal proposals for equal observations.
    """

    name = "native"

    def __init__(self, module: SourceModule, facts: ModuleFacts, *, seed: int) -> None:
        self.module = module
        self.facts = facts
        self.rng = random.Random(f"{seed}:{module.name}")
        constants = module_constants(module)
        self.builder = Builder(facts, constants.strings, constants.numbers, self.rng)
        self.archive = Archive()
        self._evidence = parameter_evidence(module)
        self._constants = constants
        self._plans: dict[str, Plan] = {}
        self._tried: set[str] = set()
        self._turn = 0
        self._worlds = worlds.Worlds(module)
        self._states = [self._state(target) for target in module.targets if target.kind is not Kind.CLOSURE]
        self._by_id = {state.target.id: state for state in self._states}
        self._methods = self._methods_by_class()
        for state in self._states:
            state.queue.extend(self._seeds(state))

    # -- the Proposer protocol ----------------------------------------------------------------------------------

    def propose(self, request: Request) -> list[Candidate]:
        """Candidates that aim at what is open: seeds and repairs first, then variations of what came close."""
        open_lines = {abs(goal.arc[0]) for goal in request.goals} | {mutant.line for mutant in request.mutants}
        wanted_lines = sorted(open_lines | {mutant.line for mutant in request.mutants})
        found: list[Candidate] = []
        live = [state for state in self._states if state.queue and (state.offered < 12 or state.lines & open_lines)]
        while live and len(found) < request.count:
            for state in live:
                for _ in range(_SEEDS_AT_ONCE):
                    if state.queue and len(found) < request.count:
                        self._offer(state, state.queue.popleft(), found)
            live = [state for state in live if state.queue]
        attempts = 0
        while len(found) < request.count and wanted_lines and attempts < request.count * 4:
            attempts += 1
            parent = self._parent(wanted_lines)
            if parent is not None:
                self._offer(parent[0], self._vary(*parent), found)
        return found

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Archive what reached something, mend what raised, follow the operands."""
        for candidate, seen in observed:
            plan = self._plans.get(candidate.key)
            if plan is None:
                continue
            state = self._by_id[plan.target.id]
            if seen.operands:
                self._follow_operands(state, plan, seen)
                continue
            if seen.blocked:
                self._in_front(state, self._worlds.answers(plan, seen))
                continue
            if any(effect.kind == "cwd" for effect in seen.effects):
                self._in_front(state, self._worlds.answers(plan, seen))
            if seen.outcome in (Outcome.TIMEOUT, Outcome.CRASHED, Outcome.INVALID):
                self._hung(state, plan, seen)
                continue
            fresh = self.archive.add(plan, seen)
            if seen.outcome is Outcome.RETURNED:
                self._returned(state, plan, seen, fresh)
            elif seen.raised is not None:
                self._raised(state, plan, seen, fresh)

    def plainer(self, candidate: Candidate) -> list[Candidate]:
        """The same call with likelier values, the most thorough change first; nothing for a stranger's candidate. Each
        may be handed in again."""
        plan = self._plans.get(candidate.key)
        if plan is None:
            return []
        state = self._by_id[plan.target.id]
        receivers = self._receivers(plan.target) if plan.receiver is not None else []
        found: dict[str, Candidate] = {}
        for new in plainer(plan, state.pools, receivers):
            made = to_candidate(new)
            if made.key != candidate.key:
                self._plans.setdefault(made.key, new)
                found.setdefault(made.key, made)
        return list(found.values())

    def guesses(self) -> dict[tuple[str, str], frozenset[str]]:
        """By target id and parameter, the types that its likeliest values have."""
        return {(s.target.id, name): natural_types(pool) for s in self._states for name, pool in s.pools.items()}

    # -- offering -----------------------------------------------------------------------------------------------

    def _offer(self, state: _State, plan: Plan, found: list[Candidate]) -> None:
        if state.endless and plan.drive is Drive.LIST:
            plan = replace(plan, drive=Drive.SLICE)
        candidate = to_candidate(plan)
        key = candidate.key
        if key in self._tried:
            return
        self._tried.add(key)
        self._plans[key] = plan
        state.offered += 1
        found.append(candidate)

    def _in_front(self, state: _State, plans: Iterable[Plan]) -> None:
        fresh = [plan for plan in plans if plan.generation <= _MOST_GENERATIONS][:24]
        for plan in reversed(fresh):
            if len(state.queue) < _QUEUE:
                state.queue.appendleft(plan)

    def _parent(self, lines: Sequence[int]) -> tuple[_State, Plan] | None:
        for _ in range(6):
            line = self.rng.choice(lines)
            parents = self.archive.parents(line)
            if parents:
                plan = parents[min(int(self.rng.expovariate(0.8)), len(parents) - 1)]
                state = self._by_id[plan.target.id]
                if state.timeouts <= _MOST_TIMEOUTS:
                    return state, plan
        inside = [
            s
            for s in self._states
            if s.good and s.timeouts <= _MOST_TIMEOUTS and any(line in s.lines for line in lines)
        ]
        if not inside:
            return None
        state = self.rng.choice(inside)
        return state, self.rng.choice(state.good)

    def _vary(self, state: _State, plan: Plan) -> Plan:
        """One or two random changes."""
        for _ in range(1 if self.rng.random() < 0.6 else 2):
            plan = self._one_change(state, plan)
        return replace(plan, generation=0)

    def _one_change(self, state: _State, plan: Plan) -> Plan:
        rng = self.rng
        roll = rng.random()
        names = [a.name for a in plan.arguments]
        if plan.receiver is not None and roll < 0.2:
            others = self._receivers(state.target)
            return replace(plan, receiver=rng.choice(others)) if others else plan
        if plan.receiver is not None and roll < 0.3:
            return self._with_steps(state, plan)
        absent = [p for p in state.parameters if p.has_default and p.name not in names]
        if absent and roll < 0.45:
            parameter = rng.choice(absent)
            return plan.with_argument(parameter.name, rng.choice(state.pools[parameter.name]), keyword=True)
        optional = [p.name for p in state.parameters if p.has_default and p.name in names]
        if optional and roll < 0.5:
            dropped = rng.choice(optional)
            return replace(plan, arguments=tuple(a for a in plan.arguments if a.name != dropped))
        if names and roll < 0.68:
            name = rng.choice(names)
            pool = state.pools.get(name)
            return plan.with_argument(name, rng.choice(pool)) if pool else plan
        values = plan.values()
        if not values:
            return plan
        chosen = rng.randrange(len(values))
        position = -1

        def change(old: Value) -> Value:
            nonlocal position
            position += 1
            return tweak(old, rng, state.texts) if position == chosen else old

        return plan.map_values(change)

    def _with_steps(self, state: _State, plan: Plan) -> Plan:
        """Another call on the receiver before the act, or one fewer."""
        if plan.steps and self.rng.random() < 0.3:
            return replace(plan, steps=plan.steps[:-1])
        others = [
            s
            for s in self._methods.get(state.target.owner or "", ())
            if s.good and s.target.flavour in (Flavour.PLAIN, Flavour.COROUTINE)
        ]
        if not others or len(plan.steps) >= 3:
            return plan
        other = self.rng.choice(others)
        donor = self.rng.choice(other.good)
        if donor.then is not None or other.target.name.startswith("__"):
            return plan
        step = Step(
            method=other.target.name, arguments=donor.arguments, awaited=other.target.flavour is Flavour.COROUTINE
        )
        return replace(plan, steps=(*plan.steps, step))

    # -- seeds --------------------------------------------------------------------------------------------------

    def _state(self, target: Target) -> _State:
        evidence = self._evidence.get(target.id, {})
        parameters = self._parameters(target)
        constants: Constants = target_constants(self.module, target)
        texts = _texts(constants.strings) or _texts(self._constants.strings)
        for pattern in constants.patterns:
            texts += tuple(patterns.matching(pattern, self.rng, count=3))
        pools = {p.name: self._pool(target, p, evidence.get(p.name), constants) for p in parameters}
        lines = frozenset(range(target.span.line, target.span.end_line + 1))
        return _State(target=target, parameters=parameters, evidence=evidence, pools=pools, texts=texts, lines=lines)

    def _pool(
        self, target: Target, parameter: ParameterFact, evidence: Evidence | None, constants: Constants
    ) -> list[Value]:
        pool = self.builder.values(parameter.type, parameter.name, evidence, context=target.name)
        kinds = {value.type_name for value in pool[:4]}
        if "str" in kinds:
            own = [of(text) for text in _texts(constants.strings)[:12] if len(text) <= 80]
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
            if fact is not None:
                return fact.constructor
        known: CallableFact | None = self.facts.callables.get(target.qualname)
        if known is not None:
            return known.parameters
        return tuple(
            ParameterFact(name=p.name, kind=p.kind, has_default=p.default is not None, default=p.default)
            for p in target.parameters
        )

    def _methods_by_class(self) -> dict[str, list[_State]]:
        found: dict[str, list[_State]] = {}
        for state in self._states:
            if state.target.kind is Kind.METHOD and state.target.owner:
                found.setdefault(state.target.owner, []).append(state)
        return found

    def _receivers(self, target: Target) -> list[Value]:
        owner = f"{target.module}.{target.owner}"
        made = self.builder.instance(owner)
        return [value for value in made if not value.setup or value.lifted]

    def _seeds(self, state: _State) -> list[Plan]:
        """The plain call, then one argument after another changed, then optional ones added, then all at random."""
        target, parameters = state.target, state.parameters
        drive = _FLAVOURS[target.flavour]
        if target.kind is Kind.METHOD and target.name in ("__enter__", "__exit__"):
            drive = Drive.ENTER
        elif target.kind is Kind.METHOD and target.name in ("__aenter__", "__aexit__"):
            drive = Drive.ENTER_ASYNC
        elif target.kind is Kind.METHOD and target.name == "__aiter__":
            drive = Drive.COLLECT
        receivers: list[Value | None] = [None]
        if target.kind in (Kind.METHOD, Kind.PROPERTY):
            receivers = [*self._receivers(target)[:12]] or [None]
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
        return [*self._worlds.prepare(first), *[replace(plan, generation=0) for plan in plans]]

    def _variadic(self, state: _State, first: Plan) -> list[Plan]:
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

    def _drawn(self, pool: Sequence[Value]) -> Value:
        """One of the pool, the first ones more often."""
        return pool[min(int(self.rng.expovariate(4 / len(pool))), len(pool) - 1)]

    # -- learning -----------------------------------------------------------------------------------------------

    def _returned(self, state: _State, plan: Plan, seen: Observation, fresh: int) -> None:
        target = plan.target
        if fresh or len(state.good) < 6:
            state.good.append(plan)
            del state.good[:-12]
        type_name = seen.result.type_name if seen.result else ""
        if plan.drive is Drive.CALL and type_name in _DRIVES and plan.then is None:
            self._in_front(state, [replace(plan, drive=_DRIVES[type_name])])
        if (
            type_name in ("function", "method", "functools.partial")
            and plan.then is None
            and plan.drive is Drive.CALL
            and target.kind is not Kind.PROPERTY
        ):
            self._in_front(state, self._call_the_result(plan))
        if plan.steps or plan.then is not None or any(value.setup or value.fixtures for value in plan.values()):
            return
        if target.kind is Kind.CONSTRUCTOR:
            self._constructed(f"{target.module}.{target.owner or target.qualname}", plan)
        elif (
            type_name in self.facts.classes
            and plan.drive is Drive.CALL
            and target.kind in (Kind.FUNCTION, Kind.CLASS_METHOD, Kind.STATIC_METHOD)
        ):
            candidate = to_candidate(plan)
            if not candidate.arrange and self.facts.classes[type_name].kind is not ClassKind.ENUM:
                value = Value(
                    source=candidate.act, type_name=type_name.rpartition(".")[2], imports=candidate.imports, shared=True
                )
                self._new_instance(type_name, value)

    def _constructed(self, dotted: str, plan: Plan) -> None:
        owner = plan.target.owner or plan.target.qualname
        value = call(
            owner,
            [(a.name if a.keyword else "", a.value) for a in plan.arguments],
            type_name=owner.rpartition(".")[2],
            imports=(f"from {plan.target.module} import {owner.split('.')[0]}",),
        )
        self._new_instance(dotted, value)

    def _new_instance(self, dotted: str, value: Value) -> None:
        """A working instance gives every method of its class a new receiver to try."""
        before = len(self.builder.instances.get(dotted, ()))
        self.builder.found_instance(dotted, value)
        if len(self.builder.instances[dotted]) == before or before > 10:
            return
        for state in self._states:
            if f"{state.target.module}.{state.target.owner}" == dotted and state.target.kind in (
                Kind.METHOD,
                Kind.PROPERTY,
            ):
                base = state.good[-1:] or list(state.queue)[:1]
                state.queue.extend(replace(plan, receiver=value, generation=0) for plan in base)

    def _hung(self, state: _State, plan: Plan, seen: Observation) -> None:
        """An iterator without end is cut; a target that keeps hanging is left alone, it would eat everybody's time."""
        if seen.outcome is Outcome.INVALID:
            return
        state.timeouts += 1
        if plan.drive is Drive.LIST:
            state.endless = True
            self._in_front(state, [replace(plan, drive=Drive.SLICE)])
        elif state.timeouts > _MOST_TIMEOUTS:
            state.queue.clear()

    def _call_the_result(self, plan: Plan) -> list[Plan]:
        """Calls of a returned function, with the parameters of the closures that the target defines."""
        prefix = f"{plan.target.qualname}."
        inner = [t for t in self.module.targets if t.kind is Kind.CLOSURE and t.qualname.startswith(prefix)]
        plans = []
        for closure in inner[:4]:
            facts = [
                ParameterFact(name=p.name, kind=p.kind, has_default=p.default is not None) for p in closure.parameters
            ]
            evidence = self._evidence.get(closure.id, {})
            for row in self.builder.argument_rows(facts, context=closure.name, depth=0, evidence=evidence)[:8]:
                then = tuple(
                    Argument(name=name or f"value{i}", value=value, keyword=bool(name))
                    for i, (name, value) in enumerate(row)
                )
                drive = _FLAVOURS[closure.flavour]
                plans.append(replace(plan, then=then, drive=drive, generation=plan.generation + 1))
        plans += [
            replace(plan, then=then, generation=plan.generation + 1)
            for then in (
                (),
                (Argument(name="value", value=literal("1")),),
                (Argument(name="value", value=literal('"abc"')),),
                (Argument(name="value", value=Value(source="lambda x: x", type_name="function")),),
                (Argument(name="value", value=literal("1")), Argument(name="other", value=literal("2"))),
            )
        ]
        return plans

    def _raised(self, state: _State, plan: Plan, seen: Observation, fresh: int) -> None:
        assert seen.raised is not None
        if fresh or not state.good:
            state.good.append(plan)
            del state.good[:-12]
        if plan.generation >= _MOST_GENERATIONS or (not fresh and plan.generation > 6):
            return

        def values(name: str, type: TypeRef) -> list[Value]:
            return self.builder.values(type, name, state.evidence.get(name), context=state.target.name)

        mended = [
            replace(new, generation=max(new.generation, plan.generation + 1))
            for new in islice(repairs(plan, seen.raised, values, self.rng), _MOST_REPAIRS)
        ]
        mended += [
            replace(new, generation=plan.generation + 1) for new in self._worlds.after_exception(plan, seen.raised)
        ]
        self._in_front(state, mended)

    def _follow_operands(self, state: _State, plan: Plan, seen: Observation) -> None:
        found: list[Plan] = []
        for operand in seen.operands[:60]:
            if len(found) >= _MOST_REPAIRS:
                break
            if operand.operator == "isinstance":
                found += self._of_wanted_class(state, plan, operand.right)
            found += islice(operands.redirect(plan, operand, self.rng), 6)
            if operand.operator == "match":
                self._learn_texts(state, patterns.matching(_unquoted(operand.left), self.rng, count=2))
            elif operand.operator in ("==", "in", "startswith", "endswith"):
                self._learn_texts(state, [text for text in map(_unquoted, (operand.left, operand.right)) if text])
        self._in_front(state, [replace(new, generation=min(new.generation, _MOST_GENERATIONS - 2)) for new in found])

    def _of_wanted_class(self, state: _State, plan: Plan, wanted: str) -> list[Plan]:
        """The plan with an instance of the class that the code asked for in place of each argument."""
        names = [name.strip() for name in wanted.strip("()").split(",")]
        known = [name for name in names if name in self.facts.classes]
        return [
            plan.with_argument(argument.name, value)
            for name in known[:2]
            for argument in plan.arguments
            for value in self.builder.instance(name)[:2]
        ]

    def _learn_texts(self, state: _State, texts: Sequence[str]) -> None:
        fresh = tuple(text for text in texts if 0 < len(text) <= 40 and text not in state.texts)
        if fresh and len(state.texts) < 80:
            state.texts += fresh[:4]


_VARIADIC = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)


def _texts(sources: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in map(_unquoted, sources) if 0 < len(text) <= 60)


def _unquoted(source: str) -> str:
    """The text of a string literal's source; empty for anything else."""
    import ast

    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""
