"""Types that docstrings state for parameters: Google, NumPy and reST styles."""

import re
from collections.abc import Iterator

from qeforge.analysis.evidence.annotations import Annotations, builtin_type, union
from qeforge.domain.facts import ANY, TypeRef

_REST_TYPE = re.compile(r"^[ \t]*:type[ \t]+\**([\w]+)[ \t]*:[ \t]*(.+)$", re.MULTILINE)
_REST_TYPED = re.compile(
    r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword)[ \t]+([^:\n]+?)[ \t]+\**(\w+)[ \t]*:", re.MULTILINE
)
_EPYTEXT_TYPE = re.compile(r"^[ \t]*@type[ \t]+(\w+)[ \t]*:[ \t]*(.+)$", re.MULTILINE)
_GOOGLE_SECTION = re.compile(
    r"^[ \t]*(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Attributes):[ \t]*$"
)
_GOOGLE_ITEM = re.compile(r"^[ \t]*\**(\w+)[ \t]*\((.+?)\)[ \t]*:")
_NUMPY_SECTION = re.compile(r"^[ \t]*(?:Parameters|Other Parameters|Attributes)[ \t]*$")
_NUMPY_ITEM = re.compile(r"^\**(\w+(?:[ \t]*,[ \t]*\**\w+)*)[ \t]*:[ \t]*(\S.*)$")
_ROLE = re.compile(r":[\w:]+:`~?([^`]*)`")
_NOISE = re.compile(
    r",?\s*\b(?:optional|keyword-only|required|defaults?(?:\s+(?:is|to|:))?(?:\s*[=:]?\s*\S+)?|default\s*=\s*\S+)\s*$|"
    r"\bof (?:length|shape|size) \S+|\(\s*optional\s*\)",
    re.IGNORECASE,
)
_OF = re.compile(r"^(\S+?)s?\s+of\s+(.+)$", re.IGNORECASE)

_PHRASES = {
    "str": "string strings text unicode basestring str char character",
    "int": "integer integers int ints long",
    "float": "number numeric float floats double real scalar",
    "bool": "boolean bool booleans flag",
    "list": "list lists array array-like array_like ndarray",
    "dict": "dict dicts dictionary",
    "set": "set",
    "frozenset": "frozenset",
    "tuple": "tuple tuples",
    "bytes": "bytes bytestring",
    "bytearray": "bytearray",
    "complex": "complex",
    "callable": "callable function func callback",
    "type": "type class",
    "None": "none nonetype",
    "Any": "object any",
    "collections.abc.Sequence": "sequence",
    "collections.abc.Iterable": "iterable",
    "collections.abc.Iterator": "iterator",
    "collections.abc.Collection": "collection",
    "collections.abc.Generator": "generator",
    "collections.abc.Mapping": "mapping",
    "datetime.datetime": "datetime",
    "datetime.date": "date",
    "datetime.time": "time",
    "datetime.timedelta": "timedelta",
    "decimal.Decimal": "decimal",
    "pathlib.Path": "path path-like pathlike",
    "re.Pattern": "regex pattern",
    "typing.IO": "file file-like filelike stream",
    "Exception": "exception",
}
_WORDS = {word: name for name, words in _PHRASES.items() for word in words.split()}
_DEEPEST = 4


def documented_types(docstring: str, annotations: Annotations) -> dict[str, TypeRef]:
    """Parameter name → type, for every parameter whose type the docstring states intelligibly."""
    found: dict[str, TypeRef] = {}
    for name, text in _stated(docstring):
        kind = phrase(text, annotations)
        if kind != ANY:
            found.setdefault(name, kind)
    return found


