"""qeforge: pytest suites from real code; everything proposed, everything judged."""

__version__ = "0.1.0"
