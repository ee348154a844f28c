"""Mends the argument that a failing value came from, found by its traceback, however deep the failure was.

The innermost frame of the module under test says which expression failed; data flow says which argument of the test it
was made of, and through which attributes, keys and items. What is put there is what the code around the failure does
with the value, as far as that is known, and else what the exception's text asks for.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qeforge.analysis.blame import Blame, Origin, Use
from qeforge.analysis.evidence import Evidence
from qeforge.domain.facts import ANY
from qeforge.domain.observation import Raised
from qeforge.domain.target import Kind, SourceModule
from qeforge.engine.build import Builder
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.repairs.graft import Grafter, Step
from qeforge.engine.repairs.wants import Want, wants
from qeforge.engine.shapes import reference, stand_in
from qeforge.engine.value import Value, literal, of

_PER_ORIGIN = 6
_MOST_ORIGINS = 4
_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")


class Tracer:
    """Reads tracebacks through one module.

    Args:
        module: what is under test.
        builder: makes values.
        evidence: target id → parameter → what the code does to it.
    """

    def __init__(self, module: SourceModule, builder: Builder, evidence: Mapping[str, Mapping[str, Evidence]]) -> None:
        self._blame = Blame(module)
        self._builder = builder
        self._module = module.name
        self._evidence = {
            target.qualname.replace("<locals>.", ""): evidence[target.id]
            for target in module.targets
            if target.id in evidence
        }
        self._grafter = Grafter(self._blame.constructor, self._positional)

    def mended(self, plan: Plan, raised: Raised) -> Iterator[Plan]:
        """Plans in which the failing value is another, the likeliest first."""
        want = wants(raised)
        yield from self._on_subclass(plan, raised)
        origins = self._blame.origins(raised.frames, want.use, want.name)
        if not origins and want.use is not Use.ARGUMENT:
            origins = self._blame.origins(raised.frames, Use.ARGUMENT)
        for origin in origins[:_MOST_ORIGINS]:
            held = self._held(plan, origin)
            kind = _type_of(held)
            if want.culprits and kind and kind not in want.culprits and ("each", "") not in origin.steps:
                continue
            for steps, value in self._wanted(origin, want, held):
                changed = self._with(plan, origin, steps, value)
                if changed is not None:
                    yield changed
            if not origin.steps and not origin.parameter and want.name:
                yield from self._other_receivers(plan, want)

    # -- what would have done -------------------------------------------------------------------------------------

    def _wanted(self, origin: Origin, want: Want, held: ast.expr | None) -> list[tuple[tuple[Step, ...], Value]]:
        """Values for the place that failed, each with the steps from the argument to where it goes."""
        evidence = self._known(origin)
        name = _name_of(origin)
        steps = origin.steps
        if want.key:
            key = ast.literal_eval(want.key)
            if not isinstance(key, str):
                return [(steps, value) for value in _with_key(held, want.key)]
            inner = evidence.keys.get(key) if evidence else None
            found = self._builder.values(ANY, key, inner)
            return [((*steps, ("key", key)), value) for value in found[:_PER_ORIGIN]]
        if want.unhashable:
            mocked = ast.unparse(held).replace("SimpleNamespace(", "MagicMock(") if held is not None else ""
            if "MagicMock(" in mocked:
                return [(steps, replace(stand_in(), source=mocked))]
        if want.arity is not None:
            return [(steps, value) for value in _callables(want.arity, held)]
        if want.longer:
            return [(steps, value) for value in self._longer(held, evidence, name)]
        if want.size:
            return [(steps, value) for value in self._unpacked(want.size, evidence, name)]
        columns: list[Sequence[tuple[tuple[Step, ...], Value]]] = []
        if want.name:
            inner = evidence.attributes.get(want.name) if evidence else None
            if _open(held):
                found = [*self._builder.values(ANY, want.name, inner)[:4], stand_in()]
                columns.append([((*steps, ("attribute", want.name)), value) for value in found])
            else:
                wider = _with_attribute(evidence, want.name)
                columns.append([(steps, v) for v in self._builder.values(ANY, name, wider)[:_PER_ORIGIN]])
        columns += [[(steps, of(text)) for text in want.texts]] if want.texts else []
        columns += [[(steps, v) for v in self._builder.instance(path)[:3]] for path in self._classes(want.named)]
        columns += [[(steps, v) for v in self._builder.values(kind, name, evidence)[:3]] for kind in want.types[:3]]
        if evidence is not None and not want.name:
            types = [kind for kind in evidence.types if kind.name not in ("Any", "object")][:4]
            columns += [[(steps, v) for v in self._builder.values(kind, name, evidence)[:2]] for kind in types]
            columns.append([(steps, v) for v in self._builder.values(ANY, name, evidence)[:_PER_ORIGIN]])
        now = ast.unparse(held) if held is not None else ""
        mixed: dict[tuple[tuple[Step, ...], str], tuple[tuple[Step, ...], Value]] = {}
        for row in range(_PER_ORIGIN):
            for column in columns:
                if row < len(column) and column[row][1].source != now:
                    mixed.setdefault((column[row][0], column[row][1].source), column[row])
        return list(mixed.values())[: 2 * _PER_ORIGIN]

    def _classes(self, names: Sequence[str]) -> list[str]:
        """Known classes of these names, two at most."""
        known = self._builder.facts.classes
        return [path for name in names for path in known if path.rpartition(".")[2] == name][:2]

    def _longer(self, held: ast.expr | None, evidence: Evidence | None, name: str) -> list[Value]:
        made: list[Value] = []
        match held:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                fillers = items or [ast.Constant(1), ast.Constant("abc")]
                for count in (1, 2, 4):
                    longer = [*items, *(fillers[index % len(fillers)] for index in range(count))]
                    kind = ast.List(longer) if isinstance(held, ast.List) else ast.Tuple(longer)
                    made.append(literal(ast.unparse(kind)))
            case ast.Constant(value=str(text)):
                made += [of(text + "abc"), of(" ".join(["abc", text, "abc"]).strip()), of("a,b,c"), of("a b c d")]
        if evidence is not None:
            made += [v for v in self._builder.values(ANY, name, evidence)[:_PER_ORIGIN] if len(v.source) > 3]
        return made

    def _unpacked(self, size: int, evidence: Evidence | None, name: str) -> list[Value]:
        known = evidence.items if evidence else ()
        items = [self._builder.values(ANY, name, item)[0].source for item in known[:size]]
        items += [""] * (size - len(items))
        inside = ", ".join(text or str(index + 1) for index, text in enumerate(items))
        words = "abcdefgh"[:size]
        return [
            literal(f"({inside},)"),
            literal(f"({', '.join(map(repr, words))},)"),
            *(of(separator.join(words)) for separator in (" ", ",", "=", ":")),
        ]

    def _known(self, origin: Origin) -> Evidence | None:
        function, parameter, steps = origin.seen
        known = self._evidence.get(function) or self._evidence.get(function.rpartition(".")[0])
        evidence = known.get(parameter) if known else None
        for kind, name in steps:
            if evidence is None:
                return None
            match kind:
                case "attribute":
                    evidence = evidence.attributes.get(name)
                case "key":
                    evidence = evidence.keys.get(name)
                case "item":
                    index = int(name)
                    evidence = evidence.items[index] if 0 <= index < len(evidence.items) else evidence.element
                case "each":
                    evidence = evidence.element or evidence.values
                case _:
                    evidence = evidence.result
        return evidence

    # -- where it goes --------------------------------------------------------------------------------------------

    def _held(self, plan: Plan, origin: Origin) -> ast.expr | None:
        """What stands at the origin now."""
        for argument in (*plan.arguments, *(plan.then or ())):
            if argument.name == origin.parameter and self._is_own(plan, origin):
                return self._grafter.at(argument.value, origin.steps)
        if not origin.parameter and plan.receiver is not None:
            return self._grafter.at(plan.receiver, origin.steps)
        return None

    def _is_own(self, plan: Plan, origin: Origin) -> bool:
        qualname = plan.target.qualname.replace("<locals>.", "")
        if plan.target.kind is Kind.CONSTRUCTOR:
            owner = plan.target.owner or qualname
            return origin.function in {f"{owner}.{name}" for name in _CONSTRUCTORS} | {qualname}
        return origin.function == qualname or origin.function.startswith(f"{qualname}.")

    def _with(self, plan: Plan, origin: Origin, steps: tuple[Step, ...], value: Value) -> Plan | None:
        """The plan with `value` at the end of the steps; None when the test does not hold the place."""
        generation = plan.generation + 1
        if not origin.parameter:
            if plan.receiver is None or not steps:
                return None
            receiver = self._grafter.put(plan.receiver, steps, value)
            return None if receiver is None else replace(plan, receiver=receiver, generation=generation)
        if self._is_own(plan, origin):
            if plan.then is not None:
                then = self._row(plan.then, origin.parameter, steps, value)
                if then is not None:
                    return replace(plan, then=then, generation=generation)
            arguments = self._row(plan.arguments, origin.parameter, steps, value)
            if arguments is not None:
                return replace(plan, arguments=arguments, generation=generation)
            if any(parameter.name == origin.parameter for parameter in plan.target.parameters):
                built = self._grafter.put(literal("None"), steps, value)
                return None if built is None else plan.with_argument(origin.parameter, built)
            return None
        owner, _, called = origin.function.rpartition(".")
        if called in _CONSTRUCTORS:
            return self._into_call(plan, owner.rpartition(".")[2], origin.parameter, steps, value)
        for index, step in enumerate(plan.steps):
            row = self._row(step.arguments, origin.parameter, steps, value) if step.method == called else None
            if row is not None:
                others = (*plan.steps[:index], replace(step, arguments=row), *plan.steps[index + 1 :])
                return replace(plan, steps=others, generation=generation)
        return None

    def _row(
        self, arguments: tuple[Argument, ...], name: str, steps: tuple[Step, ...], value: Value
    ) -> tuple[Argument, ...] | None:
        for index, argument in enumerate(arguments):
            if argument.name == name:
                built = self._grafter.put(argument.value, steps, value)
                if built is None:
                    return None
                return (*arguments[:index], replace(argument, value=built), *arguments[index + 1 :])
        return None

    def _into_call(self, plan: Plan, name: str, parameter: str, steps: tuple[Step, ...], value: Value) -> Plan | None:
        done = False

        def change(old: Value) -> Value:
            nonlocal done
            new = None if done else self._grafter.into_call(old, name, parameter, steps, value)
            done = done or new is not None
            return new or old

        changed = plan.map_values(change)
        return changed if done else None

    def _other_receivers(self, plan: Plan, want: Want) -> Iterator[Plan]:
        """The plan on an instance of another class that is one: bases leave to them what they ask for."""
        if plan.receiver is None or plan.target.owner is None:
            return
        for value in self._builder.instance(f"{self._module}.{plan.target.owner}"):
            if value.type_name not in want.culprits:
                yield replace(plan, receiver=value, generation=plan.generation + 1)

    def _on_subclass(self, plan: Plan, raised: Raised) -> Iterator[Plan]:
        """A class method called on a class that has what its own leaves to others."""
        missing = re.match(r"type object '(\w+)' has no attribute", raised.message)
        if missing is None or plan.target.kind is not Kind.CLASS_METHOD:
            return
        owner = f"{self._module}.{plan.target.owner}"
        for path, fact in self._builder.facts.classes.items():
            if owner in fact.ancestors and path.rpartition(".")[2] != missing[1]:
                source, imports = reference(fact.path)
                receiver = Value(source=source, type_name="type", imports=imports)
                yield replace(plan, receiver=receiver, generation=plan.generation + 1)

    def _positional(self, name: str) -> Sequence[str]:
        for method in _CONSTRUCTORS:
            for qualname in (f"{name}.{method}",):
                if found := self._blame.parameters(qualname):
                    return found
        fact = next((fact for path, fact in self._builder.facts.classes.items() if path.endswith(f".{name}")), None)
        return [parameter.name for parameter in fact.constructor] if fact else ()


def _name_of(origin: Origin) -> str:
    named = [name for kind, name in origin.steps if kind in ("attribute", "key")]
    return named[-1] if named else origin.seen[1] or origin.parameter


def _type_of(node: ast.expr | None) -> str:
    return "" if node is None else literal(ast.unparse(node)).type_name


def _open(node: ast.expr | None) -> bool:
    """Whether it takes any attribute."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "SimpleNamespace"


def _with_attribute(evidence: Evidence | None, name: str) -> Evidence:
    known = evidence or Evidence()
    return known if name in known.attributes else replace(known, attributes={**known.attributes, name: Evidence()})


def _with_key(held: ast.expr | None, key: str) -> list[Value]:
    kept = list(zip(held.keys, held.values, strict=True)) if isinstance(held, ast.Dict) else []
    node = ast.parse(key, mode="eval").body
    made = []
    for filler in ("'abc'", "1", "{}"):
        pairs = [*kept, (node, ast.parse(filler, mode="eval").body)]
        made.append(literal(ast.unparse(ast.Dict([k for k, _ in pairs], [v for _, v in pairs]))))
    return made


def _callables(arity: int, held: ast.expr | None) -> list[Value]:
    results = [ast.unparse(held.body)] if isinstance(held, ast.Lambda) else []
    results += ["None", "1", "'abc'", "True", "[]"]
    names = ", ".join("xyzwuv"[:arity]) if 0 <= arity <= 6 else "*args, **kwargs"
    return [
        Value(source=f"lambda {names}: {body}" if names else f"lambda: {body}", type_name="function")
        for body in dict.fromkeys(results)
    ][:4]
