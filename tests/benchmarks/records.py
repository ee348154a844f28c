"""Made-up results, for tests of what is done with them."""

from typing import Any

from rig.measure import Measures
from rig.metered import Usage
from rig.records import Record


def record(
    tool: str = "qeforge", module: str = "inflection", budget: float = 10.0, seed: int = 0, **others: Any
) -> Record:
    measures = {
        "tests": 10,
        "passed": 10,
        "functions": 8,
        "assertions": 12,
        "lines_of_code": 80,
        "statements": 60,
        "covered_lines": 54,
        "branches": 40,
        "covered_branches": 26,
        "causes": {"branch not taken": 6},
        "mutants_asked": 20,
        "mutants": 20,
        "killed": 15,
        **others.pop("measures", {}),
    }
    usage = {"code": 0, "timed_out": False, "wall": 9.0, "cpu": 12.0, "memory_mb": 100.0, "left_over": 0}
    return Record(
        tool=tool,
        version="1",
        module=module,
        groups=("cm",),
        budget=budget,
        seed=seed,
        machine={"cores": 2},
        usage=Usage(**{**usage, **others.pop("usage", {})}),
        measures=Measures(**measures),
        **others,
    )
