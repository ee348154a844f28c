"""Which properties observed calls support. What one of them contradicts is left out; Hypothesis has the last word."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from qeforge.codegen.syntax import snake
from qeforge.domain.properties import Property, PropertyKind
from qeforge.domain.target import Target
from qeforge.oracle.calls import Arguments, Call, canonical, key_of, table_of

LEAST_SUPPORT = 3
"""Different calls that have to show a property."""

_FEW, _MOST_PARTNERS = 6, 40
"""Calls of a function that a second function is tried on; pairs of functions that are tried."""
_MOST_GROUPS = 3
_SIZED = (str, bytes, list, tuple, set, dict)

Table = Mapping[tuple[str, str], Call]


def follow_ups(calls: Sequence[Call], targets: Mapping[str, Target]) -> list[tuple[str, Arguments]]:
    """Calls that would show more: a result put back in, arguments that change places, a second function on what the
    first one took or gave. Those that were observed already are left out."""
    table = table_of(calls)
    wanted: dict[tuple[str, str], tuple[str, Arguments]] = {}
    for target, arguments in _worth_trying(calls, targets):
        key = key_of(target, arguments)
        if key not in table:
            wanted.setdefault(key, (target, arguments))
    return list(wanted.values())


def conjectures(calls: Sequence[Call], targets: Mapping[str, Target]) -> list[Property]:
    """Every property that the calls support and none of them refutes, the most telling first, those with fewer
    parameters before others."""
    table = table_of(calls)
    found: list[Property] = []
    for target, names, members in _groups(calls, targets):
        returned = [call for call in members if call.returned]
        found += _idempotent(target, names, returned, table)
        found += _commutative(target, names, returned, table)
        found += _about_items(target, names, returned)
        found += _about_length(target, names, returned)
        found += _about_range(target, names, returned)
        found += _about_type(target, names, returned)
    found += _pairs(calls, targets, table)
    order = {kind: number for number, kind in enumerate(PropertyKind)}
    return sorted(found, key=lambda p: (order[p.kind], len(p.parameters)))


# -- what to try ------------------------------------------------------------------------------------------------


def _worth_trying(calls: Sequence[Call], targets: Mapping[str, Target]) -> Iterator[tuple[str, Arguments]]:
    for target, names, members in _groups(calls, targets):
        telling = [call for call in _various(members) if call.returned]
        for call in telling[:_FEW]:
            first, given = call.arguments[0]
            if type(call.result) is type(given):
                yield target, ((first, call.result), *call.arguments[1:])
        if len(names) == 2:
            for call in telling[:_FEW]:
                (one, left), (two, right) = call.arguments
                if type(left) is type(right) and left != right:
                    yield target, ((one, right), (two, left))
    by_target = {target: members for target, names, members in _groups(calls, targets) if _is_single(targets[target])}
    for one, other in _partners(by_target, targets):
        name = _only(targets[other])
        takes = _taken(by_target[other])
        for call in _various([call for call in by_target[one] if call.returned])[:_FEW]:
            for value in (call.result, call.arguments[0][1]):
                if type(value) in takes:
                    yield other, ((name, value),)


def _partners(singles: Mapping[str, Sequence[Call]], targets: Mapping[str, Target]) -> list[tuple[str, str]]:
    """Pairs of functions of one argument whose types fit, those whose names have most in common first."""
    takes = {target: _taken(members) for target, members in singles.items()}
    gives = {target: {type(c.result) for c in members if c.returned} for target, members in singles.items()}
    pairs = [
        (one, other)
        for one in singles
        for other in singles
        if one != other and ((gives[one] & takes[other] and gives[other] & takes[one]) or (gives[one] & gives[other]))
    ]
    return sorted(pairs, key=lambda pair: -_kinship(*(targets[name].name for name in pair)))[:_MOST_PARTNERS]


def _taken(calls: Sequence[Call]) -> set[type]:
    """Types of the only argument with which calls returned."""
    return {type(call.arguments[0][1]) for call in calls if call.returned}


def _kinship(one: str, other: str) -> int:
    """Words that two names share, and pairs of prefixes that are each other's opposite."""
    left, right = set(snake(one).split("_")), set(snake(other).split("_"))
    opposite = any({a, b} in _OPPOSITES for a in left for b in right)
    return len(left & right) + 2 * opposite


_OPPOSITES = [
    {"encode", "decode"}, {"dump", "load"}, {"dumps", "loads"}, {"to", "from"}, {"parse", "format"},
    {"parse", "render"}, {"pack", "unpack"}, {"escape", "unescape"}, {"quote", "unquote"}, {"split", "join"},
    {"compress", "decompress"}, {"encrypt", "decrypt"}, {"serialize", "deserialize"}, {"compress", "expand"},
    {"read", "write"}, {"rotate", "unrotate"}, {"flatten", "unflatten"}, {"marshal", "unmarshal"},
]  # fmt: skip


