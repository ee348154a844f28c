"""Reads an exception and mends the argument that caused it.

The text of a TypeError, AttributeError, KeyError, IndexError or ValueError says what was wanted; in published runs of
search tools a third of what is lost is lost because an earlier statement raised.
"""

import ast
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from qeforge.domain.facts import TypeRef
from qeforge.domain.observation import Raised
from qeforge.engine import basics, patterns
from qeforge.engine.plan import Plan
from qeforge.engine.value import Value, call, literal, of

Values = Callable[[str, TypeRef], list[Value]]
"""Values of a type for a parameter of a name."""

_TYPES_IN_TEXT = re.compile(r"'([\w.]+)'")
_PER_REPAIR = 3
_SAID = re.compile(
    r"(?:must be|expected|expects|should be|is not|requires?|want(?:ed|s)?) (?:an? |of type |type )?(?:instance of )?"
    r"[`'\"<]*(?:class ')?([a-z_]+)"
)


def repairs(plan: Plan, raised: Raised, values: Values, rng: random.Random) -> Iterator[Plan]:
    """Plans that may get past this exception, the likeliest first; none when its text says nothing."""
    message = raised.message
    match raised.type_name.rpartition(".")[2]:
        case "TypeError":
            yield from _type_error(plan, message, values)
        case "AttributeError":
            yield from _attribute_error(plan, message, values)
        case "KeyError":
            yield from _key_error(plan, message)
        case "IndexError":
            yield from _longer(plan)
        case "ValueError" | "UnicodeDecodeError" | "UnicodeEncodeError" | "JSONDecodeError" | "InvalidOperation":
            yield from _value_error(plan, message, raised.type_name, rng)
        case "FileNotFoundError" | "NotADirectoryError" | "IsADirectoryError":
            yield from _file_error(plan, raised.type_name)
        case "NotImplementedError" | "AssertionError":
            return
        case _:
            yield from _hinted(plan, message)


def _type_error(plan: Plan, message: str, values: Values) -> Iterator[Plan]:
    for name in re.findall(r"'(\w+)'", message) if "missing" in message and "argument" in message else ():
        for value in values(name, TypeRef("Any"))[:_PER_REPAIR]:
            yield plan.with_argument(name, value)
        return
    if unexpected := re.search(r"unexpected keyword argument '(\w+)'", message):
        yield replace(
            plan, arguments=tuple(a for a in plan.arguments if a.name != unexpected[1]), generation=plan.generation + 1
        )
        return
    wanted = _wanted(message)
    if not wanted:
        return
    culprits = [name for name in _TYPES_IN_TEXT.findall(message) if name not in wanted]
    said = re.search(r"not '?(\w+)'?$", message.strip().rstrip("."))
    if said:
        culprits.append(said[1])
    for kind in wanted:
        yield from _retyped(plan, culprits, kind, values)


def _wanted(message: str) -> list[str]:
    """Types that would have done, from the interpreter's own phrases."""
    text = message.lower()
    phrases = (
        ("not iterable", ["list", "str", "dict"]),
        ("is not a mapping", ["dict"]),
        ("not subscriptable", ["list", "dict", "str"]),
        ("not callable", ["callable"]),
        ("has no len()", ["list", "str"]),
        ("path-like", ["str", "pathlib.Path"]),
        ("os.pathlike", ["str", "pathlib.Path"]),
        ("a bytes-like object is required", ["bytes"]),
        ("bytes-like object", ["str", "bytes"]),
        ("expected string", ["str"]),
        ("must be str", ["str"]),
        ("must be string", ["str"]),
        ("expected str", ["str"]),
        ("must be a string", ["str"]),
        ("must be real number", ["int", "float"]),
        ("must be integer", ["int"]),
        ("cannot be interpreted as an integer", ["int"]),
        ("an integer is required", ["int"]),
        ("indices must be integers", ["dict", "int"]),
        ("must be a number", ["int"]),
        ("unsupported operand", ["int", "str", "list"]),
        ("bad operand type", ["int"]),
        ("not supported between", ["int", "str"]),
        ("can only concatenate", ["str", "list"]),
        ("unhashable", ["str", "int"]),
        ("context manager", ["io.StringIO"]),
        ("await", ["coroutine"]),
        ("must be a type", ["type"]),
        ("arg 2 must be", ["type"]),
        ("arg 1 must be a class", ["type"]),
        ("argument after ** must be a mapping", ["dict"]),
        ("argument after * must be an iterable", ["list"]),
        ("cannot unpack non-iterable", ["tuple"]),
        ("keywords must be strings", ["dict"]),
        ("sequence item", ["list[str]"]),
        ("must be a dict", ["dict"]),
        ("must be a list", ["list"]),
        ("must be datetime", ["datetime.datetime"]),
        ("not an iterator", ["collections.abc.Iterator"]),
        ("must be an iterator", ["collections.abc.Iterator"]),
        ("concatenate str", ["str"]),
        ("expects a str", ["str"]),
        ("a string", ["str"]),
        ("an integer", ["int"]),
    )
    for phrase, kinds in phrases:
        if phrase in text:
            return kinds
    said = _SAID.search(text)
    if said and said[1] in (
        "str",
        "int",
        "float",
        "bool",
        "list",
        "dict",
        "tuple",
        "set",
        "bytes",
        "callable",
        "string",
        "integer",
    ):
        return [{"string": "str", "integer": "int"}.get(said[1], said[1])]
    return []


