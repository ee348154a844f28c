"""What an exception says was wanted, and of which expression on its line."""

import ast
import re
from dataclasses import dataclass

from qeforge.analysis.blame import Use
from qeforge.domain.facts import TypeRef
from qeforge.domain.observation import Raised
from qeforge.engine.repairs.messages import examples_in, type_ref, wanted_types

_TYPE = re.compile(r"'([\w.]+)'")
_UNPACK = re.compile(r"(?:not enough|too many) values to unpack \(expected (?:at least )?(\d+)")
_ARITY = re.compile(r"(\S+?)\(\) (?:takes (?:from )?(?:no|\d+)|missing \d+ required|got an unexpected keyword)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What would have done.

    Args:
        use: what was done to the value that failed.
        name: the attribute that was asked for.
        key: source of the key that was missing.
        culprits: names of the types that it had; empty when the text does not say.
        types: types that would do.
        texts: strings that would do.
        size: how many items it should have had.
        longer: whether it was too short.
        arity: how many arguments a callable must take; -1 for any number.
        named: words of the text that read like names of classes.
        unhashable: whether all that it lacked was a hash.
    """

    use: Use
    name: str = ""
    key: str = ""
    culprits: frozenset[str] = frozenset()
    types: tuple[TypeRef, ...] = ()
    texts: tuple[str, ...] = ()
    size: int = 0
    longer: bool = False
    arity: int | None = None
    named: tuple[str, ...] = ()
    unhashable: bool = False


def wants(raised: Raised) -> Want:
    """The reading of an exception; of an unknown one, that a condition or an argument was to blame."""
    message = raised.message
    kind = raised.type_name.rpartition(".")[2]
    match kind:
        case "TypeError":
            return _type_error(message)
        case "AttributeError":
            found = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
            if found and found[2] in ("__enter__", "__exit__"):
                return Want(use=Use.ENTER, culprits=frozenset({_last(found[1])}), types=(TypeRef("io.StringIO"),))
            named = re.search(r"has no attribute '(\w+)'", message)
            if named:
                culprits = frozenset({_last(found[1])}) if found else frozenset[str]()
                return Want(use=Use.ATTRIBUTE, name=named[1], culprits=culprits)
        case "KeyError":
            if _is_literal(message):
                return Want(use=Use.INDEX, key=message)
        case "IndexError":
            return Want(use=Use.INDEX, longer=True)
        case "ValueError" if found := _UNPACK.search(message):
            return Want(use=Use.ITERATE, size=int(found[1]))
        case "StopIteration":
            return Want(use=Use.ARGUMENT, longer=True)
        case "UnicodeDecodeError":
            return Want(use=Use.ARGUMENT, culprits=frozenset({"bytes"}), types=(TypeRef("bytes"),))
    kinds = tuple(map(type_ref, wanted_types(message)))
    return Want(use=Use.ARGUMENT, types=kinds, texts=tuple(examples_in(kind, message)), named=_class_names(message))


def _type_error(message: str) -> Want:
    text = message.lower()
    culprits = frozenset(_last(name) for name in _TYPE.findall(message))
    said = re.search(r"not '?([\w.]+)'?$", message.strip().rstrip("."))
    if said:
        culprits |= {_last(said[1])}
    kinds = tuple(map(type_ref, wanted_types(message)))
    culprits -= {kind.name for kind in kinds} if len(culprits) > 1 else set()
    if "not callable" in text:
        return Want(use=Use.CALL, culprits=culprits, types=(TypeRef("callable"),), arity=-1)
    if found := _ARITY.match(message):
        given = re.search(r"but (\d+) (?:positional arguments? )?(?:was|were) given", message)
        if _last(found[1]) in ("<lambda>", "double"):
            return Want(use=Use.CALL, culprits=frozenset({"function"}), arity=int(given[1]) if given else -1)
        return Want(use=Use.CALL)
    if "not subscriptable" in text or "item assignment" in text or "item deletion" in text:
        return Want(use=Use.INDEX, culprits=culprits, types=kinds or (TypeRef("dict"), TypeRef("list")))
    if "indices must be" in text:
        named = re.match(r"(\w+) indices", text)
        return Want(
            use=Use.INDEX,
            culprits=frozenset({"str" if named[1] == "string" else named[1]}) if named else frozenset(),
            types=(TypeRef("dict"),),
        )
    if any(phrase in text for phrase in ("not iterable", "unpack non-iterable", "argument after", "not a mapping")):
        return Want(use=Use.ITERATE, culprits=culprits, types=kinds)
    if "context manager" in text:
        return Want(use=Use.ENTER, culprits=culprits, types=kinds)
    if any(phrase in text for phrase in ("operand", "not supported between", "can only concatenate", "concatenate")):
        return Want(use=Use.OPERAND, culprits=culprits, types=kinds)
    if "unhashable" in text:
        return Want(use=Use.ANY, culprits=culprits, types=kinds, unhashable=True)
    return Want(use=Use.ARGUMENT, culprits=culprits, types=kinds, named=_class_names(message))


def _class_names(message: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"\b_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*\b", message)))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_literal(source: str) -> bool:
    try:
        ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
