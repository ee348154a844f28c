"""Where `qeforge` and `python -m qeforge.cli` begin."""

import sys


def start() -> int:
    """Runs the command line and returns its exit code; Ctrl-C ends it in one line from the first moment on."""
    try:
        from qeforge.cli.main import run  # it takes some tenths of a second, in which nothing else would listen

        return run()
    except KeyboardInterrupt:  # work that has begun tells of its end by itself
        sys.stderr.write("qeforge: interrupted; nothing was written\n")
        return 130


if __name__ == "__main__":
    sys.exit(start())
