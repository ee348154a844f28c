"""What a full look sees: every facet of what a candidate did, and whether it lasts."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from qeforge.domain.observation import Change, Facet, LogRecord, Observation, Outcome, Snapshot
from qeforge.execution.judge import ForkJudge
from tests.execution.judging import candidate, judging, source_of

MODULE = """
    import asyncio, datetime, logging, os, random, sys, time, warnings
    from functools import cached_property

    log = logging.getLogger("shop")
    seen = []

    class Account:
        rate = 1

        def __init__(self, balance):
            self._balance = balance
            self.history = []

        @property
        def balance(self):
            return self._balance

        @cached_property
        def lazy(self):
            self.history.append("looked")
            return 1

        def pay(self, amount):
            if amount > self._balance:
                raise ValueError(f"only {self._balance} left")
            self._balance -= amount
            self.history.append(amount)
            return self

    class Holder:
        def __init__(self, account):
            self.account = account

        def pay(self):
            self.account.pay(1)

    def push(items, item):
        items.append(item)

    def speak(text):
        print(text)
        print("oh", file=sys.stderr)
        sys.stdout.buffer.write(b"bytes")

    def note(text):
        log.debug("quiet")
        log.warning("careful %s", text)
        warnings.warn("old", DeprecationWarning)
        warnings.warn("old", DeprecationWarning)

    def save(folder, text):
        (folder / "sub").mkdir()
        (folder / "sub" / "out.txt").write_text(text)
        (folder / "old.txt").write_text("new")
        return folder / "sub"

    def write(stream):
        stream.write("x")

    async def later(value):
        await asyncio.sleep(0)
        return value

    def remember(item):
        seen.append(item)
        return len(seen)

    def today():
        return datetime.date.today()

    def moment():
        return time.strftime("%Y")

    def dice():
        return random.random()

    def order(words):
        return list(set(words))

    def place():
        return os.getcwd()

    def program():
        return sys.argv[0]

    def width():
        import shutil
        return shutil.get_terminal_size().columns

    def height():
        import shutil
        return shutil.get_terminal_size().lines

    def zone():
        return time.localtime(0).tm_hour

    def home():
        return os.path.expanduser("~")
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkJudge]:
    with judging(tmp_path_factory.mktemp("observed"), MODULE) as opened:
        yield opened


def look(
    judge: ForkJudge, act: str, *arrange: str, imports: tuple[str, ...] = (), fixtures: tuple[str, ...] = ()
) -> Observation:
    [observation] = judge.observe(
        [candidate(act, *arrange, imports=("from sample import *", *imports), fixtures=fixtures)]
    )
    return observation


def literal(source: str, type_name: str) -> Snapshot:
    return Snapshot(type_name=type_name, source=source)


def test_the_result(judge: ForkJudge) -> None:
    assert look(judge, "Account(3).pay(1).history").result == literal("[1]", "list")


def test_statements_may_bind_the_result(judge: ForkJudge) -> None:
    observed = look(judge, "result = Account(1).balance\nassert result")

    assert observed.outcome is Outcome.RETURNED
    assert source_of(observed) == "1"


def test_an_exception_with_its_frames(judge: ForkJudge) -> None:
    observed = look(judge, "account.pay(9)", "account = Account(1)")

    assert observed.outcome is Outcome.RAISED
    assert observed.raised is not None
    assert (observed.raised.type_name, observed.raised.message) == ("ValueError", "only 1 left")
    assert [(frame.function, frame.own) for frame in observed.raised.frames] == [("pay", True)]
    assert observed.raised.ancestors == ("Exception", "BaseException")


def test_a_failed_arrangement(judge: ForkJudge) -> None:
    observed = look(judge, "account.balance", "account = Account()")

    assert observed.outcome is Outcome.ARRANGE_FAILED
    assert observed.raised is not None
    assert observed.raised.type_name == "TypeError"
    assert observed.raised.frames == ()


def test_output_as_capsys_has_it(judge: ForkJudge) -> None:
    observed = look(judge, "speak('hi')")

    assert (observed.stdout, observed.stderr) == ("hi\nbytes", "oh\n")


