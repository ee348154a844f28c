"""Trap: input comes from the terminal or the command line; `argparse` exits; some read until the end of input."""

import argparse
import sys
from collections.abc import Sequence


def ask(question: str, default: str = "") -> str:
    """An answer from the terminal; asks again, three times at most."""
    for _ in range(3):
        answer = input(f"{question} ").strip()
        if answer or default:
            return answer or default
        print("Please answer.")
    raise ValueError("no answer")


def confirm(question: str) -> bool:
    """Yes or no."""
    return ask(f"{question} [y/N]", "n").lower().startswith("y")


def longest_line() -> str:
    """Of standard input."""
    return max((line.rstrip("\n") for line in sys.stdin), key=len, default="")


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="repeat")
    parser.add_argument("words", nargs="*")
    parser.add_argument("-n", "--times", type=int, default=1)
    parser.add_argument("-u", "--upper", action="store_true")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print the words, or standard input when there are none."""
    arguments = build_parser().parse_args(argv)
    if arguments.times < 1:
        print("times must be positive", file=sys.stderr)
        return 2
    text = " ".join(arguments.words) or sys.stdin.read().strip()
    for _ in range(arguments.times):
        print(text.upper() if arguments.upper else text)
    return 0


def program_name() -> str:
    """From `sys.argv`, which differs between runners."""
    return sys.argv[0].rpartition("/")[2] if sys.argv else "unknown"


if __name__ == "__main__":
    raise SystemExit(main())
