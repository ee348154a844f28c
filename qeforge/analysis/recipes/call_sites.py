"""Calls in the code itself whose arguments can be told without running it."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qeforge.analysis.recipes.vocabulary import BUILTINS, Vocabulary, free_names
from qeforge.analysis.static import MISSING, StaticValues, literal_source
from qeforge.analysis.symbols import FunctionNode, Symbols
from qeforge.domain.recipe import Given, Ingredient, Recipe
from qeforge.domain.target import Kind, ParameterKind, SourceModule, Target

MOST = 20
"""Calls kept per callable."""

DEEPEST = 4
"""Levels of local names and of calls in arguments that are followed."""

LONGEST = 200
"""Characters of one argument."""

_LOWER_CLASSES = frozenset({"date", "datetime", "timedelta", "time", "timezone", "deque", "defaultdict"})
_VARIADIC = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD, ParameterKind.KEYWORD_ONLY)


def call_recipes(modules: Sequence[SourceModule]) -> tuple[Recipe, ...]:
    """Calls of the callables of `modules` found anywhere in them, at most 20 of each, in the order of the code.

    Constants are put in by value, local names that are assigned once by what they were assigned, and objects by the
    calls that make them (`Account(Owner("x"))`). A call without arguments, or with one that depends on more than that,
    is left out.
    """
    known = _Known.of(modules)
    found: dict[str, dict[Recipe, None]] = {}
    for module in modules:
        for recipe in _Reader(module, known).recipes():
            recipes = found.setdefault(recipe.target, {})
            if len(recipes) < MOST:
                recipes[recipe] = None
    return tuple(recipe for _, recipes in sorted(found.items()) for recipe in recipes)


@dataclass(frozen=True, slots=True)
class _Known:
    """The callables of all modules by dotted path: recipe target and what it is; `classes` are those that are one."""

    callables: Mapping[str, tuple[str, Target]]
    classes: frozenset[str]

    @classmethod
    def of(cls, modules: Sequence[SourceModule]) -> "_Known":
        callables: dict[str, tuple[str, Target]] = {}
        classes: set[str] = set()
        for module in modules:
            for target in module.targets:
                if target.kind in (Kind.CLOSURE, Kind.PROPERTY):
                    continue
                made = target.kind is Kind.CONSTRUCTOR
                qualname = (target.owner or target.qualname) if made else target.qualname
                callables[f"{module.name}.{qualname}"] = (f"{module.name}:{qualname}", target)
                if made:
                    classes.add(f"{module.name}.{qualname}")
        return cls(callables, frozenset(classes))


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression stands: the class around it, and the names that belong to the function around it, with what
    they were assigned if that happens once; None for any other."""

    owner: str | None = None
    local: Mapping[str, ast.expr | None] = field(default_factory=dict)


class _Unknown(Exception):
    """A value that depends on what runs."""


