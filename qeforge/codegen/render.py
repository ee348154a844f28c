"""A suite as the text of a pytest file: what a good engineer would have written."""

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qeforge.codegen.body import fixture_source, function_source
from qeforge.codegen.draft import Draft, draft, simplify
from qeforge.codegen.fixtures import Fixture, Helper, extract_fixtures, extract_helpers
from qeforge.codegen.formatting import line_length
from qeforge.codegen.header import stamp
from qeforge.codegen.imports import ImportPlan, Origin, bindings, rename
from qeforge.codegen.names import name_cases, name_table, unique_name
from qeforge.codegen.properties import property_functions
from qeforge.codegen.syntax import bound_names, lay_out_strings
from qeforge.codegen.tables import TestFunction, tabulate
from qeforge.codegen.why import mutants_reason, reasons
from qeforge.domain.mutant import Mutant
from qeforge.domain.properties import PropertyTest
from qeforge.domain.target import Target
from qeforge.domain.testcase import Suite, TestCase

_NO_MUTANTS: Mapping[str, Mutant] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One top-level definition: its name, its text, and the target it is for (empty for a helper or fixture)."""

    name: str
    text: str
    target: str = ""


def render(
    suite: Suite,
    targets: Mapping[str, Target],
    *,
    why: bool = True,
    mutants: Mapping[str, Mutant] = _NO_MUTANTS,
    properties: Sequence[PropertyTest] = (),
) -> str:
    """The whole file with its marks, valid Python, not yet formatted.

    Args:
        suite: the cases; those without a name get one.
        targets: every target of the module by id, in source order; tests stand in that order.
        why: whether each test says what justifies it.
        mutants: those that cases kill, by id, to describe them in full.
        properties: property tests, written after the other tests of their target.
    """
    functions, helpers, fixtures, plan = _functions(suite, targets)
    width = line_length(suite.path)
    comments = [""] * len(functions)
    if why:
        comments = reasons([_cases(function) for function in functions], mutants, width - 6)
    pieces = [Piece(name=helper.name, text=ast.unparse(helper.node)) for helper in helpers]
    pieces += [Piece(name=fixture.name, text=fixture_source(fixture)) for fixture in fixtures]
    for function, comment in zip(functions, comments, strict=True):
        text = function_source(function, comment, width)
        pieces.append(Piece(name=function.name, text=text, target=function.target))
    if properties:
        notes = [mutants_reason(test.mutants, mutants, width - 6) if why else "" for test in properties]
        names = [piece.name for piece in pieces]
        for stated in property_functions(properties, targets, plan, taken=names, comments=notes):
            pieces.append(Piece(name=stated.name, text=stated.text, target=stated.target))
        rank = {target.id: place for place, target in enumerate(_in_order(targets), start=1)}
        pieces.sort(key=lambda piece: rank.get(piece.target, 0 if not piece.target else len(rank) + 1))
    texts = [lay_out_strings(piece.text, width) for piece in pieces]
    imports = plan.statements([ast.parse(text) for text in texts]).rstrip("\n")
    head = "\n\n".join(filter(None, (f'"""Tests for {suite.module}."""', imports)))
    counts = Counter(piece.target for piece in pieces if piece.target)
    digests = {target.id: target.digest for target in _in_order(targets)}
    return stamp("\n\n\n".join((head, *texts)) + "\n", digests, counts)


def functions_of(suite: Suite, targets: Mapping[str, Target]) -> dict[str, tuple[TestCase, ...]]:
    """The test functions that `render` writes for the same arguments: name to the cases that it stands for."""
    functions, _, _, _ = _functions(suite, targets)
    return {function.name: tuple(_cases(function)) for function in functions}


def _functions(
    suite: Suite, targets: Mapping[str, Target]
) -> tuple[list[TestFunction], list[Helper], list[Fixture], ImportPlan]:
    rank = {target.id: index for index, target in enumerate(_in_order(targets))}
    ordered = sorted(suite.cases, key=lambda case: rank.get(case.candidate.target, len(rank)))
    drafts = [draft(case) for case in ordered]
    plan = ImportPlan(suite.module.partition(".")[0])
    settle_imports(drafts, plan)
    for one in drafts:
        simplify(one)
    functions = tabulate(drafts, targets)
    imported = {name.partition(".")[0] for one in drafts for name in bindings(one.imports)}
    helpers = extract_helpers(functions, imported)
    fixtures = extract_fixtures(functions, imported | {helper.name for helper in helpers})
    _name_functions(functions, targets)
    plan.add({"pytest": Origin("pytest")})
    return functions, helpers, fixtures, plan


def _cases(function: TestFunction) -> list[TestCase]:
    return [draft.case for draft in function.drafts]


def _in_order(targets: Mapping[str, Target]) -> list[Target]:
    """The targets as they stand in the source."""
    return sorted(targets.values(), key=lambda target: (target.span.line, target.qualname))


def settle_imports(drafts: Sequence[Draft], plan: ImportPlan) -> None:
    """Gives every imported thing one name in the file."""
    local = {name for one in drafts for name in (*bound_names(one.everything()), *one.fixtures)}
    for one in drafts:
        changed = plan.add(bindings(one.imports), local)
        if changed:
            contexts: list[ast.stmt] = [ast.Expr(manager) for manager in one.contexts]
            rename([*one.arrange, *contexts, *one.act, *one.checks], changed)
            one.contexts = [node.value for node in contexts if isinstance(node, ast.Expr)]


def _name_functions(functions: Sequence[TestFunction], targets: Mapping[str, Target]) -> None:
    """Names for all of them; a case that stands in a table needs none and takes none away. A table has the plain name,
    and a test of a single case one that says more, where there is one. Of tables that would like one name, the one of
    plain arguments has it."""
    wanted = {id(f): name_table(_cases(f), f.table.columns, targets) for f in functions if f.table is not None}
    common = Counter(names[0] for names in wanted.values())
    single = [function for function in functions if function.table is None]
    taken: set[str] = set()
    named = name_cases([function.draft.case for function in single], targets, avoid=common)
    for function, case in zip(single, named, strict=True):
        function.name = unique_name([case.name], taken)
        taken.add(function.name)
    for function in functions:
        if id(function) in wanted:
            names = wanted[id(function)]
            special = common[names[0]] > 1 and len(names) > 2
            function.name = unique_name([*names[1:], names[0]] if special else names, taken)
            taken.add(function.name)
