import importlib.util
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qeforge.analysis.evidence import Evidence, parameter_evidence, raised_types
from qeforge.domain.facts import TypeRef
from tests.analysis.modules import module_of


def of(source: str, target: str = "f", parameter: str = "x", root: Path = Path("nowhere")) -> Evidence:
    module = module_of(source, root=root)
    return parameter_evidence(module)[f"{module.name}:{target}"][parameter]


def names(evidence: Evidence) -> list[str]:
    return [each.name for each in evidence.types]


def using(*body: str, parameters: str = "x") -> Evidence:
    return of(
        "import re, os, json, datetime\nfrom pathlib import Path\n"
        + f"def f({parameters}):\n    "
        + "\n    ".join(body)
    )


# -- what is stated ---------------------------------------------------------------------------------------------


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


# -- what is done -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, expected",
    [
        ("x + 1", "int"),
        ("x % 2", "int"),
        ("x * 1.5", "float"),
        ("'%s' % x; x + 'a'", "str"),
        ("x += [1]", "list"),
        ("x / 'name'", "pathlib.Path"),
        ("-x", "int"),
        ("x.lower()", "str"),
        ("x.items()", "dict"),
        ("x.append(1)", "list"),
        ("x.decode()", "bytes"),
        ("x.strftime('%Y')", "datetime.datetime"),
        ("x.total_seconds()", "datetime.timedelta"),
        ("x.read_text()", "pathlib.Path"),
        ("re.match('a', x)", "str"),
        ("json.loads(x)", "str"),
        ("x['key']", "dict"),
        ("g(**x)", "dict"),
        ("next(x)", "collections.abc.Iterator"),
        ("range(x)", "int"),
        ("isinstance(x, bytearray)", "bytearray"),
        ("type(x) is set", "set"),
        ("callable(x)", "callable"),
        ("f'{x:.2f}'", "int"),
        ("', '.join(x)", "list"),
        ("y: int = x", "int"),
        ("'a'.startswith(x)", "str"),
    ],
)
def test_operations_tell_types(body: str, expected: str) -> None:
    assert names(using(body))[:1] == [expected]


def test_checks_tell_types_in_their_order_and_guards_come_first() -> None:
    assert names(using("if isinstance(x, (str, int)): pass")) == ["str", "int"]
    assert names(using("isinstance(x, str | int)")) == ["str", "int"]
    guarded = using("x.append(1)", "isinstance(x, int)", "if not isinstance(x, (float, str)):", "    raise TypeError")
    assert names(guarded)[:3] == ["float", "str", "int"]
    asserted = using("x.append(1)", "assert isinstance(x, tuple)")
    assert names(asserted)[0] == "tuple"
    assert names(of("TEXT = (str, bytes)\ndef f(x):\n    return isinstance(x, TEXT)")) == ["str", "bytes"]
    assert using("issubclass(x, Exception)").types == (TypeRef("type", (TypeRef("Exception"),)),)


def test_annotations_come_before_everything_else() -> None:
    assert names(using("x.lower()", "isinstance(x, int)", parameters="x: bytes = 1"))[0] == "bytes"


def test_comparisons_give_constants() -> None:
    evidence = using("if x == 'a' or 'b' != x: pass", "elif x in ('c', 'd'): pass", "elif x not in {1}: pass")
    assert evidence.equals == ("'a'", "'b'", "'c'", "'d'", "1")
    assert using("if x < 10: pass").equals == ("10",)
    assert using("if x < 10: pass").numeric
    assert using("if 0 < x <= 9: pass").equals == ("0", "9")
    assert using("if x is None: pass").optional


def test_constants_are_followed_through_the_module_and_the_class() -> None:
    source = """
    MODES = {"r": 1, "w": 2}
    class Door:
        OPEN = "open"
        def f(self, x, y, z):
            return x in MODES, y == self.OPEN, MODES[z]
    """
    assert of(source, "Door.f", "x").equals == ("'r'", "'w'")
    assert of(source, "Door.f", "y").equals == ("'open'",)
    assert of(source, "Door.f", "z").equals == ("'r'", "'w'")


def test_members_of_an_enum_are_named() -> None:
    source = "import enum\nclass Color(enum.Enum):\n    RED = 1\ndef f(x):\n    return x is Color.RED"
    evidence = of(source)
    assert (evidence.equals, names(evidence)) == (("Color.RED",), ["shop.cart.Color"])


