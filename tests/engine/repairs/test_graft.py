import pytest

from qeforge.engine.repairs.graft import Grafter, Step
from qeforge.engine.value import Value, literal


def constructor(name: str, attribute: str) -> list[tuple[str, tuple[Step, ...]]]:
    return [("parser", ())] if (name, attribute) == ("Box", "source") else []


GRAFTER = Grafter(constructor, lambda name: ("parser", "title") if name == "Box" else ())
NEW = literal("7")


@pytest.mark.parametrize(
    ("source", "steps", "expected"),
    [
        ("1", [], "7"),
        ("1", [("attribute", "a")], "SimpleNamespace(a=7)"),
        ("SimpleNamespace(a=1, b=2)", [("attribute", "b")], "SimpleNamespace(a=1, b=7)"),
        ("MagicMock()", [("attribute", "b"), ("key", "k")], "MagicMock(b={'k': 7})"),
        ("{'a': 1}", [("key", "b")], "{'a': 1, 'b': 7}"),
        ("{'a': {'b': 1}}", [("key", "a"), ("key", "b")], "{'a': {'b': 7}}"),
        ("{'a': 1, 'b': 2}", [("each", "")], "{'a': 7, 'b': 7}"),
        ("[1, 2]", [("each", "")], "[7, 7]"),
        ("[]", [("each", ""), ("item", "1")], "[(1, 7)]"),
        ("(1,)", [("item", "2")], "(1, 1, 7)"),
        ("lambda x: x", [("result", "")], "lambda x: 7"),
        ("1", [("result", "")], "lambda *args, **kwargs: 7"),
        ("Box(1, 2)", [("attribute", "source")], "Box(7, 2)"),
        ("Box(parser={'a': 1})", [("attribute", "source"), ("key", "a")], "Box(parser={'a': 7})"),
    ],
)
def test_the_place_holds_the_new_value(source: str, steps: list[Step], expected: str) -> None:
    changed = GRAFTER.put(literal(source), steps, NEW)

    assert changed is not None
    assert changed.source == expected


def test_the_stand_in_is_imported() -> None:
    changed = GRAFTER.put(literal("1"), [("attribute", "a")], NEW)

    assert changed is not None
    assert changed.imports == ("from types import SimpleNamespace",)


def test_an_argument_of_a_call_inside_is_changed() -> None:
    changed = GRAFTER.into_call(literal("[Box(1, title=2)]"), "Box", "title", (), NEW)

    assert changed is not None
    assert changed.source == "[Box(1, title=7)]"
    assert GRAFTER.into_call(literal("[1]"), "Box", "title", (), NEW) is None


def test_what_needs_statements_cannot_stand_inside() -> None:
    file = Value(source='tmp_path / "a"', setup=("{name}.touch()",), shared=True)

    assert GRAFTER.put(literal("[1]"), [("each", "")], file) is None


def test_special_attributes_are_left_alone() -> None:
    assert GRAFTER.put(literal("1"), [("attribute", "__len__")], NEW) is None


@pytest.mark.parametrize("name", ["0", "first name", "class", ""])
def test_what_is_no_name_cannot_become_an_attribute(name: str) -> None:
    value = literal("SimpleNamespace(size=1)")

    assert GRAFTER.put(value, [("attribute", name)], literal("2")) is None
