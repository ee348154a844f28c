"""Run by the judge's interpreter: a sample of cosmic-ray's mutants of a file, as JSON on stdout.

    python sample_mutants.py FILE COUNT SEED

All operators that need no arguments, but for the replacement of variables; the order is shuffled by the seed, and the
first so many are taken that differ from the original and can be compiled. So the sample depends on the file alone.
"""

import importlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main(path: Path, count: int, seed: int) -> None:
    """Prints how many there are, and the sample."""
    plugins = importlib.import_module("cosmic_ray.plugins")
    trees = importlib.import_module("cosmic_ray.ast")
    mutate = importlib.import_module("cosmic_ray.mutating").mutate_code
    code = path.read_text(encoding="utf-8")
    tree = trees.get_ast(code)
    places = [
        (name, occurrence)
        for name, operator in operators(plugins)
        for occurrence in range(sum(positions(operator, node) for node in nodes(tree)))
    ]
    random.Random(seed).shuffle(places)
    sample: list[dict[str, Any]] = []
    for name, occurrence in places:
        if len(sample) == count:
            break
        try:
            text = mutate(code, plugins.get_operator(name)(), occurrence)
            if text and text != code:
                compile(text, str(path), "exec")
                sample.append({"operator": name, "occurrence": occurrence, "text": text})
        except Exception:  # an operator that trips over this code has no mutant here
            continue
    json.dump({"total": len(places), "mutants": sample}, sys.stdout)


def operators(plugins: Any) -> Iterator[tuple[str, Any]]:
    """Names and instances of those that need no arguments."""
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if "variable" not in name.lower() and not operator.arguments():
            yield name, operator()


def positions(operator: Any, node: Any) -> int:
    """How many mutants the operator has at this node."""
    try:
        return len(list(operator.mutation_positions(node)))
    except Exception:  # as above
        return 0


def nodes(node: Any) -> Iterator[Any]:
    """A tree, parents first."""
    yield node
    for child in getattr(node, "children", ()):
        yield from nodes(child)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
