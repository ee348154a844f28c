"""From what was kept to what is remembered: distilling, judging, thinning out. Pure; `patterns.py` keeps it."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qeforge.analysis.symbols import symbols_of
from qeforge.codegen.syntax import names_in
from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Accepted, Outcome, Pattern, PatternKind
from qeforge.domain.target import Parameter, ParameterKind, SourceModule, Target
from qeforge.memory.calls import called_name, is_whole, needed, plain, read_call, roles_of
from qeforge.memory.parts import MOST_OF_PART, parts_of

HALF_LIFE = 90 * 86_400.0
"""Seconds after which what became of a pattern counts half: code and those who write it change."""
LEAST_QUALITY = 0.15
"""Below it a pattern is forgotten; a fresh one gets there by being offered in vain five times."""
MOST_OF_ONE = 24
"""Patterns of one target, and as many parts for one role, class or callable, that are remembered; the best and latest
are."""

_MOST_CHARACTERS = 2_000
_MOST_ATTRIBUTES = 12


def shape_of(module: SourceModule, target: Target) -> str:
    """What a target looks like from outside and a little from inside, in words: how it is called, what is called on
    its parameters, what it calls."""
    node = symbols_of(module).function(target)
    inside = sorted(set(_used(node))) if node is not None else []
    parameters = ", ".join(map(_told, target.parameters))
    return " ".join(
        (
            f"{target.kind} {target.flavour}",
            f"{target.qualname}({parameters}) -> {target.returns or 'unknown'}",
            *inside[:_MOST_ATTRIBUTES],
        )
    )


def shape_of_role(parameter: Parameter) -> str:
    """The same of a parameter that wants a value."""
    return f"value {_told(parameter)}"


def role_range(role: str) -> tuple[str, str]:
    """The first text that the shape of a parameter of that name can be, and the first behind all of them."""
    return f"value {role}: ", f"value {role}:!"


def distil(module: SourceModule, target: Target, accepted: Sequence[Accepted], *, project: str) -> list[Pattern]:
    """The patterns in a target's accepted candidates: each one as a whole, the values that it gave to parameters, how
    it made objects, and what stood in for the outside.

    Nothing is kept of what was observed or expected, of long recipes, and of values that stand for something outside
    of them. Of candidates that do the same but for layout, one is kept.

    Args:
        module: the target's.
        target: what was tested.
        accepted: candidates of it that are in the suite.
        project: as `Pattern.project`.
    """
    found: dict[str, Pattern] = {}
    for one in accepted:
        candidate = one.candidate
        if candidate.target != target.id or len(candidate.key) > _MOST_CHARACTERS:
            continue
        pattern = Pattern(
            kind=PatternKind.CALL,
            shape=shape_of(module, target),
            act=plain(candidate.act),
            arrange=tuple(map(plain, candidate.arrange)),
            imports=candidate.imports,
            fixtures=candidate.fixtures,
            roles=roles_of(target),
            project=project,
            module=module.name,
            target=target.id,
        )
        parts = parts_of(module, target, one, project=project)
        for each in (pattern, *_values(target, candidate, project=project), *parts):
            found.setdefault(each.id, each)
    return list(found.values())


def judged(pattern: Pattern, outcome: Outcome, *, at: float) -> Pattern:
    """A pattern after one more use. What was before fades with `HALF_LIFE`; `quality` is the share of wins, begun at
    one of two (Laplace's rule of succession), so that one success or failure does not decide.

    Args:
        pattern: as it was.
        outcome: of the use.
        at: when, in seconds since 1970.
    """
    fading = 0.5 ** (max(0.0, at - pattern.at) / HALF_LIFE)
    uses, wins = pattern.uses * fading + 1, pattern.wins * fading + outcome.won
    gain = (pattern.gain * pattern.uses * fading + outcome.goals) / uses
    return replace(pattern, uses=uses, wins=wins, gain=gain, quality=(wins + 1) / (uses + 2), at=at)


def useless(patterns: Iterable[Pattern]) -> list[Pattern]:
    """Those to forget: below `LEAST_QUALITY`, and of one target or one role those beyond `MOST_OF_ONE`."""
    groups: defaultdict[tuple[str, ...], list[Pattern]] = defaultdict(list)
    gone: list[Pattern] = []
    for pattern in patterns:
        if pattern.quality < LEAST_QUALITY:
            gone.append(pattern)
        else:
            about = pattern.target if pattern.kind is PatternKind.CALL else pattern.shape
            groups[pattern.project, pattern.kind, about].append(pattern)
    for group in groups.values():
        gone += ranked(group)[MOST_OF_ONE:]
    return gone


def ranked(patterns: Iterable[Pattern]) -> list[Pattern]:
    """Best first: by quality, what it gained, how lately it was of use; then by id, so that the order is one."""
    return sorted(patterns, key=lambda one: (-one.quality, -one.gain, -one.at, one.id))


def _values(target: Target, candidate: Candidate, *, project: str) -> Iterator[Pattern]:
    called = read_call(candidate.act, called_name(target), roles_of(target))
    parameters = {each.name: each for each in target.parameters}
    for given in called.given if called is not None else ():
        parameter = parameters.get(given.role)
        source = ast.unparse(given.value)
        imports = needed(candidate.imports, set(names_in([given.value])))
        if parameter is None or len(source) > MOST_OF_PART or not is_whole([given.value], imports):
            continue
        yield Pattern(
            kind=PatternKind.VALUE,
            shape=shape_of_role(parameter),
            act=source,
            imports=imports,
            roles=(parameter.name,),
            project=project,
            module=target.module,
            target=target.id,
        )


def _told(parameter: Parameter) -> str:
    star = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    return f"{star}{parameter.name}: {parameter.annotation or 'unknown'}"


def _used(node: ast.AST) -> Iterator[str]:
    """What is called, and what is asked of names: `text.strip`, `re.sub`, `len`."""
    for inside in ast.walk(node):
        if isinstance(inside, ast.Attribute) and isinstance(inside.value, ast.Name):
            yield f"{inside.value.id}.{inside.attr}"
        elif isinstance(inside, ast.Call) and isinstance(inside.func, ast.Name):
            yield inside.func.id
