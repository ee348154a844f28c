"""Where a worker process starts: `python -s -B -X utf8 main.py REQUEST_FD REPLY_FD SCRATCH`.

Two processes come of it. The outer one, the janitor, waits outside of the sandbox for the server's end or the parent's,
whichever comes first; it then ends what is left and removes the scratch folder. So nothing stays behind however the
parent ends, `SIGKILL` included.
"""

import importlib.util
import os
import sys

_PACKAGE = "_qeforge_worker"  # a name that no project has


def _load_package() -> None:
    """Make this folder importable as `_qeforge_worker`, and by no other name."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)


def main(arguments: list[str]) -> None:
    """Split into janitor and server; both end in here."""
    _load_package()
    request_fd, reply_fd, scratch = int(arguments[0]), int(arguments[1]), arguments[2]
    from _qeforge_worker import janitor  # type: ignore[import-not-found]

    janitor.start(request_fd, scratch, private_fds=(reply_fd,))
    from _qeforge_worker import server

    server.serve(request_fd, reply_fd)


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # nothing that the target registered for the end of the process runs
