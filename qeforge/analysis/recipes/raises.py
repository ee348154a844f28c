"""Candidates from what docstrings say is raised, with that as a claim; rather none than a wrong one."""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qeforge.analysis.evidence.annotations import Annotations
from qeforge.analysis.evidence.docstrings import documented_types
from qeforge.analysis.recipes.conditions import Kinds, offending
from qeforge.analysis.recipes.vocabulary import Vocabulary, driven
from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.facts import TypeRef
from qeforge.domain.target import Flavour, Kind, Parameter, ParameterKind, SourceModule, Target

MOST = 6
"""Candidates of one target."""

_NAME = r"[`~]*(?P<name>[A-Za-z_][\w.]*)`*"
_GOOGLE = re.compile(r"^(?P<indent>[ \t]*)Raises:[ \t]*$")
_GOOGLE_ITEM = re.compile(rf"^[ \t]*(?::[\w:]+:)?{_NAME}[ \t]*:[ \t]*(?P<text>.*)$")
_NUMPY_ITEM = re.compile(rf"^(?::[\w:]+:)?{_NAME}[ \t]*$")
_SPHINX = re.compile(rf"^[ \t]*:(?:raises?|except|exception)[ \t]+{_NAME}[ \t]*:[ \t]*(?P<text>.*)$")
_SENTENCE = re.compile(
    rf"(?:^|(?<=[.!]\s))Raises (?:an? )?(?::[\w:]+:)?{_NAME} (?P<text>(?:if|when) (?:[^.]|\.\d)*?)\.?(?=\s+[A-Z]|\s*$)"
)
_HARMLESS = frozenset({"staticmethod", "classmethod", "cache", "lru_cache", "override", "final"})
_HARMLESS_ON_CLASSES = frozenset({"dataclass", "total_ordering", "final", "define", "frozen", "attrs", "s"})
_LENIENT = re.compile(
    r"strict|errors?|on_error|rais\w+|silent|safe|validate|check|default|force|quiet|(?:raise|ignore|allow|skip)_\w+"
    r"|\w+_ok"
)
"""Parameters that may decide whether anything is raised."""

_NEVER = frozenset({"StopIteration", "StopAsyncIteration", "NotImplementedError"})
_FLAVOURS = (Flavour.PLAIN, Flavour.COROUTINE, Flavour.GENERATOR)
_ITEMS = {"str": "'abc'", "int": "1", "float": "1.0", "bool": "True", "bytes": "b'abc'"}


def raises_candidates(module: SourceModule) -> tuple[Candidate, ...]:
    """One candidate for each argument of which a docstring clearly says that it is refused.

    Read are `Raises` sections in the styles of Google, NumPy and Sphinx, and sentences that begin with "Raises". Only
    conditions about one parameter count, and only where every other argument is a default or plain by its annotation.
    """
    vocabulary = Vocabulary.of(module)
    annotations = Annotations(vocabulary.symbols)
    found: dict[str, Candidate] = {}
    for target in module.targets:
        for candidate in _Reader(vocabulary, annotations, target).candidates():
            found.setdefault(candidate.key, candidate)
    return tuple(found.values())


def documented_raises(docstring: str) -> Iterator[tuple[str, str]]:
    """Name of an exception and the text behind it, as often as a docstring tells of one."""
    lines = docstring.expandtabs().splitlines()
    for number, line in enumerate(lines):
        following = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if google := _GOOGLE.match(line):
            yield from _items(lines[number + 1 :], len(google["indent"]), _GOOGLE_ITEM)
        elif line.strip() == "Raises" and len(following) > 2 and set(following) == {"-"}:
            yield from _items(lines[number + 2 :], len(line) - len(line.lstrip()) - 1, _NUMPY_ITEM)
        elif sphinx := _SPHINX.match(line):
            rest = _continued(lines[number + 1 :], len(line) - len(line.lstrip()))
            yield sphinx["name"], " ".join([sphinx["text"], *rest])
    for paragraph in re.split(r"\n\s*\n", docstring):
        for sentence in _SENTENCE.finditer(" ".join(paragraph.split())):
            yield sentence["name"], sentence["text"]


