import os
import subprocess
import sys

CODE = """
import os
for fd in (0, 1):
    os.close(fd)
from qeforge.execution.process import pipe
ends = pipe()
os.write(2, repr(min(ends) > 2).encode())
"""


def test_a_pipe_is_never_a_standard_stream() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr == "True"


def test_what_was_opened_on_the_way_is_closed() -> None:
    code = CODE + "os.write(2, repr([fd for fd in (0, 1) if os.path.exists(f'/proc/self/fd/{fd}')]).encode())"
    if not os.path.exists("/proc/self/fd"):  # noqa: PTH110 - only Linux tells which are open
        code = CODE + "os.write(2, b'[]')"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr == "True[]"
