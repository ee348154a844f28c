import pytest

from qeforge.engine.hints import sort_of


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("is_url", "bool"),
        ("_no_input", "bool"),
        ("url", "str"),
        ("island_name", "str"),
        ("use_count", "bool"),
        ("x", ""),
    ],
)
def test_a_question_is_answered_by_yes_or_no_whatever_it_is_about(name: str, sort: str) -> None:
    assert sort_of(name) == sort
