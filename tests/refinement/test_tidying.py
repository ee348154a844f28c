import ast

import pytest

from qeforge.analysis.targets import find_targets
from qeforge.domain.candidate import Candidate
from qeforge.refinement.tidying import Tidying

TARGETS = {t.id: t for t in find_targets("def f(text, path='.', size=1): return text\n", "shop")}
TIDYING = Tidying(TARGETS, familiar=("Hello World",))


def calling(act: str, *arrange: str) -> Candidate:
    return Candidate(target="shop:f", act=act, arrange=arrange)


def acts(act: str) -> list[str]:
    return [one.act for one in TIDYING.offers(calling(act), {})]


@pytest.mark.parametrize(
    "act", ["f('abc')", "f('data.json')", "f('Hello World')", "f(7)", "f(0.125)", "f(True)", "f(f'{x}-..-')", "f(y)"]
)
def test_what_is_plain_is_left_alone(act: str) -> None:
    assert acts(act) == []
    assert TIDYING.untidiness(calling(act), {}) == 0


@pytest.mark.parametrize(
    ("act", "tidier"),
    [
        ("f('[a]\\nkey = 1\\n')", "f('[a]\\n')"),  # a line
        ("f('one, two; three')", "f('one, two;')"),  # a word
        ("f('%keykey%')", "f('%a%')"),  # a plainer word
        ("f('x@@')", "f('x@')"),  # a character
        ("f(b'ab')", "f(b'a')"),
        ("f(4711)", "f(1)"),
        ("f(-0.971653938293457)", "f(-1.0)"),
        ("f(0.00971653938293457)", "f(0.01)"),
        ("f([1, 2])", "f([1])"),
        ("f({'a': 1, 'b': 2})", "f({'a': 1})"),
        ("f('é%') + '☃'", "f('é') + '☃'"),  # the rest of the line stays what it was
    ],
)
def test_literals_are_cut(act: str, tidier: str) -> None:
    assert tidier in acts(act)
    assert TIDYING.untidiness(calling(tidier), {}) < TIDYING.untidiness(calling(act), {})


def test_no_half_words_are_left() -> None:
    words = {word for one in acts("f('%Hello, World!')") for word in one[3:-2].strip("%,! ").split()}
    assert {word.strip("%,!") for word in words} <= {"Hello", "World", "a", ""}


def test_every_offer_is_python() -> None:
    candidate = calling("f(text, '''a\nb-b''', [1, 2])", "text = 'x = \"y\"\\n'")
    for one in TIDYING.offers(candidate, {}):
        ast.parse("\n".join((*one.arrange, one.act)))


def test_what_is_arranged_is_cut_too_but_no_name_of_what_is_patched() -> None:
    candidate = calling("f(text)", "monkeypatch.setattr('os.urandom', len)", "text = '%%'")
    assert {one.arrange for one in TIDYING.offers(candidate, {})} == {(candidate.arrange[0], "text = '%'")}


def test_an_argument_that_does_not_matter_becomes_the_usual_one() -> None:
    tests = [calling(f"f({text!r}, {path!r})") for text, path in (("abc", "a.txt"), ("xyz", "a.txt"), ("Z", "b"))]
    usual = TIDYING.usual(tests)
    assert usual["shop:f"]["path"] == "'a.txt'"
    assert "f('Z', 'a.txt')" in [one.act for one in TIDYING.offers(tests[2], usual)]
    assert TIDYING.untidiness(tests[2], usual) > TIDYING.untidiness(calling("f('Z', 'a.txt')"), usual)


def test_an_only_argument_has_no_usual_value() -> None:
    assert TIDYING.usual([calling("f('abc')"), calling("f('xyz')")]) == {}


def test_a_claim_about_other_values_is_given_up() -> None:
    assert all(one.claims == () for one in TIDYING.offers(calling("f('x@@')"), {}))


@pytest.mark.parametrize(
    ("arrange", "plainer"),
    [
        ("parser = ArgumentParser(prog=1)", "parser = ArgumentParser()"),
        ("point = Point(x=1, y=2)", "point = Point(y=2)"),
        ("number = float(0.5)", "number = 0.5"),
        ("text = str('abc')", "text = 'abc'"),
        ("names = [str('abc'), str(1)]", "names = ['abc', str(1)]"),
    ],
)
def test_what_a_call_does_not_need_is_cut(arrange: str, plainer: str) -> None:
    candidate = calling("f('abc')", arrange)
    assert (plainer,) in [one.arrange for one in TIDYING.offers(candidate, {})]
    assert TIDYING.untidiness(calling("f('abc')", plainer), {}) < TIDYING.untidiness(candidate, {})


@pytest.mark.parametrize(
    "arrange", ["span = timedelta(days=1)", "given = dict(a=1)", "number = float(1)", "def g():\n    return h(a=1)"]
)
def test_what_is_all_that_a_value_has_stays(arrange: str) -> None:
    assert TIDYING.offers(calling("f('abc', path='.')", arrange), {}) == []


@pytest.mark.parametrize(
    ("stand_in", "slice_"),
    [
        ("SimpleNamespace(start=1, stop=3, step=-1)", "slice(1, 3, -1)"),
        ("SimpleNamespace(start=1, stop=3)", "slice(1, 3)"),
        ("SimpleNamespace(step=2)", "slice(None, None, 2)"),
    ],
)
def test_a_stand_in_for_a_slice_becomes_one(stand_in: str, slice_: str) -> None:
    candidate = calling("f(items[index])", f"index = {stand_in}")
    offered = [one.arrange for one in TIDYING.offers(candidate, {})]
    assert (f"index = {slice_}",) in offered
    tidier = calling("f(items[index])", f"index = {slice_}")
    assert TIDYING.untidiness(tidier, {}) < TIDYING.untidiness(candidate, {})


def test_a_stand_in_for_something_else_is_no_slice() -> None:
    candidate = calling("f(items[index])", "index = SimpleNamespace(start=1, name=2)")
    assert not any("slice" in "".join(one.arrange) for one in TIDYING.offers(candidate, {}))


def test_a_stand_in_in_brackets_becomes_a_slice() -> None:
    [first, *_] = acts("items[SimpleNamespace(start=1, stop=3)]")
    assert first == "items[slice(1, 3)]"


def test_what_is_no_index_stays_a_stand_in_with_less() -> None:
    targets = {t.id: t for t in find_targets("def f(span): return span.stop - span.start\n", "shop")}
    offered = [one.act for one in Tidying(targets).offers(calling("f(SimpleNamespace(start=1, stop=3))"), {})]
    assert offered == ["f(SimpleNamespace(stop=3))", "f(SimpleNamespace(start=1))"]


@pytest.mark.parametrize("annotation", ["slice", "int | slice", "'Sequence[slice] | None'"])
def test_an_annotation_says_that_it_is_a_slice(annotation: str) -> None:
    targets = {t.id: t for t in find_targets(f"def f(items, at: {annotation}): return items\n", "shop")}
    tidying = Tidying(targets)
    candidate = calling("f([1], index)", "index = SimpleNamespace(start=1, stop=3)")
    offered = [one.arrange for one in tidying.offers(candidate, {})]
    assert offered == [
        ("index = slice(1, 3)",),
        ("index = SimpleNamespace(stop=3)",),
        ("index = SimpleNamespace(start=1)",),
    ]
    other = calling("f(index, 1)", *candidate.arrange)
    assert not any("slice" in one.arrange[0] for one in tidying.offers(other, {}))
