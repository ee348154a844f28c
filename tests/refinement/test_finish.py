import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.observation import Arc, Effect, Facet
from qeforge.domain.testcase import Assertion, TestCase
from qeforge.execution.pytest_run import SuiteRun
from qeforge.refinement import finish as finishing
from qeforge.refinement.finish import Finished, _to_drop, finish
from qeforge.refinement.task import ModuleTask
from tests.fakes.subject import Subject, subject
from tests.refinement.tasks import run_of, task

SOURCE = """
    def grade(points):
        if points > 90:
            return "A"
        return "C"


    def double(value):
        return value * 2
    """
Verdict = Callable[[str], str]
"""From a test's name to how it ends."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def goal(line: int) -> Goal:
    return Goal(kind=GoalKind.LINE, arc=(line, line))


def case(shop: Subject, act: str, expected: str, *lines: int) -> TestCase:
    candidate = shop.call(act)
    [seen] = shop.judge.run([candidate])
    return TestCase(
        candidate=candidate,
        observation=seen,
        assertions=(Assertion(facet=Facet.RESULT, code=f"assert result == {expected}"),),
        goals=frozenset(map(goal, lines)),
    )


def names(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


class Pytest:
    """In place of the real runs: tests end as they are told to; what was run is remembered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, first: Verdict, second: Verdict | None = None) -> None:
        self.texts: list[str] = []
        self._verdicts = (first, second or first)
        self.arcs: tuple[frozenset[Arc], frozenset[Arc]] = (frozenset({(1, 2)}), frozenset({(1, 2)}))
        monkeypatch.setattr(finishing, "verify", self._verify)

    def _verify(self, task: ModuleTask, text: str, *, timeout: float) -> tuple[SuiteRun, SuiteRun]:
        self.texts.append(text)
        first, second = (
            run_of({name: verdict(name) for name in names(text)}, arcs)
            for verdict, arcs in zip(self._verdicts, self.arcs, strict=True)
        )
        return first, second


def passes(name: str) -> str:
    return "passed"


def fails(*parts: str, how: str = "failed") -> Verdict:
    return lambda name: how if any(part in name for part in parts) else "passed"


def finished(
    shop: Subject,
    cases: Sequence[TestCase],
    needed: Mapping[str, Mapping[str, frozenset[Facet]]] | None = None,
    already: frozenset[Goal] = frozenset(),
    *,
    has_pytest: bool = True,
) -> Finished:
    root = shop.module.import_root
    return finish(
        task(shop.module, root, has_pytest=has_pytest), cases, needed or {}, already, mutants={}, timeout=10.0
    )


