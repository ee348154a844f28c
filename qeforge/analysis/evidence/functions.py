"""What passing a value to a well-known function says about it."""

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from qeforge.analysis.evidence import knowledge as known
from qeforge.analysis.evidence import predicates
from qeforge.analysis.evidence.model import Strength
from qeforge.analysis.evidence.refs import Ref, Refs, View, at, iterate, merged, viewed, whole
from qeforge.analysis.static import MISSING, keyword, pattern_text
from qeforge.domain.facts import ANY, TypeRef

if TYPE_CHECKING:
    from qeforge.analysis.evidence.expressions import ExpressionReader


class _Call:
    """One call with its arguments as values."""

    def __init__(
        self,
        reader: "ExpressionReader",
        path: str,
        node: ast.Call,
        arguments: list[Refs],
        keywords: Mapping[str | None, Refs],
    ) -> None:
        self.reader, self.path, self.node, self.arguments, self.keywords = reader, path, node, arguments, keywords

    def argument(self, position: int) -> Refs:
        return self.arguments[position] if position < len(self.arguments) else ()

    def constant(self, position: int) -> object:
        return self.reader.constant(self.node.args[position]) if position < len(self.node.args) else MISSING

    def classes(self, position: int) -> tuple[TypeRef, ...]:
        if position >= len(self.node.args):
            return ()
        return self.reader.around.annotations.classes(self.node.args[position], self.reader.owner or "")

    def vote(self, strength: int, *types: TypeRef, position: int = 0) -> None:
        for trace in whole(self.argument(position)):
            trace.vote(strength, *types)


def read_function(
    reader: "ExpressionReader", path: str, node: ast.Call, arguments: list[Refs], keywords: Mapping[str | None, Refs]
) -> Refs:
    """Takes notes on the arguments of a call of the function at the import path `path`, and gives what its value may
    stand for."""
    call = _Call(reader, path, node, arguments, keywords)
    handler = _HANDLERS.get(path)
    if handler:
        return handler(call)
    if path.startswith("re.") and path[3:] in known.REGEX_FUNCTIONS:
        return _regex(call)
    if path in known.PATH_FUNCTIONS:
        return _path(call)
    if path in known.TEXT_PARSERS:
        return _parse(call)
    if path in known.NUMBER_FUNCTIONS:
        return _number(call)
    if path in known.ITERATING:
        found = iterate(call.argument(0))
        if path == "next":
            call.vote(Strength.USED, known.ITERATOR)
            return found
        if path == "sum":
            for ref in found:
                ref.trace.flag("numeric")
                ref.trace.vote(Strength.USED, known.INT)
        _key_function(call)
        return viewed(call.argument(0), View.SELF)
    if path in known.ITERATING_ALL:
        for refs in arguments:
            iterate(refs)
        zipped = [Ref(trace, View.ZIPPED, index) for index, refs in enumerate(arguments) for trace in whole(refs)]
        return tuple(zipped) if path in ("zip", "itertools.zip_longest") else ()
    return ()


def _key_function(call: _Call) -> None:
    for trace in whole(call.keywords.get("key", ())):
        trace.flag("called")
        trace.vote(Strength.USED, known.CALLABLE)
        trace.arity = 1


def _isinstance(call: _Call) -> Refs:
    strength = Strength.GUARDED if call.reader.guarding else Strength.CHECKED
    kinds = call.classes(1)
    for ref in call.argument(0):
        if ref.view is View.SELF:
            ref.trace.vote(strength, *kinds)
        elif ref.view is View.TYPE:
            ref.trace.vote(strength, TypeRef("type"))
    return ()


def _issubclass(call: _Call) -> Refs:
    call.vote(Strength.CHECKED, *(TypeRef("type", (kind,)) for kind in call.classes(1)))
    return ()


def _hasattr(call: _Call) -> Refs:
    name = call.constant(1)
    found: list[Ref] = []
    for trace in whole(call.argument(0)):
        if isinstance(name, str):
            found.append(Ref(trace.attribute(name)))
    call.vote(Strength.USED, known.STR, position=1)
    if name is MISSING and call.path in ("hasattr", "getattr"):
        predicates.attribute_name(call.argument(1))
    return tuple(found)


