"""Real uses of a module, found in its docstrings, its tests and its callers: real arguments are the best arguments."""

from qeforge.analysis.recipes.call_sites import call_sites
from qeforge.analysis.recipes.doctests import doctest_candidates
from qeforge.analysis.recipes.suites import test_candidates

__all__ = ["call_sites", "doctest_candidates", "test_candidates"]
