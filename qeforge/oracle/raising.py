"""Exceptions and warnings to the context managers that expect them."""

import datetime
import re
from collections.abc import Sequence

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet, Observation, Raised
from qeforge.domain.testcase import Assertion
from qeforge.oracle.imports import import_for
from qeforge.oracle.patterns import match_pattern, string_source
from qeforge.oracle.volatile import is_volatile
from qeforge.oracle.wording import lasting_message

_NEVER = frozenset({
    "GeneratorExit", "IndentationError", "KeyboardInterrupt", "MemoryError", "RecursionError", "SyntaxError",
    "SystemError",
})  # fmt: skip
"""Facts about the machine or the test, not about the code."""

_WRONG_CALL = re.compile(
    r"missing \d+ required (positional|keyword-only) argument|takes (from )?(no|\d+)[\w ]* (positional )?arguments?\b"
    r"|unexpected keyword argument|got multiple values for|got some positional-only arguments"
    r"|takes no (keyword )?arguments|expected (at (most|least) )?\d+ arguments?, got"
    r"|[Cc]an't instantiate abstract class"
)
_INTERPRETER_SAYS = (
    r"'[^']*' object ", r"'[^']*' not supported between", r"unsupported operand type", r"bad operand type",
    r"can only (concatenate|join|assign)", r"can't (multiply|concat)", r"argument of type '", r"sequence item \d+:",
    r"unhashable type:", r"cannot (unpack non-|convert|use '|interpret)", r"object of type '", r"type object '",
    r"module '", r"(list|tuple|string|str|byte|slice|range object) (indices|index)", r"an integer is required",
    r"a bytes-like object is required", r"expected (str instance|string or bytes-like|str, bytes or os\.PathLike)",
    r"(first|second|third) argument must be", r"must be (str|real number|integer)\b", r"descriptor '",
    r"not (all|enough) arguments", r"\w+\(\) (argument|arg \d)", r"argument \d+ ", r"too many values",
    r"decoding to str",
    r"is(instance|subclass)\(\) arg", r"object \w+ can't be used in 'await'", r"\w+ expected at (most|least)",
    r"exceptions must derive", r"the JSON object must be", r"\w+: argument must be",
    r"__\w+__ (method )?should return",
    r"(starts|ends)with first arg", r"\w+ (argument|arg \d+) must be (a |an )?(str|int|float|list|tuple)",
)  # fmt: skip
_INCIDENTAL = re.compile("|".join(_INTERPRETER_SAYS))
"""How the messages of the interpreter itself begin."""

_OWN_OPERATORS = re.compile(
    r"unsupported operand|not supported between|bad operand|has no setter|can't set attribute|can't delete"
)
_QUIET_WARNINGS = frozenset({"ResourceWarning", "ImportWarning", "SyntaxWarning", "BytesWarning"})
_MOST_WARNINGS = 3
_DEFINED = re.compile(r"\b(?:def|class) (\w+)")
_TEST_FRAMES = frozenset({"test", "<module>"})


def is_incidental(raised: Raised) -> bool:
    """Whether the interpreter complained about a nonsense value, rather than the code about a wrong one."""
    if raised.type_name in ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError"):
        return True
    if raised.type_name not in ("TypeError", "AttributeError"):
        return False
    return _INCIDENTAL.match(raised.message) is not None or _WRONG_CALL.search(raised.message) is not None


def is_deliberate(raised: Raised) -> bool:
    """Whether the code under test, or what it relies on, raised this on purpose."""
    return not is_incidental(raised) and any(frame.own for frame in raised.frames)