def _items(lines: Sequence[str], indent: int, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The items of a section whose lines lie deeper than `indent`."""
    depth: int | None = None
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        mine = len(line) - len(line.lstrip())
        following = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if mine <= indent or (len(following) > 2 and set(following) == {"-"}):
            return
        depth = mine if depth is None else depth
        item = pattern.match(line.strip()) if mine == depth else None
        if item is not None:
            first = item.groupdict().get("text") or ""
            yield item["name"], " ".join([first, *_continued(lines[number + 1 :], mine)]).strip()


def _continued(lines: Sequence[str], indent: int) -> Iterator[str]:
    for line in lines:
        if not line.strip() or len(line) - len(line.lstrip()) <= indent:
            return
        yield line.strip()


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a target but for its arguments: what comes first, how it is named, and whether anything in it is only
    likely to be right."""

    function: str
    arrange: tuple[str, ...] = ()
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class _Reader:
    vocabulary: Vocabulary
    annotations: Annotations
    target: Target

    def candidates(self) -> Iterator[Candidate]:
        if "aise" not in self.target.doc and ":except" not in self.target.doc:
            return
        call = self._call() if self._may_be_called() else None
        if call is None:
            return
        kinds = self._kinds(self.target)
        count = 0
        for name, text in documented_raises(self.target.doc):
            bare = name.rpartition(".")[2]
            found = offending(text, kinds, bare) if self._is_exception(name) else None
            if found is None or self._depends(found[0]):
                continue
            for source in found[1]:
                made = self._candidate(call, found[0], source, name)
                if made is not None and count < MOST:
                    count += 1
                    yield made

    def _may_be_called(self) -> bool:
        target = self.target
        if target.kind in (Kind.CLOSURE, Kind.PROPERTY) or target.flavour not in _FLAVOURS:
            return False
        if target.kind is not Kind.CONSTRUCTOR and target.name.startswith("__"):
            return False
        harmless = _HARMLESS_ON_CLASSES if target.kind is Kind.CONSTRUCTOR else _HARMLESS
        if any(_decorator(text) not in harmless for text in target.decorators):
            return False
        node = self.vocabulary.symbols.function(target)
        return node is None or not _does_nothing(node)

    def _call(self) -> _Call | None:
        target = self.target
        if target.kind is Kind.FUNCTION:
            return _Call(target.qualname)
        owner = target.owner or target.qualname
        if target.kind is Kind.CONSTRUCTOR:
            return _Call(owner)
        if target.kind is not Kind.METHOD:
            return _Call(target.qualname)
        made = self.vocabulary.targets.get(owner)
        if made is None or made.kind is not Kind.CONSTRUCTOR:
            return None
        arguments = self._arguments(made, self._kinds(made), "", "")
        if arguments is None:
            return None
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", owner.rpartition(".")[2].strip("_")).lower()
        name = name if name != owner and name not in self.vocabulary.defined else "receiver"
        return _Call(f"{name}.{target.name}", (f"{name} = {owner}({', '.join(arguments)})",), guessed=True)

    def _candidate(self, call: _Call, name: str, source: str, exception: str) -> Candidate | None:
        arguments = self._arguments(self.target, self._kinds(self.target), name, source)
        if arguments is None:
            return None
        others = [one for one in self.target.parameters if one.required and one.name != name]
        act, extra = driven(f"{call.function}({', '.join(arguments)})", self.target)
        root = (self.target.owner or self.target.qualname).partition(".")[0]
        claim = Claim(expected=exception, source="docstring", raises=True, general=call.guessed or bool(others))
        return Candidate(
            target=self.target.id,
            act=act,
            arrange=call.arrange,
            imports=(*extra, *self.vocabulary.imports([root])),
            proposer="docstring",
            claims=(claim,),
        )

    def _arguments(self, target: Target, kinds: Mapping[str, Kinds], name: str, source: str) -> list[str] | None:
        """What is passed: to `name` the given source, to others that have to be given something plain; None where
        nothing plain is known."""
        found: list[str] = []
        for parameter in target.parameters:
            if parameter.name == name:
                value: str | None = source
            elif parameter.required:
                value = _plain(self._type(target, parameter))
            else:
                continue
            by_name = parameter.kind is ParameterKind.KEYWORD_ONLY or not parameter.required
            if value is None or (by_name and parameter.kind is ParameterKind.POSITIONAL_ONLY):
                return None
            found.append(f"{parameter.name}={value}" if by_name else value)
        return found

    def _type(self, target: Target, parameter: Parameter) -> TypeRef:
        if parameter.annotation:
            return self.annotations.text(parameter.annotation, target.owner or "")
        return documented_types(target.doc, self.annotations).get(parameter.name, TypeRef("Any"))

    def _kinds(self, target: Target) -> dict[str, Kinds]:
        variadic = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)
        return {p.name: _names(self._type(target, p)) for p in target.parameters if p.kind not in variadic}

    def _depends(self, name: str) -> bool:
        """Whether another parameter may decide if anything is raised."""
        return any(one.name != name and _LENIENT.fullmatch(one.name) for one in self.target.parameters)

    def _is_exception(self, name: str) -> bool:
        """Whether it is an exception that can be named here, and that ends a call."""
        if name in _NEVER or name.endswith("Warning"):
            return False
        found = getattr(builtins, name, None)
        if isinstance(found, type):
            return issubclass(found, Exception)
        root = name.partition(".")[0]
        return root in self.vocabulary.symbols.classes or root in self.vocabulary.symbols.imports


def _decorator(text: str) -> str:
    return text.partition("(")[0].rpartition(".")[2]


def _does_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a body is there to be overridden."""
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        or (isinstance(one, ast.Raise) and one.exc is not None and "NotImplemented" in ast.unparse(one.exc))
        or (isinstance(one, ast.Return) and (one.value is None or "NotImplemented" in ast.unparse(one.value)))
        for one in node.body
    )


def _names(kind: TypeRef) -> frozenset[str]:
    members = kind.args if kind.name == "union" else (kind,)
    return frozenset(one.name.rpartition(".")[2] for one in members if one.name not in ("Any", "object", "None"))


def _plain(kind: TypeRef) -> str | None:
    """A value that nobody should refuse; None for a type that has none."""
    if kind.name == "union":
        return next((value for member in kind.args if (value := _plain(member)) is not None), None)
    if kind.name in _ITEMS:
        return _ITEMS[kind.name]
    name = kind.name.rpartition(".")[2]
    item = _plain(kind.args[0]) if kind.args else "1"
    if item is None:
        return None
    if name in ("list", "Sequence", "Iterable", "Collection"):
        return f"[{item}]"
    if name in ("dict", "Mapping"):
        value = _plain(kind.args[1]) if len(kind.args) == 2 else "1"
        return f"{{{item if kind.args else repr('abc')}: {value}}}" if value is not None else None
    return None
