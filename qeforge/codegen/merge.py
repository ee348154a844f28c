"""A generated file brought up to date: tests of code that was not looked at again stay as they are, to the letter."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from qeforge.codegen.header import Header, read_header, stamp, test_name
from qeforge.codegen.imports import ImportPlan, bindings
from qeforge.codegen.names import unique_name
from qeforge.codegen.render import Piece
from qeforge.codegen.syntax import bound_names


def merge(old: str, new: str, *, refreshed: Collection[str]) -> str:
    """The old file with the tests of refreshed targets taken from the new one, and those of targets that are gone left
    out. What is in the old file for no target (a person's own test or helper) stays.

    The marks are renewed; a target that was not refreshed keeps its old digest, so that it still counts as stale when
    its code has changed. The imports are sorted, but it takes `format_source` to lay them out.

    Args:
        old: the file as it is; `new` is returned as it is when this carries no marks of ours.
        new: a generated file for the same module, with its marks.
        refreshed: ids of the targets whose tests come from `new`.
    """
    before, after = read_header(old), read_header(new)
    if before is None or after is None or not before.digests:
        return new
    gone = before.digests.keys() - after.digests.keys()
    kept = [p for p in _pieces(old, before) if p.target not in gone and (not p.target or p.target not in refreshed)]
    added = [p for p in _pieces(new, after) if not p.target or p.target in refreshed]
    plan = ImportPlan(after.module.partition(".")[0], bindings(_imports(old)))
    changed = plan.add(bindings(_imports(new)), {piece.name for piece in (*kept, *added)})
    changed |= _fresh_names(kept, added)
    known = {_meaning(piece.text) for piece in kept}
    fresh = [_renamed(piece, changed) for piece in added if _meaning(piece.text) not in known]
    digests = {
        target: digest if target in refreshed else before.digests[target]
        for target, digest in after.digests.items()
        if target in refreshed or target in before.digests
    }
    return _whole(after.module, plan, _in_order(_in_use([*kept, *fresh], edited=before.edited), list(digests)), digests)


def _whole(module: str, plan: ImportPlan, pieces: Sequence[Piece], digests: Mapping[str, str]) -> str:
    imports = plan.statements([ast.parse(piece.text) for piece in pieces]).rstrip("\n")
    head = "\n\n".join(filter(None, (f'"""Tests for {module}."""', imports)))
    counts = {target: sum(piece.target == target for piece in pieces) for target in digests}
    return stamp("\n\n\n".join((head, *(piece.text for piece in pieces))) + "\n", digests, counts)


def _imports(text: str) -> list[str]:
    return [ast.unparse(node) for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]


def _pieces(text: str, header: Header) -> Iterator[Piece]:
    """Every top-level statement but the docstring and imports, with the comments right above it."""
    lines = text.splitlines()
    tree = ast.parse(text)
    previous = 0
    for index, node in enumerate(tree.body):
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        end = node.end_lineno or node.lineno
        is_docstring = index == 0 and ast.get_docstring(tree) is not None
        if not is_docstring and not isinstance(node, ast.Import | ast.ImportFrom):
            while start > previous and lines[start - 1].startswith("#"):
                start -= 1
            name = getattr(node, "name", "") or min(bound_names([node]), default="")
            owner = header.tests.get(test_name(node) or "", "")
            yield Piece(name=name, text="\n".join(lines[start:end]), target=owner)
        previous = end


def _fresh_names(kept: Sequence[Piece], added: Sequence[Piece]) -> dict[str, str]:
    """New names for added definitions that would hide a kept one that says something else."""
    texts = {piece.name: _meaning(piece.text) for piece in kept}
    taken = {piece.name for piece in (*kept, *added)}
    found = {}
    for piece in added:
        if piece.name in texts and texts[piece.name] != _meaning(piece.text):
            found[piece.name] = unique_name([piece.name], taken)
            taken.add(found[piece.name])
    return found


def _meaning(text: str) -> str:
    return ast.dump(ast.parse(text))


def _renamed(piece: Piece, changed: Mapping[str, str]) -> Piece:
    """The piece with names changed where they stand, the rest of its text untouched."""
    lines = [line.encode() for line in piece.text.split("\n")]
    places = []
    for node in ast.walk(ast.parse(piece.text)):
        name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else ""
        if name in changed and isinstance(node, ast.Name | ast.arg):
            places.append((node.lineno - 1, node.col_offset, name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in changed:
            row = node.lineno - 1
            places.append((row, lines[row].index(node.name.encode(), node.col_offset + 4), node.name))
    for row, column, name in sorted(places, reverse=True):
        line = lines[row]
        lines[row] = line[:column] + changed[name].encode() + line[column + len(name.encode()) :]
    text = "\n".join(line.decode() for line in lines)
    return replace(piece, name=changed.get(piece.name, piece.name), text=text)


def _in_use(pieces: Sequence[Piece], *, edited: bool) -> list[Piece]:
    """The pieces without fixtures and helpers that no other piece asks for any more; a person's helpers stay."""
    kept = list(pieces)
    while True:
        asked = [_words(piece) for piece in kept]
        idle = [
            piece
            for piece in kept
            if not piece.name.startswith("test")
            and ("pytest.fixture" in piece.text or not edited)
            and "autouse" not in piece.text
            and not any(piece.name in words for other, words in zip(kept, asked, strict=True) if other is not piece)
        ]
        if not idle:
            return kept
        kept = [piece for piece in kept if not any(piece is other for other in idle)]


def _words(piece: Piece) -> set[str]:
    tree = ast.parse(piece.text)
    return bound_names([tree]) | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _in_order(pieces: Sequence[Piece], targets: Sequence[str]) -> list[Piece]:
    """Fixtures and helpers, then tests as their targets stand in the source, then tests that are for no target."""

    def place(piece: Piece) -> int:
        if piece.target:
            return targets.index(piece.target)
        return len(targets) if piece.name.startswith("test") else -1

    return sorted(pieces, key=place)
