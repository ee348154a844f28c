from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet
from qeforge.engine.steady import Steady
from qeforge.execution.judge import ForkJudge
from qeforge.oracle.stability import stable_facets
from qeforge.refinement.settling import Look, Settler, wavers
from tests.execution.judging import judging, write_module

_SOURCE = """
    import random
    import time
    import uuid
    from datetime import datetime

    def ticket(prefix):
        return f"{prefix}-{uuid.uuid4()}"

    def stamp(name):
        return {"name": name, "at": time.time()}

    def roll(sides):
        return [random.randint(1, sides) for _ in range(5)]

    def report(text):
        print(f"{datetime.now().isoformat()} {text}")

    def plain(number):
        return number + 1
"""


def look(judge: ForkJudge, act: str) -> Look:
    name = act.partition("(")[0]
    candidate = Candidate(target=f"sample:{name}", act=act, imports=(f"from sample import {name}",))
    [first] = judge.observe([candidate])
    [others] = judge.confirm([candidate])
    return candidate, first, others


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "facet"),
    [
        ('ticket("a")', Facet.RESULT),
        ('stamp("a")', Facet.RESULT),
        ("roll(1000)", Facet.RESULT),
        ('report("a")', Facet.STDOUT),
    ],
)
def test_what_wavers_is_settled(tmp_path: Path, act: str, facet: Facet) -> None:
    module = write_module(tmp_path, _SOURCE)
    with judging(tmp_path, _SOURCE) as judge:
        wavering = look(judge, act)
        [(candidate, first, others)] = Settler(judge, Steady(module).variants).settled([wavering])

    assert wavers(wavering) == 1
    assert facet in stable_facets(first, others, candidate=candidate)
    assert candidate.act == act


def test_what_is_steady_stays_as_it_is(tmp_path: Path) -> None:
    module = write_module(tmp_path, _SOURCE)
    with judging(tmp_path, _SOURCE) as judge:
        steady = look(judge, "plain(1)")

        assert Settler(judge, Steady(module).variants).settled([steady]) == [steady]
