"""Evidence of short texts."""

from pathlib import Path

from qeforge.analysis.evidence import Evidence, parameter_evidence
from tests.analysis.modules import module_of


def of(source: str, target: str = "f", parameter: str = "x", root: Path = Path("nowhere")) -> Evidence:
    module = module_of(source, root=root)
    return parameter_evidence(module)[f"{module.name}:{target}"][parameter]


def names(evidence: Evidence) -> list[str]:
    return [each.name for each in evidence.types]


def using(*body: str, parameters: str = "x") -> Evidence:
    return of(
        "import re, os, json, datetime\nfrom pathlib import Path\n"
        + f"def f({parameters}):\n    "
        + "\n    ".join(body)
    )
