"""What memory has for a module that is about to be worked on."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest

from qeforge.analysis.symbols import symbols_of
from qeforge.domain.pattern import Lent, Offer, Pattern, PatternKind, Patterns, Recalled
from qeforge.domain.target import Kind, SourceModule, Target
from qeforge.memory.adapting import adapted, is_portable, is_python, same, value_recipe
from qeforge.memory.bank import shape_of, shape_of_role
from qeforge.memory.crediting import where_of
from qeforge.memory.parts import fake_of, object_recipe

MOST_OFFERS = 192
"""Candidates for one module: three batches of the loop."""

_MOST_OWN, _MOST_ADAPTED, _ENOUGH = 16, 6, 4
"""Candidates for one target from itself and from others; with so many of its own, others are not asked."""
_SHAPES = 6
_LEAST_LIKE = 0.5
"""Cosine below which two targets have little more in common than being Python."""
_MOST_VALUES = 4
"""Values for one parameter, constructions of one class, fakes for one callable."""
_MOST_NAMES = 200
"""Classes, and as many callables outside, that memory is asked about for one module; the likeliest come first."""
_CLASS = re.compile(r"\b_*[A-Z]\w*")


def recall(
    patterns: Patterns, module: SourceModule, *, project: str, everywhere: bool, targets: Collection[str] | None = None
) -> Recalled:
    """Candidates and values for the targets of a module: of each its own from earlier runs, also when its code was
    edited since; where there are few, recipes of targets that look like it, made to fit. The order depends on what is
    remembered alone.

    Args:
        patterns: what is remembered.
        module: the code.
        project: as `Pattern.project`.
        everywhere: whether other projects' patterns count.
        targets: ids of those to look at; None for all.

    Raises:
        StoreError: what is remembered cannot be read.
    """
    wanted = [one for one in module.targets if (targets is None or one.id in targets) and one.kind is not Kind.CLOSURE]
    scope = None if everywhere else project
    by_target = [list(_offers(patterns, module, target, project, scope)) for target in wanted]
    by_turns = (one for one in chain.from_iterable(zip_longest(*by_target)) if one is not None)
    once: dict[str, Offer] = {}
    for offer in by_turns:
        if len(once) < MOST_OFFERS:
            once.setdefault(offer.candidate.key, offer)
    values = list(_values(patterns, wanted, project, scope))
    objects = list(_parts(patterns, PatternKind.CONSTRUCTION, _classes(module, wanted), project, scope))
    fakes = list(_parts(patterns, PatternKind.FAKE, _outside(module), project, scope))
    return Recalled(
        offers=tuple(once.values()),
        recipes=(*(value_recipe(one, one.roles[0]) for one in values), *map(object_recipe, objects)),
        fakes=tuple(map(fake_of, fakes)),
        lent=tuple(
            Lent(pattern=one.id, kind=one.kind, where=where_of(one), source=one.act)
            for one in (*values, *objects, *fakes)
        ),
    )


def _offers(
    patterns: Patterns, module: SourceModule, target: Target, project: str, scope: str | None
) -> Iterator[Offer]:
    own = patterns.of(project, target.id)[:_MOST_OWN]
    yield from (Offer(pattern=one.id, candidate=same(one), kept=True) for one in own if is_python(one))
    if len(own) >= _ENOUGH:
        return
    left = _MOST_ADAPTED
    for pattern, similarity in patterns.near(shape_of(module, target), _SHAPES, project=scope):
        if similarity < _LEAST_LIKE or left == 0:
            return
        if pattern.target == target.id and pattern.project == project:
            continue
        candidate = adapted(pattern, target, project=project)
        if candidate is not None:
            left -= 1
            yield Offer(pattern=pattern.id, candidate=candidate)


def _values(patterns: Patterns, targets: Sequence[Target], project: str, scope: str | None) -> Iterator[Pattern]:
    """Values that parameters like these were given, each once for a role."""
    asked: dict[str, str] = {}
    for target in targets:
        for parameter in target.parameters:
            asked.setdefault(shape_of_role(parameter), parameter.name)
    for shape, role in asked.items():
        yield from _usable(patterns.values(shape, role, project=scope), project)


def _parts(
    patterns: Patterns, kind: PatternKind, names: Iterable[str], project: str, scope: str | None
) -> Iterator[Pattern]:
    wanted = list(islice(names, _MOST_NAMES))
    found = patterns.parts(kind, wanted, project=scope)
    for name in wanted:
        yield from _usable(found.get(name, ()), project)


def _usable(found: Iterable[Pattern], project: str) -> list[Pattern]:
    """The first of those that this project can run, each expression once."""
    once: dict[str, Pattern] = {}
    for pattern in found:
        if is_python(pattern) and (pattern.project == project or is_portable(pattern.imports, pattern.fixtures)):
            once.setdefault(pattern.act, pattern)
    return list(islice(once.values(), _MOST_VALUES))


def _classes(module: SourceModule, targets: Sequence[Target]) -> Iterator[str]:
    """Names of classes whose objects the module may want: what parameters are named after, what is imported or defined
    there, what stands in annotations that are texts, and what else begins like the name of a class."""
    symbols = symbols_of(module)
    after = ("".join(map(str.capitalize, one.name.split("_"))) for target in targets for one in target.parameters)
    known = (dotted.rpartition(".")[2] for dotted in (*symbols.imports.values(), *symbols.classes))
    texts = (text for node in symbols.nodes for text in _annotated(node))
    named = (name for text in texts for name in _CLASS.findall(text))
    used = (
        node.id if isinstance(node, ast.Name) else node.attr
        for node in symbols.nodes
        if isinstance(node, ast.Name | ast.Attribute)
    )
    yield from dict.fromkeys(name for name in chain(after, known, named, used) if _CLASS.fullmatch(name))


def _annotated(node: ast.AST) -> Iterator[str]:
    """The texts in the annotations of an argument, a function or an assignment."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        annotation = node.returns
    elif isinstance(node, ast.arg | ast.AnnAssign):
        annotation = node.annotation
    else:
        return
    for inner in ast.walk(annotation) if annotation is not None else ():
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _outside(module: SourceModule) -> Iterator[str]:
    """Dotted names of what the module takes from elsewhere, as it is called there."""
    symbols = symbols_of(module)
    chains = (node for node in symbols.nodes if isinstance(node, ast.Attribute | ast.Name))
    dotted = (symbols.dotted(node) for node in chains)
    imported = set(symbols.imports.values())
    yield from dict.fromkeys(one for one in dotted if one and (one in imported or one.partition(".")[0] in imported))
