"""Pieces that arguments are put together from."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest

from qeforge.analysis.evidence import Evidence
from qeforge.engine import samples
from qeforge.engine.value import Value, call, combine, literal, merged, unique


def stand_in() -> Value:
    """A mock that accepts everything."""
    return Value(
        source="MagicMock()", type_name="MagicMock", imports=("from unittest.mock import MagicMock",), shared=True
    )


def path_value(file: str, *setup: str) -> Value:
    """A path below the test's own folder, and statements that make it; `{name}` is the variable."""
    return Value(
        source=f'tmp_path / "{file}"', type_name="PosixPath", fixtures=("tmp_path",), setup=setup, shared=bool(setup)
    )


def paths_for(name: str) -> list[Value]:
    """Files and folders that exist or do not, folders first where the parameter's name speaks of one."""
    folder = bool(samples.words(name) & {"dir", "directory", "folder", "root"})
    files = [
        path_value("data.txt", '{name}.write_text("one\\ntwo\\n")'),
        path_value("missing.txt"),
        path_value("data.json", "{name}.write_text('{{\"a\": 1}}')"),
        path_value("empty.txt", '{name}.write_text("")'),
    ]
    folders = [
        Value(source="tmp_path", type_name="PosixPath", fixtures=("tmp_path",)),
        path_value("folder", "{name}.mkdir()", '({name} / "a.txt").write_text("one")'),
    ]
    return folders + files if folder else files + folders


def reference(path: str) -> tuple[str, tuple[str, ...]]:
    """How to name `module:Outer.Inner` in a test: its source and imports."""
    module, _, qualname = path.partition(":")
    if module == "builtins":
        return qualname, ()
    return qualname, (f"from {module} import {qualname.partition('.')[0]}",)


def subclass(source: str, name: str, abstract: Sequence[str], result: str = "None") -> str:
    """A class statement that implements the abstract methods, which return `result`, and nothing else."""
    body = (
        "\n".join(f"    def {method}(self, *args, **kwargs):\n        return {result}\n" for method in abstract)
        or "    pass"
    )
    return f"class Concrete{name.lstrip('_')}({source}):\n{body}".rstrip()


def tuple_of(items: Sequence[Value]) -> Value:
    """A tuple display."""
    inside = ", ".join(["{}"] * len(items)) + ("," if len(items) == 1 else "")
    return combine(f"({inside})", items, type_name="tuple")


def sets_of(items: Sequence[Value], *, frozen: bool) -> list[Value]:
    """Sets of the items that can be in one."""
    fit = [item for item in items if not item.shared]
    made = [
        combine("{" + ", ".join(["{}"] * len(shape)) + "}", shape, type_name="set", shared=True)
        if shape
        else Value(source="set()", type_name="set", shared=True)
        for shape in (fit[:2], fit[:1], [], fit[:4])
    ]
    if frozen:
        made = [replace(v, source=f"frozenset({v.source})", type_name="frozenset", shared=False) for v in made]
    return made


def dict_of(pairs: Sequence[tuple[Value, Value]]) -> Value:
    """A dict display."""
    template = "{" + ", ".join("\0: \0" for _ in pairs) + "}"
    parts = list(chain.from_iterable(pairs))
    pieces = template.split("\0")
    whole = combine("{}" * len(parts), parts, type_name="dict", shared=True)
    source = pieces[0] + "".join(part.source + piece for part, piece in zip(parts, pieces[1:], strict=True))
    return replace(whole, source=source)


def holding(known: Sequence[Value], template: str, items: Sequence[Value]) -> list[Value]:
    """Values of a type with fields, and after the first two of them each item in a field of such an object.

    Args:
        known: the plain ones.
        template: how the first of them is made around another value, with `{}` for it.
        items: what to put there.
    """
    made = [
        replace(
            known[0],
            source=template.replace("{}", item.source),
            imports=merged((known[0].imports, item.imports)),
            fixtures=merged((known[0].fixtures, item.fixtures)),
            before=merged((known[0].before, item.before)),
            shared=True,
        )
        for item in items
    ]
    return [*known[:2], *made, *known[2:]]


def interleave(columns: Sequence[Sequence[Value]]) -> list[Value]:
    """The first of each, then the second of each, without repeats."""
    return unique(value for row in zip_longest(*columns) for value in row if value is not None)


def pick(values: Sequence[Value], index: int) -> Value:
    """One of them, round and round."""
    return values[index % len(values)]


def is_literal(source: str) -> bool:
    """Whether a value of a known type can be read off the source."""
    try:
        return bool(literal(source).type_name)
    except ValueError:
        return False


def text_of(source: str) -> str:
    """The text of a string literal's source; empty for anything else."""
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return ""
    return value if isinstance(value, str) else ""


def namespaces(evidence: Evidence, fitting: Callable[[str, Evidence], list[Value]]) -> list[Value]:
    """Objects with the attributes that the code uses, and a mock.

    Args:
        evidence: what the code does to the object.
        fitting: values for an attribute, by its name and what is done to it; none where that goes too deep.
    """
    columns: list[tuple[str, list[Value]]] = []
    for attribute, inner in islice(evidence.attributes.items(), 8):
        if attribute.startswith("__"):
            continue
        if inner.called:
            columns.append((attribute, [Value(source="lambda *args, **kwargs: None", type_name="function")]))
        else:
            columns.append((attribute, [v for v in fitting(attribute, inner) if v.plain][:4] or [literal("1")]))
    made = []
    for row in range(3) if columns else ():
        arguments = [(name, pick(values, row)) for name, values in columns]
        imports = ("from types import SimpleNamespace",)
        made.append(call("SimpleNamespace", arguments, type_name="SimpleNamespace", imports=imports))
    return [*made, stand_in()]
