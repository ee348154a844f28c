"""Runs candidates in this process, so that rendered suites hold what really happens."""

import ast
import contextlib
import hashlib
import importlib
import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.observation import Change, Frame, LogRecord, Observation, Outcome, Raised, Snapshot
from qeforge.domain.target import Flavour, Kind, Parameter, ParameterKind, Span, Target
from qeforge.domain.testcase import TestCase
from qeforge.oracle.assertions import assertions_for

GOLDEN = Path(__file__).parent.parent / "golden"
_LITERAL = (str, bytes, int, float, bool, type(None), list, tuple, dict, set)


def targets_of(source: str, module: str) -> dict[str, Target]:
    """Targets of a subject module, functions and methods."""
    tree = ast.parse(source)
    found = {}
    for node, owner in _functions(tree):
        qualname = f"{owner}.{node.name}" if owner else node.name
        kind = Kind.CONSTRUCTOR if node.name == "__init__" else Kind.METHOD if owner else Kind.FUNCTION
        target = Target(
            module=module,
            qualname=qualname,
            kind=kind,
            flavour=Flavour.PLAIN,
            parameters=tuple(_parameters(node, bound=bool(owner))),
            returns=None,
            span=Span(line=node.lineno, end_line=node.end_lineno or node.lineno),
            digest=hashlib.sha256((ast.get_source_segment(source, node) or "").encode()).hexdigest(),
            complexity=1,
            owner=owner or None,
        )
        found[target.id] = target
    return found


def _functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node, ""
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield inner, node.name


def _parameters(node: ast.FunctionDef, *, bound: bool) -> Iterator[Parameter]:
    plain = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(plain) - len(node.args.defaults)) + [ast.unparse(d) for d in node.args.defaults]
    for argument, default in list(zip(plain, defaults, strict=True))[int(bound) :]:
        annotation = ast.unparse(argument.annotation) if argument.annotation else None
        yield Parameter(name=argument.arg, kind=ParameterKind.POSITIONAL, annotation=annotation, default=default)
    for argument, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        yield Parameter(
            name=argument.arg, kind=ParameterKind.KEYWORD_ONLY, default=ast.unparse(value) if value else None
        )


def snapshot(value: object, depth: int = 0) -> Snapshot:
    """By `repr` for literals and Decimals, by attributes otherwise."""
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, _LITERAL):
        return Snapshot(type_name=name, source=repr(value))
    if name == "decimal.Decimal":
        return Snapshot(type_name=name, source=repr(value), imports=("from decimal import Decimal",))
    if isinstance(value, Mock):
        calls = Snapshot(type_name="list", source=repr(value.mock_calls), imports=("from unittest.mock import call",))
        return Snapshot(type_name="unittest.mock.Mock", attributes=((".mock_calls", calls),))
    attributes = (
        [(f".{k}", snapshot(v, depth + 1)) for k, v in vars(value).items()] if hasattr(value, "__dict__") else []
    )
    return Snapshot(type_name=name, attributes=tuple(attributes) if depth < 3 else ())


def observe(candidate: Candidate, module: ModuleType) -> Observation:
    """One run."""
    space: dict[str, object] = {}
    out, records = io.StringIO(), _Records()
    logging.getLogger().addHandler(records)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        if "tmp_path" in candidate.fixtures:
            space["tmp_path"] = Path(folder)
        for source in (*candidate.imports, *candidate.arrange):
            exec(source, space)
        variables = {
            n: v for n, v in space.items() if isinstance(v, list | Mock) or type(v).__module__ == module.__name__
        }
        before = {name: snapshot(value) for name, value in variables.items()}
        result: Snapshot | None = None
        raised = None
        with contextlib.redirect_stdout(out):
            try:
                if isinstance(ast.parse(candidate.act).body[0], ast.Expr):
                    result = snapshot(eval(candidate.act, space))
                else:
                    exec(candidate.act, space)
                    result = snapshot(space.get("result"))
            except (Exception, SystemExit) as error:
                raised = _raised(error, module)
        files = tuple((p.name, p.read_text()) for p in sorted(Path(folder).rglob("*")) if p.is_file())
        changes = tuple(_changes(before, {name: snapshot(value) for name, value in variables.items()}))
    logging.getLogger().removeHandler(records)
    return Observation(
        outcome=Outcome.RAISED if raised else Outcome.RETURNED,
        result=result,
        raised=raised,
        stdout=out.getvalue(),
        logs=tuple(records.seen),
        warnings=tuple((w.category.__name__, str(w.message)) for w in warned),
        changes=changes,
        files=files,
    )


def _changes(before: dict[str, Snapshot], after: dict[str, Snapshot]) -> Iterator[Change]:
    for name, old in before.items():
        new = after[name]
        if old.source is not None and old != new:
            yield Change(expression=name, before=old, after=new)
        olds = dict(old.attributes)
        for suffix, part in new.attributes:
            if olds.get(suffix) != part:
                yield Change(expression=name + suffix, before=olds[suffix], after=part)


def _raised(error: BaseException, module: ModuleType) -> Raised:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(Frame(function=code.co_name, line=trace.tb_lineno, own=code.co_filename == module.__file__))
        trace = trace.tb_next
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Raised(type_name=name, message=str(error), frames=tuple(frames))


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(LogRecord(logger=record.name, level=record.levelname, message=record.getMessage()))


def load(path: Path) -> ModuleType:
    """Imports a subject by its file name."""
    sys.path.insert(0, str(path.parent))
    try:
        return importlib.import_module(path.stem)
    finally:
        sys.path.remove(str(path.parent))


def cases_for(candidates: Sequence[Candidate], module: ModuleType) -> tuple[TestCase, ...]:
    """Cases with everything assertable, each with goals of its own."""
    found = []
    for index, candidate in enumerate(candidates):
        seen = observe(candidate, module)
        assertions = assertions_for(candidate, seen, [seen, seen])
        line = 10 + 3 * index
        goals = frozenset(
            {
                Goal(kind=GoalKind.LINE, arc=(line, line)),
                Goal(kind=GoalKind.LINE, arc=(line + 1, line + 1)),
                Goal(kind=GoalKind.BRANCH, arc=(line, line + 2)),
            }
        )
        mutants = frozenset({f"{line}:4-{line}:9:comparison:a <= b"})
        found.append(
            TestCase(candidate=candidate, observation=seen, assertions=assertions, goals=goals, mutants=mutants)
        )
    return tuple(found)
