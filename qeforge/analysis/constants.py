"""The literals of a module: the likeliest things its callables react to."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qeforge.analysis.static import MISSING, RegexText, StaticValues, keyword, literal_source, pattern_text
from qeforge.analysis.symbols import Symbols, symbols_of
from qeforge.domain.target import SourceModule, Target

LONGEST = 400
"""Characters of source text; what is longer is prose or data."""

_PATTERN_FLAGS = {
    "re.compile": 1,
    "re.match": 2,
    "re.fullmatch": 2,
    "re.search": 2,
    "re.findall": 2,
    "re.finditer": 2,
    "re.split": 3,
    "re.sub": 4,
    "re.subn": 4,
}
_LOGGING = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log"})
_LOOKUPS = frozenset({"get", "pop", "setdefault"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Literals by kind, each once, in the order of first use.

    `strings`, `numbers`, `bytes_` and `keys` are source texts; `keys` are strings that stand as keys of mappings.
    `patterns` are regexes as plain text, flags inside (`(?i)…`), those put together from other constants included.
    """

    strings: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    bytes_: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def module_constants(module: SourceModule) -> Constants:
    """The literals of a whole module. Docstrings, annotations, `__all__` and messages of exceptions and logs are left
    out: nothing is compared with them."""
    collector = _Collector(module, follow=True)
    collector.read(symbols_of(module).tree.body)
    return collector.constants()


def target_constants(module: SourceModule, target: Target) -> Constants:
    """The literals inside one target, and those of the constants that it mentions by name, imported ones of the same
    source tree included."""
    collector = _Collector(module, owner=target.owner, follow=True)
    node = collector.symbols.function(target)
    if node is not None:
        collector.read([*node.args.defaults, *(each for each in node.args.kw_defaults if each), *node.body])
    elif target.qualname in collector.symbols.classes:
        collector.read(collector.symbols.classes[target.qualname].body)
    return collector.constants()


class _Collector:
    def __init__(self, module: SourceModule, owner: str | None = None, follow: bool = False) -> None:
        self.symbols: Symbols = symbols_of(module)
        self.static = StaticValues.of(module)
        self.owner = owner
        self.follow = follow
        self.found: dict[str, dict[str, None]] = {kind: {} for kind in Constants.__slots__}
        self.seen: set[str] = set()

    def constants(self) -> Constants:
        return Constants(**{kind: tuple(texts) for kind, texts in self.found.items()})

    def read(self, nodes: Iterable[ast.AST]) -> None:
        for node in _in_order(nodes):
            match node:
                case ast.Constant():
                    self._value(node.value)
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                    self._value(-number)
                case ast.Dict():
                    self._keys(node.keys)
                case ast.Subscript():
                    self._keys([node.slice])
                case ast.Call():
                    self._call(node)
                case ast.Name() | ast.Attribute() if self.follow:
                    self._mentioned(node)

    def _value(self, value: object) -> None:
        kind = {str: "strings", bytes: "bytes_", int: "numbers", float: "numbers", complex: "numbers"}.get(type(value))
        text = literal_source(value, LONGEST)
        if kind and text is not None:
            self.found[kind][text] = None

    def _keys(self, nodes: Iterable[ast.expr | None]) -> None:
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = literal_source(node.value, LONGEST)
                if text is not None:
                    self.found["keys"][text] = None

    def _call(self, node: ast.Call) -> None:
        path = self.symbols.dotted(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKUPS:
            self._keys(node.args[:1])
        if path not in _PATTERN_FLAGS or not node.args:
            return
        position = _PATTERN_FLAGS[path]
        flags = node.args[position] if position < len(node.args) else keyword(node, "flags")
        self._pattern(
            pattern_text(self.static.value(node.args[0], owner=self.owner), self.static.value(flags, owner=self.owner))
        )

    def _pattern(self, text: str | None) -> None:
        if text:
            self.found["patterns"][text] = None

    def _mentioned(self, node: ast.Name | ast.Attribute) -> None:
        path = self.symbols.dotted(node)
        if path is None or path in self.seen or path.startswith("re."):
            return
        self.seen.add(path)
        value = self.static.value(node, owner=self.owner)
        if value is not MISSING:
            self._flatten(value)
        elif path in self.symbols.constants:
            self.read([self.symbols.constants[path]])

    def _flatten(self, value: object, depth: int = 0) -> None:
        match value:
            case RegexText():
                self._pattern(value.text)
            case dict() if depth < 4:
                for key, inner in value.items():
                    if isinstance(key, str):
                        self.found["keys"][repr(key)] = None
                    self._flatten(key, depth + 1)
                    self._flatten(inner, depth + 1)
            case list() | tuple() if depth < 4:
                for inner in value:
                    self._flatten(inner, depth + 1)
            case _:
                self._value(value)


def _in_order(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Nodes in source order, without those whose literals mean nothing to the code."""
    stack = list(reversed(list(nodes)))
    while stack:
        node = stack.pop()
        if _is_talk(node):
            continue
        yield node
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            continue
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            children = [child for child in children if child is not node.returns]
        if isinstance(node, ast.AnnAssign):
            children = [node.value] if node.value else []
        if isinstance(node, ast.arg):
            children = []
        stack.extend(reversed(children))


def _is_talk(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise():
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "__version__" | "__author__" | "__slots__")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id=owner)))):
            return name in _LOGGING and "log" in owner.lower()
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
    return False