class _Reader:
    def __init__(self, module: SourceModule, known: _Known) -> None:
        self.vocabulary = Vocabulary.of(module)
        self.symbols: Symbols = self.vocabulary.symbols
        self.static = StaticValues.of(module)
        self.known = known

    def recipes(self) -> Iterator[Recipe]:
        stack: list[tuple[ast.AST, _Scope]] = [(self.symbols.tree, _Scope())]
        while stack:
            node, scope = stack.pop()
            if isinstance(node, ast.Call) and (node.args or node.keywords):
                try:
                    recipe = self._recipe(node, scope)
                except _Unknown:
                    recipe = None
                if recipe is not None:
                    yield recipe
            inside = scope
            if isinstance(node, ast.ClassDef):
                inside = _Scope(f"{scope.owner}.{node.name}" if scope.owner else node.name, scope.local)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inside = _Scope(scope.owner, {**scope.local, **_local_names(node)})
            stack.extend((child, inside) for child in reversed(list(ast.iter_child_nodes(node))))

    def _recipe(self, node: ast.Call, scope: _Scope) -> Recipe | None:
        dotted = self._callee(node.func, scope)
        receiver = None
        if dotted is None and isinstance(node.func, ast.Attribute):
            receiver = self._ingredient(node.func.value, scope)
            dotted = f"{receiver.type_name}.{node.func.attr}"
        found = self.known.callables.get(dotted or "")
        if found is None:
            return None
        name, target = found
        names = [parameter.name for parameter in target.parameters if parameter.kind not in _VARIADIC]
        given = [
            Given(name=names[index] if index < len(names) else "value", value=self._ingredient(argument, scope))
            for index, argument in enumerate(node.args)
        ]
        for keyword in node.keywords:
            if keyword.arg is None:
                return None
            given.append(Given(name=keyword.arg, value=self._ingredient(keyword.value, scope), keyword=True))
        return Recipe(target=name, arguments=tuple(given), receiver=receiver)

    def _callee(self, function: ast.expr, scope: _Scope) -> str | None:
        path = self.symbols.dotted(function)
        if path is None:
            return None
        head, _, rest = path.partition(".")
        if head in ("self", "cls") and scope.owner:
            path = f"{self.symbols.module}.{scope.owner}.{rest}" if rest else f"{self.symbols.module}.{scope.owner}"
        elif head in scope.local:
            return None
        for candidate in (path, f"{self.symbols.module}.{path}"):
            found = self.known.callables.get(candidate)
            if found is not None:
                unbound = found[1].kind is Kind.METHOD and head not in ("self", "cls")
                return None if unbound else candidate
        return None

    # -- arguments ----------------------------------------------------------------------------------------------

    def _ingredient(self, node: ast.expr, scope: _Scope) -> Ingredient:
        """An argument as a test could write it. Raises `_Unknown`."""
        told = self._told(node, scope, 0)
        source = ast.unparse(ast.fix_missing_locations(told))
        if len(source) > LONGEST:
            raise _Unknown
        imports: list[str] = []
        for name in free_names(told):
            if name in self.vocabulary.defined:
                imports.append(f"from {self.symbols.module} import {name}")
            elif name not in BUILTINS:
                imports.append(self.vocabulary.borrowed(name) or "")
        made = self._callee(told.func, _Scope()) if isinstance(told, ast.Call) else None
        type_name = made if made in self.known.classes else ""
        return Ingredient(source=source, type_name=type_name or "", imports=tuple(sorted(filter(None, imports))))

    def _told(self, node: ast.expr, scope: _Scope, depth: int) -> ast.expr:
        """The expression with everything put in that it depends on."""
        if depth > DEEPEST:
            raise _Unknown
        local = dict.fromkeys(scope.local, MISSING)
        value = self.static.value(node, owner=scope.owner, local=local)
        text = literal_source(value) if value is not MISSING else None
        if text is not None:
            return ast.parse(text, mode="eval").body
        match node:
            case ast.Name(id=name) if name in scope.local:
                assigned = scope.local[name]
                if assigned is None:
                    raise _Unknown
                return self._told(assigned, scope, depth + 1)
            case ast.Name(id=name) if name in self.vocabulary.defined or self.vocabulary.borrowed(name):
                return node
            case ast.Attribute() if self._is_reference(node, scope):
                return node
            case ast.Call() if self._makes(node, scope):
                positional = [self._told(each, scope, depth + 1) for each in node.args]
                keywords = [
                    ast.keyword(arg=each.arg, value=self._told(each.value, scope, depth + 1)) for each in node.keywords
                ]
                if any(each.arg is None for each in keywords):
                    raise _Unknown
                return ast.Call(func=node.func, args=positional, keywords=keywords)
            case ast.List() | ast.Tuple():
                return type(node)(elts=[self._told(each, scope, depth + 1) for each in node.elts], ctx=ast.Load())
            case ast.Set():
                return ast.Set(elts=[self._told(each, scope, depth + 1) for each in node.elts])
            case ast.Dict() if all(key is not None for key in node.keys):
                keys: list[ast.expr | None] = [
                    self._told(key, scope, depth + 1) for key in node.keys if key is not None
                ]
                return ast.Dict(keys=keys, values=[self._told(each, scope, depth + 1) for each in node.values])
            case ast.Lambda() if set(free_names(node)) <= BUILTINS:
                return node
        raise _Unknown

    def _is_reference(self, node: ast.Attribute, scope: _Scope) -> bool:
        """Whether it names something that can be imported: a member of a class or of an imported module."""
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in scope.local:
            return False
        return root.id in self.symbols.classes or root.id in self.symbols.imports

    def _makes(self, node: ast.Call, scope: _Scope) -> bool:
        """Whether the call makes an object, as far as that shows: of the project's own, or by its callee's name."""
        if isinstance(node.func, ast.Name) and node.func.id in scope.local:
            return False
        dotted = self.symbols.dotted(node.func)
        if dotted is None or dotted.partition(".")[0] in scope.local:
            return False
        if self._callee(node.func, _Scope()) is not None:
            return True
        last = dotted.rpartition(".")[2]
        imported = self.symbols.imports.get(dotted.partition(".")[0]) or self.symbols.dotted(node.func) != last
        return bool(imported) and (last[:1].isupper() or last in _LOWER_CLASSES or dotted == "re.compile")


def _local_names(function: FunctionNode) -> dict[str, ast.expr | None]:
    """The names of a function: what is assigned to each, None for parameters and what is assigned more than once."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found: dict[str, ast.expr | None] = {each.arg: None for each in every if each is not None}
    plain: dict[int, ast.expr] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            plain[id(node.targets[0])] = node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None if node.id in found else plain.get(id(node))
    return found
