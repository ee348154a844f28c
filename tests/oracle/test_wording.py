import pytest

from qeforge.domain.observation import Raised
from qeforge.oracle.wording import lasting_message, lasts

HELP_TO_3_12 = """usage: prog [-h] [-o OUT]

options:
  -h, --help         show this help message and exit
  -o OUT, --out OUT  where to
"""
HELP_FROM_3_13 = """usage: prog [-h] [-o OUT]

options:
  -h, --help     show this help message and exit
  -o, --out OUT  where to
"""


@pytest.mark.parametrize(
    "text",
    [
        "prog: error: argument -c: invalid choice: 'z' (choose from 'a', 'b')\n",
        "prog: error: argument -c: invalid choice: 'z' (choose from a, b)\n",
        HELP_TO_3_12,
        HELP_FROM_3_13,
        repr(HELP_TO_3_12),
        repr(HELP_FROM_3_13),
        "options:\n  -c {a,b}, --choice {a,b}\n",
        "options:\n  -c, --choice {a,b}\n",
        "Traceback (most recent call last):\n  File ...",
    ],
)
def test_what_python_versions_print_differently_does_not_last(text: str) -> None:
    assert not lasts(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "usage: prog [-h]\nprog: error: unrecognized arguments: --no-such-option\n",
        "options:\n  -h, --help  show this help message and exit\n  --out OUT   where to\n",
        "invalid choice",
        "choose from 'a', 'b'",
    ],
)
def test_the_rest_lasts(text: str) -> None:
    assert lasts(text)


def test_what_the_test_itself_says_lasts() -> None:
    assert lasts("Traceback (most recent call last):\n", known="f('Traceback (most recent call last):')")


@pytest.mark.parametrize(
    ("type_name", "message", "lasting"),
    [
        ("TypeError", "local variable 'x' referenced", ""),
        ("shop.Error", "Did you mean this?", "Did you mean this?"),
        ("ValueError", "no room", "no room"),
        (
            "argparse.ArgumentError",
            "argument -c: invalid choice: 'z' (choose from 'a', 'b')",
            "argument -c: invalid choice: 'z'",
        ),
        ("argparse.ArgumentError", "argument -c: expected one argument", "argument -c: expected one argument"),
    ],
)
def test_messages_without_what_another_version_says_otherwise(type_name: str, message: str, lasting: str) -> None:
    assert lasting_message(Raised(type_name=type_name, message=message)) == lasting
