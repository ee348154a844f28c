"""What the code does to its arguments."""

from pathlib import Path

import pytest

from qeforge.domain.facts import TypeRef
from tests.analysis.evidence.reading import names, of, using


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
