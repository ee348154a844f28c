"""Has Hypothesis compute its character tables, in the sandbox, where nothing else runs."""

from qeforge.execution.hypothesis_tables import is_known, remember
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.pytest_process import STORAGE, pytest_process, run_folder
from qeforge.execution.pytest_suite import suite_job

_SECONDS = 60.0
_DRAW = """
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=1, database=None, deadline=None, suppress_health_check=[*__import__("hypothesis").HealthCheck])
@given(st.text())
def test_draw(text):
    pass
"""


def compute(interpreter: Interpreter) -> None:
    """Has an interpreter compute the tables, once in the life of this process, for all later runs of pytest.

    Nothing of the project runs there, so that no code under test decides what others are given. Where it fails, those
    runs only take longer.
    """
    if is_known(interpreter.path):
        return
    with run_folder() as scratch:
        file = scratch / "draw" / "test_draw.py"
        file.parent.mkdir()
        file.write_text(_DRAW, encoding="utf-8")
        job = suite_job(
            [file],
            interpreter=interpreter,
            module=None,
            rootdir=file.parent,
            conftests=(),
            scratch=scratch,
            sandbox=True,
            lenient=False,
            paths=(),
        )
        with pytest_process(interpreter, job, scratch, hash_seed=0) as worker:
            try:
                while (message := worker.next(_SECONDS)) is not None and message["type"] not in ("done", "broken"):
                    pass
            except TimeoutError:
                pass  # what is there by then is used
        remember(interpreter.path, scratch / STORAGE)
