"""A bar for bytes that are on their way, where somebody is looking."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from qeforge.cli.console import Terminal, rich_console


@contextmanager
def transfer(terminal: Terminal, what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives what is to be told of every piece: how many bytes are done, and of how many."""
    if not terminal.shows_progress(os.environ):
        yield lambda done, total: None
        return
    from rich.progress import (  # few commands need it
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=rich_console(sys.stderr), transient=True, refresh_per_second=5) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
