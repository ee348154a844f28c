"""Edits a module as a stated machine would, so that nobody chose what was changed."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def edited(source: str, *, every: int = 2, first: int = 0) -> tuple[str, list[str]]:
    """The source with every `every`-th function changed, from the `first` on, in the order of the file.

    What is changed in a function: (1) the first whole number in its body, docstring and defaults left out, is one more;
    (2) where it has a parameter without a default (`self` and `cls` left out), it begins with a new branch,
    `if PARAMETER is None: return None`, which no test knows. Generators get none: it would mean something else.
    A function without either is left as it is.

    Args:
        source: of a module.
        every: step.
        first: the first one to change.

    Returns:
        The text, laid out anew, and the names of what was changed.
    """
    tree = ast.parse(source)
    changed = []
    for number, (name, function) in enumerate(_functions(tree.body, "")):
        if number % every == first % every and _change(function):
            changed.append(name)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n", changed


def _functions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")


def _change(function: Function) -> bool:
    return any([_one_more(function), _new_branch(function)])


def _one_more(function: Function) -> bool:
    for statement in _code(function):
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and type(node.value) is int:
                node.value += 1
                return True
    return False


def _new_branch(function: Function) -> bool:
    own = [*function.args.posonlyargs, *function.args.args]
    needed = own[: len(own) - len(function.args.defaults)]
    names = [one.arg for one in needed if one.arg not in ("self", "cls")]
    inside = [node for statement in function.body for node in ast.walk(statement)]
    if not names or any(isinstance(node, ast.Yield | ast.YieldFrom) for node in inside):
        return False
    branch = ast.parse(f"if {names[0]} is None:\n    return None").body
    at = len(function.body) - len(_code(function))
    function.body[at:at] = branch
    return True


def _code(function: Function) -> list[ast.stmt]:
    """The body without its docstring."""
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
