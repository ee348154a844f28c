"""Reports as a run would make them, for tests of what is shown."""

from pathlib import Path
from typing import Any

from qeforge.domain.candidate import Claim
from qeforge.domain.goal import Coverage
from qeforge.domain.report import Action, ModuleReport, RunReport, Suspect, TargetRow
from qeforge.domain.score import Score
from qeforge.domain.target import Flavour, Kind, Span, Target

COVERAGE = Coverage(lines=40, lines_met=36, branches=10, branches_met=8)
SCORE = Score(
    line=0.9, branch=0.8, mutation=0.75, tests=12, mutants=20, mutants_killed=15, kept=12, offered=900, seconds=3.2
)
SUSPECT = Suspect(
    target="shop.cart:total",
    act="total([])",
    claim=Claim(expected="0", source="docstring"),
    observed="it returned None",
)


def module(name: str = "shop.cart", **changes: Any) -> ModuleReport:
    """A module with a written suite, 12 tests, quality 0.79."""
    values: dict[str, Any] = {
        "module": name,
        "path": Path(f"src/{name.replace('.', '/')}.py"),
        "action": Action.WRITTEN,
        "suite": Path(f"tests/test_{name.rpartition('.')[2]}.py"),
        "score": SCORE,
        "coverage": COVERAGE,
        "seconds": 3.2,
        "rounds": 3,
    }
    return ModuleReport(**{**values, **changes})


def skipped(name: str, reason: str) -> ModuleReport:
    """A module that could not be tested."""
    return ModuleReport(module=name, path=Path(f"src/{name}.py"), action=Action.SKIPPED, reason=reason)


def report(*modules: ModuleReport, **changes: Any) -> RunReport:
    """A run over these."""
    return RunReport(modules=modules, **{"seconds": 4.5, **changes})


def row(qualname: str = "total", **changes: Any) -> TargetRow:
    """One target of `shop.cart`."""
    target = Target(
        module="shop.cart",
        qualname=qualname,
        kind=Kind.FUNCTION,
        flavour=changes.pop("flavour", Flavour.PLAIN),
        parameters=(),
        returns=None,
        span=Span(line=1, end_line=4),
        digest="0",
        complexity=3,
    )
    return TargetRow(target=target, path=Path("src/shop/cart.py"), **changes)
