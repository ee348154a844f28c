"""How fast the judge is.

Two figures: candidate executions a second on one core, for simple functions; and the time from a warm server to the
first verified case of a simple target (cyclomatic complexity at most 3), that is: propose, run, observe, confirm in two
other processes, and something to assert.
"""

import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from figures import SAMPLES, Figures, copy_sample, keep, median, parser, percentile, verdict

from qeforge.analysis.discovery import discover
from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.protocols import Request
from qeforge.domain.target import Kind, SkippedModule, SourceModule, Target
from qeforge.engine.proposer import NativeProposer
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.execution.judge import ForkJudge, JudgeSettings, open_judge
from qeforge.oracle.assertions import assertions_for
from qeforge.refinement.pool import usable

BATCH = 64  # candidates a request, as in the refinement loop
SIMPLE = 3  # cyclomatic complexity
ATTEMPTS = 8  # requests until a target counts as having no case
FUNCTIONS = '''
    def clamp(value, low=0, high=10):
        """The nearest number in the range."""
        if value < low:
            return low
        return min(value, high)


    def initials(name):
        """The first letters of the words."""
        return "".join(word[0].upper() for word in name.split())


    def share(part, whole):
        """Part of the whole."""
        if whole == 0:
            raise ValueError("nothing to share")
        return part / whole
    '''


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--python", type=Path, help="interpreter to run candidates on; default: this one")
    options.add_argument("--candidates", type=int, default=6_400, help="executions in one round (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="median and best are shown (default: %(default)s)")
    options.add_argument("--targets", type=int, default=60, help="simple targets at most (default: %(default)s)")
    given = options.parse_args(arguments)
    python = find_interpreter(given.python or Path(sys.executable), Path.cwd())
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        with one_core() as pinned:
            rates = execution_rates(Path(folder), python, given.candidates, given.rounds)
        seconds, without = first_cases(Path(folder), python, given.targets)
    rate = median(rates)
    print(f"executions a second{' on one core' if pinned else ''}: {rate:,.0f} (best {max(rates):,.0f}); ", end="")
    print(verdict(rate, 2_000, at_most=False))
    figures: Figures = {"one_core": pinned, "executions_per_second": rates, "targets_without_case": without}
    if seconds:
        half, most = percentile(seconds, 0.5), percentile(seconds, 0.95)
        print(f"first verified case, {len(seconds)} simple targets: ", end="")
        print(f"p50 {half * 1000:.0f} ms, p95 {most * 1000:.0f} ms; {verdict(most * 1000, 100, at_most=True)}")
        figures |= {"first_case_p50_seconds": half, "first_case_p95_seconds": most, "first_case_seconds": seconds}
    print(f"simple targets without a case: {without}")
    keep(figures, given.out)
    return figures


@contextmanager
def one_core() -> Iterator[bool]:
    """Keeps this process and all that it starts on one core; False where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(every)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, every)


def execution_rates(folder: Path, python: Interpreter, count: int, rounds: int) -> list[float]:
    """Executions a second of each round; different candidates every time."""
    path = folder / "simple.py"
    path.write_text(textwrap.dedent(FUNCTIONS), encoding="utf-8")
    [module] = discover([path]).modules
    with opened(module, python) as judge:
        judge.run(candidates(module, 0, BATCH))
        rates = []
        for number in range(1, rounds + 1):
            made = candidates(module, number * count, count)
            started = time.perf_counter()
            for start in range(0, count, BATCH):
                judge.run(made[start : start + BATCH])
            rates.append(count / (time.perf_counter() - started))
    return rates


def candidates(module: SourceModule, start: int, count: int) -> list[Candidate]:
    """So many different calls, the functions taking turns."""
    acts = (
        ("clamp", "clamp({0}, high={0} - 3)"),
        ("initials", "initials('grace {0} hopper')"),
        ("share", "share({0}, {0} % 2)"),
    )
    return [
        Candidate(
            target=f"{module.name}:{name}",
            act=act.format(number),
            imports=(f"from {module.name} import {name}",),
        )
        for number in range(start, start + count)
        for name, act in [acts[number % len(acts)]]
    ]


def opened(module: SourceModule, python: Interpreter, *paths: Path) -> ForkJudge:
    """A judge whose workers all run."""
    judge = open_judge(module, python, JudgeSettings(project_paths=paths))
    if isinstance(judge, SkippedModule):
        raise SystemExit(f"{judge.name}: {judge.reason}")
    nothing = Candidate(target=f"{module.name}:", act="None")
    judge.observe([nothing])
    judge.confirm([nothing])
    return judge


def first_cases(folder: Path, python: Interpreter, most: int) -> tuple[list[float], int]:
    """Seconds for each simple target of the sample projects, and how many targets had no case at all."""
    seconds: list[float] = []
    without = 0
    for name in SAMPLES:
        root = copy_sample(name, folder)
        for module in discover([root / "src"]).modules:
            simple = [target for target in module.targets if _is_simple(target)]
            if not simple or len(seconds) + without >= most:
                continue
            with opened(module, python) as judge:
                for target in simple[: most - len(seconds) - without]:
                    taken = first_case(module, target, judge)
                    if taken is None:
                        without += 1
                    else:
                        seconds.append(taken)
    return seconds, without


def _is_simple(target: Target) -> bool:
    return target.complexity <= SIMPLE and not target.is_private and target.kind is not Kind.CLOSURE


def first_case(module: SourceModule, target: Target, judge: ForkJudge) -> float | None:
    """Seconds until there is a confirmed observation of the target with something to assert; None for never."""
    facts, goals = judge.facts(), GoalMap.of(module)
    started = time.perf_counter()
    proposer = NativeProposer(replace(module, targets=(target,)), facts, seed=0)
    request = Request(goals=goals.goals_of(target.id), mutants=(), count=BATCH // 4)
    for _ in range(ATTEMPTS):
        offered = proposer.propose(request)
        if not offered:
            return None
        seen = judge.run(offered)
        proposer.learn(list(zip(offered, seen, strict=True)))
        for candidate in [candidate for candidate, one in zip(offered, seen, strict=True) if usable(one)][:4]:
            [first], [others] = judge.observe([candidate]), judge.confirm([candidate])
            if assertions_for(candidate, first, others):
                return time.perf_counter() - started
    return None


if __name__ == "__main__":
    main()