# -- groups of calls --------------------------------------------------------------------------------------------


def _groups(
    calls: Sequence[Call], targets: Mapping[str, Target]
) -> list[tuple[str, tuple[str, ...], tuple[Call, ...]]]:
    """Calls of one target that give the same parameters, by target in the order of `targets`; of each target the
    groups with the fewest parameters."""
    members: dict[tuple[str, tuple[str, ...]], dict[str, Call]] = {}
    for call in calls:
        if call.arguments:
            group = members.setdefault((call.target, call.names), {})
            group.setdefault(canonical([value for _, value in call.arguments]), call)
    found = []
    for target in targets:
        mine = sorted((names for name, names in members if name == target), key=lambda names: (len(names), names))
        found += [(target, names, tuple(members[target, names].values())) for names in mine[:_MOST_GROUPS]]
    return found


def _various(calls: Sequence[Call]) -> list[Call]:
    """Those whose result is not an argument come first: they show more."""
    return sorted(calls, key=lambda call: any(call.result == value for _, value in call.arguments))


def _is_single(target: Target) -> bool:
    return sum(p.required for p in target.parameters) == 1


def _only(target: Target) -> str:
    return next(p.name for p in target.parameters if p.required)


# -- properties of one function ---------------------------------------------------------------------------------


def _idempotent(target: str, names: tuple[str, ...], calls: Sequence[Call], table: Table) -> Iterator[Property]:
    shown = moved = 0
    first = names[0]
    for call in calls:
        again = table.get(key_of(target, ((first, call.result), *call.arguments[1:])))
        if again is None:
            continue
        if not again.returned or again.result != call.result:
            return
        shown += 1
        moved += call.result != call.arguments[0][1]
    if shown >= LEAST_SUPPORT and moved and len({canonical(call.result) for call in calls}) > 1:
        yield Property(kind=PropertyKind.IDEMPOTENT, target=target, parameters=names, subject=first, support=shown)


def _commutative(target: str, names: tuple[str, ...], calls: Sequence[Call], table: Table) -> Iterator[Property]:
    if len(names) != 2:
        return
    shown = 0
    for call in calls:
        (one, left), (two, right) = call.arguments
        swapped = table.get(key_of(target, ((one, right), (two, left)))) if left != right else None
        if swapped is None:
            continue
        if not swapped.returned or swapped.result != call.result:
            return
        shown += 1
    if shown >= LEAST_SUPPORT and len({canonical(call.result) for call in calls}) > 1:
        yield Property(kind=PropertyKind.COMMUTATIVE, target=target, parameters=names, support=shown)


def _about_items(target: str, names: tuple[str, ...], calls: Sequence[Call]) -> Iterator[Property]:
    lists = [call for call in calls if isinstance(call.result, list)]
    if len(lists) < len(calls) or len({canonical(call.result) for call in calls}) < LEAST_SUPPORT:
        return
    results = [call.result for call in lists if isinstance(call.result, list)]
    telling = [result for result in results if len(set(map(canonical, result))) > 1]
    if len(telling) >= 2 and all(_sorted(call.result) == call.result for call in lists):
        yield Property(kind=PropertyKind.SORTED, target=target, parameters=names, support=len(lists))
    for index, name in enumerate(names):
        given = [call.arguments[index][1] for call in lists]
        if all(isinstance(value, list) for value in given) and any(
            value != call.result for value, call in zip(given, lists, strict=True)
        ):
            same = all(
                _sorted(value) is not None and _sorted(value) == _sorted(call.result)
                for value, call in zip(given, lists, strict=True)
            )
            if same:
                yield Property(
                    kind=PropertyKind.SAME_ITEMS, target=target, parameters=names, subject=name, support=len(lists)
                )


def _sorted(value: object) -> list[object] | None:
    """The items in order; None where they have none."""
    try:
        return sorted(value)  # type: ignore[call-overload,no-any-return]
    except TypeError:
        return None


def _about_length(target: str, names: tuple[str, ...], calls: Sequence[Call]) -> Iterator[Property]:
    if len(calls) < LEAST_SUPPORT or not all(isinstance(call.result, _SIZED) for call in calls):
        return
    lengths = [len(call.result) for call in calls if isinstance(call.result, _SIZED)]
    for index, name in enumerate(names):
        given = [call.arguments[index][1] for call in calls]
        if all(isinstance(value, _SIZED) for value in given):
            sizes = [len(value) for value in given if isinstance(value, _SIZED)]
            changed = any(value != call.result for value, call in zip(given, calls, strict=True))
            if sizes == lengths and changed and len(set(sizes)) >= LEAST_SUPPORT:
                yield Property(
                    kind=PropertyKind.LENGTH_KEPT, target=target, parameters=names, subject=name, support=len(calls)
                )
            elif sizes != lengths and _is_bound(lengths, sizes):
                yield Property(
                    kind=PropertyKind.LENGTH_BOUNDED,
                    target=target,
                    parameters=names,
                    subject=name,
                    high=f"len({name})",
                    support=len(calls),
                )
        elif all(type(value) is int for value in given) and _is_bound(lengths, given):
            yield Property(
                kind=PropertyKind.LENGTH_BOUNDED,
                target=target,
                parameters=names,
                subject=name,
                high=name,
                support=len(calls),
            )


