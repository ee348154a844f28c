"""What is stated about parameters: annotations, defaults, docstrings."""

import pytest

from qeforge.domain.facts import TypeRef
from tests.analysis.evidence.reading import names, of, using


@pytest.mark.parametrize(
    "annotation, expected",
    [
        ("int", TypeRef("int")),
        ("'int'", TypeRef("int")),
        ("list[str]", TypeRef("list", (TypeRef("str"),))),
        ("'List[Item]'", TypeRef("list", (TypeRef("shop.cart.Item"),))),
        ("Item", TypeRef("shop.cart.Item")),
        ("dec.Decimal", TypeRef("decimal.Decimal")),
        ("D", TypeRef("decimal.Decimal")),
        ("tuple[int, ...]", TypeRef("tuple", (TypeRef("int"), TypeRef("...")))),
        ("Callable[[int], str]", TypeRef("callable", (TypeRef("int"), TypeRef("str")))),
        ("Callable[..., str]", TypeRef("callable", (TypeRef("..."), TypeRef("str")))),
        ("typing.Iterable[int]", TypeRef("collections.abc.Iterable", (TypeRef("int"),))),
        ("Literal['a', 1]", TypeRef("literal", values=("'a'", "1"))),
        ("Annotated[int, 'positive']", TypeRef("int")),
        ("Type[Item]", TypeRef("type", (TypeRef("shop.cart.Item"),))),
        ("Identifier", TypeRef("int")),
        ("Names", TypeRef("list", (TypeRef("str"),))),
        ("Bounded", TypeRef("str")),
    ],
)
def test_annotations_become_types(annotation: str, expected: TypeRef) -> None:
    source = f"""
    import decimal as dec, typing
    from decimal import Decimal as D
    from typing import Annotated, Callable, List, Literal, NewType, Type, TypeVar
    class Item: ...
    Identifier = NewType("Identifier", int)
    Names = List[str]
    Bounded = TypeVar("Bounded", bound=str)
    def f(x: {annotation}): return x
    """
    assert of(source).types == (expected,)


@pytest.mark.parametrize("annotation", ["int | None", "Optional[int]", "'int | None'", "Union[None, int]"])
def test_an_optional_annotation_is_a_type_and_a_flag(annotation: str) -> None:
    evidence = of(f"from typing import Optional, Union\ndef f(x: {annotation}): return x")
    assert (evidence.types, evidence.optional) == ((TypeRef("int"),), True)


def test_an_alias_that_mentions_itself_ends() -> None:
    source = """
    from typing import Union
    Json = Union[str, "list[Json]", "dict[str, Json]", "tuple[Json, Json, Json]"]
    def f(x: Json): return x
    """
    assert names(of(source)) == ["str", "list", "dict", "tuple"]


@pytest.mark.parametrize("annotation", ["Any", "object", "T", "unknown", "1 + 1", "'not a type at all'"])
def test_annotations_that_say_nothing_give_nothing(annotation: str) -> None:
    assert of(f"from typing import Any, TypeVar\nT = TypeVar('T')\ndef f(x: {annotation}): return x").types == ()


def test_defaults_tell_types() -> None:
    assert names(using("pass", parameters="x=1.5")) == ["float"]
    assert of("def f(x=LIMIT): return x\nLIMIT = ('a', 'b')").types == (
        TypeRef("tuple", (TypeRef("str"), TypeRef("str"))),
    )
    assert using("pass", parameters="x=None").optional
    assert names(of("class A:\n    B = object()\ndef f(x=A.B): return x")) == ["shop.cart.A"]
    assert names(of("def f(x=lambda: 1): return x")) == ["callable"]


@pytest.mark.parametrize(
    "docstring, expected",
    [
        ("Args:\n        x (int): how many", ["int"]),
        ("Args:\n        x (str, optional): name\n            more", ["str"]),
        ("Args:\n        x (list of str): names", ["list"]),
        ("Args:\n        x (:obj:`float`): size", ["float"]),
        ("Parameters\n    ----------\n    x : int, optional\n        how many", ["int"]),
        ("Parameters\n    ----------\n    w, x : {'a', 'b'}\n        which", ["literal"]),
        ("Parameters\n    ----------\n    x : array-like of shape (n,)\n        data", ["list"]),
        (":param x: the name\n    :type x: str or None", ["str"]),
        (":param int x: how many", ["int"]),
        (":type x: dict[str, int]", ["dict"]),
        (":type x: Decimal", ["decimal.Decimal"]),
        ("Args:\n        x (callable): called back", ["callable"]),
        ("Args:\n        x (the thing that is used): it", []),
        ("Returns:\n        x (int): no parameter", []),
    ],
)
def test_docstrings_tell_types(docstring: str, expected: list[str]) -> None:
    assert names(of(f'from decimal import Decimal\ndef f(x):\n    """Does.\n\n    {docstring}\n    """')) == expected


def test_documented_items_are_known() -> None:
    evidence = of('def f(x):\n    """F.\n\n    :type x: list of ints\n    """')
    assert evidence.types == (TypeRef("list", (TypeRef("int"),)),)