def test_match_statements_are_read() -> None:
    source = """
    def f(x):
        match x:
            case "go" | "stop": pass
            case [1, *rest]: pass
            case {"kind": "a", **others}: pass
            case Point(x=0): pass
            case int(): pass
    class Point: ...
    """
    evidence = of(source)
    assert evidence.equals == ("'go'", "'stop'")
    assert {"list", "dict", "int", "shop.cart.Point"} <= set(names(evidence))
    assert evidence.keys["kind"].equals == ("'a'",)
    assert evidence.attributes["x"].equals == ("0",)
    assert evidence.items[0].equals == ("1",)


def test_texts_are_asked_for_their_parts() -> None:
    evidence = using(
        "x.startswith(('http:', 'https:')) or x.endswith('.de')",
        "'@' in x and x.find('!')",
        "a, b = x.split(',')",
        "b == 'right'",
        "x[0] == '-' or x[-1] == '+' or x[:2] == '0x'",
    )
    assert evidence.prefixes == ("'http:'", "'https:'", "'-'", "'0x'")
    assert evidence.suffixes == ("'.de'", "'+'")
    assert evidence.contains == ("'@'", "'!'", "','", "'right'")


def test_regexes_are_found_with_their_flags() -> None:
    source = """
    import re
    WORD = r"[a-z]+"
    PAIR = re.compile(rf"{WORD}=" + WORD, re.I)
    def f(x, y="_"):
        PAIR.match(x)
        re.sub("a%sc" % "b", "", x)
        for rule, to in RULES:
            re.search(rule, x)
        return re.fullmatch("^{}$".format(re.escape(y)), x)
    RULES = [("s$", ""), ("y$", "ie")]
    """
    assert of(source).patterns == ("(?i)[a-z]+=[a-z]+", "abc", "s$", "y$", "^_$")


def test_regexes_of_sibling_modules_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "patterns.py").write_text("import re\nURL = re.compile('^http')\nKINDS = ('a', 'b')\n")
    by_star = "from .patterns import *\ndef f(x):\n    return URL.match(x) and x in KINDS"
    by_name = "from shop.patterns import URL, KINDS\ndef f(x):\n    return URL.match(x) and x in KINDS"
    by_module = "from shop import patterns\ndef f(x):\n    return patterns.URL.match(x) and x in patterns.KINDS"
    for source in (by_star, by_name, by_module):
        evidence = of(source, root=tmp_path)
        assert (evidence.patterns, evidence.equals) == (("^http",), ("'a'", "'b'"))


def test_text_formats_are_named() -> None:
    evidence = using("int(x)", "json.loads(x)", "datetime.datetime.strptime(x, '%d.%m')", "re.compile(x)")
    assert evidence.formats == ("int", "json", "strptime:%d.%m", "regex")
    assert using("if int(x) == 5: pass").equals == ("'5'", "5")


def test_lengths_truth_and_calls_are_noted() -> None:
    evidence = using("if len(x) == 3 and not x: pass")
    assert (evidence.lengths, evidence.truth_tested) == ((3,), True)
    called = using("y = x(1, 2)", "y.lower()", "z = (x,)")
    assert (called.called, called.call_arity) == (True, 2)
    assert called.result is not None
    assert names(called.result)[0] == "str"
    assert using("x(*y)").call_arity is None
    assert using("sorted([], key=x)").call_arity == 1


def test_asynchronous_and_entered_values_are_noted() -> None:
    source = "async def f(x, y):\n    (await x).lower()\n    async with y as z:\n        z.read()"
    awaited, entered = of(source), of(source, parameter="y")
    assert awaited.awaited
    assert awaited.result is not None
    assert names(awaited.result)[0] == "str"
    assert entered.entered
    assert entered.result is not None
    assert entered.result.file_like


def test_files_and_paths_are_noted() -> None:
    assert using("x.write('a')").file_like
    assert using("for line in x.readlines(): pass").file_like
    for body in ("open(x)", "os.path.exists(x)", "Path(x)", "with open(x) as y: pass"):
        assert using(body).path_like
    assert using("os.path.splitext(x)[1] == '.py'").suffixes == ("'.py'",)
    assert using("Path(x).suffix == '.py'").suffixes == ("'.py'",)