def _stated(docstring: str) -> Iterator[tuple[str, str]]:
    yield from _REST_TYPE.findall(docstring)
    yield from ((name, text) for text, name in _REST_TYPED.findall(docstring))
    yield from _EPYTEXT_TYPE.findall(docstring)
    lines = docstring.splitlines()
    for number, line in enumerate(lines):
        if _GOOGLE_SECTION.match(line):
            yield from _google(lines[number + 1 :], _indent(line))
        elif _NUMPY_SECTION.match(line) and number + 1 < len(lines) and set(lines[number + 1].strip()) == {"-"}:
            yield from _numpy(lines[number + 2 :], _indent(line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _google(lines: list[str], indent: int) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line.strip() and _indent(line) <= indent:
            return
        item = _GOOGLE_ITEM.match(_ROLE.sub(r"\1", line))
        if item:
            yield item.group(1), item.group(2)


def _numpy(lines: list[str], indent: int) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        following = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if following and set(following) == {"-"}:
            return
        item = _NUMPY_ITEM.match(line[indent:])
        if item:
            for name in re.split(r"[\s,*]+", item.group(1)):
                yield name, item.group(2)


def phrase(text: str, annotations: Annotations, depth: int = 0) -> TypeRef:
    """The type that a docstring's words mean: `list of str`, `int or None`, `{'a', 'b'}`, `dict[str, int]`."""
    text = _ROLE.sub(r"\1", text).replace("`", "").strip().rstrip(".")
    previous = ""
    while previous != text:
        previous, text = text, _NOISE.sub("", text).strip().rstrip(",")
    if not text or depth > _DEEPEST or len(text) > 200:
        return ANY
    if text.startswith("{") and text.endswith("}"):
        return _choice(text[1:-1])
    word = text.lower().removeprefix("a ").removeprefix("an ").removesuffix(" object").removesuffix(" instance").strip()
    if word in _WORDS:
        return TypeRef(_WORDS[word])
    inner = _OF.match(text)
    if inner and " or " not in text.partition(" of ")[0]:
        return _container(inner.group(1), inner.group(2), annotations, depth)
    if re.search(r"\s(?:or|and/or)\s|\s*\|\s*(?![^\[]*\])", text) or (
        "," in text and not re.search(r"[\[\](){}]", text)
    ):
        members = [
            phrase(part, annotations, depth + 1) for part in re.split(r",?\s+(?:or|and/or)\s+|\s*\|\s*|\s*,\s*", text)
        ]
        known = [each for each in members if each != ANY]
        return union(*known) if known else ANY
    return _written(text, annotations)


def _choice(text: str) -> TypeRef:
    values = [part.strip() for part in text.split(",")]
    literal = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"|-?\d+(\.\d+)?|True|False|None")
    return TypeRef("literal", values=tuple(values)) if all(map(literal.fullmatch, values)) else ANY


def _container(outer: str, inner: str, annotations: Annotations, depth: int) -> TypeRef:
    base = phrase(outer, annotations, depth + 1)
    if base == ANY:
        return ANY
    if inner.startswith("(") and inner.endswith(")") and base.name == "tuple":
        return TypeRef("tuple", tuple(phrase(part, annotations, depth + 1) for part in inner[1:-1].split(",")))
    item = phrase(inner, annotations, depth + 1)
    if item == ANY and inner.endswith("s"):
        item = phrase(inner[:-1], annotations, depth + 1)
    if item == ANY or base.name in ("callable", "type", "None"):
        return base
    return TypeRef(base.name, (item, TypeRef("..."))) if base.name == "tuple" else TypeRef(base.name, (item,))


def _written(text: str, annotations: Annotations) -> TypeRef:
    """An annotation in the docstring; a bare unknown word is prose."""
    head = re.match(r"[\w.]+", text)
    if not head:
        return ANY
    name = head.group(0)
    first = name.partition(".")[0]
    symbols = annotations.symbols
    imported = first in symbols.imports and (name[:1].isupper() or "." in name)
    typing_name = name in (
        "List",
        "Dict",
        "Optional",
        "Union",
        "Tuple",
        "Set",
        "Callable",
        "Iterable",
        "Sequence",
        "Mapping",
    )
    if imported or name in symbols.classes or builtin_type(name):
        return annotations.text(text)
    if typing_name:
        return annotations.text(
            re.sub(r"\b(List|Dict|Optional|Union|Tuple|Set|Callable|Iterable|Sequence|Mapping)\b", r"typing.\1", text)
        )
    return TypeRef(_WORDS[name.lower()]) if name.lower() in _WORDS and text.startswith(name + " (") else ANY