def _callable(call: _Call) -> Refs:
    call.vote(Strength.CHECKED, known.CALLABLE)
    return ()


def _wrapped(call: _Call) -> Refs:
    call.vote(Strength.USED, known.CALLABLE)
    return ()


def _convert(call: _Call) -> Refs:
    kind, view, reference = {
        "int": ("int", View.INT, known.INT),
        "float": ("float", View.FLOAT, known.FLOAT),
        "complex": ("complex", View.FLOAT, known.FLOAT),
    }[call.path]
    found: list[Ref] = []
    for ref in call.argument(0):
        if ref.view in (View.SELF, View.TEXT):
            strong = View.TEXT is ref.view or len(call.node.args) > 1
            ref.trace.vote(Strength.USED, known.STR if strong else reference, known.STR)
            ref.trace.add("formats", "hex" if call.constant(1) == 16 else kind)
            found.append(Ref(ref.trace, view))
    return tuple(found)


def _text(call: _Call) -> Refs:
    return merged(viewed(call.argument(0), View.TEXT), tuple(r for r in call.argument(0) if r.view is View.PATH))


def _truth(call: _Call) -> Refs:
    predicates.tested(call.argument(0))
    return ()


def _length(call: _Call) -> Refs:
    call.vote(Strength.HINTED, known.STR, known.LIST)
    return viewed(call.argument(0), View.LENGTH)


def _enumerate(call: _Call) -> Refs:
    iterate(call.argument(0))
    return tuple(Ref(trace, View.ZIPPED, 1) for trace in whole(call.argument(0)))


def _map(call: _Call) -> Refs:
    for trace in whole(call.argument(0)):
        trace.flag("called")
        trace.vote(Strength.USED, known.CALLABLE)
        trace.arity = max(1, len(call.node.args) - 1)
    items = [ref for refs in call.arguments[1:] for ref in iterate(refs)]
    function = call.reader.around.symbols.dotted(call.node.args[0]) if call.node.args else None
    if function in ("int", "float") and call.path == "map":
        for ref in items:
            if ref.view is View.SELF:
                ref.trace.vote(Strength.USED, known.INT if function == "int" else known.FLOAT, known.STR)
                ref.trace.add("formats", function)
    return viewed(call.argument(1), View.SELF) if call.path == "filter" else ()


def _dict(call: _Call) -> Refs:
    call.vote(Strength.HINTED, known.DICT)
    return viewed(call.argument(0), View.SELF)


def _type(call: _Call) -> Refs:
    return viewed(call.argument(0), View.TYPE) if len(call.node.args) == 1 else ()


def _same(call: _Call) -> Refs:
    return call.argument(0)


def _cast(call: _Call) -> Refs:
    kind = call.reader.around.annotations.resolve(call.node.args[0]) if call.node.args else ANY
    if kind != ANY:
        call.vote(Strength.CHECKED, kind, position=1)
    return call.argument(1)


def _await_later(call: _Call) -> Refs:
    found: list[Ref] = []
    for refs in call.arguments:
        for trace in whole(refs):
            trace.flag("awaited")
            found.append(Ref(trace.outcome()))
    return tuple(found[:1]) if call.path == "asyncio.run" else ()


def _regex(call: _Call) -> Refs:
    subject, flags = known.REGEX_FUNCTIONS[call.path[3:]]
    name = call.path[3:]
    if not call.node.args:
        return ()
    for trace in whole(call.argument(0)):
        trace.vote(Strength.USED, known.STR)
        trace.add("formats", "regex")
    flag_node = call.node.args[flags] if flags < len(call.node.args) else keyword(call.node, "flags")
    number = call.reader.constant(flag_node)
    refs = call.argument(subject) or call.keywords.get("string", ())
    predicates.matched(refs, None)
    for pattern in call.reader.choices.values(call.node.args[0]):
        predicates.matched(refs, pattern_text(pattern, number))
    if name in ("sub", "subn") and call.argument(1):
        call.vote(Strength.USED, known.STR, known.CALLABLE, position=1)
    if name == "sub":
        return viewed(refs, View.TEXT)
    return viewed(refs, View.PARTS) if name == "split" else ()


