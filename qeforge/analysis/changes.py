"""Which targets have changed since a git revision."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qeforge.analysis.git import files_at, repository_of, resolve_revision
from qeforge.analysis.names import import_aliases
from qeforge.analysis.scopes import blocks
from qeforge.analysis.syntax import decode_source, normalised, parse
from qeforge.analysis.targets import class_level, nodes_by_qualname, targets_of
from qeforge.domain.target import SourceModule


def changed_targets(modules: Sequence[SourceModule], rev: str) -> frozenset[str]:
    """Ids of the targets whose code differs between a git revision and the working tree, staged or not.

    Layout, comments and docstrings make no difference. A target has also changed when a module-level constant or import
    that its code mentions has. Files that the revision does not have, renamed ones included, are new as a whole.

    Args:
        modules: as discovered, of one or several repositories.
        rev: a commit, branch or tag.

    Raises:
        UsageError: a module outside every git repository, or a revision that its repository does not know.
        UnavailableError: git is not installed.
    """
    changed: set[str] = set()
    for top, held in _by_repository(modules).items():
        commit = resolve_revision(top, rev)
        paths = {module.path.resolve().relative_to(top).as_posix(): module for module in held}
        old = files_at(top, commit, list(paths)) if commit is not None else {}
        for path, module in paths.items():
            changed |= _changed(module, old.get(path))
    return frozenset(changed)


def _by_repository(modules: Sequence[SourceModule]) -> Mapping[Path, list[SourceModule]]:
    tops: dict[Path, Path] = {}
    groups: dict[Path, list[SourceModule]] = {}
    for module in modules:
        folder = module.path.resolve().parent
        if folder not in tops:
            tops[folder] = repository_of(folder)
        groups.setdefault(tops[folder], []).append(module)
    return groups


def _changed(module: SourceModule, old: bytes | None) -> set[str]:
    everything = {target.id for target in module.targets}
    if old is None:
        return everything
    try:
        before = parse(decode_source(old))
    except (SyntaxError, UnicodeDecodeError):
        return everything  # whatever it was, it could not run
    after = parse(module.source)
    digests = {target.qualname: target.digest for target in targets_of(before, module.name)}
    names = _changed_names(_bindings(before), _bindings(after))
    mentions = _mentions(after) if names else {}
    return {
        target.id
        for target in module.targets
        if digests.get(target.qualname) != target.digest or not names.isdisjoint(mentions.get(target.qualname, ()))
    }


def _bindings(tree: ast.Module) -> dict[str, tuple[str, frozenset[str]]]:
    """Module-level variables and imports: what each is bound to, as text, and the names that this mentions."""
    found: dict[str, tuple[str, frozenset[str]]] = {
        name: (path, frozenset()) for name, path in import_aliases(tree).items()
    }
    for statement in _module_statements(tree):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for name in _names(target):
                earlier, mentioned = found.get(name, ("", frozenset()))
                found[name] = (f"{earlier}\n{normalised(statement)}", mentioned | _names(statement))
    return found


def _module_statements(tree: ast.Module) -> Iterator[ast.Assign | ast.AnnAssign | ast.AugAssign]:
    stack: list[ast.AST] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            stack.extend(reversed(blocks(node)))


def _changed_names(
    before: Mapping[str, tuple[str, frozenset[str]]], after: Mapping[str, tuple[str, frozenset[str]]]
) -> set[str]:
    changed = {name for name in {*before, *after} if before.get(name, ("",))[0] != after.get(name, ("",))[0]}
    while more := {name for name, (_, used) in after.items() if name not in changed and not used.isdisjoint(changed)}:
        changed |= more
    return changed


def _mentions(tree: ast.Module) -> dict[str, frozenset[str]]:
    """The names in each target's code, and in the class that it belongs to."""
    found: dict[str, frozenset[str]] = {}
    for qualname, group in nodes_by_qualname(tree).items():
        nodes: list[ast.AST] = []
        for definition in group:
            is_class = isinstance(definition.node, ast.ClassDef)
            owner = definition.node if isinstance(definition.node, ast.ClassDef) else definition.owner
            nodes += [] if is_class else [definition.node]
            if owner is not None:
                nodes += [*owner.decorator_list, *owner.bases, *owner.keywords, *class_level(owner)]
        found[qualname] = frozenset().union(*map(_names, nodes))
    return found


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(child.id for child in ast.walk(node) if isinstance(child, ast.Name))
