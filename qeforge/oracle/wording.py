"""What one version of Python says in other words than the next: no test may expect it."""

import re

from qeforge.domain.observation import Raised

_BY_VERSION = re.compile(
    r"local variable '|cannot access (local|free) variable|has no setter|can't (set|delete) attribute"
    r"|Did you mean|no __dict__ for setting|Illegal trailing comma|Exceeds the limit"
)
_WORDED = frozenset({
    "AttributeError", "NameError", "TypeError", "UnboundLocalError", "ValueError", "json.decoder.JSONDecodeError",
})  # fmt: skip
"""Exceptions of the interpreter and its library that have such messages; others are the code's own."""

_CHOICES = re.compile(r"invalid choice: .*\(choose from ")
"""`argparse` puts the choices in quotes up to Python 3.12 and not after."""

_LINE, _END = r"(?:^|\\n) +", r"(?: |$|\\n)"
"""In a text, or in its source."""

_NAMED_TWICE = re.compile(_LINE + r"-\w (\S+), --[\w-]+ \1" + _END, re.MULTILINE)
_NAMED_ONCE = re.compile(_LINE + r"-\w, --[\w-]+ (?:[A-Z][A-Z_0-9]*|\{[^}\n]*\})" + _END, re.MULTILINE)
"""The help of `argparse` names an option's value after each of its names up to Python 3.12, and once after."""

_TRACEBACK = re.compile(r"Traceback \(most recent call last\):")
_PRINTED = (_CHOICES, _NAMED_TWICE, _NAMED_ONCE, _TRACEBACK)


def lasting_message(raised: Raised) -> str:
    """The message of an exception; nothing of it where another version of Python says it otherwise, and of a wrong
    choice that `argparse` complains about what stands before the choices."""
    if raised.type_name in _WORDED and _BY_VERSION.search(raised.message):
        return ""
    if raised.type_name == "argparse.ArgumentError" and (found := _CHOICES.search(raised.message)):
        return raised.message[: found.end()].removesuffix(" (choose from ")
    return raised.message


def lasts(text: str, known: str = "") -> bool:
    """Whether a program says this under every version of Python, as far as the text, or its source, tells.

    Args:
        text: what was observed.
        known: the test's own code; what stands in it is the test's.
    """
    found = (pattern.search(text) for pattern in _PRINTED)
    return not any(one is not None and one[0] not in known for one in found)
