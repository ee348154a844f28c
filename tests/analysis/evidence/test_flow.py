"""Where values go: attributes, items, aliases, calls."""

from tests.analysis.evidence.reading import names, of, using


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
