"""What `qeforge learn bench` prints: means of the seeds with their intervals, and what each seed gave as data."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType

from qeforge.learning.bench import Curve, Findings, Interval, Matrix, interval
from qeforge.report.table import plain_table
from qeforge.wiring.learning import Benched
from qeforge.wiring.rates import Rates

_Z = 1.96


def data_of(found: Benched) -> dict[str, Any]:
    """For `--json`."""
    findings = found.findings
    return {
        **asdict(found),
        "falls_at": [one.falls_at for one in findings.curves],
        "retention": [one.retention for one in findings.matrices],
        "gain": [one.gain for one in findings.matrices],
        "backward": [one.backward for one in findings.matrices],
        "summary": {
            name: {
                "retention": asdict(interval([one.retention for one in own])),
                "gain": asdict(interval([one.gain for one in own])),
                "backward": asdict(interval([one.backward for one in own])),
            }
            for name, own in by_way(findings).items()
        },
    }


def tables_of(found: Benched) -> RenderableType:
    """For people: training, what is kept, the matrices, and answers as executed, as far as there are any."""
    parts: list[RenderableType] = []
    if found.findings.curves:
        parts.append(_training(found.findings.curves))
    if found.findings.matrices:
        parts += [_kept(found.findings), _matrices(found.findings)]
    if found.off is not None:
        parts.append(_answers(found.off, found.on))
    return Group(*parts)


def by_way(findings: Findings) -> dict[str, list[Matrix]]:
    """The matrices of all seeds, by what was done to remember."""
    found: dict[str, list[Matrix]] = {}
    for one in findings.matrices:
        found.setdefault(one.name, []).append(one)
    return found


def share(count: int, whole: int) -> str:
    """`5 of 8, 62% (31–86)`: a share, and where the true one lies with 95% confidence (Wilson 1927)."""
    if not whole:
        return "–"
    rate, spread = count / whole, _Z * _Z / whole
    middle = (rate + spread / 2) / (1 + spread)
    half = math.sqrt(rate * (1 - rate) * spread + spread * spread / 4) / (1 + spread)
    return f"{count} of {whole}, {rate:.0%} ({middle - half:.0%}–{middle + half:.0%})"


def _training(curves: Sequence[Curve]) -> RenderableType:
    rows = [
        (
            f"seed {one.seed}",
            f"{one.losses[0]:.4f}",
            f"{one.losses[1]:.4f}",
            f"{one.losses[-1]:.4f}",
            str(one.falls_at or "never"),
            f"{one.seconds / (len(one.losses) - 1):.1f} s",
            f"{one.seconds:.0f} s",
        )
        for one in curves
    ]
    change = _told(interval([one.losses[-1] - one.losses[0] for one in curves]), ".4f")
    rows.append(("change", "", "", change, "", "", ""))
    return plain_table(("training", "loss before", "step 1", "last step", "falls at step", "a step", "all"), rows)


def _kept(findings: Findings) -> RenderableType:
    rows = [
        (
            name,
            str(len(own)),
            _told(interval([100 * one.retention for one in own]), ".1f", "%"),
            _told(interval([one.gain for one in own]), "+.4f"),
            _told(interval([one.backward for one in own]), "+.4f"),
        )
        for name, own in by_way(findings).items()
    ]
    return plain_table(("remembers by", "seeds", "retention", "gain on the last", "backward transfer"), rows)


def _matrices(findings: Findings) -> RenderableType:
    heads = ("score on", *findings.projects)
    rows = [("before", *(f"{score:.4f}" for score in findings.matrices[0].before))]
    for name, own in by_way(findings).items():
        rows += _rows(name, own, findings.projects)
    return plain_table(heads, rows)


def _rows(name: str, own: Sequence[Matrix], projects: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The means of all seeds. After the first project, all ways are the same."""
    for number, project in enumerate(projects):
        means = [interval([one.scores[number][column] for one in own]).mean for column in range(len(projects))]
        yield (f"{name}, after {project}", *(f"{mean:.4f}" for mean in means))


def _answers(off: Rates, on: Rates | None) -> RenderableType:
    rows = [
        (name, str(one.questions), share(one.valid, one.candidates), share(one.reached, one.goals))
        for name, one in (("without", off), ("with it", on))
        if one is not None
    ]
    return plain_table(("adapter", "questions", "valid candidates", "goals reached"), rows)


def _told(found: Interval, how: str, unit: str = "") -> str:
    half = "" if found.half is None else f" ± {found.half:{how.lstrip('+')}}"
    return f"{found.mean:{how}}{half}{unit}"