def _is_bound(values: Sequence[object], bounds: Sequence[object]) -> bool:
    """Whether each bound holds, and is reached by one of several different values."""
    both = zip(values, bounds, strict=True)
    pairs = [(v, b) for v, b in both if isinstance(v, int | float) and isinstance(b, int | float)]
    return (
        len(pairs) == len(values)
        and all(value <= bound for value, bound in pairs)
        and any(value == bound != 0 for value, bound in pairs)
        and len(set(values)) >= LEAST_SUPPORT
    )


def _about_range(target: str, names: tuple[str, ...], calls: Sequence[Call]) -> Iterator[Property]:
    numbers = [call.result for call in calls if type(call.result) in (int, float)]
    values = [value for value in numbers if isinstance(value, int | float)]
    if len(values) < len(calls) or len(set(values)) < LEAST_SUPPORT:
        return
    low = "0" if min(values) >= 0 else ""
    highs = [bound for bound in ("1", "100") if max(values) == int(bound)] if low else []
    for index, name in enumerate(names):
        given = [call.arguments[index][1] for call in calls]
        if all(type(value) in (int, float) for value in given) and _is_bound(values, given):
            highs.append(name)
        if all(isinstance(value, _SIZED) for value in given):
            sizes = [len(value) for value in given if isinstance(value, _SIZED)]
            if _is_bound(values, sizes):
                highs.append(f"len({name})")
    if low or highs:
        yield Property(
            kind=PropertyKind.RANGE,
            target=target,
            parameters=names,
            low=low,
            high=highs[0] if highs else "",
            support=len(calls),
        )


def _about_type(target: str, names: tuple[str, ...], calls: Sequence[Call]) -> Iterator[Property]:
    kinds = Counter(type(call.result) for call in calls)
    if len(calls) >= LEAST_SUPPORT and len(kinds) == 1:
        (kind,) = kinds
        if kind is not type(None):
            yield Property(
                kind=PropertyKind.TYPE_KEPT,
                target=target,
                parameters=names,
                returns=kind.__name__,
                support=len(calls),
            )


# -- properties of two functions --------------------------------------------------------------------------------


def _pairs(calls: Sequence[Call], targets: Mapping[str, Target], table: Table) -> Iterator[Property]:
    singles = {
        target: [call for call in members if call.returned]
        for target, names, members in _groups(calls, targets)
        if _is_single(targets[target]) and names == (_only(targets[target]),)
    }
    agreeing: set[frozenset[str]] = set()
    for one, other in _partners(singles, targets):
        name, partner = _only(targets[one]), _only(targets[other])
        support = _undone(singles[one], other, partner, table)
        if support:
            yield Property(
                kind=PropertyKind.ROUND_TRIP,
                target=one,
                parameters=(name,),
                partner=other,
                subject=name,
                support=support,
            )
        support = _agreeing(singles[one], other, partner, table)
        if support and frozenset((one, other)) not in agreeing:
            agreeing.add(frozenset((one, other)))
            yield Property(kind=PropertyKind.AGREEMENT, target=one, parameters=(name,), partner=other, support=support)


def _undone(calls: Sequence[Call], other: str, parameter: str, table: Table) -> int:
    """How many calls the other function undoes; 0 when it fails to undo one, or where nothing was done."""
    shown = moved = 0
    for call in calls:
        given = call.arguments[0][1]
        back = table.get(key_of(other, ((parameter, call.result),)))
        if back is None:
            continue
        if not back.returned or back.result != given or type(back.result) is not type(given):
            return 0
        shown += 1
        moved += given != call.result
    return shown if shown >= LEAST_SUPPORT and moved >= 2 else 0


def _agreeing(calls: Sequence[Call], other: str, parameter: str, table: Table) -> int:
    """How many calls give the same in the other function; 0 when one does not, or where all give one thing."""
    shown = 0
    results: set[str] = set()
    for call in calls:
        same = table.get(key_of(other, ((parameter, call.arguments[0][1]),)))
        if same is None:
            continue
        if not same.returned or same.result != call.result or type(same.result) is not type(call.result):
            return 0
        shown += 1
        results.add(canonical(call.result))
    return shown if shown > LEAST_SUPPORT and len(results) >= LEAST_SUPPORT else 0
