"""What a module's run tells memory."""

from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.pattern import Offer, Recalled
from qeforge.refinement.cases import case_of
from qeforge.refinement.remembering import Remembering
from qeforge.refinement.respelling import with_named_options
from tests.fakes.subject import subject
from tests.refinement.tasks import task


def test_an_offer_whose_options_are_named_in_the_suite_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = subject(tmp_path, "def size(value, binary=False):\n    return value, binary\n", monkeypatch)
    offered = shop.calls("size(1, True)", "size(2, True)")
    recalled = Recalled(offers=tuple(Offer(pattern=one.act, candidate=one) for one in offered))
    memory = Remembering(replace(task(shop.module, tmp_path), recalled=recalled), shop.goals, (), ())
    seen = shop.judge.observe(offered)
    memory.proposers[0].learn(list(zip(offered, seen, strict=True)))
    case = case_of(offered[0], seen[0], (seen[0],), shop.goals)
    assert case is not None
    written, _ = with_named_options(shop.judge, [case.case], {}, {one.id: one for one in shop.module.targets})
    assert [one.candidate.act for one in written] == ["size(1, binary=True)"]
    learned = memory.experience(written)
    assert learned is not None
    assert [(one.pattern, one.kept) for one in learned.outcomes] == [("size(1, True)", True), ("size(2, True)", False)]
