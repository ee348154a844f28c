import pytest

from qeforge.engine.specials import said_of


@pytest.mark.parametrize(
    ("name", "texts", "source", "imports"),
    [
        ("__add__", ["1"], "x + 1", ()),
        ("__radd__", ["1"], "1 + x", ()),
        ("__iadd__", ["1"], "x += 1\nresult = x", ()),
        ("__neg__", [], "-x", ()),
        ("__len__", [], "len(x)", ()),
        ("__iter__", [], "list(x)", ()),
        ("__reversed__", [], "list(reversed(x))", ()),
        ("__round__", ["2"], "round(x, 2)", ()),
        ("__getitem__", ["'a'"], "x['a']", ()),
        ("__getitem__", ["slice(1, 3)"], "x[1:3]", ()),
        ("__getitem__", ["slice(None, None, 2)"], "x[::2]", ()),
        ("__getitem__", ["slice(3)"], "x[:3]", ()),
        ("__setitem__", ["slice(1, None)", "[]"], "x[1:] = []", ()),
        ("__delitem__", ["slice(-1, None)"], "del x[-1:]", ()),
        ("__contains__", ["1"], "1 in x", ()),
        ("__call__", ["1", "b=2"], "x(1, b=2)", ()),
        ("__floor__", [], "math.floor(x)", ("import math",)),
        ("__copy__", [], "copy.copy(x)", ("import copy",)),
        ("__deepcopy__", ["{}"], "copy.deepcopy(x)", ("import copy",)),
        ("__fspath__", [], "os.fspath(x)", ("import os",)),
    ],
)
def test_special_methods_are_called_as_people_do(
    name: str, texts: list[str], source: str, imports: tuple[str, ...]
) -> None:
    said = said_of(name, "x", texts)
    assert said is not None
    assert (said.source, said.imports) == (source, imports)


@pytest.mark.parametrize(
    ("name", "receiver", "texts"),
    [
        ("add", "x", ["1"]),
        ("__add__", "x", []),
        ("__floor__", "math", []),  # the object hides the module
        ("__deepcopy__", "copy", ["{}"]),
        ("__reduce__", "x", []),
    ],
)
def test_what_has_no_other_form_is_left_alone(name: str, receiver: str, texts: list[str]) -> None:
    assert said_of(name, receiver, texts) is None
