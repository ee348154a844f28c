"""Arcs agree with coverage.py's on the same calls, on every interpreter that is found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from coverage.parser import PythonParser

from qeforge.domain.observation import Arc
from tests.execution.judging import candidate, judging

MODULE = '''
    """Every way that control can go."""
    import asyncio
    import contextlib
    from dataclasses import dataclass


    def branch(n):
        if n > 10:
            return "big"
        elif n > 5:
            kind = "middle"
        else:
            kind = "small"
        return kind


    def loops(items, stop=None):
        total = 0
        for item in items:
            if item == stop:
                break
            if item < 0:
                continue
            total += item
        else:
            total += 100
        while total > 50:
            total -= 30
        else:
            total += 1
        return total


    def tries(text):
        try:
            value = int(text)
        except ValueError:
            value = -1
        except (TypeError, KeyError) as error:
            raise RuntimeError("no") from error
        else:
            value += 1
        finally:
            done = True
        return value, done


    def returns_in_finally(flag):
        try:
            if flag:
                return 1
        finally:
            print("bye")
        return 2


    def manager(flag):
        with contextlib.suppress(ValueError):
            if flag:
                raise ValueError(flag)
            flag = 1
        with contextlib.nullcontext(1) as a, contextlib.nullcontext(2) as b:
            flag = a + b
        return flag


    def count(n):
        while n:
            yield n
            n -= 1
        yield from (i for i in range(2) if i)


    def comprehensions(items):
        squares = [i * i for i in items if i % 2]
        pairs = {
            i: j
            for i in items
            for j in squares
            if i != j
        }
        return sorted({len(pairs), *squares}), any(i > 3 for i in items)


    def matches(value):
        match value:
            case 0:
                return "zero"
            case [x, *rest] if rest:
                return x
            case {"key": found}:
                return found
            case str():
                pass
            case _:
                return "other"
        return "text"


    def outer(n):
        def inner(m):
            if m:
                return m
            return n
        return inner


    def decorate(function):
        def wrapper(*args):
            if args:
                return function(*args)
            return None
        return wrapper


    @decorate
    def decorated(a):
        return a or \\
            "nothing"


    @dataclass
    class Account:
        balance: int = 0

        @property
        def rich(self):
            return self.balance > 100

        def pay(self, amount):
            if amount > self.balance:
                raise ValueError(
                    "too much"
                )
            self.balance -= amount

        @staticmethod
        def of(text): return Account(int(text))


    async def wait(n):
        for _ in range(n):
            await asyncio.sleep(0)
        async with manage() as value:
            return value


    @contextlib.asynccontextmanager
    async def manage():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)


    async def ticks(n):
        for i in range(n):
            yield i


    async def gather():
        return [i async for i in ticks(3)] + list(await asyncio.gather(wait(0), wait(1)))


    pick = lambda n: n if n else None


    def conditional(a, b):
        assert a or b, "neither"
        return (
            a
            if a
            else b
        )


    def quits_early(n):
        generator = count(n)
        next(generator)
        generator.close()
        return n
'''

CALLS = (
    "branch(11)", "branch(6)", "loops([1, -1, 2])", "loops([1, 3], 3)", "loops([99])", "tries('1')", "tries('x')",
    "tries(None)", "returns_in_finally(True)", "returns_in_finally(False)", "manager(True)", "manager(False)",
    "list(count(2))", "comprehensions([1, 2, 3, 4])", "comprehensions([])", "matches(0)", "matches([1, 2])",
    "matches({'key': 1})", "matches('x')", "matches(1.5)", "outer(1)(0)", "outer(1)(2)", "decorated()", "decorated(1)",
    "Account(5).pay(9)", "Account.of('7').pay(5)", "Account(500).rich", "asyncio.run(wait(2))", "asyncio.run(gather())",
    "pick(0)", "conditional(1, 0)", "conditional(0, 0)", "quits_early(2)", "next(count(1))",
)  # fmt: skip

_RUN = """
import sys
sys.path.insert(0, {folder!r})
from sample import *
for call in {calls!r}:
    try:
        eval(call)
    except Exception:
        pass
"""

OTHERS = [
    path
    for version in ("3.10.13", "3.12.1", "3.13.0")
    if (path := Path.home() / ".pyenv" / "versions" / version / "bin" / "python").exists()
]


def judged(folder: Path, python: Path | None = None) -> set[Arc]:
    """Arcs of importing the module and of all calls."""
    with judging(folder, MODULE, python=python) as judge:
        seen = judge.run([candidate(call, imports=("from sample import *",)) for call in CALLS])
        return set(judge.import_arcs).union(*(observation.arcs for observation in seen))


def covered(folder: Path) -> set[Arc]:
    """The same by coverage.py, in this interpreter."""
    data = folder / "coverage.data"
    script = folder / "script.py"
    script.write_text(_RUN.format(folder=str(folder), calls=CALLS), encoding="utf-8")
    run = [sys.executable, "-m", "coverage", "run", "--branch", f"--data-file={data}", f"--include={folder}/sample.py"]
    subprocess.run([*run, str(script)], check=True, cwd=folder, capture_output=True)
    show = (
        "import coverage, json; data = coverage.CoverageData({!r}); data.read();print(json.dumps(data.arcs({!r})))"
    ).format(str(data), str(folder / "sample.py"))
    shown = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True)
    return {(first, second) for first, second in json.loads(shown.stdout)}


def goals(folder: Path, arcs: set[Arc]) -> tuple[set[int], set[Arc]]:
    """The lines and the branches among arcs, as coverage.py counts them."""
    parser = PythonParser(filename=str(folder / "sample.py"))
    parser.parse_source()
    possible = parser.arcs()
    exits: dict[int, int] = {}
    for first, _ in possible:
        exits[first] = exits.get(first, 0) + 1
    translated = set(parser.translate_arcs(arcs))
    lines = {line for arc in translated for line in arc if line > 0} & parser.statements
    return lines, {arc for arc in translated if arc in possible and exits[arc[0]] > 1}


def test_arcs_are_those_of_coverage(tmp_path: Path) -> None:
    ours, theirs = judged(tmp_path), covered(tmp_path)

    assert goals(tmp_path, ours) == goals(tmp_path, theirs)
    if sys.version_info < (3, 12):  # from there on `sys.settrace`, which coverage.py uses, repeats some line events
        assert ours == theirs


@pytest.mark.parametrize("python", OTHERS, ids=lambda path: path.parents[1].name)
def test_lines_and_branches_are_the_same_on_other_interpreters(tmp_path: Path, python: Path) -> None:
    ours = judged(tmp_path, python)

    assert goals(tmp_path, ours) == goals(tmp_path, covered(tmp_path))
