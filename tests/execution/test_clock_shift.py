"""In a process of its own: what is moved stays moved."""

import subprocess
import sys

import pytest

_START = """
import copy, datetime, sys, time
before = datetime.datetime
now, today, seconds = before.now(), datetime.date.today(), time.time()
from qeforge.execution.worker import clock_shift, render
clock_shift.install(400)
from datetime import date, datetime as moment, timedelta, timezone
class Mine(moment):
    pass
"""


def evaluated(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"{_START}print({code})"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "399 < (moment.now() - now).days < 401",
        "399 <= (moment.now(timezone.utc).replace(tzinfo=None) - before.now(timezone.utc).replace(tzinfo=None)).days",
        "399 < (moment.today() - now).days < 401",
        "moment.utcnow().tzinfo is None and 399 <= (moment.utcnow() - now).days <= 401",
        "(date.today() - today).days in (400, 401)",
        "time.time() - seconds > 399 * 86400",
    ],
)
def test_the_present_is_another(code: str) -> None:
    assert evaluated(code) == "True"


@pytest.mark.parametrize(
    "code",
    [
        "type(moment(2020, 1, 31)) is before",
        "type(moment.now()) is before",
        "type(moment.fromisoformat('2020-01-31')) is before",
        "type(moment.strptime('2020', '%Y')) is before",
        "type(moment.fromtimestamp(0)) is before",
        "type(moment.combine(date(2020, 1, 31), moment.min.time())) is before",
        "moment(2020, 1, 31) == before(2020, 1, 31)",
        "isinstance(before(2020, 1, 31), moment)",
        "isinstance(before(2020, 1, 31), date)",
        "not isinstance(date(2020, 1, 31), moment)",
        "not isinstance('2020', date)",
        "issubclass(before, date) and issubclass(moment, date) and issubclass(Mine, moment)",
        "copy.deepcopy(moment(2020, 1, 31)) == moment(2020, 1, 31)",
        "moment(2020, 1, 31) + timedelta(days=1) == moment(2020, 2, 1)",
        "render.Renderer().render(moment(2020, 1, 31)) == 'datetime(2020, 1, 31)'",
        "render.Renderer().render([date(2020, 1, 31)]) == '[date(2020, 1, 31)]'",
    ],
)
def test_values_are_those_of_the_real_classes(code: str) -> None:
    assert evaluated(code) == "True"


@pytest.mark.parametrize(
    "code",
    [
        "type(Mine(2020, 1, 31)) is Mine",
        "isinstance(Mine(2020, 1, 31), moment)",
        "not isinstance(moment(2020, 1, 31), Mine)",
        "Mine(2020, 1, 31).year == 2020",
    ],
)
def test_subclasses_are_classes_of_their_own(code: str) -> None:
    assert evaluated(code) == "True"
