"""What code under test prints, logs and warns about, taken as pytest's `capsys`, `caplog` and `recwarn` would."""

import _thread
import io
import logging
import sys
import warnings
from typing import Any

LIMIT = 64 * 1024  # bytes of one stream that are kept
_RECORDS = 200  # log records and warnings that are kept
_MESSAGE = 2_000  # characters of one of them

_abandoned: "list[Stream]" = []
"""What a thread that goes on may be writing to. `print` holds no reference to the stream that it began with (CPython's
issue 130163): were it freed meanwhile, the memory of this process would be spoiled."""


class _Bytes(io.BytesIO):
    """Keeps the first `LIMIT` bytes and remembers that there were more."""

    def __init__(self) -> None:
        super().__init__()
        self.overflowed = False

    def write(self, data: Any) -> int:
        room = LIMIT - self.tell()
        if room < len(data):
            self.overflowed = True
            super().write(bytes(data)[: max(room, 0)])
            return len(data)
        return super().write(data)


class Stream(io.TextIOWrapper):
    """A stand-in for `sys.stdout` or `sys.stderr` that closing does not end."""

    def __init__(self) -> None:
        self._bytes = _Bytes()
        self.closed_by_code = False
        super().__init__(self._bytes, encoding="utf-8", newline="", write_through=True, errors="backslashreplace")

    def close(self) -> None:
        """Pretend; the next candidate and the harness still write to it."""
        self.closed_by_code = True

    def __del__(self) -> None:
        pass

    @property
    def overflowed(self) -> bool:
        """Whether something was cut off."""
        return self._bytes.overflowed

    def text(self) -> str:
        """All that was kept."""
        return self._bytes.getvalue().decode("utf-8", "replace") if self._bytes.tell() else ""


class _Nothing(io.RawIOBase):
    """An empty file that knows whether anybody asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.asked = True
        return 0


class _LogHandler(logging.Handler):
    def __init__(self) -> None:
        super().__init__(0)
        self.records: list[list[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.records) < _RECORDS:
            self.records.append([record.name, record.levelname, record.getMessage()[:_MESSAGE]])

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that `logging` calls
        """As under pytest: a logging call with wrong arguments fails."""
        raise


class Capture:
    """Standard streams, logging and warnings of one candidate, from `start` to `stop`."""

    def __init__(self) -> None:
        self._nothing, self.stdout, self.stderr = _Nothing(), Stream(), Stream()
        self._stdin = io.TextIOWrapper(io.BufferedReader(self._nothing), encoding="utf-8")
        self._handler = _LogHandler()
        self._warnings: list[warnings.WarningMessage] = []
        self._catcher: Any = warnings.catch_warnings(record=True)

    def start(self) -> None:
        """Put the stand-ins in place."""
        self._saved = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = self._stdin, self.stdout, self.stderr
        root = logging.root
        self._logging = root.handlers[:], root.level, root.disabled, logging.root.manager.disable
        root.addHandler(self._handler)
        self._warnings = self._catcher.__enter__()
        warnings.simplefilter("always")

    def stop(self) -> None:
        """Put everything back as it was."""
        self._catcher.__exit__(None, None, None)
        root = logging.root
        root.handlers[:], root.level, root.disabled, logging.root.manager.disable = self._logging
        sys.stdin, sys.stdout, sys.stderr = self._saved
        if _thread._count():
            _abandoned.extend((self.stdout, self.stderr))

    @property
    def stdin_asked(self) -> bool:
        """Whether anything tried to read standard input."""
        return self._nothing.asked

    def logs(self) -> list[list[str]]:
        """`[logger, level, message]` each."""
        return self._handler.records

    def warned(self) -> list[list[str]]:
        """`[category, message]` each; the category's dotted name, builtins bare."""
        found = []
        for item in self._warnings[:_RECORDS]:
            module = item.category.__module__
            name = item.category.__qualname__
            found.append([name if module == "builtins" else f"{module}.{name}", str(item.message)[:_MESSAGE]])
        return found
