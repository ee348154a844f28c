"""What the native proposer offers for code that talks to collaborators, programs and servers: golden text, executed."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from qeforge.analysis.discovery import discover
from qeforge.analysis.evidence import Evidence
from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.facts import TypeRef
from qeforge.domain.observation import Observation, Outcome
from qeforge.domain.protocols import Request
from qeforge.engine.proposer import NativeProposer
from qeforge.engine.recorded import joined
from qeforge.refinement.pool import usable
from tests.execution.judging import interpreter, judging

_SOURCE = """
    import subprocess
    import urllib.request

    def branch():
        try:
            done = subprocess.run(["git", "branch"], capture_output=True, text=True)
        except FileNotFoundError:
            return "no git"
        if done.returncode != 0:
            return "no repository"
        return done.stdout.split()[0]

    def version():
        text = subprocess.check_output(["git", "--version"]).decode().strip()
        if text.startswith("git version"):
            return text.split()[2]
        return None

    def overdue(store, today):
        found = []
        for row in store.query("select"):
            if row["due"] < 10 and not row["paid"]:
                found.append(row["name"].upper())
        store.close()
        return found

    class Report:
        def __init__(self, sink):
            self.sink = sink

        def send(self, text):
            with self.sink.open() as channel:
                if channel.status == 7:
                    return channel.push(text)
            return None
"""
_EXECUTIONS = 320


def search(folder: Path, *without: Capability) -> tuple[set[int], list[tuple[Candidate, Observation]]]:
    """Lines that stay open, and all that was usable."""
    with judging(folder, _SOURCE) as judge:
        [module] = discover([folder / "sample.py"], search_path=interpreter().search_path).modules
        goals, arcs, kept, done = GoalMap.of(module), set(judge.import_arcs), [], 0
        proposer = NativeProposer(module, judge.facts(), seed=0, without=frozenset(without))
        while done < _EXECUTIONS:
            request = Request(goals=goals.goals - goals.met(arcs), mutants=(), count=32)
            batch = list(proposer.propose(request))
            if not batch:
                break
            seen = judge.run(batch)
            proposer.learn(list(zip(batch, seen, strict=True)))
            for candidate, one in zip(batch, seen, strict=True):
                if usable(one):
                    arcs |= one.arcs
                    kept.append((candidate, one))
            done += len(batch)
        return {goal.arc[0] for goal in goals.goals - goals.met(arcs)}, kept


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[int], list[tuple[Candidate, Observation]]]:
    return search(tmp_path_factory.mktemp("probing"))


pytestmark = pytest.mark.slow


def test_all_of_it_is_reached(found: tuple[set[int], list[tuple[Candidate, Observation]]]) -> None:
    assert found[0] == set()


@pytest.mark.parametrize("capability", [Capability.FAKES, Capability.STANDINS])
def test_without_the_capability_something_stays_open(tmp_path: Path, capability: Capability) -> None:
    assert search(tmp_path, capability)[0]


def test_nothing_usable_holds_a_proxy(found: tuple[set[int], list[tuple[Candidate, Observation]]]) -> None:
    assert not [candidate.key for candidate, _ in found[1] if "Probe" in candidate.key]


def test_fakes_never_touch_the_real_world(found: tuple[set[int], list[tuple[Candidate, Observation]]]) -> None:
    effects = {e.kind for c, seen in found[1] if "monkeypatch" in c.fixtures for e in seen.effects}

    assert not effects & {"process", "network"}


@pytest.mark.parametrize(
    "line",
    [
        'monkeypatch.setattr("subprocess.run", Mock(side_effect=FileNotFoundError("boom")))',
        'monkeypatch.setattr("subprocess.run", lambda *args, **kwargs:'
        ' subprocess.CompletedProcess(args, 0, stdout="abc\\n", stderr=""))',
        'monkeypatch.setattr("subprocess.run", lambda *args, **kwargs:'
        ' subprocess.CompletedProcess(args, 1, stdout="", stderr=""))',
        "monkeypatch.setattr(\"subprocess.check_output\", lambda *args, **kwargs: b'git version 1.2.3\\n')",
    ],
)
def test_a_fake_reads_as_a_person_would_write_it(
    found: tuple[set[int], list[tuple[Candidate, Observation]]], line: str
) -> None:
    assert any(line in candidate.arrange for candidate, _ in found[1])


def test_what_was_found_runs_under_plain_pytest(
    found: tuple[set[int], list[tuple[Candidate, Observation]]], tmp_path: Path
) -> None:
    returned = [c for c, seen in found[1] if seen.outcome is Outcome.RETURNED and (c.arrange or c.fixtures)][:40]
    tests = []
    for number, candidate in enumerate(returned):
        lines = [*candidate.arrange, candidate.act]
        body = textwrap.indent("\n".join(lines), "    ")
        tests.append(f"def test_{number}({', '.join(candidate.fixtures)}):\n{body}\n")
    imports = dict.fromkeys(line for candidate in returned for line in candidate.imports)
    (tmp_path / "sample.py").write_text(textwrap.dedent(_SOURCE))
    (tmp_path / "test_sample.py").write_text("\n".join([*imports, "", *tests]))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_sample.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(returned) > 10
    assert done.returncode == 0, done.stdout[-2000:]


def test_what_a_run_showed_comes_before_what_the_source_said() -> None:
    said = Evidence(types=(TypeRef("str"),), equals=("1",), attributes={"a": Evidence(called=True)})
    seen = Evidence(types=(TypeRef("int"),), equals=("2",), attributes={"a": Evidence(numeric=True), "b": Evidence()})

    both = joined(said, seen)

    assert [kind.name for kind in both.types] == ["int", "str"]
    assert both.equals == ("2", "1")
    assert both.attributes["a"] == Evidence(called=True, numeric=True)
    assert set(both.attributes) == {"a", "b"}
