"""Options of calls are said by name."""

import pytest

from qeforge.analysis.targets import find_targets
from qeforge.codegen.options import named_options

TARGETS = {
    target.name: target
    for target in find_targets(
        "def size(value, binary=False, gnu=False, form='%.1f'): pass\n"
        "def cut(text, strict, at=None, /, more=1): pass\n"
        "def many(first=0, *rest): pass\n"
        "def add(x, flag=False, into=[], by=-1, cache=cache): pass\n"
        "class Box:\n    def fill(self, what, deep=True): pass\n",
        "shop",
    )
}


@pytest.mark.parametrize(
    ("name", "act", "spelled"),
    [
        ("size", "size(300, True)", "size(300, binary=True)"),
        ("size", "size(300, False, True)", "size(300, gnu=True)"),
        ("size", "size(300, False, True, '%.3f')", "size(300, gnu=True, form='%.3f')"),
        ("size", "size(300, False)", "size(300)"),
        ("size", "size(300, True, form='')", "size(300, binary=True, form='')"),
        ("size", "[size(1, -1)]", "[size(1, binary=-1)]"),
        ("fill", "box.fill('a', False)", "box.fill('a', deep=False)"),
        ("size", "size(300, binary=True)", ""),
        ("size", "size(300, flag)", ""),
        ("size", "size(*values, True)", ""),
        ("size", "size(300, '%d')", ""),
        ("add", "add(1, True, [])", "add(1, flag=True, into=[])"),
        ("add", "add(1, True, [], -1, cache)", "add(1, flag=True, into=[], cache=cache)"),
        ("cut", "cut('a', True)", ""),
        ("many", "many(0, True)", ""),
        ("many", "many(5)", ""),
        ("many", "other(1, True)", ""),
        ("size", "size(300, True", ""),
        ("size", f"size({'1+' * 900}1, True)", ""),  # nested too deeply to be written out
    ],
)
def test_options_are_said_by_name(name: str, act: str, spelled: str) -> None:
    assert named_options(act, TARGETS[name]) == spelled
