"""From a dotted type name to the import statement that makes it usable."""

import builtins
import sys


def import_for(dotted: str, module: str) -> tuple[str, tuple[str, ...]] | None:
    """The expression that names a type, and the import statements it needs.

    `ValueError` needs none, `pkg.mod.Outer.Inner` is `Outer.Inner` after `from pkg.mod import Outer`. None for what
    cannot be imported: a class made inside a function, a type that only the interpreter knows by name.

    Args:
        dotted: as snapshots and exceptions give it; builtins bare.
        module: the module under test, to tell where its own nested names begin.
    """
    if "<" in dotted:
        return None
    if "." not in dotted:
        return (dotted, ()) if isinstance(getattr(builtins, dotted, None), type) else None
    home, name = _split(dotted, module)
    root, _, rest = home.partition(".")
    if root.startswith("_") and root[1:] in sys.stdlib_module_names:  # `_io.StringIO` is an accelerator's name
        home = root[1:] + (f".{rest}" if rest else "")
    if not home or home == "__main__":
        return None
    return name, (f"from {home} import {name.partition('.')[0]}",)


def _split(dotted: str, module: str) -> tuple[str, str]:
    if dotted.startswith(f"{module}."):
        rest = dotted[len(module) + 1 :]
        if not rest[:1].islower() or "." not in rest:
            return module, rest
    parts = dotted.split(".")
    for index, part in enumerate(parts[1:], 1):
        if part.lstrip("_")[:1].isupper():
            return ".".join(parts[:index]), ".".join(parts[index:])
    return ".".join(parts[:-1]), parts[-1]
