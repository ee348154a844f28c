from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.target import SourceModule, Span
from qeforge.engine.steady import Steady


def steady(source: str) -> Steady:
    return Steady(SourceModule(name="pkg.mod", path=Path("mod.py"), import_root=Path(), source=source, targets=()))


_CANDIDATE = Candidate(target="pkg.mod:f", act="f()", imports=("from pkg.mod import f",))


@pytest.mark.parametrize(
    ("source", "statement"),
    [
        ("import time\nx = time.time()", 'monkeypatch.setattr("time.time", lambda: 1700000000.0)'),
        ("from time import time\nx = time()", 'monkeypatch.setattr("pkg.mod.time", lambda: 1700000000.0)'),
        ("import random\nx = random.choice('ab')", "random.seed(0)"),
        ("from random import choice\nx = choice('ab')", "random.seed(0)"),
        ("import datetime\nx = datetime.datetime.now()", 'monkeypatch.setattr("datetime.datetime", FixedDatetime)'),
        ("from datetime import date\nx = date.today()", 'monkeypatch.setattr("pkg.mod.date", FixedDate)'),
    ],
)
def test_what_the_code_reads_is_held_still_in_the_least_invasive_place(source: str, statement: str) -> None:
    [variant] = steady(source).variants(_CANDIDATE, {2})

    assert variant.arrange[-1] == statement


def test_only_what_the_candidate_runs_is_held_still() -> None:
    source = "import random, uuid\ndef f():\n    return uuid.uuid4()\ndef g():\n    return random.random()\n"

    [variant] = steady(source).variants(_CANDIDATE, {3})

    assert "uuid.uuid4" in variant.arrange[0]


def test_several_things_are_held_one_after_another_and_then_together() -> None:
    source = "import random, time\ndef f():\n    return time.time() + random.random()\n"

    found = steady(source).variants(_CANDIDATE, {3})

    assert [len(variant.arrange) for variant in found] == [1, 1, 2]


def test_what_is_still_already_is_not_held_again() -> None:
    found = steady("import random\nx = random.random()")
    [variant] = found.variants(_CANDIDATE, {2})

    assert found.variants(variant, {2}) == []


def test_code_that_reads_nothing_of_the_kind_has_no_variants() -> None:
    assert steady("import time\ntime.sleep(1)").variants(_CANDIDATE, {2}) == []


def test_code_that_asks_for_the_hour_sees_two_moments() -> None:
    found = list(steady("from datetime import datetime\nx = datetime.now().hour").worlds(Span(line=1, end_line=2)))

    assert [("12, 30" in text[0], "8, 15" in text[0]) for text, _ in found] == [(True, False), (False, True)]


@pytest.mark.parametrize("method", ["now()", "utcnow()", "today()"])
def test_a_fixed_datetime_gives_values_of_the_real_class(method: str) -> None:
    [variant] = steady(f"from datetime import datetime\nx = datetime.{method}").variants(_CANDIDATE, {2})
    space: dict[str, object] = {}

    exec("from datetime import datetime\n" + variant.arrange[0], space)

    assert eval(f"type(FixedDatetime.{method}) is datetime", space)
    assert eval(f"FixedDatetime.{method} == FixedDatetime.{method}", space)
