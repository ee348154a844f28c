"""What is going on, shown live where somebody is looking."""

import sys
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from qeforge.cli.console import Terminal, rich_console
from qeforge.report.text import one_line, percent


class Recorder:
    """Remembers which modules are finished, for the line that an interrupted run ends with.

    Under `--verbose` without a live display it also names each one as it is finished. Implements `domain.Progress`.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.finished: list[tuple[str, str]] = []
        self._terminal = terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def update(self, module: str, *, round: int, coverage: float, mutants_open: int, seconds_left: float) -> None:
        """One module's state."""

    def done(self, module: str, note: str) -> None:
        """A module is finished; `note` says what became of it."""
        self.finished.append((module, one_line(note)))
        if self._terminal.verbose:
            self._terminal.say(f"{module}: {one_line(note)}")


class LiveProgress(Recorder):
    """The same with a line per module at work: round, coverage, open mutants, time left."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._tasks: dict[str, TaskID] = {}
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TextColumn("round {task.fields[round]}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[coverage]} covered"),
            TextColumn("{task.fields[mutants]} mutants open"),
            TextColumn("{task.fields[left]:.0f} s left"),
            console=rich_console(sys.stderr),
            transient=True,
            refresh_per_second=5,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def update(self, module: str, *, round: int, coverage: float, mutants_open: int, seconds_left: float) -> None:
        """One module's state."""
        if module not in self._tasks:
            self._tasks[module] = self._bars.add_task(module, total=1.0, round=0, coverage="", mutants=0, left=0.0)
        self._bars.update(
            self._tasks[module],
            completed=coverage,
            round=round,
            coverage=percent(coverage),
            mutants=mutants_open,
            left=max(0.0, seconds_left),
        )

    def done(self, module: str, note: str) -> None:
        """A module is finished; its line goes."""
        if module in self._tasks:
            self._bars.remove_task(self._tasks.pop(module))
        super().done(module, note)
