"""What of a module has changed since it was looked at last, and what in it that concerns."""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qeforge.analysis.names import import_aliases
from qeforge.analysis.scopes import Definition, blocks, definitions
from qeforge.analysis.syntax import first_line, is_docstring, last_line, normalised, parse
from qeforge.analysis.targets import class_level
from qeforge.domain.target import SourceModule

_PRAGMA = re.compile(r"#.*\bpragma\b.*")
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_HOLDERS = (ast.stmt, ast.excepthandler, ast.match_case)
"""What the blocks of a compound statement consist of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Digests of the parts of a module. Layout and comments make no difference, but for pragmas; docstrings do, since
    their examples are claims.

    Args:
        definitions: of each function, and of each class without its methods, by qualname.
        names: of what each module-level variable and import is bound to, by name.
        rest: of every other statement that importing the module runs, and of its own docstring.
    """

    definitions: Mapping[str, str]
    names: Mapping[str, str]
    rest: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part of a module: the name by which others mention it, its text, and the names that it mentions."""

    name: str
    text: str
    mentions: frozenset[str]


def shape_of(source: str) -> Shape:
    """The shape of a module's text.

    Raises:
        SyntaxError: it is not valid for the running Python.
    """
    tree = parse(source)
    return Shape(
        definitions={qualname: _digest(unit.text) for qualname, unit in _definitions(tree, source).items()},
        names={name: _digest(unit.text) for name, unit in _names(tree).items()},
        rest=_digest(*_rest(tree), ast.get_docstring(tree) or "", *_pragmas(tree, source)),
    )


def concerned(module: SourceModule, before: Shape) -> frozenset[str] | None:
    """Ids of the targets that changed, and of those that use in this module what changed; None when that cannot be told
    apart, because importing the module does something else now.

    Uses are told by name, so that rather one too many is taken: whatever mentions the last part of a changed name. A
    method also mentions its class, which changes with its constructor and its other special methods.

    Args:
        module: as it is now.
        before: its shape at the time with which to compare.
    """
    now = shape_of(module.source)
    if now.rest != before.rest or now.names.get("*") != before.names.get("*"):
        return None
    tree = parse(module.source)
    units = {**_names(tree), **_definitions(tree, module.source)}
    old, new = {**before.names, **before.definitions}, {**now.names, **now.definitions}
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    said = {units[name].name if name in units else _spoken(name) for name in changed}
    concerns = {name for name in changed if name in units}
    while more := {name for name, unit in units.items() if name not in concerns and not unit.mentions.isdisjoint(said)}:
        concerns |= more
        said |= {units[name].name for name in more}
    return frozenset(target.id for target in module.targets if target.qualname in concerns)


def _definitions(tree: ast.Module, source: str) -> dict[str, _Unit]:
    lines = source.splitlines()
    found: dict[str, _Unit] = {}
    for definition in definitions(tree):
        unit = _unit(definition, lines)
        if earlier := found.get(definition.qualname):  # a setter, an overload, another branch of an `if`
            unit = _Unit(unit.name, f"{earlier.text}\n{unit.text}", earlier.mentions | unit.mentions)
        found[definition.qualname] = unit
    return found


def _unit(definition: Definition, lines: list[str]) -> _Unit:
    node = definition.node
    nodes: list[ast.AST] = [node]
    if isinstance(node, ast.ClassDef):
        nodes = [*node.decorator_list, *node.bases, *node.keywords, *class_level(node)]
    doc = "" if isinstance(node, ast.Lambda) else "\n".join(_docstrings(node))
    span = lines[(node.lineno if isinstance(node, ast.Lambda) else first_line(node)) - 1 : last_line(node)]
    text = "\n".join((normalised(*nodes), doc, *(_found_pragmas(span) if not isinstance(node, ast.ClassDef) else ())))
    owner = definition.owner.name if definition.owner is not None else None
    return _Unit(_spoken(definition.qualname), text, _mentions(nodes) | ({owner} if owner else set()))


def _docstrings(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[str]:
    """Of a function and what is in it; of a class alone, whose methods are units of their own."""
    inside = [node] if isinstance(node, ast.ClassDef) else ast.walk(node)
    for one in inside:
        if isinstance(one, _DEFINES):
            yield ast.get_docstring(one) or ""


def _spoken(qualname: str) -> str:
    """The name by which code mentions a definition: a special method is used by using its class."""
    rest, _, name = qualname.rpartition(".")
    is_special = name.startswith("__") and name.endswith("__")
    return rest.rpartition(".")[2] if is_special and rest else name


def _names(tree: ast.Module) -> dict[str, _Unit]:
    found = {name: _Unit(name, path, frozenset()) for name, path in import_aliases(tree).items()}
    for statement in _run_on_import(tree):
        for name in _bound(statement):
            earlier = found.get(name, _Unit(name, "", frozenset()))
            text = f"{earlier.text}\n{normalised(statement)}"
            found[name] = _Unit(name, text, earlier.mentions | _mentions([statement]) - {name})
    return found


def _rest(tree: ast.Module) -> Iterator[str]:
    """What importing does beside defining and binding: calls, changes of tables, conditions."""
    for node in _run_on_import(tree):
        children = list(ast.iter_child_nodes(node))
        conditions = [child for child in children if not isinstance(child, _HOLDERS)]
        if len(conditions) < len(children):
            yield f"{type(node).__name__}({normalised(*conditions)})"
        elif not is_docstring(node) and not isinstance(node, ast.Import | ast.ImportFrom) and not _bound(node):
            yield normalised(node)


def _run_on_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement, handler and case that importing the module may run, those in functions and classes left out;
    compound ones before what they hold."""
    stack: list[ast.AST] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if not isinstance(node, _DEFINES):
            yield node
            stack.extend(reversed(blocks(node)))


def _bound(node: ast.AST) -> list[str]:
    """Names that an assignment binds; `TABLE["a"] = 1` binds none."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    found = [node for target in targets for node in ast.walk(target)]
    return [node.id for node in found if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _mentions(nodes: Iterable[ast.AST]) -> frozenset[str]:
    found: set[str] = set()
    for root in nodes:
        for node in ast.walk(root):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return frozenset(found)


def _pragmas(tree: ast.Module, source: str) -> list[str]:
    """Those outside of all functions."""
    inside: set[int] = set()
    for definition in definitions(tree):
        if not isinstance(definition.node, ast.ClassDef):
            inside.update(range(definition.node.lineno, last_line(definition.node) + 1))
    return _found_pragmas([line for number, line in enumerate(source.splitlines(), 1) if number not in inside])


def _found_pragmas(lines: Iterable[str]) -> list[str]:
    return [found[0] for line in lines if (found := _PRAGMA.search(line))]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
