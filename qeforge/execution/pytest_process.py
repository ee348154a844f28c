"""Starts the worker that runs pytest, and reads what it sends."""

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from qeforge.errors import UnavailableError
from qeforge.execution.hypothesis_tables import lay_out
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.process import kill_tree
from qeforge.execution.scratch import scratch_folder
from qeforge.execution.worker import sandbox

_WORKER = Path(sandbox.__file__).parent

# The worker's package gets a name of its own, so that nothing of the target is taken for it or the other way round.
_BOOT = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
folder = sys.argv[1]
spec = spec_from_file_location("_qeforge_worker", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules[spec.name] = module_from_spec(spec)
sys.path[:] = [entry for entry in sys.path if entry]
import _qeforge_worker.pytest_main
_qeforge_worker.pytest_main.main()
"""

STORAGE = "hypothesis"
"""Hypothesis's storage folder in the scratch folder of a run."""

Message = dict[str, Any]


class PytestProcess:
    """One running worker. Messages are read by a thread, so that waiting can end on any platform."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def next(self, seconds: float) -> Message | None:
        """The next message; None when the process has closed its end.

        Raises:
            TimeoutError: nothing came within `seconds`.
        """
        try:
            return self._messages.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            raise TimeoutError from None

    def close(self) -> None:
        """Ends every process."""
        kill_tree(self._process.pid)
        self._process.wait()
        self._reader.join()

    def death(self) -> str:
        """Why it ended, in one line, once `next` has returned None."""
        code = self._process.wait()
        if code < 0:
            from signal import Signals

            return f"the process died by {Signals(-code).name}"
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if not code:
            return "the process ended early"
        return f"the process ended with exit status {code}" + (f": {said[-1][:300]}" if said else "")

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                try:
                    self._messages.put(json.loads(line))
                except ValueError:
                    break  # cut off by its end
        self._messages.put(None)


@contextmanager
def pytest_process(
    interpreter: Interpreter, job: Mapping[str, Any], scratch: Path, *, hash_seed: int
) -> Iterator[PytestProcess]:
    """A worker at work on `job`; all of its processes are gone afterwards."""
    log = scratch / "worker.log"
    storage = scratch / STORAGE
    lay_out(interpreter.path, storage)
    environment = sandbox.launch_environment(
        str(scratch),
        {
            "PYTHONHASHSEED": str(hash_seed),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(storage),
        },
    )
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [interpreter.path, "-B", "-c", _BOOT, str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=scratch,
            env=environment,
            start_new_session=True,
        )
    worker = PytestProcess(process, log)
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as pipe:  # one that is dead already says so when read
            pipe.write(json.dumps(job).encode("ascii"))
        yield worker
    finally:
        worker.close()


@contextmanager
def run_folder() -> Iterator[Path]:
    """A new folder for one run, gone afterwards whatever was done to it."""
    with scratch_folder() as folder:
        for part in ("home", "tmp", "cwd"):
            (folder / part).mkdir()
        yield folder


def require_hypothesis(interpreter: Interpreter) -> None:
    """Raises UnavailableError, with the command that helps, when the target's interpreter cannot run property tests."""
    if not (interpreter.has_pytest and interpreter.has_hypothesis):
        missing = "hypothesis" if interpreter.has_pytest else "pytest"
        raise UnavailableError(
            f"--properties: {missing} is not installed for {interpreter.path}",
            hint=f"{interpreter.path} -m pip install pytest 'hypothesis>=6.100,<7'",
            slug="no-hypothesis",
        )


def require_pytest(interpreter: Interpreter) -> None:
    """Raises UnavailableError, with the command that helps, when the target's interpreter has no pytest."""
    if not interpreter.has_pytest:
        raise UnavailableError(
            f"pytest is not installed for {interpreter.path}",
            hint=f"{interpreter.path} -m pip install pytest",
            slug="no-pytest",
        )
