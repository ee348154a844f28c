"""Suites over the golden subject `shop`."""

import re
from pathlib import Path

from qeforge.codegen.formatting import format_source
from qeforge.codegen.render import render
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet
from qeforge.domain.target import Target
from qeforge.domain.testcase import Suite, TestCase
from qeforge.oracle.select import prune_assertions
from tests.codegen.minijudge import GOLDEN, cases_for, load, targets_of

SUBJECT = GOLDEN / "shop.py"
SHOP = load(SUBJECT)
TARGETS = targets_of(SUBJECT.read_text(), "shop")
ACCOUNT = "account = Account('Ann', '10')"


def offer(
    target: str, act: str, *arrange: str, imports: tuple[str, ...] = (), fixtures: tuple[str, ...] = ()
) -> Candidate:
    top = target.split(".")[0]
    return Candidate(
        target=f"shop:{target}",
        act=act,
        arrange=arrange,
        imports=(f"from shop import {top}", *imports),
        fixtures=fixtures,
    )


def cases(*candidates: Candidate, prune: bool = True) -> tuple[TestCase, ...]:
    found = cases_for(candidates, SHOP)
    others = () if prune else tuple(facet for facet in Facet if facet is not Facet.RESULT)
    needed: dict[str, frozenset[Facet]] = {str(facet): frozenset({facet}) for facet in others}
    return tuple(prune_assertions(case, needed) for case in found)


def text_of(
    *candidates: Candidate,
    prune: bool = True,
    why: bool = False,
    targets: dict[str, Target] | None = None,
    path: Path = Path("/nowhere/tests/test_shop.py"),
) -> str:
    suite = Suite(module="shop", path=path, cases=cases(*candidates, prune=prune))
    return format_source(render(suite, TARGETS if targets is None else targets, why=why), path)


def definitions(text: str) -> str:
    """The definitions alone, without docstring, marks and imports."""
    found = re.search(r"^(def |async def |class |@)", text, re.MULTILINE)
    return text[found.start() : text.index("\n# qeforge:")].strip("\n") + "\n" if found else ""
