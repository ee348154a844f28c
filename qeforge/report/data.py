"""Reports as plain data, for `--json`. Keys are stable; new ones may be added."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict

from qeforge.domain.goal import Coverage
from qeforge.domain.report import Check, ModuleReport, RunReport, Suspect, SuspectRow, TargetRow
from qeforge.domain.score import Score
from qeforge.domain.target import SkippedModule

Data = dict[str, object]


def run_data(report: RunReport) -> Data:
    """A whole run: modules, score over all of them, notes."""
    return {
        "modules": [module_data(module) for module in report.modules],
        "score": score_data(report.score),
        "seconds": round(report.seconds, 3),
        "cached": sum(module.cached for module in report.modules),
        "notes": list(report.notes),
    }


def module_data(module: ModuleReport) -> Data:
    """One module. The text of its suite is left out: it is in the file, or in the diff."""
    return {
        "module": module.module,
        "path": str(module.path),
        "action": module.action.value,
        "reason": module.reason,
        "suite": str(module.suite) if module.suite else None,
        "score": score_data(module.score),
        "coverage": _coverage_data(module.coverage),
        "stop": module.stop.value if module.stop else None,
        "rounds": module.rounds,
        "seconds": round(module.seconds, 3),
        "dropped": dict(module.dropped),
        "suspects": [_suspect_data(suspect) for suspect in module.suspects],
        "suspect_tests": str(module.suspect_tests.path) if module.suspect_tests and module.suspect_tests.new else None,
        "open_lines": list(module.open_lines),
        "survivors": list(module.survivors),
        "likely_equivalent": [{"mutant": mutant, "reason": reason} for mutant, reason in module.equivalent],
        "cached": module.cached,
    }


def score_data(score: Score | None) -> Data | None:
    """A score with its quality."""
    if score is None:
        return None
    without = score.mutation_without_equivalent
    return {**asdict(score), "mutation_without_equivalent": without, "quality": score.quality}


def targets_data(rows: tuple[TargetRow, ...], skipped: tuple[SkippedModule, ...]) -> Data:
    """What `qeforge targets` found."""
    return {
        "targets": [
            {
                "id": row.target.id,
                "path": str(row.path),
                "line": row.target.span.line,
                "end_line": row.target.span.end_line,
                "kind": row.target.kind.value,
                "flavour": row.target.flavour.value,
                "complexity": row.target.complexity,
                "private": row.target.is_private,
                "covered": row.covered,
                "skipped": row.skipped or None,
            }
            for row in rows
        ],
        "skipped": [{"module": one.name or None, "path": str(one.path), "reason": one.reason} for one in skipped],
    }


def suspects_data(rows: Sequence[SuspectRow]) -> Data:
    """What `qeforge suspects` lists; `found` is the time of the run that found it, UTC."""
    return {
        "suspects": [
            {
                **_suspect_data(row.suspect),
                "path": str(row.path),
                "found": datetime.datetime.fromtimestamp(row.at, datetime.UTC).isoformat(timespec="seconds"),
            }
            for row in rows
        ]
    }


def checks_data(checks: tuple[Check, ...]) -> Data:
    """What `qeforge doctor` looked at."""
    return {
        "checks": [
            {"name": check.name, "state": check.state.value, "detail": check.detail, "hint": check.hint}
            for check in checks
        ]
    }


def _coverage_data(coverage: Coverage | None) -> Data | None:
    return None if coverage is None else {**asdict(coverage), "rate": coverage.rate}


def _suspect_data(suspect: Suspect) -> Data:
    return {
        "target": suspect.target,
        "act": suspect.act,
        "arrange": list(suspect.arrange),
        "expected": suspect.claim.expected,
        "raises": suspect.claim.raises,
        "source": suspect.claim.source,
        "observed": suspect.observed,
    }
