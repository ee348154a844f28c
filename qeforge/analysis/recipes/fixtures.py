"""The fixtures of a project's conftest files, and the objects that they give."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from qeforge.analysis.symbols import FunctionNode, Symbols, read_symbols
from qeforge.analysis.syntax import decode_source
from qeforge.domain.recipe import Ingredient, Recipe
from qeforge.domain.target import SourceModule

_WRAPPERS = ("Iterator[", "Generator[", "Iterable[")


def fixture_names(conftests: Sequence[Path]) -> frozenset[str]:
    """Names of the fixtures that a test may ask for as they are: neither parametrized nor asynchronous."""
    return frozenset(name for _, name, _ in _fixtures(conftests))


def fixture_recipes(conftests: Sequence[Path], modules: Sequence[SourceModule]) -> tuple[Recipe, ...]:
    """One recipe for each fixture that gives an instance of a class of the packages of `modules`.

    Its annotation or what it returns tells. The recipe's target is `conftest:name`, its receiver the object.
    """
    classes = {f"{module.name}.{target.owner or target.qualname}" for module in modules for target in module.targets}
    recipes: dict[str, Recipe] = {}
    for symbols, name, function in _fixtures(conftests):
        dotted = next((each for each in _given(symbols, function) if each), "")
        path = _defined(dotted, classes)
        if path:
            receiver = Ingredient(source=name, type_name=path, fixtures=(name,))
            recipes[name] = Recipe(target=f"conftest:{name}", receiver=receiver)
    return tuple(recipes.values())


def _fixtures(conftests: Sequence[Path]) -> Iterator[tuple[Symbols, str, FunctionNode]]:
    for path in conftests:
        try:
            symbols = read_symbols(decode_source(path.read_bytes()), "conftest")
        except (OSError, SyntaxError, ValueError):
            continue
        for node in symbols.tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                function = decorator.func if isinstance(decorator, ast.Call) else decorator
                options = (
                    {each.arg: each.value for each in decorator.keywords} if isinstance(decorator, ast.Call) else {}
                )
                if symbols.dotted(function) != "pytest.fixture" or "params" in options:
                    continue
                name = options.get("name")
                if name is None:
                    yield symbols, node.name, node
                elif isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield symbols, name.value, node


def _given(symbols: Symbols, function: FunctionNode) -> Iterator[str]:
    """Dotted names of what a fixture gives: as annotated, then by the calls that it returns or yields."""
    if function.returns is not None:
        annotation = ast.unparse(function.returns).strip("'\"")
        for wrapper in _WRAPPERS:
            annotation = annotation.partition(wrapper)[2].split(",")[0].rstrip("]") or annotation
        try:
            yield symbols.dotted(ast.parse(annotation, mode="eval").body) or ""
        except SyntaxError:
            yield ""
    assigned: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned[node.targets[0].id] = node.value
    for node in ast.walk(function):
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            value = node.value
            value = assigned.get(value.id, value) if isinstance(value, ast.Name) else value
            if isinstance(value, ast.Call):
                yield symbols.dotted(value.func) or ""


def _defined(dotted: str, classes: set[str]) -> str:
    """The class that a dotted name means, where its package may re-export it; empty for none or several."""
    if dotted in classes:
        return dotted
    package, _, name = dotted.rpartition(".")
    inside = [each for each in classes if package and each.startswith(f"{package}.") and each.endswith(f".{name}")]
    if not inside and name[:1].isupper() and dotted.partition(".")[0] in {each.partition(".")[0] for each in classes}:
        return dotted  # in a module that is not looked at
    return inside[0] if len(inside) == 1 else ""