# -- what flows -------------------------------------------------------------------------------------------------


def test_attributes_keys_and_items_nest() -> None:
    evidence = using(
        "x.owner.name.lower()", "x['a']['b'] == 1", "x.get('c', 0) > 2", "for a, b in x.pairs: a + 1; b.lower()"
    )
    assert names(evidence.attributes["owner"].attributes["name"])[0] == "str"
    assert evidence.attributes["owner"].attributes["name"].attributes["lower"].called
    assert evidence.keys["a"].keys["b"].equals == ("1",)
    assert evidence.keys["c"].equals == ("2",)
    pairs = evidence.attributes["pairs"]
    assert pairs.element is not None
    assert [names(item)[0] for item in pairs.element.items] == ["int", "str"]


def test_mappings_tell_keys_and_values() -> None:
    evidence = using("for key, value in x.items():", "    key.lower()", "    value + 1")
    assert evidence.element is not None
    assert evidence.values is not None
    assert (names(evidence.element)[0], names(evidence.values)[0]) == ("str", "int")
    assert "a" in using("x.items()", "'a' in x").keys


def test_iteration_reaches_items() -> None:
    for body in (
        "for y in x: y.lower()",
        "[y.lower() for y in x]",
        "for i, y in enumerate(x): y.lower()",
        "for i, y in zip([1], x): y.lower()",
        "', '.join(x)",
        "y, *z = sorted(x); y.lower()",
        "next(iter(x)).lower()",
    ):
        evidence = using(body)
        inner = evidence.items[0] if evidence.items else evidence.element
        assert inner is not None, body
        assert names(inner)[0] == "str", body


def test_aliases_lead_back() -> None:
    assert using("y = x.strip().lower()", "z = y or 'none'", "z == 'on'").equals == ("'on'",)
    assert names(using("y = a or x", "y.lower()", parameters="a, x"))[0] == "str"
    assert using("(y := x) == 1").equals == ("1",)
    assert using("y = x if a else b", "y == 1", parameters="a, b, x").equals == ("1",)
    assert using("x = 5", "x == 1").equals == ()


def test_nested_functions_are_read_where_they_stand() -> None:
    evidence = using("def inner(y):", "    return x.lower() + y", "return inner")
    assert names(evidence)[0] == "str"


def test_evidence_flows_one_level_through_calls() -> None:
    source = """
    def f(x):
        return g(1, y=x) + Box(x).size
    def g(a, y):
        return h(y) if y == "on" else None
    def h(z):
        return z.startswith("far")
    class Box:
        def __init__(self, size):
            self.size = int(size)
    """
    evidence = of(source)
    assert evidence.equals == ("'on'",)
    assert evidence.prefixes == ()
    assert "int" in evidence.formats
    assert ("g", "y") in evidence.passed_to


def test_methods_flow_too() -> None:
    source = """
    class Base:
        def check(self, text):
            return text.startswith("a")
    class Shop(Base):
        def f(self, x, y, z):
            self.check(x)
            Shop.tool(y)
            super().check(z)
        @staticmethod
        def tool(number):
            return number + 1
    """
    assert of(source, "Shop.f", "x").prefixes == ("'a'",)
    assert names(of(source, "Shop.f", "y"))[0] == "int"
    assert of(source, "Shop.f", "z").prefixes == ("'a'",)


def test_constructor_parameters_know_what_methods_do() -> None:
    source = """
    class Store:
        def __init__(self, path, items=None):
            self.path = path
            self._items = items or []
        def load(self):
            return open(self.path).read()
        def add(self, item):
            self._items.append(item)
    class Child(Store):
        def deep(self):
            return self.path.endswith(".txt")
    """
    path = of(source, "Store.__init__", "path")
    assert path.path_like
    assert path.suffixes == ("'.txt'",)
    assert "list" in names(of(source, "Store.__init__", "items"))
    assert of(source, "Store.__init__", "items").optional


