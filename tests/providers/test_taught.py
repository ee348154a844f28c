from dataclasses import replace

from qeforge.domain.candidate import Candidate
from qeforge.domain.provider import Prompt
from qeforge.providers.taught import example_of

PROMPT = Prompt(system="s", shared="the module", ask="write calls", prefill="```python\nadd(")


def candidate(act: str, *arrange: str) -> Candidate:
    return Candidate(target="m:add", act=act, arrange=arrange)


def test_the_answer_has_what_was_good_and_goes_on_as_it_was_begun() -> None:
    given = [candidate("result = add(0, 0)"), candidate("add(1, 2)"), candidate("add()"), candidate("add('a', 'b')")]
    good = {one.key for one in given if one.act != "add()"}
    example = example_of(PROMPT, given, good, at=3.0, project="shop", model="small")
    assert example.prefill + example.accepted == "```python\nadd(1, 2)\nadd('a', 'b')\nresult = add(0, 0)\n```"
    assert example.prefill == PROMPT.prefill
    assert (example.kept, example.rejected) == (3, ("add()",))
    assert (example.target, example.project, example.model, example.at) == ("m:add", "shop", "small", 3.0)
    assert example.prompt == Prompt(system="s", shared="", ask="the module\n\nwrite calls", prefill="```python\nadd(")


def test_what_does_not_fit_the_beginning_is_learned_without_it() -> None:
    one = candidate("thing.add(1)", "thing = Thing()")
    example = example_of(PROMPT, [one], {one.key}, at=0.0, project="p", model="m")
    assert example.prefill == "```python\n"
    assert example.accepted == "thing = Thing()\nthing.add(1)\n```"


def test_comments_of_the_beginning_are_not_learned() -> None:
    one = candidate("add(1, 2)")
    prompt = replace(PROMPT, prefill="```python\n# a == 1\nadd(")
    example = example_of(prompt, [one], {one.key}, at=0.0, project="p", model="m")
    assert (example.prefill, example.accepted) == ("```python\nadd(", "1, 2)\n```")


def test_the_grammar_is_kept_with_the_beginning_that_it_goes_on_from() -> None:
    prompt = replace(PROMPT, grammar="root ::= call")
    good, other = candidate("add(1, 2)"), candidate("thing.add(1)", "thing = Thing()")
    assert example_of(prompt, [good], {good.key}, at=0.0, project="p", model="m").prompt.grammar == "root ::= call"
    assert example_of(prompt, [other], {other.key}, at=0.0, project="p", model="m").prompt.grammar == ""


def test_an_answer_without_anything_good_teaches_nothing() -> None:
    one = candidate("add(1, 2)")
    example = example_of(PROMPT, [one], set(), at=0.0, project="p", model="m")
    assert (example.accepted, example.kept, example.rejected) == ("", 0, ("add(1, 2)",))