def test_spare_cases_stand_in_for_what_does_not_pass_and_for_nothing_else(
    shop: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    Pytest(monkeypatch, fails("double"))
    spare = [case(shop, "grade(5)", "'C'", 8), case(shop, "grade(96)", "'A'", 2, 3)]
    done = finish(
        task(shop.module, shop.module.import_root), two(shop), {}, frozenset(), mutants={}, timeout=10.0, spare=spare
    )
    assert [c.candidate.act for c in done.cases] == ["grade(95)", "grade(5)"]
    assert done.dropped == 1


def two(shop: Subject) -> list[TestCase]:
    return [case(shop, "double(4)", "8", 8), case(shop, "grade(95)", "'A'", 2, 3)]


def test_what_passes_is_written_in_source_order(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest_ = Pytest(monkeypatch, passes)
    done = finished(shop, two(shop))
    assert [c.candidate.act for c in done.cases] == ["grade(95)", "double(4)"]
    assert [name.split("_")[1] for name in names(done.text)] == ["grade", "double"]
    assert (done.dropped, done.note, pytest_.texts) == (0, "", [done.text])


def test_arcs_are_those_that_both_runs_saw(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest_ = Pytest(monkeypatch, passes)
    pytest_.arcs = (frozenset({(1, 2), (2, 3)}), frozenset({(1, 2), (2, 5)}))
    assert finished(shop, two(shop)).arcs == frozenset({(1, 2)})


@pytest.mark.parametrize("how", ["failed", "error", "skipped", "xfailed"])
def test_a_test_that_does_not_pass_is_dropped_and_the_rest_is_run_again(
    shop: Subject, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    pytest_ = Pytest(monkeypatch, fails("double", how=how))
    done = finished(shop, two(shop))
    assert [c.candidate.act for c in done.cases] == ["grade(95)"]
    assert done.dropped == 1
    assert "double" not in done.text.partition("# qeforge:")[0]
    assert pytest_.texts[-1] == done.text
    assert len(pytest_.texts) == 2


def test_one_failure_in_two_runs_is_enough(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Pytest(monkeypatch, passes, fails("double"))
    assert [c.candidate.act for c in finished(shop, two(shop)).cases] == ["grade(95)"]


def test_a_test_that_was_not_run_is_dropped(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest_ = Pytest(monkeypatch, passes)

    def verify(task: ModuleTask, text: str, *, timeout: float) -> tuple[SuiteRun, SuiteRun]:
        pytest_.texts.append(text)
        one = run_of({name: "passed" for name in names(text) if "double" not in name})
        return one, one

    monkeypatch.setattr(finishing, "verify", verify)
    done = finished(shop, two(shop))
    assert ([c.candidate.act for c in done.cases], done.dropped) == (["grade(95)"], 1)


def test_values_of_a_table_may_look_like_test_ids(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(task: ModuleTask, text: str, *, timeout: float) -> tuple[SuiteRun, SuiteRun]:
        one = run_of({f"{name}[a::b[0]-x]": "passed" for name in names(text)})
        return one, one

    monkeypatch.setattr(finishing, "verify", verify)
    done = finished(shop, two(shop))
    assert (len(done.cases), done.dropped) == (2, 0)


def test_where_nothing_holds_nothing_is_written(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Pytest(monkeypatch, fails("test"))
    done = finished(shop, two(shop))
    assert (done.text, done.cases, done.dropped) == ("", (), 2)


def test_it_gives_up_on_a_suite_that_goes_on_failing(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case(shop, f"grade({number})", "'C'", number) for number in range(1, 8)]
    bad = iter(range(100))

    def verify(task: ModuleTask, text: str, *, timeout: float) -> tuple[SuiteRun, SuiteRun]:
        next(bad)
        one = run_of(dict.fromkeys(names(text), "failed"))
        return one, one

    monkeypatch.setattr(finishing, "verify", verify)
    assert finished(shop, cases).cases == ()
    assert next(bad) <= 3


def test_without_pytest_it_is_written_unverified_and_says_so(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest_ = Pytest(monkeypatch, fails("test"))
    done = finished(shop, two(shop), has_pytest=False)
    assert (len(done.cases), done.arcs, pytest_.texts) == (2, None, [])
    assert "pytest" in done.note


def test_what_others_already_reach_justifies_no_test(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Pytest(monkeypatch, passes)
    done = finished(shop, two(shop), already=frozenset({goal(8)}))
    assert [c.candidate.act for c in done.cases] == ["grade(95)"]


def test_a_mutant_alone_justifies_a_test(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Pytest(monkeypatch, passes)
    first, second = two(shop)
    killing = replace(first, mutants=frozenset({"8:19-8:20:number:3"}))
    needed = {first.candidate.key: {"8:19-8:20:number:3": frozenset({Facet.RESULT})}}
    done = finished(shop, [killing, second], needed, already=frozenset({goal(8)}))
    assert len(done.cases) == 2


def test_no_cases_no_suite(shop: Subject) -> None:
    assert finished(shop, []) == Finished(text="", cases=(), dropped=0, arcs=frozenset())


@pytest.mark.slow
def test_the_real_pytest_has_the_last_word(shop: Subject) -> None:
    root = shop.module.import_root
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\nfilterwarnings = ['error']\n")
    (root / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef four():\n    return 4\n")
    (root / "tests").mkdir()
    inner = "import pytest\n\n@pytest.fixture\ndef points(four):\n    return 91 + four\n"
    (root / "tests" / "conftest.py").write_text(inner)
    candidate = replace(shop.call("grade(points)"), fixtures=("points",))
    fixtures = replace(case(shop, "grade(95)", "'A'", 2, 3), candidate=candidate)
    wrong = case(shop, "grade(1)", "'B'", 4)
    job = replace(task(shop.module, root), conftests=(root / "conftest.py", root / "tests" / "conftest.py"))
    done = finish(job, [*two(shop)[:1], fixtures, wrong], {}, frozenset(), mutants={}, timeout=60.0)
    assert [c.candidate.act for c in done.cases] == ["grade(points)", "double(4)"]
    assert done.dropped == 1
    assert done.arcs is not None
    assert {goal.arc for goal in shop.goals.met(done.arcs)} >= {(2, 3), (8, 8)}
    assert not (root / "tests" / "test_shop.py").exists()


@pytest.mark.parametrize(
    ("failing", "disturbers", "dropped"),
    [
        ({"a", "b", "c"}, {"d"}, {"d"}),
        ({"a"}, {"a", "b", "c"}, {"a"}),
        ({"a"}, set(), {"a"}),
    ],
)
def test_the_fewer_go(failing: set[str], disturbers: set[str], dropped: set[str]) -> None:
    assert _to_drop(failing, disturbers) == dropped


def test_when_time_is_over_possible_disturbers_go_together_with_what_failed(
    shop: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest_ = Pytest(monkeypatch, fails("double"))
    stirring = case(shop, "grade(5)", "'C'", 4)
    touched = Effect(kind="state", event="", detail="shop.TABLE", blocked=False)
    stirring = replace(stirring, observation=replace(stirring.observation, effects=(touched, touched)))
    cases = [*two(shop), stirring]
    subject = task(shop.module, shop.module.import_root)

    done = finish(subject, cases, {}, frozenset(), mutants={}, timeout=10.0, late=lambda: True)

    assert [c.candidate.act for c in done.cases] == ["grade(95)"]
    assert len(pytest_.texts) == 2


def test_when_time_is_over_and_every_test_stirs_something_only_what_failed_goes(
    shop: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    Pytest(monkeypatch, fails("double"))
    touched = Effect(kind="state", event="", detail="shop.TABLE", blocked=False)
    cases = [replace(c, observation=replace(c.observation, effects=(touched,))) for c in two(shop)]
    subject = task(shop.module, shop.module.import_root)

    done = finish(subject, cases, {}, frozenset(), mutants={}, timeout=10.0, late=lambda: True)

    assert [c.candidate.act for c in done.cases] == ["grade(95)"]
    assert done.dropped == 1