def test_logs_and_warnings_as_pytest_has_them(judge: ForkJudge) -> None:
    observed = look(judge, "note('now')")

    assert observed.logs == (LogRecord(logger="shop", level="WARNING", message="careful now"),)
    assert observed.warnings == (("DeprecationWarning", "old"), ("DeprecationWarning", "old"))


def test_changes_of_containers_and_of_objects(judge: ForkJudge) -> None:
    assert look(judge, "push(items, 1)", "items = [0]").changes == (
        Change(expression="items", before=literal("[0]", "list"), after=literal("[0, 1]", "list")),
    )
    changes = look(judge, "account.pay(2)", "account = Account(5)").changes
    assert {change.expression: (change.before.source, change.after.source) for change in changes} == {
        "account.balance": ("5", "3"),
        "account.history": ("[]", "[2]"),
    }


def test_changes_deep_inside(judge: ForkJudge) -> None:
    changes = look(judge, "holder.pay()", "holder = Holder(Account(5))").changes

    assert [change.expression for change in changes] == ["holder.account.history", "holder.account.balance"]


def test_looking_changes_nothing(judge: ForkJudge) -> None:
    """Properties that are read to see what changed must not have been read before the act."""
    observed = look(judge, "account.lazy", "account = Account(5)")

    assert any(change.expression == "account.history" for change in observed.changes)
    assert len(observed.arcs) > 3


def test_what_a_stream_got(judge: ForkJudge) -> None:
    observed = look(judge, "write(stream)", "stream = io.StringIO()", imports=("import io",))

    assert [(c.expression, c.after.source) for c in observed.changes] == [("stream.getvalue()", "'x'")]


def test_how_a_mock_was_called(judge: ForkJudge) -> None:
    observed = look(judge, "write(stream)", "stream = Mock()", imports=("from unittest.mock import Mock",))

    [change] = observed.changes
    assert (change.expression, change.after.source) == ("stream.mock_calls", "[call.write('x')]")
    assert change.after.imports == ("from unittest.mock import call",)


def test_files_that_the_act_wrote(judge: ForkJudge) -> None:
    arrange = ("(tmp_path / 'old.txt').write_text('old')", "(tmp_path / 'same.txt').write_text('same')")
    observed = look(judge, "save(tmp_path, 'hello')", *arrange, fixtures=("tmp_path",))

    assert observed.files == (("old.txt", "new"), ("sub/out.txt", "hello"))
    assert source_of(observed) == "tmp_path / 'sub'"


def test_monkeypatch_is_undone(judge: ForkJudge) -> None:
    patched = candidate(
        "os.environ['A'], Account.rate, random.random()",
        "monkeypatch.setenv('A', 'b')",
        "monkeypatch.setattr(Account, 'rate', 7)",
        "monkeypatch.setattr('random.random', lambda: 4)",
        "monkeypatch.chdir('/')",
        imports=("from sample import *", "import os", "import random"),
        fixtures=("monkeypatch",),
    )
    plain = candidate(
        "os.environ.get('A'), Account.rate, random.random() < 1, os.path.basename(os.getcwd())",
        imports=patched.imports,
    )
    first, second = judge.run([patched, plain])

    assert source_of(first) == "('b', 7, 4)"
    assert source_of(second) == "(None, 1, True, 'cwd')"


def test_coroutines_run(judge: ForkJudge) -> None:
    assert source_of(look(judge, "asyncio.run(later(3))", imports=("import asyncio",))) == "3"


def test_each_look_is_in_a_fresh_process(judge: ForkJudge) -> None:
    observed = judge.observe([candidate("sample.remember(1)"), candidate("sample.remember(2)")])

    assert [source_of(observation) for observation in observed] == ["1", "1"]


def test_what_holds_the_present_is_marked(judge: ForkJudge) -> None:
    assert look(judge, "today()").unstable == (Facet.RESULT,)
    assert look(judge, "print(today())").unstable == (Facet.STDOUT,)
    assert look(judge, "push([], 1)").unstable == ()


@pytest.mark.parametrize(
    "act",
    [
        "dice()",
        "order(['a', 'b', 'c', 'd', 'e'])",
        "place()",
        "program()",
        "width()",
        "height()",
        "zone()",
        "home()",
        "moment()",
        "today()",
    ],
)
def test_what_depends_on_surroundings_wavers(judge: ForkJudge, act: str) -> None:
    imports = ("from sample import *",)
    [first] = judge.observe([candidate(act, imports=imports)])
    [others] = judge.confirm([candidate(act, imports=imports)])

    assert len({source_of(observation) for observation in (first, *others)}) > 1


