"""A pytest plugin for the judge's interpreter: writes what became of each test, and orders or leaves out tests.

Variables: VERDICTS (file to write), ORDER (`given`, `reversed`, or a number to shuffle by), LEAVE_OUT (file with test
ids, one a line).
"""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

_verdicts: dict[str, str] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out and reorders."""
    if "LEAVE_OUT" in os.environ:
        out = set(Path(os.environ["LEAVE_OUT"]).read_text(encoding="utf-8").splitlines())
        items[:] = [item for item in items if item.nodeid not in out]
    order = os.environ.get("ORDER", "given")
    if order == "reversed":
        items.reverse()
    elif order != "given":
        random.Random(int(order)).shuffle(items)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be imported is one test in error."""
    if report.failed:
        _verdicts[report.nodeid] = "error"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The worst of a test's three phases; an expected failure, and one that did not come, have words of their own."""
    if hasattr(report, "wasxfail"):
        _verdicts[report.nodeid] = "xfail" if report.skipped else "xpass"
    elif report.failed:
        _verdicts[report.nodeid] = "failed" if report.when == "call" else "error"
    elif report.skipped:
        _verdicts[report.nodeid] = "skipped"
    elif report.when == "call":
        _verdicts.setdefault(report.nodeid, "failed" if _strict_xpass(report) else "passed")


def _strict_xpass(report: Any) -> bool:
    return "[XPASS(strict)]" in str(report.longrepr or "")


def pytest_sessionfinish() -> None:
    """Writes the verdicts."""
    if "VERDICTS" in os.environ:
        Path(os.environ["VERDICTS"]).write_text(json.dumps(_verdicts), encoding="utf-8")
