"""Observations to assertions. Everything here was seen, in several processes; nothing is expected that was not."""

import ast
import datetime
from collections.abc import Iterator, Sequence

from qeforge.codegen.syntax import expression
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Change, Facet, Observation, Outcome, Snapshot
from qeforge.domain.testcase import Assertion
from qeforge.oracle.patterns import string_source
from qeforge.oracle.raising import exception_assertions, warning_assertions
from qeforge.oracle.stability import stable_facets, texts_in
from qeforge.oracle.values import state_of, value_assertions
from qeforge.oracle.volatile import is_volatile
from qeforge.oracle.wording import lasts

_MOST_CHANGES = 5
_MOST_FILES = 4
_MOST_LOGS = 6
_LONGEST_OUTPUT = 2_000


def assertions_for(
    candidate: Candidate,
    first: Observation,
    others: Sequence[Observation],
    *,
    now: datetime.datetime | None = None,
) -> tuple[Assertion, ...]:
    """Everything worth asserting that was equal in all observations, strongest first; none when the candidate makes no
    test: it did not end, reached out of the sandbox, or only shows that it was called wrongly.

    Args:
        candidate: what was run.
        first: its observation.
        others: observations of it in other processes.
        now: the moment that counts as today, naive local time; the clock's when None.
    """
    if not all(_is_testable(candidate, seen) for seen in (first, *others)):
        return ()
    stable = stable_facets(first, others, candidate=candidate, now=now)
    if Facet.OUTCOME not in stable:
        return ()
    if first.outcome is Outcome.RAISED:
        primary = exception_assertions(candidate, first, others, now)
        if not primary:
            return ()
    else:
        primary = _result_assertions(candidate, first, others, now)
    module = candidate.target.partition(":")[0]
    known = candidate.key
    found = [
        *primary,
        *_change_assertions(first, others, module, known, now),
        *(_file_assertions(candidate, first) if Facet.FILES in stable else ()),
        *(_output_assertions(first, stable)),
        *(_log_assertions(first) if Facet.LOGS in stable else ()),
        *warning_assertions(candidate, first, others, now),
    ]
    return tuple(_parsed(found))


def _is_testable(candidate: Candidate, observation: Observation) -> bool:
    """Whether a test that does the same may be run anywhere: it writes nowhere, and reads nothing that it names itself
    and that only this machine is known to have."""
    if observation.outcome not in (Outcome.RETURNED, Outcome.RAISED) or observation.blocked:
        return False
    return not any(
        effect.kind in ("cwd", "home") or (effect.kind == "filesystem" and _names(candidate, effect.detail))
        for effect in observation.effects
    )


def _names(candidate: Candidate, path: str) -> bool:
    """Whether a path stands in the text of a test."""
    return bool(path) and any(repr(path)[1:-1] in text for text in (candidate.act, *candidate.arrange))


def _parsed(found: Sequence[Assertion]) -> Iterator[Assertion]:
    """Each once, and only what is one line of Python: a snapshot's text may hold anything."""
    seen = set()
    for assertion in found:
        if assertion.code in seen:
            continue
        seen.add(assertion.code)
        try:
            ast.parse(assertion.code)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        yield assertion


def _result_assertions(
    candidate: Candidate, first: Observation, others: Sequence[Observation], now: datetime.datetime | None
) -> tuple[Assertion, ...]:
    if first.result is None:
        return ()
    agreed = _agreed(first.result, [o.result for o in others], candidate.key, now)
    if agreed is None:
        return ()
    shown = state_of(expression(candidate.act), agreed)
    module = candidate.target.partition(":")[0]
    return value_assertions("result", shown, facet=Facet.RESULT, module=module)


