"""What the modules of one run know together: calls found in the code, and calls that the project's tests made."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from qeforge.analysis.discovery import discover
from qeforge.analysis.recipes import call_recipes, fixture_recipes
from qeforge.domain.capability import Capability
from qeforge.domain.observation import Arc
from qeforge.domain.recipe import Recipe
from qeforge.domain.target import SourceModule
from qeforge.execution.pytest_run import SuiteRun, run_suite
from qeforge.refinement.resume import is_known
from qeforge.refinement.task import ModuleTask

_SECONDS = 10.0, 60.0
"""Least and most wall time for the run under the recorder; in between, a part of the modules' budgets."""

_SHARE = 0.4
"""That part."""

_MOST_OF_ONE = 24
_MOST_OWN = 4_000
_MOST_OTHERS = 200
_MOST_READ = 400
_MOST_CALLERS = 30
_MOST_BYTES = 200_000


def share(tasks: Sequence[ModuleTask]) -> list[ModuleTask]:
    """The tasks, each with the recipes that concern it.

    The hand-written tests of all modules are run once, under a recorder. Of a single module's run, what the tests
    reach of it is kept as well, so that they need not run again.
    """
    if all(is_known(task) or Capability.RECIPES in task.without for task in tasks):
        return list(tasks)
    recipes = call_recipes([*(task.module for task in tasks), *_callers(tasks)])
    run = _recorded(tasks)
    if run is not None:
        recipes += run.recipes
    reached = _reached(run) if run is not None and len(tasks) == 1 else None
    modules = [task.module for task in tasks]
    return [
        replace(
            task,
            recipes=(*fixture_recipes(task.conftests, modules), *concerning(task.module, recipes)),
            reached=reached,
        )
        for task in tasks
    ]


def _callers(tasks: Sequence[ModuleTask]) -> Sequence[SourceModule]:
    """Other modules of the same packages whose text mentions one of those that are worked on."""
    modules = [task.module for task in tasks]
    known = {module.path for module in modules}
    tops = dict.fromkeys(module.import_root / module.name.partition(".")[0] for module in modules)
    mentioned = re.compile("|".join(sorted(rf"\b{re.escape(module.name.rpartition('.')[2])}\b" for module in modules)))
    paths = islice((path for top in tops for path in sorted(top.rglob("*.py"))), _MOST_READ)
    found = [path for path in paths if path not in known and mentioned.search(_text(path))]
    return discover(found[:_MOST_CALLERS], search_path=tasks[0].interpreter.search_path).modules if found else ()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= _MOST_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""


def concerning(module: SourceModule, recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """Recipes of the module's own callables, and those that build objects of classes that it names or that give a
    value to a parameter of the same name; the simplest first, within a bound."""
    own: list[Recipe] = []
    counts: Counter[str] = Counter()
    others: list[Recipe] = []
    names = {parameter.name for target in module.targets for parameter in target.parameters}
    for recipe in sorted(dict.fromkeys(recipes), key=lambda each: (each.length, repr(each))):
        home, _, qualname = recipe.target.partition(":")
        if home == module.name:
            counts[recipe.target] += 1
            if counts[recipe.target] <= _MOST_OF_ONE:
                own.append(recipe)
        elif (
            qualname.rpartition(".")[2] in module.source
            or recipe.builds in names
            or any(given.name in names for given in recipe.arguments)
        ):
            others.append(recipe)
    return (*own[:_MOST_OWN], *others[:_MOST_OTHERS])


def _recorded(tasks: Sequence[ModuleTask]) -> SuiteRun | None:
    files = sorted({path for task in tasks for path in task.existing})
    first = tasks[0]
    if not files or not first.interpreter.has_pytest:
        return None
    budget = _SHARE * sum(task.seconds for task in tasks)
    paths = [path for task in tasks for path in (task.module.import_root, *task.python_paths)]
    return run_suite(
        files,
        interpreter=first.interpreter,
        module=first.module if len(tasks) == 1 else None,
        rootdir=first.root,
        timeout=min(_SECONDS[1], max(_SECONDS[0], budget)),
        sandbox=first.sandbox,
        lenient=True,
        paths=tuple(dict.fromkeys(paths)),
        packages=sorted({task.module.name.partition(".")[0] for task in tasks}),
    )


def _reached(run: SuiteRun) -> frozenset[Arc]:
    """What passing tests reach of the module."""
    passed = (run.per_test.get(node, frozenset()) for node in run.with_result("passed"))
    return frozenset().union(*passed)