def _path(call: _Call) -> Refs:
    refs = call.argument(0)
    for ref in refs:
        if ref.view in (View.SELF, View.TEXT, View.PATH):
            ref.trace.flag("path_like")
            ref.trace.vote(Strength.USED + 1, known.STR, known.PATH)
    match call.path.rpartition(".")[2]:
        case "Path" | "PurePath" | "PosixPath" | "fspath":
            return viewed(refs, View.PATH)
        case "basename":
            return viewed(refs, View.TAIL)
        case "dirname":
            return viewed(refs, View.HEAD)
        case "splitext" | "split":
            return viewed(refs, View.STEM_AND_SUFFIX)
        case "abspath" | "normpath" | "expanduser" | "realpath" | "expandvars" | "normcase":
            return viewed(refs, View.TEXT)
    return ()


def _parse(call: _Call) -> Refs:
    kind = known.TEXT_PARSERS[call.path]
    template = call.constant(1) if call.path.endswith("strptime") else MISSING
    if isinstance(template, str):
        kind = f"strptime:{template}"
    for ref in call.argument(0):
        if ref.view in (View.SELF, View.TEXT):
            ref.trace.vote(Strength.USED, known.STR)
            ref.trace.add("formats", kind or None)
            if call.path == "decimal.Decimal":
                ref.trace.vote(Strength.USED, known.INT)
    if call.path in ("str.lower", "str.upper", "str.strip", "textwrap.dedent"):
        return viewed(call.argument(0), View.TEXT)
    return ()


def _normalize(call: _Call) -> Refs:
    call.vote(Strength.USED, known.STR, position=1)
    return viewed(call.argument(1), View.TEXT)


def _number(call: _Call) -> Refs:
    integers = call.path in known.INTEGER_FUNCTIONS
    kind = known.FLOAT if call.path.startswith("math.") and not integers else known.INT
    for refs in call.arguments:
        for trace in whole(refs):
            trace.flag("numeric")
            trace.vote(Strength.USED, kind)
    return ()


def _open(call: _Call) -> Refs:
    _path(call)
    return ()


def _least(call: _Call) -> Refs:
    if len(call.node.args) == 1:
        _key_function(call)
        return iterate(call.argument(0))
    for refs in call.arguments:
        for trace in whole(refs):
            trace.flag("numeric")
            trace.vote(Strength.HINTED, known.INT)
    return merged(*call.arguments)


def _item(call: _Call) -> Refs:
    return at(call.argument(0), 0)


_HANDLERS: Mapping[str, Callable[[_Call], Refs]] = {
    "isinstance": _isinstance,
    "issubclass": _issubclass,
    "hasattr": _hasattr,
    "getattr": _hasattr,
    "setattr": _hasattr,
    "delattr": _hasattr,
    "callable": _callable,
    "functools.wraps": _wrapped,
    "functools.partial": _wrapped,
    "functools.update_wrapper": _wrapped,
    "inspect.signature": _wrapped,
    "inspect.iscoroutinefunction": _callable,
    "asyncio.iscoroutinefunction": _callable,
    "inspect.isfunction": _callable,
    "int": _convert,
    "float": _convert,
    "complex": _convert,
    "str": _text,
    "bool": _truth,
    "len": _length,
    "enumerate": _enumerate,
    "map": _map,
    "filter": _map,
    "functools.reduce": _map,
    "dict": _dict,
    "type": _type,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "typing.cast": _cast,
    "asyncio.run": _await_later,
    "asyncio.wait_for": _await_later,
    "asyncio.gather": _await_later,
    "asyncio.create_task": _await_later,
    "asyncio.ensure_future": _await_later,
    "unicodedata.normalize": _normalize,
    "min": _least,
    "max": _least,
    "open": _open,
}
