"""What is in a kept candidate beside its call, and fits elsewhere: how objects were made, what stood in for the
outside. Pure."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qeforge.analysis.symbols import symbols_of
from qeforge.codegen.syntax import names_in, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Accepted, Pattern, PatternKind
from qeforge.domain.recipe import Fake, Ingredient, Recipe
from qeforge.domain.target import SourceModule, Target
from qeforge.memory.calls import is_whole, needed

MOST_OF_PART = 200
"""Characters of an expression that is remembered by itself."""
_DEEPEST = 4
_MOST_INLINED = 4 * MOST_OF_PART
"""Characters up to which names are put in: each round may repeat a long text many times."""
_SETTERS = ("monkeypatch.setattr",)


def parts_of(module: SourceModule, target: Target, accepted: Accepted, *, project: str) -> Iterator[Pattern]:
    """Constructions and fakes in a candidate, each whole in itself: local names are put in by what they were assigned.

    What the act makes counts only where it returned, because an exception may be that of the constructor.

    Args:
        module: the target's.
        target: what was tested.
        accepted: a candidate of it that is in the suite.
        project: as `Pattern.project`.
    """
    written = _Written.of(accepted.candidate)
    nodes = [*written.arrange, *(() if accepted.raised else written.act)]
    for node in (inner for each in nodes for inner in ast.walk(each)):
        if not isinstance(node, ast.Call):
            continue
        dotted = written.dotted(node.func) or ""
        if dotted.partition(".")[0] == module.name.partition(".")[0] and _is_class(dotted):
            shape = shape_of_object(dotted)
            yield from _pattern(PatternKind.CONSTRUCTION, shape, node, written, target, project)
        elif dotted in _SETTERS and not node.keywords:
            replaced = _replaced(node.args, written, module)
            if replaced is not None and replaced.partition(".")[0] != module.name.partition(".")[0]:
                shape = shape_of_outside(replaced)
                yield from _pattern(PatternKind.FAKE, shape, node.args[-1], written, target, project)


def shape_of_object(dotted: str) -> str:
    """What objects of a class are found by, the bare name first: a test may name another place than the definition."""
    owner, _, name = dotted.rpartition(".")
    return f"object {name} {owner}"


def shape_of_outside(dotted: str) -> str:
    """What stand-ins for a callable are found by."""
    return f"outside {dotted} "


def part_range(kind: PatternKind, name: str) -> tuple[str, str]:
    """The first shape that a part for that name can have, and the first behind all of them."""
    word = "object" if kind is PatternKind.CONSTRUCTION else "outside"
    return f"{word} {name} ", f"{word} {name}!"


def name_of(pattern: Pattern) -> str:
    """The bare name of the class, or the dotted one of the callable, that a part is for."""
    return pattern.shape.split(" ")[1]


def object_recipe(pattern: Pattern) -> Recipe:
    """A construction as the native engine reads what builds objects."""
    _, name, owner = [*pattern.shape.split(" "), "", ""][:3]
    made = Ingredient(
        source=pattern.act, type_name=f"{owner}.{name}", imports=pattern.imports, fixtures=pattern.fixtures
    )
    return Recipe(target=f"memory:{pattern.id}", receiver=made)


def fake_of(pattern: Pattern) -> Fake:
    """A remembered stand-in as the native engine reads them."""
    return Fake(stands_for=name_of(pattern), source=pattern.act, imports=pattern.imports)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A candidate as code: `assigned` holds what plain names were assigned, once."""

    candidate: Candidate
    arrange: Sequence[ast.stmt]
    act: Sequence[ast.stmt]
    assigned: Mapping[str, ast.expr]
    imported: Mapping[str, str]

    @classmethod
    def of(cls, candidate: Candidate) -> "_Written":
        arrange = [node for line in candidate.arrange for node in statements(line)]
        act = statements(candidate.act)
        stored = [
            node.id
            for each in (*arrange, *act)
            for node in ast.walk(each)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        ]
        assigned = {
            node.targets[0].id: node.value
            for node in arrange
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        }
        imported: dict[str, str] = {}
        for node in (node for line in candidate.imports for node in statements(line)):
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
            elif isinstance(node, ast.Import):
                for one in node.names:
                    top = one.name.partition(".")[0]
                    imported[one.asname or top] = one.name if one.asname else top
        once = {name: value for name, value in assigned.items() if stored.count(name) == 1}
        return cls(candidate=candidate, arrange=arrange, act=act, assigned=once, imported=imported)

    def dotted(self, node: ast.expr) -> str | None:
        """The path that a chain of names stands for; None for one that does not begin at an import or a fixture."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        head = node.id if node.id in self.candidate.fixtures else self.imported.get(node.id)
        return None if head is None else ".".join((head, *reversed(names)))

    def whole(self, node: ast.expr) -> ast.expr | None:
        """The expression with local names put in; None where that has no end, or grows too long."""
        for _ in range(_DEEPEST):
            text = ast.unparse(node)
            inlined = _Inlined(self.assigned)
            whole: ast.expr = inlined.visit(ast.parse(text, mode="eval").body)
            if not inlined.put_in:
                return node
            grown = sum(len(ast.unparse(self.assigned[name])) * times for name, times in inlined.put_in.items())
            if len(text) + grown > _MOST_INLINED:
                return None
            node = whole
        return None


class _Inlined(ast.NodeTransformer):
    """Puts in values for names; `put_in` counts which. In a lambda its parameters stay, and so do names whose value
    would read one of them there."""

    def __init__(self, assigned: Mapping[str, ast.expr]) -> None:
        self._assigned = assigned
        self.put_in: Counter[str] = Counter()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._assigned.get(node.id)
        if value is None:
            return node
        self.put_in[node.id] += 1
        return value

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        node.args = self.visit(node.args)  # defaults are read outside
        own = {inner.arg for inner in ast.walk(node.args) if isinstance(inner, ast.arg)}
        outside = self._assigned
        self._assigned = {
            name: value for name, value in outside.items() if name not in own and own.isdisjoint(names_in([value]))
        }
        node.body = self.visit(node.body)
        self._assigned = outside
        return node


def _pattern(
    kind: PatternKind, shape: str, node: ast.expr, written: _Written, target: Target, project: str
) -> Iterator[Pattern]:
    whole = written.whole(node)
    source = ast.unparse(whole) if whole is not None else ""
    if whole is None or len(source) > MOST_OF_PART:
        return
    words = set(names_in([whole]))
    imports = needed(written.candidate.imports, words)
    fixtures = tuple(name for name in written.candidate.fixtures if name in words)
    if (fixtures and kind is PatternKind.FAKE) or not is_whole([whole], (*imports, *map(_bound, fixtures))):
        return
    yield Pattern(
        kind=kind,
        shape=shape,
        act=source,
        imports=imports,
        fixtures=fixtures,
        project=project,
        module=target.module,
        target=target.id,
    )


def _bound(fixture: str) -> str:
    return f"import {fixture}"  # a statement that binds the name, as a fixture does


def _is_class(dotted: str) -> bool:
    return dotted.rpartition(".")[2].lstrip("_")[:1].isupper()


def _replaced(arguments: Sequence[ast.expr], written: _Written, module: SourceModule) -> str | None:
    """What `monkeypatch.setattr` puts something in the place of: in the module itself, what it imported there. None for
    a whole module: nobody would ask for it, since only what is called in a module is looked for."""
    match arguments:
        case [ast.Constant(value=str(path)), _]:
            place = path
        case [owner, ast.Constant(value=str(name)), _]:
            place = f"{written.dotted(owner) or ''}.{name}"
        case _:
            return None
    local = place.removeprefix(f"{module.name}.")
    if local != place:
        head, dot, rest = local.partition(".")
        place = f"{symbols_of(module).imports.get(head, module.name)}{dot}{rest}"
    return place if "." in place and all(part.isidentifier() for part in place.split(".")) else None
