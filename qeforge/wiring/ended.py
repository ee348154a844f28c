"""How a run ends before it is done, with what was finished all the same."""

from qeforge.domain.report import RunReport


class Unfinished(Exception):
    """What cut a run short is the cause; with what was finished all the same."""

    def __init__(self, report: RunReport) -> None:
        super().__init__()
        self.report = report


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with what was finished until then."""

    def __init__(self, report: RunReport) -> None:
        super().__init__()
        self.report = report
