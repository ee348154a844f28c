"""Puts a new expression into an argument, deep inside if need be."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from keyword import iskeyword

from qeforge.engine.value import Value, literal, merged

Step = tuple[str, str]
Constructor = Callable[[str, str], Sequence[tuple[str, tuple[Step, ...]]]]
"""Class and attribute → the constructor's parameters that the attribute is made of, with the steps to it."""

Positional = Callable[[str], Sequence[str]]
"""Class → names of its constructor's positional parameters."""

_OPEN = frozenset({"SimpleNamespace", "MagicMock", "Mock", "Namespace"})
_NAMESPACE = "from types import SimpleNamespace"
_LONGEST = 600  # characters of an argument that is still worth changing


class Grafter:
    """Changes arguments of one module's tests.

    Args:
        constructor: what an attribute of an instance is made of.
        positional: the order of a constructor's parameters.
    """

    def __init__(self, constructor: Constructor, positional: Positional) -> None:
        self._constructor = constructor
        self._positional = positional

    def put(self, value: Value, steps: Sequence[Step], new: Value) -> Value | None:
        """`value` with `new` where the steps lead; what is in the way is replaced by the smallest object that has the
        place. None when it cannot be done."""
        if not steps:
            return new
        tree = _parsed(value.source)
        inner = _parsed(new.source)
        if tree is None or inner is None or not new.plain:
            return None
        made = self._put(tree, steps, inner)
        return None if made is None else _rebuilt(value, made, new)

    def into_call(self, value: Value, name: str, parameter: str, steps: Sequence[Step], new: Value) -> Value | None:
        """`value` with an argument of the first call of `name` in it changed; None without such a call."""
        tree = _parsed(value.source)
        inner = _parsed(new.source)
        if tree is None or inner is None or not new.plain:
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) == name:
                made = self._argument(node, parameter, steps, inner)
                if made is None:
                    return None
                node.args, node.keywords = made.args, made.keywords
                return _rebuilt(value, tree, new)
        return None

    def at(self, value: Value, steps: Sequence[Step]) -> ast.expr | None:
        """What stands where the steps lead now; None for nothing."""
        node = _parsed(value.source)
        for step in steps:
            node = None if node is None else self._down(node, step)
        return node

    def _down(self, node: ast.expr, step: Step) -> ast.expr | None:
        match step, node:
            case ("attribute", name), ast.Call(func=func, keywords=keywords):
                if _name(func) in _OPEN:
                    return next((each.value for each in keywords if each.arg == name), None)
                for parameter, more in self._constructor(_name(func), name):
                    found = self._given(node, parameter)
                    for step_ in more:
                        found = None if found is None else self._down(found, step_)
                    return found
            case ("key", name), ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return next((v for k, v in pairs if isinstance(k, ast.Constant) and k.value == name), None)
            case ("item", position), (ast.Tuple(elts=items) | ast.List(elts=items)):
                index = int(position)
                return items[index] if -len(items) <= index < len(items) else None
            case ("each", _), (ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items)):
                return items[0] if items else None
            case ("each", _), ast.Dict(values=values):
                return values[0] if values else None
            case ("result", _), ast.Lambda(body=body):
                return body
        return None

    def _given(self, node: ast.Call, parameter: str) -> ast.expr | None:
        for keyword in node.keywords:
            if keyword.arg == parameter:
                return keyword.value
        names = self._positional(_name(node.func))
        if parameter in names and names.index(parameter) < len(node.args):
            return node.args[names.index(parameter)]
        return None

    def _put(self, node: ast.expr | None, steps: Sequence[Step], new: ast.expr) -> ast.expr | None:
        if not steps:
            return new
        step, rest = steps[0], steps[1:]
        below = self._put(None if node is None else self._down(node, step), rest, new)
        if below is None:
            return None
        if step[0] == "attribute" and (not step[1].isidentifier() or iskeyword(step[1])):
            return None  # `getattr` takes any text
        match step, node:
            case ("attribute", name), ast.Call(func=func, args=arguments, keywords=keywords):
                if _name(func) in _OPEN:
                    others = [each for each in keywords if each.arg != name]
                    return ast.Call(func, arguments, [*others, ast.keyword(name, below)])
                for parameter, more in self._constructor(_name(func), name):
                    return self._argument(node, parameter, (*more, *rest), new)
        match step:
            case "attribute", name:
                if name.startswith("__"):
                    return None
                return ast.Call(ast.Name("SimpleNamespace"), [], [ast.keyword(name, below)])
            case "key", name:
                pairs = list(zip(node.keys, node.values, strict=True)) if isinstance(node, ast.Dict) else []
                kept = [(k, v) for k, v in pairs if not (isinstance(k, ast.Constant) and k.value == name)]
                pairs = [*kept, (ast.Constant(name), below)]
                return ast.Dict([key for key, _ in pairs], [held for _, held in pairs])
            case "item", position:
                return _with_item(node, int(position), below)
            case "each", _:
                return _with_each(node, below)
            case "result", _:
                if isinstance(node, ast.Lambda):
                    return ast.Lambda(node.args, below)
                return ast.Lambda(_ANYTHING, below)
        return None

    def _argument(self, node: ast.Call, parameter: str, steps: Sequence[Step], new: ast.expr) -> ast.Call | None:
        """The call with one argument changed or added."""
        below = self._put(self._given(node, parameter), steps, new)
        if below is None:
            return None
        names = self._positional(_name(node.func))
        if parameter in names and names.index(parameter) < len(node.args):
            index = names.index(parameter)
            return ast.Call(node.func, [*node.args[:index], below, *node.args[index + 1 :]], node.keywords)
        others = [each for each in node.keywords if each.arg != parameter]
        return ast.Call(node.func, node.args, [*others, ast.keyword(parameter, below)])


