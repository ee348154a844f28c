import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.config import Config
from qeforge.learning.data import is_held_out
from qeforge.wiring.rates import Examination, Rates, total
from tests.learning.tiny import CODE, Echo, example


def test_rates_add_up() -> None:
    one = Rates(questions=1, candidates=4, valid=3, goals=5, reached=1)
    assert total([one, one]) == Rates(questions=2, candidates=8, valid=6, goals=10, reached=2)
    assert total([]).validity == 0.0


TARGETS = ("good:sign", "bad:sign")


@pytest.mark.slow
def test_a_question_about_a_module_that_cannot_be_imported_is_not_counted(tmp_path: Path) -> None:
    folder = tmp_path / next(f"shop{n}" for n in range(1_000) if all(is_held_out(f"shop{n}", t) for t in TARGETS))
    folder.mkdir()
    (folder / "good.py").write_text(CODE, encoding="utf-8")
    (folder / "bad.py").write_text(f"import missing_for_sure\n{CODE}", encoding="utf-8")
    asked = [replace(example(target, project=folder.name), prefill="```python\nsign(") for target in TARGETS]
    config = Config(python=Path(sys.executable))
    found = Examination(config, folder, asked)
    assert len(found.questions) == 2
    rates = found.hold(Echo("1)\nsign(None, 2)\n"))
    assert (rates.questions, rates.candidates, rates.valid) == (1, 2, 1)
    (folder / "good.py").unlink()
    assert Examination(config, folder, asked).hold(Echo("1)\n")).questions == 0
