"""Proxies in the worker: what they record, that they never make a test, and that they leave the world alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.observation import Observation, Outcome
from qeforge.refinement.pool import usable
from tests.execution.judging import candidate, judging

_IMPORTS = ("import sample", "from _qeforge_worker.probe import Probe")
_SOURCE = """
    import re
    import subprocess

    def collaborate(source, sink):
        with source.open("r") as lines:
            for line in lines:
                if line.startswith("#"):
                    continue
                sink.write(line.strip(), end="")
        return sink.count + 1 == 3 or sink["total"] > 2.5

    def endless(queue):
        while queue.pending() != 0:
            queue.work()

    def match(record):
        return re.match("a", record.title).group()

    async def fetch(client):
        async with client.session() as session:
            return await session.get("x")

    def run():
        return subprocess.run(["git"]).stdout.splitlines()
"""


def record(seen: Observation) -> dict[str, Any]:
    [effect] = [effect for effect in seen.effects if effect.kind == "collaborator"]
    told: dict[str, Any] = json.loads(effect.detail)
    return told


def at(node: dict[str, Any], *steps: str) -> dict[str, Any]:
    for step in steps:
        node = node["n"][step]
    return node


def test_everything_that_is_done_to_a_proxy_is_recorded(tmp_path: Path) -> None:
    with judging(tmp_path, _SOURCE) as judge:
        [seen] = judge.run([candidate('sample.collaborate(Probe("a"), Probe("b"))', imports=_IMPORTS)])

    roots = record(seen)["roots"]
    assert seen.outcome is Outcome.RETURNED
    opened = at(roots["a"], ".open", "()")
    assert opened["f"] == ["entered"]
    assert at(opened, "()")["f"] == ["iterated"]
    assert at(opened, "()", "each", ".startswith")["s"] == {"argument": ["'#'"]}
    assert at(roots["b"], ".write")["c"] == [[1, ["end"]]]
    assert at(roots["b"], ".count")["s"] == {"arithmetic": ["1"]}
    assert at(roots["b"], "[total")["s"] == {"ordered": ["2.5"]}


def test_a_call_with_a_proxy_is_never_a_test(tmp_path: Path) -> None:
    with judging(tmp_path, _SOURCE) as judge:
        [seen] = judge.run([candidate('sample.collaborate(Probe("a"), Probe("b"))', imports=_IMPORTS)])

    assert not usable(seen)


def test_the_place_where_the_interpreter_refused_a_proxy_is_told_and_can_be_filled(tmp_path: Path) -> None:
    known = {"record\0.title": "abc"}
    with judging(tmp_path, _SOURCE) as judge:
        refused, filled = judge.run(
            [
                candidate('sample.match(Probe("record"))', imports=_IMPORTS),
                candidate(f'sample.match(Probe("record", {known!r}))', imports=_IMPORTS),
            ]
        )

    assert refused.raised is not None
    assert "Probe" in refused.raised.message
    assert record(refused)["last"] == "record\0.title"
    assert filled.outcome is Outcome.RETURNED


def test_a_loop_on_a_proxy_ends(tmp_path: Path) -> None:
    with judging(tmp_path, _SOURCE) as judge:
        [seen] = judge.run([candidate('sample.endless(Probe("queue"))', imports=_IMPORTS)])

    assert seen.outcome in (Outcome.RETURNED, Outcome.RAISED)
    assert at(record(seen)["roots"]["queue"], ".work")["f"] == ["called"]


def test_a_proxy_is_awaited_and_entered(tmp_path: Path) -> None:
    imports = (*_IMPORTS, "import asyncio")
    with judging(tmp_path, _SOURCE) as judge:
        [seen] = judge.run([candidate('asyncio.run(sample.fetch(Probe("client")))', imports=imports)])

    session = at(record(seen)["roots"]["client"], ".session", "()")
    assert session["f"] == ["entered async"]
    assert at(session, "()", ".get", "()")["f"] == ["awaited"]


def test_one_candidate_hears_nothing_of_the_proxies_of_another(tmp_path: Path) -> None:
    with judging(tmp_path, _SOURCE) as judge:
        first, second = judge.run(
            [
                candidate('sample.match(Probe("one"))', imports=_IMPORTS),
                candidate('sample.match(Probe("two"))', imports=_IMPORTS),
            ]
        )

    assert list(record(first)["roots"]) == ["one"]
    assert list(record(second)["roots"]) == ["two"]


@pytest.mark.parametrize("place", ["subprocess.run", "subprocess.Popen"])
def test_a_proxy_in_the_place_of_a_program_starts_none(tmp_path: Path, place: str) -> None:
    with judging(tmp_path, _SOURCE) as judge:
        [seen] = judge.run(
            [
                candidate(
                    "sample.run()",
                    f'monkeypatch.setattr("{place}", Probe("fake"))',
                    imports=_IMPORTS,
                    fixtures=("monkeypatch",),
                )
            ]
        )

    assert [effect.kind for effect in seen.effects] == ["collaborator"]
