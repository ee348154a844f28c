"""What calls say about the value that is called, the object whose method it is, and the arguments."""

import ast
from typing import TYPE_CHECKING

from qeforge.analysis.evidence import knowledge as known
from qeforge.analysis.evidence import predicates
from qeforge.analysis.evidence.functions import read_function
from qeforge.analysis.evidence.model import Strength, Trace
from qeforge.analysis.evidence.refs import Ref, Refs, View, iterate, viewed, whole
from qeforge.analysis.evidence.surroundings import Link
from qeforge.analysis.static import MISSING, RegexText
from qeforge.domain.facts import TypeRef

if TYPE_CHECKING:
    from qeforge.analysis.evidence.expressions import ExpressionReader


class CallReader:
    """Reads calls for a reader of expressions."""

    def __init__(self, reader: "ExpressionReader") -> None:
        self.reader = reader

    def call(self, node: ast.Call) -> Refs:
        """What the call's value may stand for; notes on callee and arguments are taken."""
        base: Refs = ()
        callee: Refs = ()
        if isinstance(node.func, ast.Attribute):
            base = self.reader.value(node.func.value)
        else:
            callee = self.reader.value(node.func)
        arguments = [self.reader.value(each) for each in node.args]
        keywords = [(each.arg, self.reader.value(each.value)) for each in node.keywords]
        for name, refs in keywords:
            if name is None:
                for trace in whole(refs):
                    trace.vote(Strength.USED, known.DICT)
        self._pass_on(node, arguments, keywords)
        if base and isinstance(node.func, ast.Attribute):
            return self._method(node, node.func.attr, base, arguments)
        if callee:
            return self._called(node, callee)
        if isinstance(node.func, ast.Attribute):
            found = self._method_of_constant(node, node.func, arguments)
            if found is not None:
                return found
        path = self.reader.around.symbols.dotted(node.func)
        if path is None or path.partition(".")[0] in self.reader.names:
            return ()
        return read_function(self.reader, path, node, arguments, dict(keywords))

    # -- the value that is called -------------------------------------------------------------------------------

    def _called(self, node: ast.Call, callee: Refs) -> Refs:
        found: list[Ref] = []
        for ref in callee:
            if ref.view is View.SELF:
                note_call(ref.trace, node)
                found.append(Ref(ref.trace.outcome()))
        return tuple(found)

    # -- methods of a tracked value -----------------------------------------------------------------------------

    def attribute_votes(self, trace: Trace, name: str) -> None:
        """What having an attribute of that name says about the types of its owner."""
        if name in known.FILE_METHODS:
            trace.flag("file_like")
        owners = known.METHODS.get(name, ())
        sure = [each for each in owners if each != known.BYTES] or list(owners)
        if len(sure) == 1:
            trace.vote(Strength.HINTED if name in known.AMBIGUOUS else Strength.USED, *sure)
        trace.vote(Strength.HINTED, *owners)

    def _method(self, node: ast.Call, name: str, base: Refs, arguments: list[Refs]) -> Refs:
        found: list[Ref] = []
        firsts = self.reader.choices.values(node.args[0]) if node.args else ()
        first = next(iter(firsts), MISSING)
        if name in known.TEXT_ARGUMENTS:
            for trace in [trace for refs in arguments for trace in whole(refs)]:
                trace.vote(Strength.USED + 1, known.STR)
        for ref in base:
            if ref.view is View.SELF:
                method = ref.trace.attribute(name)
                note_call(method, node)
                self.attribute_votes(ref.trace, name)
                found.extend(self._on_self(ref.trace, method, name, first, node))
            elif ref.view in (View.TEXT, View.HEAD, View.TAIL, View.PART, View.PATH):
                found.extend(self._on_text(ref, name))
            elif ref.view in (View.KEYS, View.VALUES, View.ITEMS):
                found.append(ref)
        for value in firsts or (MISSING,):
            self._searched(name, base, value)
        return tuple(found)

    def _on_self(self, trace: Trace, method: Trace, name: str, first: object, node: ast.Call) -> list[Ref]:
        if name in known.TEXT_METHODS:
            return [Ref(trace, View.TEXT)]
        if name in known.SPLITS:
            return [Ref(trace, View.PARTS)]
        views = {"keys": View.KEYS, "values": View.VALUES, "items": View.ITEMS}
        if name in views and not node.args:
            return [Ref(trace, views[name])]
        if name in ("get", "pop", "setdefault") and isinstance(first, str):
            trace.vote(Strength.USED, known.DICT)
            return [Ref(trace.key(first))]
        if name == "get" and node.args:
            trace.vote(Strength.USED, known.DICT)
            return [Ref(trace.each_value())]
        if name == "copy" and not node.args:
            return [Ref(trace)]
        if name == "pop":
            return [Ref(trace.each())]
        return [Ref(method.outcome())]

    def _on_text(self, ref: Ref, name: str) -> list[Ref]:
        if ref.view is View.PATH:
            self.attribute_votes(ref.trace, name)
            return []
        if name in known.SPLITS:
            return [Ref(ref.trace, View.PARTS)]
        return [ref] if name in known.TEXT_METHODS else []

    def _searched(self, name: str, base: Refs, first: object) -> None:
        if name == "startswith":
            predicates.starts(base, first, "prefixes")
        elif name == "endswith":
            predicates.starts(base, first, "suffixes")
        elif name in known.SEARCHES or name in known.SPLITS:
            text = "\n" if name == "splitlines" else first
            for ref in base:
                if isinstance(text, str | bytes) and text and ref.view is not View.PARTS:
                    ref.trace.add("contains", repr(text))
        elif name in ("removeprefix", "removesuffix"):
            predicates.starts(base, first, "prefixes" if name == "removeprefix" else "suffixes")

    # -- methods of constants -----------------------------------------------------------------------------------

    def _method_of_constant(self, node: ast.Call, function: ast.Attribute, arguments: list[Refs]) -> Refs | None:
        """`PATTERN.match(x)`, `TABLE.get(x)`, `", ".join(x)`; None when the object is no constant."""
        owners = self.reader.choices.values(function.value)
        if not owners or not arguments:
            return None
        found: Refs = ()
        for owner in owners:
            found = self._on_constant(owner, function.attr, arguments)
        return found

    def _on_constant(self, owner: object, name: str, arguments: list[Refs]) -> Refs:
        refs = arguments[0]
        if isinstance(owner, RegexText) and name in known.REGEX_FUNCTIONS:
            position = known.REGEX_FUNCTIONS[name][0] - 1
            subject = arguments[position] if position < len(arguments) else ()
            predicates.matched(subject, owner.text)
            return viewed(subject, View.PARTS if name == "split" else View.TEXT) if name in ("split", "sub") else ()
        if isinstance(owner, dict | list | tuple) and name in ("get", "pop", "setdefault", "index", "count", "remove"):
            predicates.among(refs, owner)
        elif isinstance(owner, str) and name == "join":
            for trace in whole(refs):
                trace.vote(Strength.HINTED, TypeRef("list", (known.STR,)))
            for ref in iterate(refs):
                ref.trace.vote(Strength.USED, known.STR)
        elif isinstance(owner, str) and name in known.TEXT_ARGUMENTS:
            for trace in whole(refs):
                trace.vote(Strength.USED, known.STR)
        return ()

    # -- passing on ---------------------------------------------------------------------------------------------

    def _pass_on(self, node: ast.Call, arguments: list[Refs], keywords: list[tuple[str | None, Refs]]) -> None:
        if not any(arguments) and not any(refs for _, refs in keywords):
            return
        text = self._callee_text(node.func)
        callee = self._own_callee(node.func)
        slots: list[tuple[int | str, Refs]] = [
            *enumerate(arguments),
            *((name, refs) for name, refs in keywords if name),
        ]
        starred = any(isinstance(each, ast.Starred) for each in node.args)
        for slot, refs in slots:
            for trace in whole(refs):
                if text:
                    trace.passed_to[(text, slot)] = None
                if callee and not (starred and isinstance(slot, int)):
                    self.reader.around.links.append(Link(callee[0], slot, callee[1], trace))

    def _callee_text(self, function: ast.expr) -> str | None:
        path = self.reader.around.symbols.dotted(function)
        return (
            path
            if path is None or path.partition(".")[0] not in self.reader.names or path.startswith("self.")
            else None
        )

    def _own_callee(self, function: ast.expr) -> tuple[str, bool] | None:
        """Qualname of the callable of this module that is called, and whether it is bound; classes give their
        constructor."""
        symbols = self.reader.around.symbols
        if isinstance(function, ast.Name):
            inner = f"{self.reader.qualname}.{function.id}"
            if inner in symbols.functions:
                return inner, False
            if function.id in symbols.functions and function.id not in self.reader.names:
                return function.id, False
            return (f"{function.id}.__init__", True) if function.id in symbols.classes else None
        if not isinstance(function, ast.Attribute):
            return None
        base = function.value
        if isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and base.func.id == "super":
            return self._in_class(self.reader.owner, function.attr, skip=True)
        if isinstance(base, ast.Name) and base.id in ("self", "cls") and self.reader.owner:
            return self._in_class(self.reader.owner, function.attr)
        if isinstance(base, ast.Name) and base.id in symbols.classes:
            found = self._in_class(base.id, function.attr)
            if found is None:
                return None
            decorators = {symbols.dotted(each) for each in symbols.functions[found[0]][-1].decorator_list}
            return found[0], "classmethod" in decorators
        return None

    def _in_class(self, owner: str | None, name: str, skip: bool = False) -> tuple[str, bool] | None:
        symbols = self.reader.around.symbols
        for _ in range(8):
            if owner is None or owner not in symbols.classes:
                return None
            qualname = f"{owner}.{name}"
            if qualname in symbols.functions and not skip:
                static = any(
                    symbols.dotted(each) == "staticmethod" for each in symbols.functions[qualname][-1].decorator_list
                )
                return qualname, not static
            skip = False
            bases = symbols.classes[owner].bases
            owner = symbols.dotted(bases[0]) if bases else None
        return None


def note_call(trace: Trace, node: ast.Call) -> None:
    """Notes that the value is called, and with how many arguments when that is known."""
    trace.flag("called")
    fixed = not any(isinstance(each, ast.Starred) for each in node.args) and all(each.arg for each in node.keywords)
    if fixed and trace.arity is None:
        trace.arity = len(node.args) + len(node.keywords)