def _type_ref(kind: str) -> TypeRef:
    if kind == "list[str]":
        return TypeRef("list", (TypeRef("str"),))
    return TypeRef(kind)


def _retyped(plan: Plan, culprits: list[str], kind: str, values: Values) -> Iterator[Plan]:
    """The plan with an argument of a culprit type replaced by one of the wanted type."""
    names = set(culprits)
    for argument in plan.arguments:
        if names and argument.value.type_name not in names:
            continue
        for value in values(argument.name, _type_ref(kind))[:_PER_REPAIR]:
            yield plan.with_argument(argument.name, value)
    if plan.then:
        for index, argument in enumerate(plan.then):
            if not names or argument.value.type_name in names:
                for value in values(argument.name, _type_ref(kind))[:_PER_REPAIR]:
                    then = (*plan.then[:index], replace(argument, value=value), *plan.then[index + 1 :])
                    yield replace(plan, then=then, generation=plan.generation + 1)
    yield from _retyped_inside(plan, names, _type_ref(kind), values)


def _retyped_inside(plan: Plan, culprits: set[str], kind: TypeRef, values: Values) -> Iterator[Plan]:
    """The same one level down: items of containers, arguments of constructors, a lambda's result."""
    for index, value in enumerate(plan.values()):
        try:
            tree = ast.parse(value.source, mode="eval")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or node is tree.body or type(node.value).__name__ not in culprits:
                continue
            old = ast.unparse(node)
            for new in values("value", kind)[:1]:
                if (new.plain and not new.shared) or new.type_name in ("list", "dict"):
                    source = _replaced(value.source, node, new.source)
                    changed = replace(
                        value,
                        source=source,
                        imports=(*value.imports, *new.imports),
                        fixtures=(*value.fixtures, *new.fixtures),
                    )
                    if old != new.source:
                        yield _at(plan, index, changed)


def _replaced(source: str, node: ast.Constant, new: str) -> str:
    lines = source.splitlines()
    if node.lineno != node.end_lineno or len(lines) != 1:
        return source
    line = lines[0].encode()
    return (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()


def _at(plan: Plan, index: int, value: Value) -> Plan:
    position = -1

    def change(old: Value) -> Value:
        nonlocal position
        position += 1
        return value if position == index else old

    return plan.map_values(change)


def _attribute_error(plan: Plan, message: str, values: Values) -> Iterator[Plan]:
    found = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
    if not found:
        return
    culprit, attribute = found[1].rpartition(".")[2], found[2]
    for index, value in enumerate(plan.values()):
        if value.type_name == culprit == "SimpleNamespace" and value.source.endswith(")"):
            more = f"{value.source[:-1]}{', ' if value.source[-2] != '(' else ''}{attribute}="
            for given, imports in (
                ("1", ()),
                ('"abc"', ()),
                ("MagicMock()", ("from unittest.mock import MagicMock",)),
            ):
                yield _at(plan, index, replace(value, source=f"{more}{given})", imports=(*value.imports, *imports)))
            return
    kind = basics.owner_of(frozenset({attribute}))
    wanted = [*values("value", TypeRef(kind))[:_PER_REPAIR]] if kind else []
    wanted.append(
        call(
            "SimpleNamespace",
            [
                (
                    attribute,
                    Value(
                        source="MagicMock()", type_name="MagicMock", imports=("from unittest.mock import MagicMock",)
                    ),
                )
            ],
            type_name="SimpleNamespace",
            imports=("from types import SimpleNamespace",),
        )
    )
    for argument in plan.arguments:
        if argument.value.type_name in (culprit, "") or culprit == "NoneType":
            for value in wanted:
                yield plan.with_argument(argument.name, value)
    if kind:
        yield from _retyped_inside(plan, {culprit}, TypeRef(kind), values)


def _key_error(plan: Plan, message: str) -> Iterator[Plan]:
    try:
        key = ast.literal_eval(message)
    except (ValueError, SyntaxError):
        return
    for index, value in enumerate(plan.values()):
        try:
            tree = ast.parse(value.source, mode="eval")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for filler in ("'abc'", "1", "{}"):
                    node.keys.append(ast.Constant(value=key))
                    node.values.append(ast.parse(filler, mode="eval").body)
                    source = ast.unparse(tree)
                    node.keys.pop()
                    node.values.pop()
                    yield _at(plan, index, replace(value, source=source))
    if isinstance(key, str):
        named = f'monkeypatch.setenv("{key}", "abc")'
        if re.fullmatch(r"[A-Z][A-Z0-9_]+", key) and named not in plan.world:
            yield replace(
                plan,
                world=(*plan.world, named),
                world_fixtures=(*plan.world_fixtures, "monkeypatch"),
                generation=plan.generation + 1,
            )


def _longer(plan: Plan) -> Iterator[Plan]:
    """Lists, tuples and strings with more in them."""
    for index, value in enumerate(plan.values()):
        try:
            tree = ast.parse(value.source, mode="eval")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.List | ast.Tuple) and len(node.elts) < 8:
                filler = node.elts[-1] if node.elts else ast.Constant(value=1)
                node.elts.extend([filler, filler])
                source = ast.unparse(tree)
                del node.elts[-2:]
                yield _at(plan, index, replace(value, source=source))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 8:
                old = node.value
                node.value = old + "abc"
                source = ast.unparse(tree)
                node.value = old
                yield _at(plan, index, replace(value, source=source))


