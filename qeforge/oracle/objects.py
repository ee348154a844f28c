"""What might hold for every object of a class: what writes it, and reads it back, and which objects are equal."""

from collections.abc import Iterable, Mapping, Sequence

from qeforge.codegen.properties import callable_text
from qeforge.domain.candidate import Candidate
from qeforge.domain.properties import Property, PropertyKind
from qeforge.domain.target import Flavour, Kind, Target
from qeforge.oracle.calls import Call, call_candidate, canonical, is_constructor, is_plain
from qeforge.oracle.properties import LEAST_SUPPORT

_MOST_PAIRS, _MOST_OBJECTS = 24, 8
"""Pairs of a method that writes and one that reads, of one class; objects that each is tried on."""


def object_properties(targets: Iterable[Target], calls: Sequence[Call]) -> list[Property]:
    """What might be stated of the objects that these calls of constructors made, before anything of it is tried.

    Of each class the shortest calls that were seen often enough count; other parameters are left at their defaults.
    """
    known = list(targets)
    found: list[Property] = []
    for builder in filter(is_constructor, known):
        mine = [target for target in known if target.owner and target.owner == builder.owner]
        made = [call for call in calls if call.target == builder.id and not call.raised]
        for names in sorted({call.names for call in made}, key=lambda names: (len(names), names)):
            if len(objects(builder.id, names, calls)) >= LEAST_SUPPORT:
                found += _restored(builder, names, mine) + _equal(builder, names, mine)
                break
    return found


def objects(builder: str, names: tuple[str, ...], calls: Sequence[Call]) -> list[Call]:
    """Different calls of the constructor with these parameters that made an object, at most a few."""
    made = [call for call in calls if call.target == builder and call.names == names and names and not call.raised]
    return list({canonical([value for _, value in call.arguments]): call for call in made}.values())[:_MOST_OBJECTS]


def object_candidate(stated: Property, targets: Mapping[str, Target], made: Call) -> Candidate:
    """What tells whether the statement holds for one object: it returns True or False, or raises."""
    target, builder = targets[stated.target], targets[stated.builder]
    call = call_candidate(builder, made.arguments)
    one = call.act
    if stated.kind is PropertyKind.RESTORED:
        given = f"{one}.{target.name}{'' if target.kind is Kind.PROPERTY else '()'}"
        act = f"{callable_text(targets[stated.partner])}({given}) == {one}"
    else:
        act = f"{one} == {one}" + (f" and hash({one}) == hash({one})" if stated.partner else "")
    return Candidate(target=target.id, act=act, imports=call.imports, proposer="properties")


def _restored(builder: Target, names: tuple[str, ...], members: Sequence[Target]) -> list[Property]:
    writers = [
        member
        for member in members
        if member.kind in (Kind.METHOD, Kind.PROPERTY) and member.flavour is Flavour.PLAIN
        if not member.name.startswith("_") and not any(p.required for p in member.parameters)
    ]
    readers = [
        member
        for member in members
        if member.kind in (Kind.CLASS_METHOD, Kind.STATIC_METHOD) and not member.is_private and is_plain(member)
        if sum(p.required for p in member.parameters) == 1
    ]
    pairs = [(writer, reader) for reader in readers for writer in writers][:_MOST_PAIRS]
    return [
        Property(kind=PropertyKind.RESTORED, target=writer.id, parameters=names, partner=reader.id, builder=builder.id)
        for writer, reader in pairs
    ]


def _equal(builder: Target, names: tuple[str, ...], members: Sequence[Target]) -> list[Property]:
    by_name = {member.name: member for member in members}
    if "__eq__" not in by_name:
        return []
    hashed = by_name["__hash__"].id if "__hash__" in by_name else ""
    return [
        Property(
            kind=PropertyKind.EQUAL,
            target=by_name["__eq__"].id,
            parameters=names,
            partner=hashed,
            builder=builder.id,
        )
    ]