def test_fields_of_a_dataclass_are_parameters() -> None:
    source = '''
    from dataclasses import dataclass
    @dataclass
    class Base:
        name: str
    @dataclass
    class Item(Base):
        """An item.

        Args:
            weight (float): in kilograms
        """
        price: int = 0
        weight = 1
        def is_free(self):
            return self.price == 100
    def f(x, y):
        return Item(x, price=y)
    '''
    assert names(of(source, "f", "x")) == ["str"]
    assert of(source, "f", "y").equals == ("100",)


def test_recursion_ends() -> None:
    source = "def f(x):\n    return f(x.next) + g(x)\ndef g(x):\n    return f(x.value)"
    evidence = of(source)
    assert {"next", "value"} <= set(evidence.attributes)


# -- all of it --------------------------------------------------------------------------------------------------


def test_variadic_parameters_speak_of_their_items() -> None:
    source = "def f(*x: int, **y: str):\n    for each in x: print(each + 1)\n    return y['k'] == 'v'"
    items = of(source)
    assert items.element is not None
    assert names(items.element) == ["int"]
    values = of(source, parameter="y")
    assert values.values is not None
    assert names(values.values) == ["str"]
    assert values.keys["k"].equals == ("'v'",)


def test_evidence_can_be_compared_and_pickled() -> None:
    source = "def f(x):\n    return x.a['b'] == 1"
    assert of(source) == of(source)
    assert pickle.loads(pickle.dumps(of(source))) == of(source)


def test_a_long_chain_of_aliases_is_followed_a_few_levels() -> None:
    evidence = of("def f(x):\n    x == 1\n" + "    x = x.next\n" * 3000)
    assert evidence.equals == ("1",)
    assert evidence.attributes["next"].attributes["next"] != Evidence()


def test_an_expression_nested_too_deep_leaves_what_was_read_before() -> None:
    nested = "(" * 60 + "x" + ")(1)" * 60
    assert of(f"def f(x):\n    x == 1\n    return {'not ' * 900}x\n").equals == ("1",)
    assert of(f"def f(x):\n    x == 1\n    return {nested}\n").equals == ("1",)


