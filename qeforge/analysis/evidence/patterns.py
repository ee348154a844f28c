"""What `match` statements say about their subject."""

import ast
from typing import Protocol

from qeforge.analysis.evidence import predicates
from qeforge.analysis.evidence.knowledge import DICT, LIST
from qeforge.analysis.evidence.model import Strength
from qeforge.analysis.evidence.refs import Ref, Refs, whole
from qeforge.analysis.evidence.surroundings import Surroundings


class Scope(Protocol):
    """The part of a reader that patterns need."""

    around: Surroundings
    owner: str | None
    names: dict[str, Refs]

    def equal(self, refs: Refs, other: ast.expr) -> None:
        """The values are compared with that expression."""
        ...


def read_pattern(scope: Scope, pattern: ast.pattern, refs: Refs) -> None:
    """Takes notes on `refs`, which are matched against `pattern`, and binds the names it captures."""
    match pattern:
        case ast.MatchValue():
            scope.equal(refs, pattern.value)
        case ast.MatchSingleton():
            predicates.equal(refs, pattern.value)
        case ast.MatchSequence():
            _sequence(scope, pattern, refs)
        case ast.MatchMapping():
            _mapping(scope, pattern, refs)
        case ast.MatchClass():
            _class(scope, pattern, refs)
        case ast.MatchAs():
            if pattern.pattern:
                read_pattern(scope, pattern.pattern, refs)
            if pattern.name:
                scope.names[pattern.name] = refs
        case ast.MatchStar():
            if pattern.name:
                scope.names[pattern.name] = ()
        case ast.MatchOr():
            for each in pattern.patterns:
                read_pattern(scope, each, refs)


def _sequence(scope: Scope, pattern: ast.MatchSequence, refs: Refs) -> None:
    traces = whole(refs)
    starred = any(isinstance(each, ast.MatchStar) for each in pattern.patterns)
    for trace in traces:
        trace.flag("indexed")
        trace.vote(Strength.CHECKED, LIST)
        trace.lengths[len(pattern.patterns) - starred] = None
    position = 0
    for each in pattern.patterns:
        if isinstance(each, ast.MatchStar):
            position = -1
            read_pattern(scope, each, ())
        elif position >= 0:
            read_pattern(scope, each, tuple(Ref(trace.item(position)) for trace in traces))
            position += 1
        else:
            read_pattern(scope, each, tuple(Ref(trace.each()) for trace in traces))


def _mapping(scope: Scope, pattern: ast.MatchMapping, refs: Refs) -> None:
    traces = whole(refs)
    for trace in traces:
        trace.vote(Strength.CHECKED, DICT)
    for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
        text = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
        read_pattern(
            scope, inner, tuple(Ref(trace.key(text) if text is not None else trace.each_value()) for trace in traces)
        )
    if pattern.rest:
        scope.names[pattern.rest] = ()


def _class(scope: Scope, pattern: ast.MatchClass, refs: Refs) -> None:
    traces = whole(refs)
    kinds = scope.around.annotations.classes(pattern.cls, scope.owner or "")
    for trace in traces:
        trace.vote(Strength.CHECKED, *kinds)
    builtin = all("." not in kind.name for kind in kinds)
    for inner in pattern.patterns:
        read_pattern(scope, inner, refs if builtin else ())
    for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
        read_pattern(scope, inner, tuple(Ref(trace.attribute(name)) for trace in traces))