_ANYTHING = ast.arguments(
    posonlyargs=[],
    args=[],
    vararg=ast.arg("args"),
    kwonlyargs=[],
    kw_defaults=[],
    kwarg=ast.arg("kwargs"),
    defaults=[],
)


def _with_item(node: ast.expr | None, index: int, below: ast.expr) -> ast.expr:
    items = list(node.elts) if isinstance(node, ast.Tuple | ast.List) else []
    if index < 0:
        items = [*items[:index], below, *items[len(items) + index + 1 :]] if items else [below]
    else:
        items += [ast.Constant(1)] * (index + 1 - len(items))
        items[index] = below
    return ast.List(items) if isinstance(node, ast.List) else ast.Tuple(items)


def _with_each(node: ast.expr | None, below: ast.expr) -> ast.expr:
    match node:
        case ast.Tuple(elts=items):
            return ast.Tuple([below] * max(1, len(items)))
        case ast.List(elts=items):
            return ast.List([below] * max(1, len(items)))
        case ast.Dict(keys=[_, *_]):
            return ast.Dict(node.keys, [below] * len(node.keys))
    return ast.List([below])


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _parsed(source: str) -> ast.expr | None:
    if len(source) > _LONGEST:
        return None
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        return None


def _rebuilt(value: Value, tree: ast.expr, new: Value) -> Value | None:
    source = ast.unparse(ast.fix_missing_locations(tree))
    if len(source) > _LONGEST:
        return None
    changed = literal(source)
    namespace = (_NAMESPACE,) if "SimpleNamespace(" in source else ()
    return replace(
        changed,
        type_name=changed.type_name or value.type_name,
        shared=changed.shared or isinstance(tree, ast.Call),
        imports=merged((value.imports, new.imports, namespace)),
        fixtures=merged((value.fixtures, new.fixtures)),
        before=merged((value.before, new.before)),
        setup=value.setup if changed.type_name == value.type_name else (),
    )
