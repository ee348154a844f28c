from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.learning import Example
from qeforge.domain.protocols import Request
from qeforge.domain.provider import Completion, Description, Finish, Place, Prompt
from qeforge.domain.routing import About, Answer, Decision, Engine, Features
from qeforge.domain.target import Target
from qeforge.errors import ProviderError
from qeforge.providers.proposer import Look, ModelProposer
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from tests.fakes.parts import BatchProposer, Notes, StepClock
from tests.fakes.subject import Subject, subject

SOURCE = """
    def kind(line):
        if line[:4] == "%PDF" and line.endswith("EOF"):
            return "document"
        return "text"


    def double(number):
        return number * 2
    """


class Scripted:
    """Models whose answers are known; `replies` by target, one after another."""

    def __init__(self, **replies: Sequence[str | ProviderError]) -> None:
        self.replies = {name: list(texts) for name, texts in replies.items()}
        self.prompts: list[tuple[str, Prompt]] = []
        self.gains: list[dict[str, int]] = []
        self.examples: list[Example] = []

    def available(self) -> dict[Engine, Description]:
        return {Engine.LOCAL: Description(name="fake", model="fake-1", place=Place.PROCESS, context=4096)}

    def count_tokens(self, engine: Engine, text: str) -> int:
        return len(text) // 3

    def ask(self, engine: Engine, prompt: Prompt, about: About, *, seconds: float, again: bool = False) -> Answer:
        name = about.target.partition(":")[2]
        self.prompts.append((name, prompt))
        reply = self.replies.get(name, [])
        text = reply.pop(0) if reply else ""
        if isinstance(text, ProviderError):
            raise text
        return Answer(completion=Completion(text=text, model="fake-1", finish=Finish.STOP), call=len(self.prompts))

    def teach(self, example: Example) -> None:
        self.examples.append(example)

    def gained(self, call: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        self.gains.append({"call": call, "candidates": candidates, "valid": valid, "goals": goals, "mutants": mutants})

    @property
    def credit(self) -> dict[int, dict[str, int]]:
        """What the ledger would hold in the end: the last word on each answer."""
        return {gain["call"]: {name: gain[name] for name in gain if name != "call"} for gain in self.gains}


class Always:
    def __init__(self, engine: Engine = Engine.LOCAL) -> None:
        self.engine = engine
        self.seen: list[Features] = []

    def decide(self, features: Features) -> Decision:
        self.seen.append(features)
        return Decision(target=features.target, engine=self.engine, reason="test", confidence=1.0)


def features_of(target: Target) -> Features:
    return Features(
        target=target.id, lines=1, cyclomatic=1, cognitive=0, imports=0, effects=0, typed=0.0, open_goals=0,
        open_mutants=0, reached=0.0, seconds=0.0,
    )  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def adviser(shop: Subject, models: Scripted, router: Always | None = None) -> ModelProposer:
    look = Look(features=features_of, met=shop.goals.met)
    return ModelProposer(shop.module, models, router or Always(), look, project="shop", seed=0)


def refine(shop: Subject, adviser: ModelProposer) -> Refined:
    native = BatchProposer(shop.calls("kind('a')", "double(2)"))
    limits = Limits(seconds=100.0, rounds=3, first=64, later=64, mutants=50, probes=30)
    return Loop(
        "shop",
        shop.judge,
        shop.goals,
        shop.mutants,
        [native],
        base=frozenset(),
        limits=limits,
        clock=StepClock(),
        progress=Notes(),
        advisers=[adviser],
    ).run()


def test_a_model_meets_what_search_left_open(shop: Subject) -> None:
    models = Scripted(kind=["'%PDF 1.4 EOF')\nkind(3)\nkind('%PDF', 1)\nkind(unknown)\n```"])
    refined = refine(shop, adviser(shop, models))
    assert "kind('%PDF 1.4 EOF')" in {case.candidate.act for case in refined.cases}
    assert refined.reached >= {goal for goal in shop.goals.goals if goal.target}
    name, prompt = models.prompts[0]
    assert name == "kind"
    assert '- `return "document"` needs `line[:4] ==' in prompt.ask
    assert "kind('a')" in prompt.ask
    assert models.gains[0]["call"] == 1
    assert models.gains[0]["candidates"] == 4
    assert models.gains[0]["valid"] == 2
    assert models.gains[0]["goals"] >= 2


@pytest.mark.parametrize(("engine", "lends", "shown"), [
    (Engine.CLOUD, True, True), (Engine.CLOUD, False, False), (Engine.LOCAL, False, True),
])  # fmt: skip
def test_a_cloud_sees_no_calls_where_some_files_are_never_sent(
    shop: Subject, engine: Engine, lends: bool, shown: bool
) -> None:
    models = Both(kind=["'%PDF')"])
    look = Look(features=features_of, met=shop.goals.met)
    asked = ModelProposer(shop.module, models, Always(engine), look, project="shop", seed=0, lends=lends)
    refine(shop, asked)
    _, prompt = models.prompts[0]
    assert ("kind('a')" in prompt.ask) is shown


def settled(shop: Subject, models: Scripted) -> dict[int, dict[str, int]]:
    """What each answer is credited with when the loop is over."""
    proposer = adviser(shop, models)
    proposer.settle(refine(shop, proposer).needed)
    return models.credit


def test_an_answer_is_credited_with_the_mutants_that_its_cases_notice_first(shop: Subject) -> None:
    credit = settled(shop, Scripted(kind=["'%PDF 1.4 EOF')\nkind('%PDF')\n```", "'EOF%PDF')"]))
    native = BatchProposer(shop.calls("kind('a')", "double(2)"))
    limits = Limits(seconds=100.0, rounds=3, first=64, later=64, mutants=50, probes=30)
    alone = Loop(
        "shop", shop.judge, shop.goals, shop.mutants, [native], base=frozenset(), limits=limits, clock=StepClock(),
        progress=Notes(),
    ).run()  # fmt: skip
    refined = refine(shop, adviser(shop, Scripted(kind=["'%PDF 1.4 EOF')\nkind('%PDF')\n```", "'EOF%PDF')"])))
    more = {m for kills in refined.needed.values() for m in kills} - {
        m for kills in alone.needed.values() for m in kills
    }
    assert sum(one["mutants"] for one in credit.values()) >= len(more) > 0
    assert credit[1]["valid"] == credit[1]["candidates"] == 2
    assert credit[1]["goals"] > 0


def test_what_was_never_run_is_no_credit_and_the_rest_is_kept(shop: Subject) -> None:
    models = Scripted(kind=["'%PDF EOF')\nkind('%PDF')\nkind(3)"])
    proposer = adviser(shop, models)
    (first, *rest) = proposer.propose(Request(goals=shop.goals.goals, mutants=(), count=64, seconds=60))
    proposer.learn([(first, seen) for seen in shop.judge.run([first])])  # then time is up
    assert rest
    assert models.gains == []
    proposer.settle({first.key: ["m1", "m2"], rest[0].key: [], "another": ["m3"]})
    goals = len(shop.goals.met(shop.judge.run([first])[0].arcs) & shop.goals.goals)
    assert models.credit == {1: {"candidates": 3, "valid": 1, "goals": goals, "mutants": 2}}


def test_what_another_proposer_runs_later_is_not_credited_to_an_answer_that_was_cut(shop: Subject) -> None:
    models = Scripted(kind=["'%PDF EOF')\nkind('x')"])
    proposer = adviser(shop, models)
    request = Request(goals=shop.goals.goals, mutants=(), count=64, seconds=60)
    offered = proposer.propose(request)
    proposer.propose(replace(request, goals=frozenset(), seconds=60))
    proposer.learn(list(zip(offered, shop.judge.run(offered), strict=True)))
    proposer.settle({})
    assert models.credit == {1: {"candidates": 2, "valid": 0, "goals": 0, "mutants": 0}}


def test_what_an_answer_repeats_is_no_candidate(shop: Subject) -> None:
    credit = settled(shop, Scripted(kind=["1)\nkind(2)", "1)\nkind(2)"]))
    assert credit[2] == {"candidates": 0, "valid": 0, "goals": 0, "mutants": 0}


class Deaf(Scripted):
    """Whoever keeps the ledger has gone."""

    def gained(self, call: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        raise ProviderError("the run that holds the models is ending", slug="cancelled")


def test_an_account_that_nobody_takes_costs_nothing_else(shop: Subject) -> None:
    proposer = adviser(shop, Deaf(kind=["'%PDF 1.4 EOF')"]))
    refined = refine(shop, proposer)
    proposer.settle(refined.needed)
    assert "kind('%PDF 1.4 EOF')" in {case.candidate.act for case in refined.cases}


def test_what_was_confirmed_and_good_for_something_is_kept_to_learn_from(shop: Subject) -> None:
    models = Scripted(kind=["'%PDF 1.4 EOF')\nkind(3)\nkind('%PDF', 1)\nkind(unknown)\n```"])
    asked = adviser(shop, models)
    refined = refine(shop, asked)
    assert models.examples == []
    asked.teach(refined.cases)
    (example,) = [one for one in models.examples if one.target.endswith(":kind")][:1]
    assert example.accepted == "'%PDF 1.4 EOF')\nkind(3)\n```"
    assert example.prefill == "```python\nkind("
    assert example.ask.endswith(models.prompts[0][1].ask)
    assert "kind('%PDF', 1)" in example.rejected
    assert (example.project, example.model, example.kept) == ("shop", "fake-1", 2)
    asked.teach(refined.cases)
    assert len(models.examples) == 1  # each answer is told once


def test_it_is_not_asked_where_nothing_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simple = subject(tmp_path, "def one():\n    return 1\n", monkeypatch, name="simple")
    models = Scripted()
    native = BatchProposer(simple.calls("one()"))
    limits = Limits(seconds=100.0, rounds=3, first=64, later=64, mutants=50, probes=30)
    look = Look(features=features_of, met=simple.goals.met)
    advisers = [ModelProposer(simple.module, models, Always(), look, project="p", seed=0)]
    Loop(
        "simple", simple.judge, simple.goals, simple.mutants, [native], base=frozenset(), limits=limits,
        clock=StepClock(), progress=Notes(), advisers=advisers,
    ).run()  # fmt: skip
    assert models.prompts == []


def test_the_router_has_the_last_word(shop: Subject) -> None:
    models, router = Scripted(kind=["'%PDF EOF')"]), Always(Engine.NATIVE)
    refine(shop, adviser(shop, models, router))
    assert models.prompts == []
    assert {features.target for features in router.seen} >= {"shop:kind"}


def test_a_model_is_asked_on_while_its_answers_bring_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        def kind(word):
            if word == "north":
                return 1
            if word == "south":
                return 2
            if word == "east":
                return 3
            if word == "west":
                return 4
            return 0


        def double(number):
            return number * 2
        """
    shop = subject(tmp_path, source, monkeypatch)
    models = Scripted(kind=[f"'{word}')" for word in ("north", "south", "up", "east", "down", "left", "west")])
    router = Always()
    refine(shop, adviser(shop, models, router))
    asked = [prompt for name, prompt in models.prompts if name == "kind"]
    assert len(asked) == 6  # two in vain in a row are the end
    assert asked[0].prefill == "```python\n# word == 'north'\nkind("
    told = [features.met for features in router.seen if features.target == "shop:kind"]
    assert told[-1] == 3


def test_what_is_open_inside_a_function_is_asked_about_through_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
        def kind(line):
            def inner():
                if line == "north":
                    return 1
                return 2
            return inner()


        def double(number):
            return number * 2
        """
    shop = subject(tmp_path, source, monkeypatch)
    models = Scripted(kind=["'north')"])
    refined = refine(shop, adviser(shop, models))
    assert [name for name, _ in models.prompts][:1] == ["kind"]
    assert "kind('north')" in {case.candidate.act for case in refined.cases}


def test_a_model_is_asked_twice_in_vain_at_most_and_the_second_time_otherwise(shop: Subject) -> None:
    models = Scripted(kind=["1)", "2)", "3)"])
    refine(shop, adviser(shop, models))
    asked = [prompt for name, prompt in models.prompts if name == "kind"]
    assert len(asked) == 2
    assert asked[0].seed != asked[1].seed


def test_trouble_with_a_model_is_told_and_ends_nothing(shop: Subject) -> None:
    proposer = adviser(shop, Scripted(kind=[ProviderError("fake-1: no memory left", slug="memory")]))
    refined = refine(shop, proposer)
    assert proposer.problems == ["fake-1: no memory left"]
    assert len(refined.cases) >= 2


def test_the_same_answers_give_the_same_candidates(shop: Subject) -> None:
    def acts() -> list[str]:
        models = Scripted(kind=["'%PDF')\nkind('EOF')", "'%PDF EOF')"])
        return [case.candidate.act for case in refine(shop, adviser(shop, models)).cases]

    assert acts() == acts()


def test_features_tell_what_is_open(shop: Subject) -> None:
    router = Always()
    refine(shop, adviser(shop, Scripted(), router))
    first = next(features for features in router.seen if features.target == "shop:kind")
    assert first.open_goals > 0
    assert first.seconds > 0


class Escalating:
    """Names the engines in turn, and remembers what it was told."""

    def __init__(self) -> None:
        self.seen: list[Features] = []

    def decide(self, features: Features) -> Decision:
        self.seen.append(features)
        engine = Engine.LOCAL if features.tried == 3 else Engine.CLOUD
        return Decision(target=features.target, engine=engine, reason="test", confidence=0.5)


class Both(Scripted):
    def available(self) -> dict[Engine, Description]:
        (local,) = super().available().values()
        return {Engine.LOCAL: local, Engine.CLOUD: local}


def test_what_a_local_model_did_before_and_now_is_told_and_what_the_cloud_did_is_not(shop: Subject) -> None:
    def known(target: Target) -> Features:
        return replace(features_of(target), open_goals=len(shop.goals.goals_of(target.id)), tried=3, met=2)

    models = Both(kind=["1)", "```python\nkind('%PDF EOF')\n```"])
    router = Escalating()
    look = Look(features=known, met=shop.goals.met)
    refine(shop, ModelProposer(shop.module, models, router, look, project="shop", seed=0))
    told = [features for features in router.seen if features.target == "shop:kind"]
    assert (told[0].tried, told[0].met) == (3, 2)
    assert (told[-1].tried, told[-1].met) == (4, 2)
    assert len(models.prompts) > 1
    every = len(shop.goals.goals_of("shop:kind"))
    assert told[0].open_goals == round(every * (1 - told[0].reached)) > 0
    assert 0 < told[0].reached < 1


def test_words_of_a_cloud_answer_describe_its_case_unless_they_are_wrong(shop: Subject) -> None:
    text = "```python\n# name: pdf_with_trailer\nkind('%PDF EOF')\n\n# name: empty_line\nkind('%PDF')\n```"
    models = Both(kind=[text])
    proposer = adviser(shop, models, Always(Engine.CLOUD))
    refined = refine(shop, proposer)
    assert set(proposer.scenarios.values()) == {"pdf_with_trailer", "empty_line"}
    told = {case.candidate.act: proposer.scenarios.get(case.candidate.key) for case in refined.cases}
    assert told["kind('%PDF EOF')"] == "pdf_with_trailer"


def test_words_in_a_local_answer_are_comments(shop: Subject) -> None:
    proposer = adviser(shop, Scripted(kind=["'%PDF')\n# name: pdf_with_trailer\nkind('%PDF EOF')\n"]))
    refine(shop, proposer)
    assert proposer.scenarios == {}
