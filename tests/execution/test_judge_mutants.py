"""Verdicts on mutants, for every place where a mutant can be."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Kill, Mutant, MutantJob, MutantResult, Probe, Verdict
from qeforge.domain.observation import Facet
from qeforge.execution.judge import ForkJudge
from tests.execution.judging import candidate, judging

MODULE = textwrap.dedent('''
    """Something to break."""
    from __future__ import annotations

    import functools
    import time

    LIMIT = 10
    NAMES = {"a": 1}
    calls = []


    def small(n):
        if n < LIMIT:
            return "ä", n + 1
        return None


    def default(n=3):
        return n


    def wrap(prefix):
        def decorate(function):
            @functools.wraps(function)
            def inner(*args):
                return prefix + function(*args)
            return inner
        return decorate


    @wrap("<")
    def wrapped(text):
        return text + ">"


    @functools.lru_cache
    def cached(n):
        return n * 2


    class Base:
        def name(self):
            return "base"


    class Shop(Base):
        tax = 2

        def __init__(self):
            self.__secret = 5
            self.sold = 0

        def name(self):
            return "shop of " + super().name()

        @property
        def secret(self):
            return self.__secret

        @secret.setter
        def secret(self, value):
            self.__secret = value + 0

        @classmethod
        def make(cls):
            return cls().sold + 1

        @staticmethod
        def add(a, b):
            return a + b

        def sell(self, n):
            self.sold += n
            print("sold", n)

        class Till:
            def count(self):
                return 1 + 1


    def loop(n):
        while n:
            n -= 1
        return n


    def wait(n):
        if n:
            return 0
        time.sleep(60)


    def remember(item):
        calls.append(item)
        return len(calls)


    def numbers(n):
        for i in range(n):
            yield i + 1


    square = lambda n: n * n

    if LIMIT:
        def nested(n):
            return [m for m in range(n) if m > 0]


    def fails(n):
        raise ValueError("bad " + str(n))
''').lstrip("\n")  # fmt: skip

LINES = MODULE.split("\n")


def mutant(text: str, replacement: str, scope: str | None = None, nth: int = 0) -> Mutant:
    """An edit of the nth line that contains the text, told as `before⟨what⟩after`."""
    before, _, rest = text.partition("⟨")
    what, _, after = rest.partition("⟩")
    lines = [number for number, line in enumerate(LINES, 1) if before + what + after in line]
    column = LINES[lines[nth] - 1].index(before + what + after) + len(before)
    return Mutant(
        operator="test",
        start=(lines[nth], column),
        end=(lines[nth], column + len(what)),
        original=what,
        replacement=replacement,
        scope=scope,
    )


def probe(act: str, *arrange: str, facets: tuple[Facet, ...] = tuple(Facet)) -> Probe:
    return Probe(candidate=from_sample(act, *arrange), facets=facets)


def from_sample(act: str, *arrange: str) -> Candidate:
    return candidate(act, *arrange, imports=("from sample import *",))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkJudge]:
    folder = tmp_path_factory.mktemp("mutated")
    with judging(folder, MODULE, cpu_seconds=0.5, wall_seconds=1.0) as opened:
        yield opened


def verdict(judge: ForkJudge, changed: Mutant, *probes: Probe) -> MutantResult:
    [result] = judge.mutate([MutantJob(mutant=changed, probes=tuple(range(len(probes))))], probes)
    return result


@pytest.mark.parametrize(
    "changed, act",
    [
        (mutant("n ⟨<⟩ LIMIT", ">", "small"), "small(3)"),
        (mutant('"ä", n + ⟨1⟩', "2", "small"), "small(3)"),
        (mutant("return ⟨prefix + function(*args)⟩", "None", "wrap"), "wrapped('x')"),
        (mutant("prefix ⟨+⟩ function", "*", "wrap"), "wrapped('x')"),
        (mutant('text + ⟨">"⟩', '"]"', "wrapped"), "wrapped('x')"),
        (mutant("return n ⟨*⟩ 2", "-", "cached"), "cached(5)"),
        (mutant('⟨"shop of " + super().name()⟩', "None", "Shop.name"), "Shop().name()"),
        (mutant('⟨"shop of "⟩ + super', '"x"', "Shop.name"), "Shop().name()"),
        (mutant("return ⟨self.__secret⟩", "None", "Shop.secret"), "Shop().secret"),
        (mutant("self.__secret = ⟨5⟩", "6", "Shop.__init__"), "Shop().secret"),
        (mutant("sold ⟨+⟩ 1", "-", "Shop.make"), "Shop.make()"),
        (mutant("return a ⟨+⟩ b", "-", "Shop.add"), "Shop.add(1, 2)"),
        (mutant("return 1 ⟨+⟩ 1", "-", "Shop.Till.count"), "Shop.Till().count()"),
        (mutant("yield i ⟨+⟩ 1", "-", "numbers"), "list(numbers(2))"),
        (mutant("if m ⟨>⟩ 0", ">=", "nested"), "nested(2)"),
        (mutant('"bad⟨ ⟩"', "-", "fails"), "fails(1)"),
        (mutant("LIMIT = ⟨10⟩", "1"), "small(3)"),
        (mutant("n=⟨3⟩", "4"), "default()"),
        (mutant("n=⟨3⟩", "4", "default"), "default()"),
        (mutant("⟨@functools.lru_cache⟩", "", nth=0), "cached.cache_info().maxsize"),
        (mutant("lambda n: n ⟨*⟩ n", "+"), "square(3)"),
        (mutant("tax = ⟨2⟩", "3"), "Shop.tax"),
        (mutant('{⟨"a"⟩: 1}', '"b"'), "NAMES"),
    ],
    ids=lambda value: value.describe() if isinstance(value, Mutant) else None,
)
def test_a_change_that_shows_is_killed(judge: ForkJudge, changed: Mutant, act: str) -> None:
    result = verdict(judge, changed, probe(act))

    assert result.verdict is Verdict.KILLED
    assert result.kills[0].test == 0
    assert result.kills[0].facets


@pytest.mark.parametrize(
    "changed, act",
    [
        (mutant("n ⟨<⟩ LIMIT", "<=", "small"), "small(3)"),
        (mutant("self.__secret = value + ⟨0⟩", "1", "Shop.secret"), "Shop().secret"),
        (mutant("LIMIT = ⟨10⟩", "11"), "small(3)"),
        (mutant("calls.append(⟨item⟩)", "None", "remember"), "remember(1)"),
    ],
    ids=lambda value: value.describe() if isinstance(value, Mutant) else None,
)
def test_a_change_that_does_not_show_survives(judge: ForkJudge, changed: Mutant, act: str) -> None:
    assert verdict(judge, changed, probe(act)).verdict is Verdict.SURVIVED


@pytest.mark.parametrize(
    "changed, probed, facets",
    [
        (mutant('print(⟨"sold"⟩, n)', '""', "Shop.sell"), probe("Shop().sell(1)"), (Facet.STDOUT,)),
        (mutant("self.sold ⟨+=⟩ n", "-=", "Shop.sell"), probe("s.sell(1)", "s = Shop()"), (Facet.CHANGES,)),
        (mutant('⟨"bad "⟩', '"x"', "fails"), probe("fails(1)"), (Facet.EXCEPTION,)),
        (mutant("return ⟨None⟩", "1", "small"), probe("small(10)"), (Facet.RESULT,)),
        (mutant("⟨raise⟩ ValueError", "return", "fails"), probe("fails(1)"), (Facet.OUTCOME, Facet.EXCEPTION)),
    ],
    ids=lambda value: value.describe() if isinstance(value, Mutant) else None,
)
def test_the_facets_that_notice_are_named(
    judge: ForkJudge, changed: Mutant, probed: Probe, facets: tuple[Facet, ...]
) -> None:
    assert verdict(judge, changed, probed).kills == (Kill(test=0, facets=facets),)


def test_only_allowed_facets_are_compared(judge: ForkJudge) -> None:
    changed = mutant('print(⟨"sold"⟩, n)', '""', "Shop.sell")

    assert verdict(judge, changed, probe("Shop().sell(1)", facets=(Facet.RESULT,))).verdict is Verdict.SURVIVED


@pytest.mark.parametrize("replacement", ["+ *", "(", "return"])
def test_what_does_not_compile_is_incompetent(judge: ForkJudge, replacement: str) -> None:
    changed = mutant("n ⟨<⟩ LIMIT", replacement, "small")

    assert verdict(judge, changed, probe("small(1)")).verdict is Verdict.INCOMPETENT


def test_a_module_that_no_longer_imports_is_killed(judge: ForkJudge) -> None:
    result = verdict(judge, mutant("LIMIT = ⟨10⟩", "1 / 0"), probe("small(1)"))

    assert (result.verdict, result.kills) == (Verdict.KILLED, (Kill(test=0, facets=(Facet.OUTCOME,)),))


@pytest.mark.parametrize(
    "changed, act",
    [
        (mutant("n ⟨-=⟩ 1", "+=", "loop"), "loop(2)"),
        (mutant("if ⟨n⟩:", "not n", "wait"), "wait(1)"),
        (mutant("while ⟨n⟩:", "sum(iter(int, 1))", "loop"), "loop(2)"),
    ],
    ids=["python", "asleep", "c"],
)
def test_a_mutant_that_does_not_end_times_out(judge: ForkJudge, changed: Mutant, act: str) -> None:
    result = verdict(judge, changed, probe(act))

    assert (result.verdict, result.kills) == (Verdict.TIMEOUT, (Kill(test=0, facets=(Facet.OUTCOME,)),))


def test_without_probes_it_is_not_covered(judge: ForkJudge) -> None:
    changed = mutant("n ⟨<⟩ LIMIT", ">", "small")

    assert judge.mutate([MutantJob(mutant=changed, probes=())], [])[0].verdict is Verdict.NOT_COVERED


def test_the_first_kill_ends_a_job_unless_all_are_wanted(judge: ForkJudge) -> None:
    probes = [probe("small(20)"), probe("small(1)"), probe("small(2)")]
    job = MutantJob(mutant=mutant("n + ⟨1⟩", "2", "small"), probes=(0, 2, 1))

    assert [kill.test for kill in judge.mutate([job], probes)[0].kills] == [2]
    assert [kill.test for kill in judge.mutate([job], probes, first_only=False)[0].kills] == [2, 1]


def test_all_kills_are_found_beyond_a_probe_that_hangs(judge: ForkJudge) -> None:
    probes = [probe("wait(1)"), probe("loop(1)"), probe("wait(2)"), probe("small(1)")]
    job = MutantJob(mutant=mutant("if ⟨n⟩:", "n == 3", "wait"), probes=(0, 1, 2, 3))

    result = judge.mutate([job], probes, first_only=False)[0]

    assert [kill.test for kill in result.kills] == [0, 2]
    assert result.verdict is Verdict.TIMEOUT


def test_what_depends_on_earlier_probes_does_not_kill(judge: ForkJudge) -> None:
    probes = [probe("remember(1)"), probe("remember(2)")]
    job = MutantJob(mutant=mutant("return n ⟨*⟩ 2", "-", "cached"), probes=(0, 1))

    assert judge.mutate([job], probes)[0].verdict is Verdict.SURVIVED


def test_one_mutant_leaves_nothing_for_the_next(judge: ForkJudge) -> None:
    probes = [probe("small(3)"), probe("Shop().name()"), probe("cached(2)")]
    jobs = [
        MutantJob(mutant=mutant("n + ⟨1⟩", "2", "small"), probes=(0, 1, 2)),
        MutantJob(mutant=mutant("LIMIT = ⟨10⟩", "1 / 0"), probes=(0, 1, 2)),
        MutantJob(mutant=mutant("return ⟨a + b⟩", "None", "Shop.add"), probes=(0, 1, 2)),
        MutantJob(mutant=mutant("return ⟨n * 2⟩", "n + n", "cached"), probes=(0, 1, 2)),
    ]
    expected = [Verdict.KILLED, Verdict.KILLED, Verdict.SURVIVED, Verdict.SURVIVED]

    assert [result.verdict for result in judge.mutate(jobs, probes)] == expected
    assert [result.verdict for result in judge.mutate(jobs[::-1], probes)] == expected[::-1]


@pytest.mark.parametrize("settings", [{"parallel": 2}, {"fork": False}], ids=["two at once", "without forks"])
def test_other_ways_to_run_give_the_same_verdicts(tmp_path: Path, judge: ForkJudge, settings: dict[str, Any]) -> None:
    probes = [probe("small(3)"), probe("Shop().name()"), probe("loop(2)"), probe("default()")]
    changes = [
        mutant("n + ⟨1⟩", "2", "small"),
        mutant('⟨"shop of "⟩ + super', '"x"', "Shop.name"),
        mutant("n ⟨-=⟩ 1", "+=", "loop"),
        mutant("return ⟨a + b⟩", "None", "Shop.add"),
        mutant("n=⟨3⟩", "4"),
        mutant("n ⟨<⟩ LIMIT", "+ *", "small"),
    ]
    jobs = [MutantJob(mutant=changed, probes=(0, 1, 2, 3)) for changed in changes]
    with judging(tmp_path, MODULE, **settings) as other:
        seen = other.mutate(jobs, probes)

    assert [(r.verdict, r.kills) for r in seen] == [(r.verdict, r.kills) for r in judge.mutate(jobs, probes)]


def test_modules_that_imported_it_get_what_a_mutant_makes_anew(tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("from pkg.inner import Thing, size\n")
    source = "LIMIT = 1\nclass Thing:\n    tag = 'a'\ndef size(n=LIMIT):\n    return n\n"
    changes = [
        Mutant(operator="t", start=(3, 10), end=(3, 13), original="'a'", replacement="'b'", scope=None),
        Mutant(operator="t", start=(1, 8), end=(1, 9), original="1", replacement="2", scope=None),
    ]
    probes = [
        Probe(candidate=candidate(act, imports=("from pkg import Thing, size",)), facets=tuple(Facet))
        for act in ("Thing.tag", "size()")
    ]
    with judging(tmp_path, source, name="pkg.inner") as judge:
        results = judge.mutate([MutantJob(mutant=change, probes=(0, 1)) for change in changes], probes)

    assert [result.kills[0].test for result in results] == [0, 1]