def is_about_the_test(raised: Raised, candidate: Candidate) -> bool:
    """Whether it tells only that the test itself is wrong, or the machine too small.

    Args:
        raised: the exception.
        candidate: what was run; it may raise on purpose, inside a `with`.
    """
    if raised.type_name in _NEVER:
        return True
    wrong_call = _WRONG_CALL.search(raised.message)
    if wrong_call and raised.type_name == "TypeError":
        called = raised.message.partition("(")[0].rpartition(".")[2]
        if called in ("<lambda>", *_DEFINED.findall("\n".join(candidate.arrange))):
            return True  # the code calls a stand-in of the test's in a way that it is not made for
    if any(frame.own for frame in raised.frames):
        return False
    if all(frame.function in _TEST_FRAMES for frame in raised.frames):  # no Python code of anybody's was entered
        return _OWN_OPERATORS.search(raised.message) is None and "raise " not in candidate.act
    if raised.type_name in ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError"):
        return True
    if raised.type_name in ("TypeError", "AttributeError"):
        return is_incidental(raised) and _OWN_OPERATORS.search(raised.message) is None
    return False


def exception_assertions(
    candidate: Candidate, first: Observation, others: Sequence[Observation], now: datetime.datetime | None = None
) -> tuple[Assertion, ...]:
    """`pytest.raises(…)` for the exception that ended the act, with as much of its message as will stay."""
    raised = first.raised
    if raised is None or is_about_the_test(raised, candidate):
        return ()
    if any(other.raised is None or other.raised.type_name != raised.type_name for other in others):
        return ()
    module = candidate.target.partition(":")[0]
    named = next(filter(None, (import_for(name, module) for name in (raised.type_name, *raised.ancestors))), None)
    if named is None or named[0] in ("object", "BaseException"):
        return ()
    name, imports = named
    messages = [lasting_message(one) for one in (raised, *(other.raised for other in others if other.raised))]
    if raised.type_name == "SystemExit":
        return _system_exit(messages, candidate.key, now)
    pattern = match_pattern(messages, known=candidate.key, now=now)
    arguments = name if pattern is None else f"{name}, match={string_source(pattern, pattern=True)}"
    return (Assertion(facet=Facet.EXCEPTION, code=f"pytest.raises({arguments})", imports=("import pytest", *imports)),)


def _system_exit(messages: Sequence[str], known: str, now: datetime.datetime | None) -> tuple[Assertion, ...]:
    imports = ("import pytest",)
    message = messages[0]
    code = message if re.fullmatch(r"-?\d+", message) else None if message in ("", "None") else False
    if len(set(messages)) == 1 and code is not False:
        check = f"assert excinfo.value.code == {code}" if code else "assert excinfo.value.code is None"
        return (
            Assertion(facet=Facet.EXCEPTION, code="pytest.raises(SystemExit)", imports=imports),
            Assertion(facet=Facet.EXCEPTION, code=check),
        )
    pattern = match_pattern(messages, known=known, now=now)
    arguments = "SystemExit" if pattern is None else f"SystemExit, match={string_source(pattern, pattern=True)}"
    return (Assertion(facet=Facet.EXCEPTION, code=f"pytest.raises({arguments})", imports=imports),)


def warning_assertions(
    candidate: Candidate, first: Observation, others: Sequence[Observation], now: datetime.datetime | None = None
) -> tuple[Assertion, ...]:
    """`pytest.warns(…)` for each different warning, a few at most; none when the runs did not warn alike."""
    warned = [w for w in dict.fromkeys(first.warnings) if _worth_expecting(*w)]
    if not warned or len(warned) > _MOST_WARNINGS:
        return ()
    if any(
        [w[0] for w in dict.fromkeys(other.warnings) if _worth_expecting(*w)] != [w[0] for w in warned]
        for other in others
    ):
        return ()
    module = candidate.target.partition(":")[0]
    found = []
    for category, message in warned:
        named = import_for(category, module)
        if named is None:
            return ()
        stable = any(message == text for other in others for _, text in other.warnings) or not others
        keep = stable and not is_volatile(message, known=candidate.key, now=now)
        pattern = match_pattern([message], known=candidate.key, now=now) if keep else None
        arguments = named[0] if pattern is None else f"{named[0]}, match={string_source(pattern, pattern=True)}"
        found.append(
            Assertion(facet=Facet.WARNINGS, code=f"pytest.warns({arguments})", imports=("import pytest", *named[1]))
        )
    return tuple(found)


def _worth_expecting(category: str, message: str) -> bool:
    return category not in _QUIET_WARNINGS and "was never awaited" not in message
