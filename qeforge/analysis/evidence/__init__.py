"""What the code says about the arguments it wants, read from its text alone."""

from qeforge.analysis.evidence.gather import parameter_evidence
from qeforge.analysis.evidence.model import Evidence
from qeforge.analysis.evidence.raised import raised_types

__all__ = ["Evidence", "parameter_evidence", "raised_types"]