@pytest.mark.parametrize("name", ["argparse", "difflib", "asyncio.base_events", "typing", "enum"])
def test_real_modules_are_read(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    module = module_of(Path(spec.origin).read_text(encoding="utf-8"), name)
    evidence = parameter_evidence(module)
    assert set(evidence) == {target.id for target in module.targets}
    known = [each for parameters in evidence.values() for each in parameters.values() if each != Evidence()]
    assert len(known) > sum(len(parameters) for parameters in evidence.values()) / 2


def test_work_grows_with_the_module_and_no_faster() -> None:
    def calls(functions: int) -> int:
        body = "\n".join(
            f"def f{i}(x, y={i}):\n    z = x.strip() or y\n    return f{i * 7 % functions}(z.a, y=x) if z == {i} else y"
            for i in range(functions)
        )
        module = module_of(body)
        count = 0

        def counted(frame: object, event: str, arg: object) -> None:
            nonlocal count
            count += event.endswith("call")

        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            parameter_evidence(module)
        finally:
            sys.setprofile(before)
        return count

    assert calls(400) < 4.4 * calls(100)


SNIPPETS = st.lists(
    st.sampled_from(
        [
            "x = x.a", "y = x[0]", "x, y = y, x", "x = x + y", "for x in y: x()", "with x as y: y.read()",
            "y = [x for x in y if x]", "x.k = y", "x['k'] = y", "del x", "x = f(y)", "y = lambda x: x + 1",
            "match x:\n        case {'a': y}: pass", "y: int = x", "x += y", "return x(y)", "x = yield y",
            "def f(x): return x.b", "class x: y = 1", "assert isinstance(x, (int, y))", "y = x if y else f(x=y)",
            "global z", "x = {**x, 'a': y}", "y = f'{x!r:>{y}}'", "(z := x).lower()", "y = x in (y, 1, None)",
        ]
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(SNIPPETS)
def test_no_body_is_too_strange(body: list[str]) -> None:
    module = module_of("def f(x, y):\n    pass\n    " + "\n    ".join(body) + "\n")
    assert set(parameter_evidence(module)[f"{module.name}:f"]) == {"x", "y"}


def test_raised_types_are_named_by_where_they_come_from() -> None:
    source = """
    import json
    from decimal import InvalidOperation as Bad
    class Own(Exception): ...
    def f(x):
        if x:
            raise ValueError("a")
        try:
            raise Own
        except (KeyError, Bad):
            raise
        except json.JSONDecodeError as error:
            raise error
        def inner():
            raise OSError
    """
    module = module_of(source)
    target = next(target for target in module.targets if target.qualname == "f")
    assert raised_types(module, target) == ("ValueError", "shop.cart.Own", "KeyError", "decimal.InvalidOperation")


# -- functions with several faces -------------------------------------------------------------------------------

GENERIC = """
from collections.abc import Mapping, Sequence
from functools import singledispatch, singledispatchmethod
from types import SimpleNamespace
from typing import overload

def f(x):
    return convert(x)

@singledispatch
def convert(x, deep=False):
    raise TypeError(x)

@convert.register(Mapping)
def _(x, deep=False):
    return {key: convert(value) for key, value in x.items()}

@convert.register
def _(x: SimpleNamespace, deep=False):
    return convert(x.__dict__)

@convert.register
def from_sequence(x: Sequence, deep=False):
    if hasattr(x, "_fields"):
        return [convert(getattr(x, name)) for name in x._fields]
    return [convert(item) for item in x if isinstance(item, bytes)]

convert.register(complex, lambda x: [x.real, x.imag])
convert.register(int, from_sequence)

class Writer:
    @singledispatchmethod
    def write(self, item):
        raise TypeError(item)

    @write.register
    def _(self, item: int | str):
        return item

@overload
def stated(x: bytes) -> bytes: ...
@overload
def stated(x: str) -> str: ...
def stated(x):
    return x

class Registry:
    def register(self, x):
        return x
"""


def test_what_a_generic_function_has_implementations_for_is_what_its_argument_may_be() -> None:
    registered = {"collections.abc.Mapping", "types.SimpleNamespace", "collections.abc.Sequence", "complex", "int"}

    assert registered <= set(names(of(GENERIC, target="convert")))
    assert registered <= set(names(of(GENERIC)))
    assert "complex" not in names(of(GENERIC, target="convert", parameter="deep"))


def test_what_an_implementation_asks_for_counts_after_what_it_is_registered_for() -> None:
    found = names(of(GENERIC, target="convert"))

    assert found.index("collections.abc.Sequence") < found.index("typing.NamedTuple")


def test_items_that_go_back_into_the_generic_function_may_be_anything_that_it_takes() -> None:
    evidence = of(GENERIC, target="convert")

    assert evidence.values is not None
    assert evidence.element is not None
    assert {"collections.abc.Mapping", "types.SimpleNamespace"} <= set(names(evidence.values))
    assert {"collections.abc.Mapping", "types.SimpleNamespace", "bytes"} <= set(names(evidence.element))
    assert "_fields" not in evidence.attributes


def test_methods_dispatch_on_what_follows_the_receiver() -> None:
    assert names(of(GENERIC, target="Writer.write", parameter="item"))[:2] == ["int", "str"]


def test_overloads_say_what_the_implementation_takes() -> None:
    assert names(of(GENERIC, target="stated"))[:2] == ["bytes", "str"]


def test_another_method_that_is_called_register_means_nothing() -> None:
    assert names(using("registry.register(int, x)", "return x")) == []


# -- attributes by their names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "return hasattr(thing, x)",
        "return getattr(thing, x)",
        "return x in thing.__dict__",
        "thing.y = x not in y.__dict__",
    ],
)
def test_the_name_of_an_attribute_may_be_one_that_everything_has(line: str) -> None:
    evidence = using(line, parameters="x, thing, y")

    assert set(evidence.equals) == {"'__class__'", "'__doc__'"}
    assert names(evidence)[0] == "str"


def test_a_constant_name_says_nothing_of_what_is_looked_at() -> None:
    assert using("return hasattr(x, 'name')").equals == ()


def test_what_has_bases_is_a_class() -> None:
    assert names(using("return [each for each in x.__mro__ if each]"))[0] == "type"


@pytest.mark.parametrize("wanted", ["self.__class__", "type(self)", "(int, type(self))"])
def test_the_class_of_the_receiver_is_a_type(wanted: str) -> None:
    source = f"class Money:\n    def __eq__(self, x):\n        return isinstance(x, {wanted})\n"

    assert names(of(source, target="Money.__eq__"))[-1].endswith(".Money")
