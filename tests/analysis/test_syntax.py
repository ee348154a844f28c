"""Trees read whole."""

import ast
import inspect

import pytest

from qeforge.analysis import syntax
from qeforge.analysis.syntax import nodes_of

SOURCES = (
    "",
    "x = 1",
    "def f(a, *b, c=[1, {2: 3}], **d) -> int:\n    return lambda: (yield a)",
    inspect.getsource(syntax),
)


@pytest.mark.parametrize("source", SOURCES)
def test_every_node_comes_in_the_order_of_walk(source: str) -> None:
    tree = ast.parse(source)

    assert list(nodes_of(tree)) == list(ast.walk(tree))


def test_a_part_of_a_tree_has_only_what_is_below_it() -> None:
    tree = ast.parse("f(1)\ng(2)")

    assert [node.id for node in nodes_of(tree.body[1]) if isinstance(node, ast.Name)] == ["g"]
