"""Small pieces of text that every report needs."""

from pathlib import Path

from qeforge.domain.candidate import Claim

CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


def one_line(text: str) -> str:
    """The text on one line, without control characters.

    Much of what is reported comes from code under test, which must not be able to move the cursor or fake a line.
    """
    return " ".join(text.split()).translate(CONTROL)


def percent(rate: float | None) -> str:
    """A rate in [0, 1] as `83%`; rounded down, so that 100% means all of it. A dash for None."""
    return "–" if rate is None else f"{int(rate * 100 + 1e-9)}%"


def seconds(value: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def expectation(claim: Claim) -> str:
    """What was claimed: a value, or an exception to be raised."""
    return f"{'raise ' if claim.raises else ''}{claim.expected}"


def count(number: int, thing: str) -> str:
    """`1 module`, `2 modules`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def shown(path: Path | None, base: Path) -> str:
    """The path as a person in `base` would write it: relative below it, absolute elsewhere."""
    if path is None:
        return ""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def ranges(lines: tuple[int, ...]) -> str:
    """Line numbers shortened: `3, 7-9`."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and runs[-1][-1] == line - 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    return ", ".join("-".join(map(str, run)) for run in runs)
