"""Resource limits: memory, file size, descriptors, no core dumps, CPU time as a backstop, processes where it works."""

import os
import sys
from typing import Protocol

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class Amounts(Protocol):
    """The part of a policy that is read here."""

    @property
    def memory_bytes(self) -> int:
        """Address space of each process; 0 for no limit."""

    @property
    def file_bytes(self) -> int:
        """Size of any one file written."""

    @property
    def open_files(self) -> int:
        """Descriptors of each process."""

    @property
    def cpu_seconds(self) -> int:
        """CPU time of a child; 0 for no limit."""

    @property
    def processes(self) -> int:
        """Processes and threads at once."""


def enter_process(amounts: Amounts) -> bool:
    """Limits this process and its children; False where the platform has no limits."""
    if resource is None:
        return False
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, amounts.file_bytes)
    _lower(resource.RLIMIT_NOFILE, amounts.open_files)
    if amounts.memory_bytes and sys.platform != "darwin":  # macOS accepts RLIMIT_AS and ignores it
        _lower(resource.RLIMIT_AS, amounts.memory_bytes)
    if sys.platform.startswith("linux"):
        # Counted over all processes of the user, so what already runs has to be added; root is exempt.
        _lower(resource.RLIMIT_NPROC, amounts.processes + _tasks_of_user())
    return True


def enter_child(amounts: Amounts) -> None:
    """Limits the CPU time of a forked child. Passing it ends the child with SIGKILL."""
    if resource is not None and amounts.cpu_seconds:
        _lower(resource.RLIMIT_CPU, amounts.cpu_seconds)


def _lower(kind: int, amount: int) -> None:
    """Sets soft and hard limit, never above the present hard one."""
    hard = resource.getrlimit(kind)[1]
    amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    try:
        resource.setrlimit(kind, (amount, amount))
    except (OSError, ValueError):
        pass  # the platform knows the limit but does not let it be set


def _tasks_of_user() -> int:
    """Threads of all processes that belong to this user, as far as /proc shows."""
    user, total = os.getuid(), 0
    try:
        with os.scandir("/proc") as entries:
            for entry in entries:
                try:
                    if entry.name.isdigit() and entry.stat().st_uid == user:
                        total += len(os.listdir(f"/proc/{entry.name}/task"))
                except OSError:
                    continue  # it ended meanwhile
    except OSError:
        pass
    return total
