"""`python -m qeforge.cli` is `qeforge`."""

import sys

from qeforge.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
