"""The worker on every interpreter that is found: it must not need anything newer than 3.10."""

from pathlib import Path

import pytest

from qeforge.domain.mutant import Mutant, MutantJob, Probe, Verdict
from qeforge.domain.observation import Facet, Outcome
from tests.execution.judging import candidate, judging, source_of

OTHERS = [
    path
    for version in ("3.10.13", "3.12.1", "3.13.0")
    if (path := Path.home() / ".pyenv" / "versions" / version / "bin" / "python").exists()
]

MODULE = """
    import os, time
    from pathlib import Path

    class Shop:
        def __init__(self):
            self.sold = 0

        def sell(self, n):
            if n > 3:
                raise ValueError("too many")
            self.sold += n
            return Path("a") / str(n)

    def loop():
        while True:
            pass

    def die():
        os._exit(1)
"""

IMPORTS = ("from sample import *",)


@pytest.mark.parametrize("python", OTHERS, ids=lambda path: path.parents[1].name)
def test_everything_works_there(tmp_path: Path, python: Path) -> None:
    sell = candidate("shop.sell(2)", "shop = Shop()", imports=IMPORTS)
    probe = Probe(candidate=sell, facets=tuple(Facet))
    edit = Mutant(operator="t", start=(11, 18), end=(11, 20), original="+=", replacement="-=", scope="Shop.sell")
    with judging(tmp_path, MODULE, python=python, cpu_seconds=0.2) as judge:
        looked = judge.run([sell, candidate("loop()", imports=IMPORTS), candidate("die()", imports=IMPORTS), sell])
        [captured] = judge.run([sell], capture=True)
        [observed] = judge.observe([sell])
        [others] = judge.confirm([sell])
        [result] = judge.mutate([MutantJob(mutant=edit, probes=(0,))], [probe])

    assert [o.outcome for o in looked] == [Outcome.RETURNED, Outcome.TIMEOUT, Outcome.CRASHED, Outcome.RETURNED]
    assert [(o.operator, o.left, o.right) for o in captured.operands] == [("<", "2", "3")]
    assert captured.arcs == looked[0].arcs == observed.arcs
    assert source_of(observed) == "Path('a/2')"
    assert [(change.expression, change.after.source) for change in observed.changes] == [("shop.sold", "2")]
    assert all((other.result, other.changes) == (observed.result, observed.changes) for other in others)
    assert result.verdict is Verdict.KILLED
    assert result.kills[0].facets == (Facet.CHANGES,)
