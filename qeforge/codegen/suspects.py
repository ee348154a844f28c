"""Claims that did not hold as tests that fail: a file of its own beside the suite, and never part of it."""

import ast
import builtins
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from qeforge import __version__
from qeforge.codegen.body import function_source
from qeforge.codegen.draft import Draft, draft, simplify
from qeforge.codegen.formatting import format_source, line_length
from qeforge.codegen.header import content_digest
from qeforge.codegen.imports import ImportPlan, Origin
from qeforge.codegen.names import unique_name
from qeforge.codegen.render import settle_imports
from qeforge.codegen.syntax import expression, lay_out_strings
from qeforge.codegen.tables import TestFunction
from qeforge.codegen.why import speaker
from qeforge.codegen.words import subject_words
from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.observation import Facet, Observation, Outcome
from qeforge.domain.report import Suspect
from qeforge.domain.testcase import Assertion, TestCase

_MARKER = re.compile(
    r"^# Suspects found by qeforge (?P<version>\S+); digest (?P<digest>[0-9a-f]{12}); .*$", re.MULTILINE
)
_NO_DIGEST = "0" * 12
_DOCUMENT = '''"""Suspects in {module}: every test in this file fails, and is meant to.

Somebody states what the code does, and it did something else when it was run. Correct
the code or the statement, whichever is wrong. This is no part of the suite: no qeforge
command counts it, and it goes when no suspect is left.
"""'''
_CONTINUED = "\n    # "


def suspects_path(suite: Path) -> Path:
    """Where the suspects of a module go, given where its suite goes: `test_cart_suspects.py` beside `test_cart.py`."""
    return suite.with_name(f"{suite.stem.removesuffix('_generated')}_suspects.py")


def is_suspects_file(text: str) -> bool:
    """Whether qeforge wrote it as a file of suspects, edited since or not."""
    return _MARKER.search(text) is not None


def is_untouched(text: str) -> bool:
    """Whether it is a file of suspects that nobody has edited since."""
    found = _MARKER.search(text)
    if found is None:
        return False
    try:
        return _content_digest(text) == found["digest"]
    except (SyntaxError, ValueError):
        return False


def suspect_tests(suspects: Sequence[Suspect]) -> dict[str, Suspect]:
    """The tests that suspects become: name of the function to suspect, each once, in the given order."""
    found: dict[str, Suspect] = {}
    for one in dict.fromkeys(suspects):
        found[unique_name([f"test_{subject_words(one.target)}_suspect"], found)] = one
    return found


def render_suspects(module: str, path: Path, tests: Mapping[str, Suspect], *, exceptions: Collection[str] = ()) -> str:
    """The whole file, marked and formatted; empty for no tests.

    Args:
        module: what is tested, its import name.
        path: of the file, which need not exist: the project's line length and formatter hold for it.
        tests: name of the function to suspect.
        exceptions: names of exception classes that the module itself defines.
    """
    if not tests:
        return ""
    drafts = {name: draft(_case(one, module, exceptions)) for name, one in tests.items()}
    plan = ImportPlan(module.partition(".")[0])
    settle_imports(list(drafts.values()), plan)
    width = line_length(path)
    texts = [_function(name, drafts[name], one, width) for name, one in tests.items()]
    plan.add({"pytest": Origin("pytest")})
    imports = plan.statements([ast.parse(text) for text in texts]).rstrip("\n")
    head = (_DOCUMENT.format(module=module), _marker(_NO_DIGEST), imports)
    text = "\n\n".join(filter(None, head)) + "\n\n\n" + "\n\n\n".join(texts) + "\n"
    formatted = format_source(text, path)
    return _MARKER.sub(_marker(_content_digest(formatted)), formatted, count=1)


def _marker(digest: str) -> str:
    return f"# Suspects found by qeforge {__version__}; digest {digest}; an edited file is left alone."


def _content_digest(text: str) -> str:
    """Of all but the marker, which names a version."""
    return content_digest(_MARKER.sub("", text, count=1))


def _function(name: str, one: Draft, suspect: Suspect, width: int) -> str:
    simplify(one)
    wanted = f"raises {suspect.claim.expected}" if suspect.claim.raises else f"gives {suspect.claim.expected}"
    told = f"suspect: {speaker(suspect.claim.source)} says that this {wanted}, but it {suspect.observed}"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(told.split()))
    comment = _CONTINUED.join(textwrap.wrap(plain, width - 6, break_on_hyphens=False))
    return lay_out_strings(function_source(TestFunction(draft=one, drafts=[one], name=name), comment, width), width)


def _case(one: Suspect, module: str, exceptions: Collection[str]) -> TestCase:
    """A suspect as a test case whose assertions are what was claimed."""
    made = _raising(one.claim, module, exceptions) if one.claim.raises else (_result(one.claim),)
    return TestCase(
        candidate=Candidate(
            target=one.target, act=one.act, arrange=one.arrange, imports=one.imports, fixtures=one.fixtures
        ),
        observation=Observation(outcome=Outcome.RETURNED),
        assertions=made,
    )


def _result(claim: Claim) -> Assertion:
    value = expression(claim.expected)
    single = isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, bool))
    operator = "is" if single else "=="
    return Assertion(facet=Facet.RESULT, code=f"assert result {operator} {claim.expected}")


def _raising(claim: Claim, module: str, exceptions: Collection[str]) -> tuple[Assertion, ...]:
    """An exception whose class is at hand is named; any other is told by its name, which needs no import."""
    name = claim.expected.partition("(")[0].strip()
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, BaseException):
        imports: tuple[str, ...] = ("import pytest",)
    elif name in exceptions:
        imports = ("import pytest", f"from {module} import {name}")
    else:
        last = name.rpartition(".")[2]
        check = f"assert {last!r} in [kind.__name__ for kind in type(excinfo.value).__mro__]"
        return (
            Assertion(facet=Facet.EXCEPTION, code="pytest.raises(Exception)", imports=("import pytest",)),
            Assertion(facet=Facet.OUTCOME, code=check),
        )
    return (Assertion(facet=Facet.EXCEPTION, code=f"pytest.raises({name})", imports=imports),)