def _agreed(
    value: Snapshot, others: Sequence[Snapshot | None], known: str, now: datetime.datetime | None
) -> Snapshot | None:
    """The part of a value that is equal in all snapshots and will stay; None when not even the type is."""
    there = [other for other in others if other is not None and other.type_name == value.type_name]
    if len(there) != len(others):
        return None

    def stays(text: str | None) -> bool:
        return text is not None and not is_volatile(text, known=known, now=now) and lasts(text, known)

    same = all(other.source == value.source for other in there)
    source = value.source if same and stays(value.source) else None
    text = value.text if stays(value.text) and all(other.text == value.text for other in there) else None
    if source is None and value.source is not None:
        value, there = _by_key(value), [_by_key(other) for other in there]
    others_by_suffix = [dict(other.attributes) for other in there]
    attributes = []
    for suffix, part in value.attributes:
        agreed = _agreed(part, [by_suffix.get(suffix) for by_suffix in others_by_suffix], known, now)
        if agreed is not None and (agreed.source is not None or agreed.attributes):
            attributes.append((suffix, agreed))
    return Snapshot(
        type_name=value.type_name, source=source, imports=value.imports, attributes=tuple(attributes), text=text
    )


def _by_key(value: Snapshot) -> Snapshot:
    """A dict that wavers, by its keys, so that what is firm in it can still be asserted."""
    node = expression(value.source) if value.source else None
    if not isinstance(node, ast.Dict) or value.attributes:
        return value
    parts = tuple(
        (f"[{ast.unparse(key)}]", Snapshot(type_name="", source=ast.unparse(item), imports=value.imports))
        for key, item in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    )
    return Snapshot(type_name=value.type_name, attributes=parts)


def _change_assertions(
    first: Observation, others: Sequence[Observation], module: str, known: str, now: datetime.datetime | None
) -> Iterator[Assertion]:
    by_expression = [{change.expression: change for change in other.changes} for other in others]
    count = 0
    for change in first.changes:
        seen = [changes.get(change.expression) for changes in by_expression]
        agreed = _agreed(change.after, [c.after if c else None for c in seen], known, now)
        if agreed is None or count >= _MOST_CHANGES:
            continue
        fresh = _without_unchanged(change, agreed)
        if fresh.source is None and not fresh.attributes:
            continue
        found = value_assertions(change.expression, fresh, facet=Facet.CHANGES, module=module)
        count += len(found)
        yield from found


def _without_unchanged(change: Change, after: Snapshot) -> Snapshot:
    before = dict(change.before.attributes)
    attributes = tuple((suffix, part) for suffix, part in after.attributes if before.get(suffix) != part)
    return Snapshot(type_name=after.type_name, source=after.source, imports=after.imports, attributes=attributes)


def _file_assertions(candidate: Candidate, first: Observation) -> Iterator[Assertion]:
    if "tmp_path" not in candidate.fixtures:
        return
    arranged = "\n".join(candidate.arrange)
    for path, text in first.files[:_MOST_FILES]:
        if path in arranged and repr(text)[1:-1] in arranged:
            continue  # the test put it there itself
        if len(text) > _LONGEST_OUTPUT or "\r" in text:  # `read_text` would change its line ends
            continue
        encoding = "" if text.isascii() else 'encoding="utf-8"'
        yield Assertion(
            facet=Facet.FILES,
            code=f"assert (tmp_path / {string_source(path)}).read_text({encoding}) == {string_source(text)}",
            fixtures=("tmp_path",),
        )


def _output_assertions(first: Observation, stable: Sequence[Facet]) -> Iterator[Assertion]:
    elsewhere = [record.message for record in first.logs] + [message for _, message in first.warnings]
    for facet, stream, text in ((Facet.STDOUT, "out", first.stdout), (Facet.STDERR, "err", first.stderr)):
        if facet not in stable or len(text) > _LONGEST_OUTPUT:
            continue
        if facet is Facet.STDERR and any(message and message in text for message in elsewhere):
            continue  # pytest takes log records and warnings away from stderr
        yield Assertion(
            facet=facet, code=f"assert capsys.readouterr().{stream} == {string_source(text)}", fixtures=("capsys",)
        )


def _log_assertions(first: Observation) -> Iterator[Assertion]:
    messages = [record.message for record in first.logs]
    if len(messages) > _MOST_LOGS or sum(map(len, messages)) > _LONGEST_OUTPUT or not all(texts_in(tuple(messages))):
        return
    yield Assertion(
        facet=Facet.LOGS,
        code=f"assert caplog.messages == [{', '.join(map(string_source, messages))}]",
        fixtures=("caplog",),
    )