_VALUE_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"invalid literal for int\(\)", ("12", "0")),
    (r"could not convert string to float", ("1.5", "0")),
    (r"isoformat", ("2020-01-31", "2020-01-31T12:30:45")),
    (r"uuid", ("12345678-1234-5678-1234-567812345678",)),
    (r"hexadecimal", ("ff", "00ff")),
    (r"Expecting value|JSON|Expecting property", ('{"a": 1}', "[1, 2]")),
    (r"unknown url type|Invalid URL|No schema", ("https://example.com/",)),
    (r"IPv4|IPv6|IP address", ("192.0.2.1",)),
    (r"empty", ("a",)),
    (r"base64|padding", ("aGVsbG8=",)),
    (r"substring not found", ("abc",)),
    (r"ConversionSyntax", ("12.50",)),
)
_STRPTIME = re.compile(r"time data .* does not match format '([^']*)'")
_UNPACK = re.compile(r"(?:not enough values to unpack|too many values to unpack) \(expected (?:at least )?(\d+)")


def _value_error(plan: Plan, message: str, type_name: str, rng: random.Random) -> Iterator[Plan]:
    wanted: list[str] = []
    for phrase, texts in _VALUE_PHRASES:
        if re.search(phrase, f"{type_name} {message}"):
            wanted += texts
    if found := _STRPTIME.search(message):
        import datetime

        wanted.append(datetime.datetime(2020, 1, 31, 12, 30, 45).strftime(found[1]))
    quoted: list[str] = re.findall(r"'([^']{1,40})'", message)
    for text in wanted:
        for index, value in enumerate(plan.values()):
            if value.type_name == "str":
                yield _at(plan, index, of(text))
    if found := _UNPACK.search(message):
        size = int(found[1])
        for argument in plan.arguments:
            if argument.value.type_name in ("list", "tuple", "str"):
                inside = ", ".join(str(n + 1) for n in range(size))
                for source in (
                    f"({inside},)",
                    f"[({inside},)]",
                    repr(" ".join("abcdefgh"[:size])),
                    repr(",".join("abcdefgh"[:size])),
                    repr("=".join("abcdefgh"[:size])),
                ):
                    yield plan.with_argument(argument.name, literal(source))
        return
    yield from _one_of(plan, message, quoted)
    if re.search(r"must be (?:positive|greater|>|at least|non-negative|>=)|negative", message):
        for index, value in enumerate(plan.values()):
            if value.type_name in ("int", "float"):
                yield _at(plan, index, of(10))
    if pattern := re.search(r"match(?:es)? (?:the )?(?:pattern|regex)[ :]*'?([^']+)'?", message):
        for text in patterns.matching(pattern[1], rng, count=2):
            for index, value in enumerate(plan.values()):
                if value.type_name == "str":
                    yield _at(plan, index, of(text))


def _one_of(plan: Plan, message: str, quoted: list[str]) -> Iterator[Plan]:
    """`mode must be one of 'a', 'b'`: the quoted words are good values."""
    if not re.search(r"one of|must be|choose|valid|allowed|supported|expected|either|known|available", message):
        return
    for text in quoted[:5]:
        for index, value in enumerate(plan.values()):
            if value.type_name == "str" and value.source != repr(text):
                yield _at(plan, index, of(text))


def _hinted(plan: Plan, message: str) -> Iterator[Plan]:
    yield from _one_of(plan, message, re.findall(r"'([^']{1,40})'", message))


def _file_error(plan: Plan, type_name: str) -> Iterator[Plan]:
    """A file or folder where one was missing."""
    for index, value in enumerate(plan.values()):
        if value.type_name not in ("str", "PosixPath"):
            continue
        folder = type_name == "NotADirectoryError"
        if folder:
            made = Value(source="tmp_path", type_name="PosixPath", fixtures=("tmp_path",))
        else:
            made = Value(
                source='tmp_path / "data.txt"',
                type_name="PosixPath",
                fixtures=("tmp_path",),
                setup=('{name}.write_text("one\\ntwo\\n")',),
                shared=True,
            )
        yield _at(plan, index, made)
        if value.type_name == "str":
            as_text = Value(source="str(tmp_path)", type_name="str", fixtures=("tmp_path",))
            yield _at(plan, index, as_text)
