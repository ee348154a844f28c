"""Property tests as text: what an engineer would have written with Hypothesis."""

import ast
import keyword
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from qeforge.codegen.imports import ImportPlan, bindings, rename
from qeforge.codegen.names import unique_name
from qeforge.codegen.syntax import snake
from qeforge.codegen.words import subject_words, type_word
from qeforge.domain.properties import Property, PropertyKind, PropertyTest
from qeforge.domain.target import Kind, ParameterKind, Target

_HYPOTHESIS = ("from hypothesis import given", "from hypothesis import strategies as st")
_IMPORT_OF_SETTINGS = "from hypothesis import settings"

_SETTINGS = "@settings(derandomize=True, deadline=None)\n"
"""The same inputs in every run, and no call that is too slow only where the machine is busy: no test wavers."""

_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFunction:
    """One test function: its name, its text, the target it is for, and what it says."""

    name: str
    text: str
    target: str
    test: PropertyTest


def callable_text(target: Target) -> str:
    """How it is called from outside: `slugify`, `Version.parse`, `Version` for its constructor."""
    return target.owner or target.qualname if target.kind is Kind.CONSTRUCTOR else target.qualname


def property_functions(
    tests: Sequence[PropertyTest],
    targets: Mapping[str, Target],
    plan: ImportPlan,
    *,
    taken: Collection[str] = (),
    comments: Sequence[str] = (),
    pinned: bool = True,
) -> list[PropertyFunction]:
    """The functions, in the order of `tests`, with what they import registered.

    Args:
        tests: what is to be written.
        targets: every target of the module by id.
        plan: decides what imported things are called in the file.
        taken: names that the file has already.
        comments: for each test what justifies it, without `#`, empty for none; empty for none at all.
        pinned: whether a test draws the same inputs in every run; False leaves that to whoever runs it.
    """
    used = set(taken)
    found = []
    for number, test in enumerate(tests):
        name = unique_name([property_name(test.stated, targets)], used)
        used.add(name)
        comment = comments[number] if comments else ""
        text = _function(test, targets, plan, name, comment, _SETTINGS if pinned else "")
        found.append(PropertyFunction(name=name, text=text, target=test.stated.target, test=test))
    return found


def property_name(stated: Property, targets: Mapping[str, Target]) -> str:
    """What the test is called: the function, and what is stated of it."""
    target = targets[stated.target]
    partner = targets.get(stated.partner)
    other = subject_words(partner.id) if partner is not None else ""
    match stated.kind:
        case PropertyKind.ROUND_TRIP:
            says = f"is_undone_by_{other}"
        case PropertyKind.RESTORED:
            reader, writer = snake(targets[stated.partner].name), snake(target.name)
            return f"test_{subject_words(f':{target.owner}')}_is_restored_by_{reader}_from_{writer}"
        case PropertyKind.EQUAL:
            of_hash = "_and_hashes_alike" if stated.partner else ""
            return f"test_{subject_words(f':{target.owner}')}_made_twice_is_equal{of_hash}"
        case PropertyKind.AGREEMENT:
            says = f"agrees_with_{other}"
        case PropertyKind.IDEMPOTENT:
            says = "is_idempotent"
        case PropertyKind.COMMUTATIVE:
            says = "is_commutative"
        case PropertyKind.SAME_ITEMS:
            says = f"keeps_every_item_of_{stated.subject}"
        case PropertyKind.SORTED:
            says = "returns_sorted_items"
        case PropertyKind.LENGTH_KEPT:
            says = f"keeps_length_of_{stated.subject}"
        case PropertyKind.LENGTH_BOUNDED:
            says = (
                f"never_lengthens_{stated.subject}"
                if stated.high.startswith("len(")
                else f"never_exceeds_{stated.subject}"
            )
        case PropertyKind.RANGE:
            says = _range_words(stated)
        case PropertyKind.TYPE_KEPT:
            says = f"always_returns_{type_word(stated.returns)}"
    return f"test_{subject_words(target.id)}_{says}"


def _range_words(stated: Property) -> str:
    high = stated.high.removeprefix("len(").removesuffix(")")
    bound = f"length_of_{high}" if stated.high.startswith("len(") else high
    if not stated.high:
        return "is_never_negative"
    return f"stays_between_{stated.low}_and_{bound}" if stated.low else f"never_exceeds_{bound}"


