"""Is this text what it claims to be? Nothing here raises on a string."""

import re
import string
from collections.abc import Callable

Rule = Callable[[str], "str | None"]
"""Takes a text; gives the problem with it, or None."""

IBAN_LENGTHS = {"BE": 16, "CH": 21, "DE": 22, "FR": 27, "GB": 22, "NL": 18, "NO": 15}
COMMON_PASSWORDS = frozenset({"password", "letmein", "qwertyuiop", "iloveyou"})
MIN_PASSWORD_LENGTH = 10

_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_RUN = re.compile(r"(.)\1\1")


def is_hostname(text: str, *, require_dot: bool = False) -> bool:
    """Whether it is a host name by RFC 1123; one trailing dot is allowed.

    >>> is_hostname("mail.example.org")
    True
    """
    name = text.removesuffix(".")
    if not name or len(name) > 253:
        return False
    labels = name.split(".")
    if require_dot and len(labels) < 2:
        return False
    if labels[-1].isdecimal():
        return False
    return all(_LABEL.fullmatch(label) for label in labels)


def is_email(text: str) -> bool:
    """Whether mail to it could plausibly arrive: stricter than the standard.

    >>> is_email("jane.doe+news@example.org"), is_email("jane@localhost")
    (True, False)
    """
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64:
        return False
    return bool(_LOCAL_PART.fullmatch(local)) and is_hostname(domain, require_dot=True)


def luhn_valid(number):
    """Whether a card number's check digit is right; spaces and dashes are ignored.

    >>> luhn_valid("4539 1488 0343 6467")
    True
    """
    digits = number.replace(" ", "").replace("-", "")
    if len(digits) < 2 or not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit)
        if index % 2:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether country, length and check digits of a bank account number agree."""
    compact = text.replace(" ", "").upper()
    if not compact.isascii() or not compact.isalnum():
        return False
    expected = IBAN_LENGTHS.get(compact[:2])
    if expected is None or len(compact) != expected:
        return False
    return _mod97(compact[4:] + compact[:4]) == 1


def _mod97(text: str) -> int:
    """Letters count from A = 10, as ISO 7064 wants them."""
    return int("".join(str(int(char, 36)) for char in text)) % 97


def password_problems(password: str, *, username: str = "") -> list[str]:
    """Why a password is weak, most serious first; empty when it is not."""
    problems = []
    if len(password) < MIN_PASSWORD_LENGTH:
        problems.append(f"shorter than {MIN_PASSWORD_LENGTH} characters")
    if password.lower() in COMMON_PASSWORDS:
        problems.append("one of the most common passwords")
    if username and username.lower() in password.lower():
        problems.append("contains the user name")
    if password == password.lower() or password == password.upper():
        problems.append("letters of one case only")
    if not any(char.isdigit() or char in string.punctuation for char in password):
        problems.append("no digit or sign")
    if _RUN.search(password):
        problems.append("repeats a character three times")
    return problems


def password_strength(password: str, *, username: str = "") -> str:
    """`strong`, `fair` or `weak`."""
    problems = password_problems(password, username=username)
    if not problems and len(password) >= MIN_PASSWORD_LENGTH + 4:
        return "strong"
    return "fair" if len(problems) <= 1 else "weak"


def length_between(shortest: int, longest: int) -> Rule:
    """A rule that wants a length from `shortest` to `longest`, both included."""
    if not 0 <= shortest <= longest:
        raise ValueError(f"no length is between {shortest} and {longest}")

    def check(text: str) -> "str | None":
        if len(text) < shortest:
            return f"needs {shortest - len(text)} more"
        if len(text) > longest:
            return f"has {len(text) - longest} too many"
        return None

    return check


def all_of(*rules: Rule) -> Rule:
    """A rule that reports the first problem that one of `rules` finds."""

    def check(text: str) -> "str | None":
        for rule in rules:
            problem = rule(text)
            if problem is not None:
                return problem
        return None

    return check
