"""Walking a large package: memory, and whether time is linear.

Makes packages of so many modules, and of half as many, in a temporary folder, and runs `qeforge targets` and discovery
alone on both. Memory is the largest resident set of the process that walks; no code of the package is run.
"""

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

from figures import Figures, environment, keep, median, parser, verdict

MODULE = '''
    """Module {number} of a package that nobody wrote."""

    from dataclasses import dataclass


    @dataclass
    class Order{number}:
        """An order with {number} in its name."""

        name: str
        amount: float = 0.0

        def discounted(self, share: float) -> float:
            if not 0 <= share <= 1:
                raise ValueError(f"not a share: {{share}}")
            return self.amount * (1 - share)

        def describe(self) -> str:
            return f"{{self.name}}: {{self.amount:.2f}}"


    def parse_{number}(text: str) -> Order{number}:
        name, _, amount = text.partition(":")
        if not amount:
            raise ValueError(f"no amount in {{text!r}}")
        return Order{number}(name.strip(), float(amount))


    def total_{number}(orders, minimum={number}):
        total = 0.0
        for order in orders:
            if order.amount >= minimum:
                total += order.amount
        return total
    '''
_DISCOVER = """
import json, sys, time
from pathlib import Path
from qeforge.analysis.discovery import discover
began = time.perf_counter()
found = discover([Path(sys.argv[1])])
print(json.dumps([len(found.modules), time.perf_counter() - began]))
"""


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--modules", type=int, default=300, help="the half is measured, too (default: %(default)s)")
    options.add_argument("--runs", type=int, default=3, help="of each; medians are shown (default: %(default)s)")
    given = options.parse_args(arguments)
    half = given.modules // 2
    figures: Figures = {"modules": given.modules}
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        whole, part = (package(Path(folder) / f"p{size}", size) for size in (given.modules, half))
        for name, command in (
            ("qeforge targets", [sys.executable, "-m", "qeforge.cli", "targets", "--quiet"]),
            ("discovery", [sys.executable, "-c", _DISCOVER]),
        ):
            large = [walked([*command, whole]) for _ in range(given.runs)]
            small = [walked([*command, part]) for _ in range(given.runs)]
            idle = median([walked([*command[:3], "--help"])[0] for _ in range(given.runs)]) if "-m" in command else 0.0
            seconds, fewer = median([one[0] for one in large]), median([one[0] for one in small])
            memory = max(one[1] for one in large)
            ratio = (seconds - idle) / (fewer - idle)
            print(f"{name}, {given.modules} modules: {seconds:.2f} s, {memory:.0f} MB; ", end="")
            print(verdict(memory, 200, at_most=True))
            print(f"{name}, {half} modules: {fewer:.2f} s; ratio of times {ratio:.2f} (2 is linear)")
            figures[name] = {"seconds": seconds, "half_seconds": fewer, "ratio": ratio, "megabytes": memory}
    keep(figures, given.out)
    return figures


def package(folder: Path, modules: int) -> Path:
    """A project with a package of so many modules, in sub-packages of thirty."""
    top = folder / "src" / "vast"
    for number in range(modules):
        place = top / f"part{number // 30}"
        if number % 30 == 0:
            place.mkdir(parents=True)
            (place / "__init__.py").touch()
        text = textwrap.dedent(MODULE).lstrip("\n").format(number=number)
        (place / f"module_{number}.py").write_text(text, encoding="utf-8")
    (top / "__init__.py").touch()
    (folder / "pyproject.toml").write_text("[project]\nname = 'vast'\n", encoding="utf-8")
    return folder / "src"


def walked(command: Sequence[str | Path]) -> tuple[float, float]:
    """Wall seconds, and the largest resident set in MB.

    Raises:
        SystemExit: the command failed.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:6]))} ended with {process.returncode}: {said.decode()[-500:]}")
    return seconds, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
