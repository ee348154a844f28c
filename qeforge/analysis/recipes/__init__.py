"""Real uses of a module, found in its docstrings, its tests and its callers: real arguments are the best arguments."""

from qeforge.analysis.recipes.call_sites import call_recipes
from qeforge.analysis.recipes.doctests import doctest_candidates
from qeforge.analysis.recipes.documents import document_candidates, find_documents
from qeforge.analysis.recipes.fixtures import fixture_names, fixture_recipes
from qeforge.analysis.recipes.raises import raises_candidates
from qeforge.analysis.recipes.suites import test_candidates

__all__ = [
    "call_recipes",
    "doctest_candidates",
    "document_candidates",
    "find_documents",
    "fixture_names",
    "fixture_recipes",
    "raises_candidates",
    "test_candidates",
]
