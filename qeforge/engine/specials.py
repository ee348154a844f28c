"""How people call special methods: by operators, builtins and functions of the standard library."""

import ast
from dataclasses import dataclass

_BINARY = {
    "__add__": "+",
    "__sub__": "-",
    "__mul__": "*",
    "__truediv__": "/",
    "__floordiv__": "//",
    "__mod__": "%",
    "__pow__": "**",
    "__and__": "&",
    "__or__": "|",
    "__xor__": "^",
    "__lshift__": "<<",
    "__rshift__": ">>",
    "__matmul__": "@",
    "__eq__": "==",
    "__ne__": "!=",
    "__lt__": "<",
    "__le__": "<=",
    "__gt__": ">",
    "__ge__": ">=",
}
_REFLECTED = {f"__r{name[2:]}": sign for name, sign in _BINARY.items()}
_UNARY = {"__neg__": "-", "__pos__": "+", "__invert__": "~"}
_FUNCTION = {
    "__len__": "len",
    "__str__": "str",
    "__repr__": "repr",
    "__bool__": "bool",
    "__int__": "int",
    "__float__": "float",
    "__bytes__": "bytes",
    "__abs__": "abs",
    "__iter__": "list",
    "__reversed__": "list(reversed",
    "__hash__": "hash",
    "__next__": "next",
    "__round__": "round",
    "__dir__": "dir",
    "__complex__": "complex",
    "__format__": "format",
    "__divmod__": "divmod",
}
_IMPORTED = {
    "__trunc__": "math.trunc",
    "__floor__": "math.floor",
    "__ceil__": "math.ceil",
    "__index__": "operator.index",
    "__copy__": "copy.copy",
    "__fspath__": "os.fspath",
    "__length_hint__": "operator.length_hint",
}
_INPLACE = {
    f"__i{name[2:]}": f"{sign}=" for name, sign in _BINARY.items() if sign not in ("==", "!=", "<", "<=", ">", ">=")
}

DRAINED = frozenset({"__iter__", "__reversed__"})
"""Methods that are called through `list`, which drains what they return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A call, or a statement, and the import statements that it needs."""

    source: str
    imports: tuple[str, ...] = ()


def said_of(name: str, receiver: str, texts: list[str]) -> Said | None:
    """The call of a special method on `receiver` as a person writes it; None for a method that has no other form.

    Args:
        name: of the method.
        receiver: expression of the object.
        texts: the arguments.
    """
    home, _, function = _IMPORTED.get(name, "").partition(".")
    if function and not texts and receiver != home:
        return Said(source=f"{home}.{function}({receiver})", imports=(f"import {home}",))
    if name == "__deepcopy__" and receiver != "copy":
        return Said(source=f"copy.deepcopy({receiver})", imports=("import copy",))
    source = _source(name, receiver, texts)
    return None if source is None else Said(source=source)


def _source(name: str, receiver: str, texts: list[str]) -> str | None:
    if name in _BINARY and len(texts) == 1:
        return f"{receiver} {_BINARY[name]} {texts[0]}"
    if name in _REFLECTED and len(texts) == 1:
        return f"{texts[0]} {_REFLECTED[name]} {receiver}"
    if name in _INPLACE and len(texts) == 1:
        return f"{receiver} {_INPLACE[name]} {texts[0]}\nresult = {receiver}"
    if name in _UNARY and not texts:
        return f"{_UNARY[name]}{receiver}"
    if name in _FUNCTION:
        function = _FUNCTION[name]
        return f"{function}({', '.join([receiver, *texts])})" + (")" if "(" in function else "")
    match name, texts:
        case "__getitem__", [key]:
            return f"{receiver}[{_key(key)}]"
        case "__setitem__", [key, value]:
            return f"{receiver}[{_key(key)}] = {value}"
        case "__delitem__", [key]:
            return f"del {receiver}[{_key(key)}]"
        case "__contains__", [item]:
            return f"{item} in {receiver}"
        case "__call__", _:
            return f"{receiver}({', '.join(texts)})"
        case (("__getattr__" | "__getattribute__"), [attribute]):
            return f"getattr({receiver}, {attribute})"
        case "__delattr__", [attribute]:
            return f"delattr({receiver}, {attribute})"
        case "__setattr__", [attribute, value]:
            return f"setattr({receiver}, {attribute}, {value})"
        case (("__enter__" | "__aenter__" | "__exit__" | "__aexit__" | "__aiter__"), _):
            return receiver
        case _:
            return None


def _key(source: str) -> str:
    """What stands between the brackets: `slice(1, 3)` is `1:3`."""
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return source
    match node:
        case ast.Call(func=ast.Name(id="slice"), args=[_, *_] as bounds, keywords=[]) if len(bounds) <= 3:
            first = [None] if len(bounds) == 1 else []
            texts = [
                "" if bound is None or (isinstance(bound, ast.Constant) and bound.value is None) else ast.unparse(bound)
                for bound in (*first, *bounds)
            ]
            return ":".join(texts)
        case _:
            return source
