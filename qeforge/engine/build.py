"""Arguments of any type: literals, containers, files, callables, objects through their constructors, stand-ins."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from qeforge.analysis.evidence import Evidence
from qeforge.domain.facts import ANY, ClassFact, ClassKind, ModuleFacts, ParameterFact, TypeRef
from qeforge.engine import basics, hints, patterns, samples, standins
from qeforge.engine.rows import Needs, argument_rows
from qeforge.engine.shapes import (
    dict_of,
    holding,
    interleave,
    is_literal,
    namespaces,
    paths_for,
    pick,
    reference,
    sets_of,
    stand_in,
    subclass,
    text_of,
    tuple_of,
)
from qeforge.engine.value import Value, call, combine, literal, merged, of, unique

_DEEPEST = 3
_MOST = 40
_MOST_KINDS, _MOST_ROWS = 6, 4
_MOST_PATTERNS = 60
_NO_EVIDENCE = Evidence()
_FOREIGN = [stand_in(), literal('"abc"'), literal("1")]
"""For a class that nothing is known of: something that accepts everything, first."""


class Builder:
    """Makes values for one module.

    Args:
        facts: what importing the module told.
        texts: string literals of the module, as sources; they are likely arguments.
        numbers: number literals, as sources.
        rng: decides among equals.
    """

    def __init__(self, facts: ModuleFacts, texts: Sequence[str], numbers: Sequence[str], rng: random.Random) -> None:
        self.facts = facts
        self.texts = tuple(texts)
        self.numbers = tuple(numbers)
        self.rng = rng
        self.instances: dict[str, list[Value]] = {}
        self.declaring: dict[str, list[Value]] = {}
        self.standins = True
        """Whether stand-ins are made from what the code does with each attribute and each result."""
        self._by_name = {fact.dotted: fact for fact in facts.classes.values()}
        self._made: dict[tuple[object, ...], list[Value]] = {}
        self._kept: dict[int, Evidence] = {}

    def found_instance(self, dotted: str, value: Value) -> None:
        """Remembers a way to build an instance that was seen to work."""
        known = self.instances.setdefault(dotted, [])
        if len(known) < _MOST and all(old.source != value.source for old in known):
            known.append(value)
            self._made.clear()

    def values(
        self, type: TypeRef, name: str, evidence: Evidence | None = None, *, context: str = "", depth: int = 0
    ) -> list[Value]:
        """Values for a parameter, the likeliest first, never empty.

        Args:
            type: its resolved type; `Any` leaves it to the evidence.
            name: of the parameter: `email` wants an address.
            evidence: what the code does to it.
            context: name of the callable, a weaker hint than `name`.
        """
        evidence = evidence or _NO_EVIDENCE
        self._kept[id(evidence)] = evidence
        key = (type, name, id(evidence), context, depth)
        if key not in self._made:
            self._made[key] = self._values(type, name, evidence, context, depth)
        return list(self._made[key])

    def _values(self, type: TypeRef, name: str, evidence: Evidence, context: str, depth: int) -> list[Value]:
        if type.name in ("Any", "object"):
            found = self._from_evidence(name, evidence, context, depth)
        else:
            found = self._of_type(type, name, evidence, context, depth)
            stated = {arm.name for arm in (type, *type.args)}
            closer = [kind for kind in evidence.types if kind.name not in stated | {"Any", "object"}]
            if closer and depth < _DEEPEST:
                found = interleave(
                    [found, *(self._of_type(k, name, evidence, context, depth + 1) for k in closer[:12])]
                )
        if evidence.optional:
            found.insert(min(3, len(found)), literal("None"))
        constants = [literal(source) for source in evidence.equals if is_literal(source)]
        kinds = {value.type_name for value in found[:3]}
        fitting = [v for v in constants if type.name in ("Any", "object") or v.type_name in kinds]
        found = found[:1] + fitting + found[1:]
        return unique(found)[: _MOST + len(fitting) + len(evidence.patterns)] or [literal("None")]

    def instance(self, dotted: str, depth: int = 0) -> list[Value]:
        """Instances of a class, those that were seen to work first."""
        key = ("instance", dotted, depth)
        if key not in self._made:
            self._made[key] = self._instances(dotted, depth)
        return list(self._made[key])

    def _instances(self, dotted: str, depth: int) -> list[Value]:
        fact = self._by_name.get(dotted)
        made = list(self.instances.get(dotted, ()))
        if len(made) < 3 or depth == 0:
            made += self._construct(fact, depth) if fact else _FOREIGN
        if fact and depth < _DEEPEST:
            kinds = [other for other in self._kinds_of(dotted)[:_MOST_KINDS] if other != dotted]
            made = interleave([made, *(self.instance(other, _DEEPEST)[:3] for other in kinds)])
        return unique(interleave([made, self.declaring.get(dotted, ())]))

    def _kinds_of(self, dotted: str) -> list[str]:
        """Concrete classes that are one, those that need the least first."""
        found = [
            (sum(Needs(p).required for p in fact.constructor), name)
            for name, fact in self._by_name.items()
            if dotted in fact.ancestors and not fact.abstract
        ]
        return [name for _, name in sorted(found)]

    # -- by type ------------------------------------------------------------------------------------------------

    def _of_type(self, type: TypeRef, name: str, evidence: Evidence, context: str, depth: int) -> list[Value]:
        kind = basics.ALIASES.get(type.name, type.name)
        if kind == "str":
            return self._texts(name, evidence, context)
        if kind == "int":
            return unique((*basics.KNOWN["int"][:3], *self._numbers("int"), *basics.KNOWN["int"][3:]))
        if kind == "float":
            return unique((*basics.KNOWN["float"], *self._numbers("float"), *basics.KNOWN["int"][:2]))
        if kind in basics.KNOWN:
            held = evidence.values or evidence.element
            deeper = kind in basics.FIELDS and held is not None and depth < _DEEPEST
            inside = self._inner(ANY, 0, "value", held, depth)[:3] if deeper else []
            return unique(holding(basics.KNOWN[kind], basics.FIELDS.get(kind, ""), inside))
        if kind == "union":
            return interleave([self._of_type(arm, name, evidence, context, depth) for arm in type.args])
        if kind == "literal":
            return [literal(source) for source in type.values if is_literal(source)] or [literal("None")]
        if kind == "Any":
            return self._from_evidence(name, evidence, context, depth)
        if kind == "tuple":
            return self._tuples(type, name, evidence, depth)
        if kind in basics.SEQUENCES or kind in basics.SETS or kind in basics.ITERATORS:
            return self._containers(kind, type, name, evidence, depth)
        if kind in basics.MAPPINGS:
            return self._mappings(type, evidence, depth)
        if kind in basics.CALLABLES:
            return self._callables(type, evidence, depth)
        if kind in basics.PATHS:
            return paths_for(name)
        if kind == "type":
            return self._classes(type)
        return self.instance(kind, depth)

    def _texts(self, name: str, evidence: Evidence, context: str) -> list[Value]:
        wanted: list[str] = []
        for pattern in evidence.patterns[:_MOST_PATTERNS]:
            wanted += patterns.matching(pattern, self.rng, count=1 if len(evidence.patterns) > 8 else 3)
        pieces = [text_of(source) for source in (*evidence.contains, *evidence.prefixes, *evidence.suffixes)]
        for piece in filter(None, pieces):
            wanted += [f"a{piece}b", piece]
        wanted += [f"{text_of(source)}abc" for source in evidence.prefixes] + [
            f"abc{text_of(s)}" for s in evidence.suffixes
        ]
        announced = samples.texts_for(name, context)
        if evidence.path_like:
            announced = ["a.txt", "a/b.txt", *announced]
        plain = list(samples.TEXT)
        own = [text for source in self.texts[:40] if (text := text_of(source)) and len(text) <= 80]
        head = announced[:2] + plain[:2] if announced else plain[:3]
        texts = [*head, *wanted[: max(12, len(evidence.patterns))], *announced[:12], *plain, *own]
        return [of(text) for text in dict.fromkeys(texts)]

    def _numbers(self, kind: str) -> list[Value]:
        return [value for value in map(literal, self.numbers[:12]) if value.type_name == kind]

    def _inner(self, type: TypeRef, index: int, name: str, evidence: Evidence | None, depth: int) -> list[Value]:
        inner = type.args[index] if index < len(type.args) and type.args[index].name != "..." else ANY
        if evidence is not None and evidence != _NO_EVIDENCE and self.standins:
            depth = min(depth, _DEEPEST - 2)  # evidence ends by itself
        if depth >= _DEEPEST:
            return [literal("1"), literal('"a"')]
        if inner.name == "Any" and (evidence is None or evidence == _NO_EVIDENCE):
            return [literal("1"), literal("2"), literal("3"), literal('"a"'), literal("None")]
        singular = name[:-1] if name.endswith("s") else name
        return [v for v in self.values(inner, singular, evidence, depth=depth + 1) if v.plain] or [literal("1")]

    def _containers(self, kind: str, type: TypeRef, name: str, evidence: Evidence, depth: int) -> list[Value]:
        items = self._inner(type, 0, name, evidence.element, depth)
        if kind in basics.SETS:
            return sets_of(items, frozen=kind == "frozenset")
        shapes = [items[:3], [], items[:1], items[:2], items[::-1][:3], items[:1] * 2, items[:6], items[2:4]]
        made = [combine("[" + ", ".join(["{}"] * len(s)) + "]", s, type_name="list", shared=True) for s in shapes]
        if kind in basics.ITERATORS:
            return [replace(v, source=f"iter({v.source})", type_name="iterator") for v in made[:3]]
        return unique(made)

    def _tuples(self, type: TypeRef, name: str, evidence: Evidence, depth: int) -> list[Value]:
        if type.args and type.args[-1].name != "...":
            columns = [self._inner(type, i, name, None, depth) for i in range(len(type.args))]
            rows = [[column[i % len(column)] for column in columns] for i in range(max(map(len, columns)))]
            return [tuple_of(row) for row in rows[:6]]
        if len(evidence.items) > 1 and not type.args:
            parts = [self._inner(ANY, 0, name, each, depth)[:_MOST_ROWS] for each in evidence.items]
            return [tuple_of([pick(part, row) for part in parts]) for row in range(_MOST_ROWS)]
        items = self._inner(type, 0, name, evidence.element, depth)
        return [tuple_of(items[:2]), tuple_of([]), tuple_of(items[:1]), tuple_of(items[:4])]

    def _mappings(self, type: TypeRef, evidence: Evidence, depth: int) -> list[Value]:
        made: list[Value] = []
        if evidence.keys:
            pairs = [
                (of(key), self.values(ANY, key, inner, depth=depth + 1) if depth < _DEEPEST else [literal("1")])
                for key, inner in islice(evidence.keys.items(), 8)
            ]
            for row in range(3):
                made.append(dict_of([(key, pick(values, row)) for key, values in pairs]))
            made += [dict_of([(key, values[0])]) for key, values in pairs]
        keys = (
            [k for k in self._inner(type, 0, "key", None, depth) if not k.shared] if type.args else [of("a"), of("b")]
        )
        items = self._inner(type, 1, "value", evidence.values or evidence.element, depth)
        made += [dict_of(list(zip(keys[:n], items, strict=False))) for n in (1, 0, 2, 3)]
        if not type.args and not evidence.keys:
            made.append(dict_of([(literal("1"), items[0])]))
        return unique(made)

    def _callables(self, type: TypeRef, evidence: Evidence, depth: int) -> list[Value]:
        arity = evidence.call_arity
        returns = type.args[-1] if type.args else ANY
        if type.args and len(type.args) > 1 and all(arg.name != "..." for arg in type.args[:-1]):
            arity = len(type.args) - 1
        arity = 1 if arity is None else arity
        names = ", ".join(("x", "y", "z", "w", "u", "v")[:arity])
        results = ["x"] if arity else []
        if returns.name != "Any" and depth < _DEEPEST:
            results = [
                v.source for v in self.values(returns, "result", depth=depth + 1)[:2] if not v.imports and v.plain
            ] or ["None"]
        results += ["True", "None", "1"]
        head = f"lambda {names}: " if names else "lambda: "
        made = [Value(source=head + body, type_name="function") for body in dict.fromkeys(results)]
        made.append(Value(source="lambda *args, **kwargs: None", type_name="function"))
        if arity == 1:
            made += [Value(source="str", type_name="type"), Value(source="len", type_name="function")]
        made.append(stand_in())
        return made

    def _classes(self, type: TypeRef) -> list[Value]:
        fact = self._by_name.get(type.args[0].name if type.args else "")
        if fact:
            source, imports = reference(fact.path)
            return [Value(source=source, type_name="type", imports=imports)]
        return [Value(source=source, type_name="type") for source in ("int", "str", "dict", "ValueError")]

    # -- objects ------------------------------------------------------------------------------------------------

    def _construct(self, fact: ClassFact, depth: int) -> list[Value]:
        source, imports = reference(fact.path)
        name = source.rpartition(".")[2]
        if fact.kind is ClassKind.ENUM:
            return [Value(source=f"{source}.{member}", type_name=name, imports=imports) for member in fact.members]
        made: list[Value] = []
        before: tuple[str, ...] = ()
        if fact.abstract or fact.kind is ClassKind.PROTOCOL:
            for concrete in self.facts.subclasses.get(fact.dotted, ()):
                made += self.instance(concrete, depth + 1)[:3] if depth < _DEEPEST else []
            before = (subclass(source, name, fact.abstract),)
            source = f"Concrete{name.lstrip('_')}"
        if depth < _DEEPEST:
            for arguments in self.argument_rows(fact.constructor, context=name, depth=depth + 1):
                built = call(source, arguments, type_name=name, imports=imports)
                made.append(replace(built, before=merged((built.before, before))))
            if fact.abstract and before and made:
                fuller = [subclass(reference(fact.path)[0], name, fact.abstract, result) for result in ("1", '"abc"')]
                made[1:1] = [replace(made[0], before=(*made[0].before[:-1], each)) for each in fuller]
            method = {m.qualname.rpartition(".")[2]: m for m in fact.methods}
            for factory in fact.factories:
                if factory in method and not before:
                    rows = self.argument_rows(method[factory].parameters, context=factory, depth=depth + 1)
                    made += [call(f"{source}.{factory}", row, type_name=name, imports=imports) for row in rows[:2]]
        elif not any(p.required for p in map(Needs, fact.constructor)):
            made.append(Value(source=f"{source}()", type_name=name, imports=imports, shared=True, before=before))
        return made or [stand_in()]

    def argument_rows(
        self,
        parameters: Sequence[ParameterFact],
        *,
        context: str,
        depth: int,
        evidence: Mapping[str, Evidence] | None = None,
    ) -> list[list[tuple[str, Value]]]:
        """A few argument lists: the required only, then with each optional, with other values for all."""

        def column(parameter: ParameterFact, deeper: int) -> list[Value]:
            known = (evidence or {}).get(parameter.name)
            return self.values(parameter.type, parameter.name, known, context=context, depth=depth + deeper)

        return argument_rows(parameters, column)

    # -- by evidence --------------------------------------------------------------------------------------------

    def _from_evidence(self, name: str, evidence: Evidence, context: str, depth: int) -> list[Value]:
        columns = [
            self._of_type(kind, name, evidence, context, depth)
            for kind in evidence.types
            if kind.name not in ("Any", "object")
        ]
        attributes = frozenset(evidence.attributes)
        if attributes:
            owner = basics.owner_of(attributes)
            if owner:
                columns.append(self._of_type(TypeRef(owner), name, evidence, context, depth))
            columns += [
                self.instance(dotted, depth + 1) for dotted in self._classes_with(attributes)[:3] if depth < _DEEPEST
            ]
            if not self.standins or all(owner != name for _, name in basics.ATTRIBUTE_OWNERS):
                columns.append(self._stand_ins(evidence, depth))
        elif evidence.result is not None and evidence.called and self.standins and depth < _DEEPEST:
            columns.append(standins.method(name, evidence, self._fitting(depth)))
        if len(evidence.items) > 1 and not evidence.indexed:
            columns.append(self._tuples(TypeRef("tuple"), name, evidence, depth))
        if evidence.keys:
            columns.append(self._mappings(TypeRef("dict"), evidence, depth))
        if evidence.called:
            columns.append(self._callables(TypeRef("callable"), evidence, depth))
        if evidence.awaited:
            columns.append(list(basics.KNOWN["coroutine"]))
        if evidence.file_like:
            columns.append(list(basics.KNOWN["io.StringIO"]))
        if evidence.path_like:
            columns += [[of("a.txt")], paths_for(name)]
        if evidence.patterns or evidence.prefixes or evidence.suffixes:
            columns.append(self._texts(name, evidence, context))
        if evidence.iterated or evidence.indexed:
            columns.append(self._containers("list", TypeRef("list"), name, evidence, depth))
            if evidence.iterated and not evidence.indexed:
                columns.append(self._containers("collections.abc.Iterator", TypeRef("list"), name, evidence, depth)[:2])
        if evidence.numeric:
            columns.append(self._of_type(TypeRef("int"), name, evidence, context, depth))
        columns += self._by_the_name(name, evidence, context, depth)
        everything = [literal(source) for source in basics.ARBITRARY]
        texts = [of(text) for text in samples.texts_for(name, context)[:6]]
        own = [literal(source) for source in self.texts[:6]]
        if depth >= _DEEPEST:
            return interleave(columns)[:4] + everything[:3]
        if not columns:
            return [*texts, *everything, *own, stand_in()]
        return [*interleave([unique(c) for c in columns])[:20], *everything[:12], *texts, *own, stand_in()]

    def _by_the_name(self, name: str, evidence: Evidence, context: str, depth: int) -> list[list[Value]]:
        """Values of the sort that the name announces."""
        sort = hints.sort_of(name)
        if sort == "callable":
            return [self._callables(TypeRef("callable"), evidence, depth)]
        if sort == "path":
            return [paths_for(name), self._texts(name, evidence, context)]
        if sort == "list":
            return [self._containers("list", TypeRef("list"), name, evidence, depth)]
        if sort == "dict":
            return [self._mappings(TypeRef("dict"), evidence, depth)]
        return [self._of_type(TypeRef(sort), name, evidence, context, depth)] if sort else []

    def _classes_with(self, attributes: frozenset[str]) -> list[str]:
        """Classes of the module that have all of these attributes, the smallest first."""
        found = []
        for dotted, fact in self._by_name.items():
            names = (
                {m.qualname.rpartition(".")[2] for m in fact.methods}
                | set(fact.properties)
                | {p.name for p in fact.constructor}
            )
            if attributes <= names:
                found.append((len(names), dotted))
        return [dotted for _, dotted in sorted(found)]

    def _stand_ins(self, evidence: Evidence, depth: int) -> list[Value]:
        """The smallest object with the attributes that the code uses."""
        if self.standins and depth < _DEEPEST:
            return [*standins.stand_ins(evidence, self._fitting(depth)), stand_in()]
        return namespaces(
            evidence, lambda name, inner: self.values(ANY, name, inner, depth=depth + 1) if depth < _DEEPEST else []
        )

    def _fitting(self, depth: int) -> standins.Fitting:
        """Evidence ends by itself; only objects that are built for an attribute count as deeper."""
        return lambda name, evidence: self.values(ANY, name, evidence, depth=depth)
