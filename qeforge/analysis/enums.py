"""What the members of an enum stand for."""

import ast
from collections.abc import Iterator

from qeforge.analysis.classes import Classes
from qeforge.analysis.symbols import Symbols
from qeforge.domain.facts import ClassKind
from qeforge.domain.target import Target

_MOST = 24


def member_values(symbols: Symbols, target: Target) -> tuple[str, ...]:
    """Sources of the literals that stand for an enum's members, which calling it turns into them; empty where the
    target makes no enum. Values that are computed (`auto()`) are left out.

    Args:
        symbols: of the target's module.
        target: what makes objects of a class.
    """
    node = symbols.classes.get(target.qualname)
    if node is None:
        return ()
    classes = Classes(symbols.classes, symbols.imports)
    if classes.kind(node) is not ClassKind.ENUM:
        return ()
    return tuple(dict.fromkeys(_literals(classes.members(node))))[:_MOST]


def _literals(members: list[ast.Assign]) -> Iterator[str]:
    for member in members:
        try:
            ast.literal_eval(member.value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        yield ast.unparse(member.value)