def _function(
    test: PropertyTest, targets: Mapping[str, Target], plan: ImportPlan, name: str, comment: str, options: str
) -> str:
    stated = test.stated
    imports = [
        *_HYPOTHESIS,
        *([_IMPORT_OF_SETTINGS] if options else []),
        *(_import_of(targets[one]) for one in (stated.target, stated.partner) if one),
    ]
    names = [parameter for parameter, _ in test.strategies]
    own = _object_word(stated, targets)
    changed = plan.add(bindings(imports), [*names, "once", "result", "twin", *([own] if own else [])])
    drawn = ", ".join(f"{parameter}={source}" for parameter, source in test.strategies)
    # Only the decorators see the file's names; in the body a parameter may hide one.
    tree = ast.parse(f"@given({drawn})\n{options}def {name}({', '.join(names)}):\n    ...")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    decorators: list[ast.stmt] = [ast.Expr(decorator) for decorator in function.decorator_list]
    rename(decorators, changed)
    function.decorator_list = [node.value for node in decorators if isinstance(node, ast.Expr)]
    called = {
        target.id: _called(target, changed)
        for target in (targets[stated.target], targets.get(stated.partner), targets.get(stated.builder))
        if target
    }
    lines = _body_of_object(stated, targets, called, own) if own else _body(stated, targets[stated.target], called)
    function.body = ast.parse("\n".join(lines)).body
    lines = ast.unparse(tree).splitlines()
    if comment:
        place = next(number for number, line in enumerate(lines) if line.startswith("def "))
        lines.insert(place + 1, f"{_INDENT}# {comment}")
    return "\n".join(lines)


def _called(target: Target, changed: Mapping[str, str]) -> str:
    """How the file names the function; of a constructor, the class."""
    top, dot, rest = callable_text(target).partition(".")
    return changed.get(top, top) + dot + rest


def _object_word(stated: Property, targets: Mapping[str, Target]) -> str:
    """What a test calls the object that it is about; empty where it is about none."""
    if not stated.builder:
        return ""
    word = snake(callable_text(targets[stated.builder]).rpartition(".")[2])
    return f"{word}_" if keyword.iskeyword(word) or word in stated.parameters else word


def _body_of_object(stated: Property, targets: Mapping[str, Target], called: Mapping[str, str], own: str) -> list[str]:
    target, builder = targets[stated.target], targets[stated.builder]
    made = f"{called[stated.builder]}({_arguments(builder, stated.parameters, {})})"
    if stated.kind is PropertyKind.RESTORED:
        given = f"{own}.{target.name}{'' if target.kind is Kind.PROPERTY else '()'}"
        return [f"{own} = {made}", f"assert {called[stated.partner]}({given}) == {own}"]
    both = [f"{own} = {made}", f"twin = {made}", f"assert {own} == twin"]
    return [*both, f"assert hash({own}) == hash(twin)"] if stated.partner else both


def _body(stated: Property, target: Target, called: Mapping[str, str]) -> list[str]:
    function, partner = called[stated.target], called.get(stated.partner, "")

    def call(**values: str) -> str:
        return f"{function}({_arguments(target, stated.parameters, values)})"

    match stated.kind:
        case PropertyKind.RESTORED | PropertyKind.EQUAL:
            raise ValueError(stated.kind)  # of objects
        case PropertyKind.ROUND_TRIP:
            return [f"assert {partner}({call()}) == {stated.subject}"]
        case PropertyKind.AGREEMENT:
            return [f"assert {call()} == {partner}({', '.join(stated.parameters)})"]
        case PropertyKind.IDEMPOTENT:
            return [f"once = {call()}", f"assert {call(**{stated.subject: 'once'})} == once"]
        case PropertyKind.COMMUTATIVE:
            one, two = stated.parameters
            return [f"assert {call()} == {call(**{one: two, two: one})}"]
        case PropertyKind.SAME_ITEMS:
            return [f"assert sorted({call()}) == sorted({stated.subject})"]
        case PropertyKind.SORTED:
            return [f"result = {call()}", "assert result == sorted(result)"]
        case PropertyKind.LENGTH_KEPT:
            return [f"assert len({call()}) == len({stated.subject})"]
        case PropertyKind.LENGTH_BOUNDED:
            return [f"assert len({call()}) <= {stated.high}"]
        case PropertyKind.RANGE:
            low = f"{stated.low} <= " if stated.low else ""
            return [f"assert {low}{call()} <= {stated.high}" if stated.high else f"assert {call()} >= {stated.low}"]
        case PropertyKind.TYPE_KEPT:
            return [f"assert isinstance({call()}, {stated.returns})"]


def _arguments(target: Target, parameters: Sequence[str], values: Mapping[str, str]) -> str:
    """Each parameter given by a variable of its name, or as `values` has it; by keyword where position does not
    tell."""
    parts = []
    for place, name in enumerate(parameters):
        declared = target.parameters[place] if place < len(target.parameters) else None
        by_place = declared is not None and declared.name == name and declared.kind is not ParameterKind.KEYWORD_ONLY
        text = values.get(name, name)
        parts.append(text if by_place else f"{name}={text}")
    return ", ".join(parts)


def _import_of(target: Target) -> str:
    return f"from {target.module} import {target.qualname.partition('.')[0]}"
