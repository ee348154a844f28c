import ast
import json

import pytest

from qeforge.engine.nested import with_key
from qeforge.engine.value import literal


def test_each_mapping_gets_the_key_once_for_each_filler() -> None:
    found = [ast.literal_eval(value.source) for value in with_key(literal("[{'a': {}}]"), "id")]

    assert {"a": {}, "id": 1} in [item for [item] in found]
    assert {"a": {"id": "abc"}} in [item for [item] in found]
    assert len(found) == 8


def test_a_json_text_is_opened_and_closed_again() -> None:
    found = [json.loads(ast.literal_eval(value.source)) for value in with_key(literal("'{\"a\": [{}]}'"), "id")]

    assert {"a": [{}], "id": 1} in found
    assert {"a": [{"id": [1]}]} in found


def test_only_the_mapping_that_was_seen_is_changed() -> None:
    found = [value.source for value in with_key(literal("[{'a': 1}, {'b': 2}]"), "id", beside=["b"])]

    assert found
    assert all(source.startswith("[{'a': 1}, {'b': 2, 'id': ") for source in found)


@pytest.mark.parametrize("source", ["{'id': 1}", "'abc'", "'{broken'", "7"])
def test_where_it_is_already_or_cannot_be_nothing_is_added(source: str) -> None:
    assert list(with_key(literal(source), "id")) == []