@pytest.mark.parametrize(
    "act", ["os.path.isdir('tmp')", "os.listdir()", "os.path.exists('setup.py')", "os.path.exists(expanduser('~/tmp'))"]
)
def test_what_depends_on_what_lies_around_wavers(judge: ForkJudge, act: str) -> None:
    asked = [candidate(act, imports=("import os", "from os.path import expanduser", "import sample"))] * 3
    firsts = judge.observe(asked)

    for first, (lived_in, empty) in zip(firsts, judge.confirm(asked), strict=True):
        assert source_of(first) == source_of(empty)
        assert source_of(first) != source_of(lived_in)


def test_what_lies_in_the_working_folder_is_there_for_the_next(judge: ForkJudge) -> None:
    writes = candidate("open('a.txt', 'w').close()", imports=("import sample",))
    looks = candidate("sorted(os.listdir())", imports=("import os", "import sample"))
    [_, (before, _), _, (after, _)] = judge.confirm([writes, looks, writes, looks])
    assert source_of(before) == source_of(after)


def test_who_counts_on_an_event_loop_of_nobody_wavers(tmp_path: Path) -> None:
    source = """
        import asyncio

        class Reader:
            def __init__(self):
                self.loop = asyncio.get_event_loop()

        async def double(x):
            return x * 2
    """
    imports = ("import asyncio", "from sample import *")
    with judging(tmp_path, source) as judge:
        asks, runs = candidate("Reader()", imports=imports), candidate("asyncio.run(double(2))", imports=imports)
        firsts = judge.observe([asks, runs])
        others = judge.confirm([asks, runs])

    assert [other.outcome for other in others[0]].count(firsts[0].outcome) < 2
    assert {other.result for other in others[1]} == {firsts[1].result}


def test_a_coin_is_thrown_more_than_three_times(tmp_path: Path) -> None:
    source = """
        import random

        def coin(rng=random):
            return rng.choice(["heads", "tails"])
    """
    coin = candidate("coin()", imports=("from sample import *",))
    seeded = candidate("coin()", "random.seed(7)", imports=("import random", "from sample import *"))
    own = candidate("coin(random.Random(7))", imports=("import random", "from sample import *"))
    with judging(tmp_path, source) as judge:
        firsts = judge.observe([own, coin, seeded])
        others = judge.confirm([own, coin, seeded])

    assert [len(each) for each in others] == [2, 14, 14]
    assert [[effect.kind for effect in first.effects] for first in firsts] == [[], ["random"], ["random"]]
    told = [{source_of(each) for each in (first, *more)} for first, more in zip(firsts, others, strict=True)]
    assert [len(each) for each in told] == [1, 2, 1]  # the coin falls on one side only once in 16,384 times


def test_what_is_sound_is_confirmed(judge: ForkJudge) -> None:
    candidates = [
        candidate("account.pay(2)", "account = Account(5)", imports=("from sample import *",)),
        candidate("speak('x')", imports=("from sample import *",)),
        candidate("Account(1).pay(2)", imports=("from sample import *",)),
    ]
    firsts = judge.observe(candidates)

    for first, others in zip(firsts, judge.confirm(candidates), strict=True):
        assert len(others) == 2
        for other in others:
            assert dataclasses.replace(other, seconds=first.seconds) == first


def test_nothing_asked_nothing_started(judge: ForkJudge) -> None:
    assert not any((judge.run([]), judge.observe([]), judge.confirm([]), judge.mutate([], [])))


def test_without_forks_it_sees_the_same(tmp_path: Path) -> None:
    candidates = [
        candidate("account.pay(2)", "account = Account(5)", imports=("from sample import *",)),
        candidate("remember(1)", imports=("from sample import *",)),
        candidate("remember(2)", imports=("from sample import *",)),
    ]
    with judging(tmp_path, MODULE) as forking, judging(tmp_path, MODULE, fork=False) as plain:
        expected, seen = forking.observe(candidates), plain.observe(candidates)

    assert [dataclasses.replace(o, seconds=0) for o in seen] == [dataclasses.replace(o, seconds=0) for o in expected]
