"""Test suites, generated or hand-written, run by the target's own pytest inside the sandbox."""

from qeforge.execution.pytest_score import score_suite
from qeforge.execution.pytest_suite import SuiteRun, run_suite

__all__ = ["SuiteRun", "run_suite", "score_suite"]
