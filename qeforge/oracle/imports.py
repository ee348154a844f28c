"""From a dotted type name to the import statement that makes it usable."""

import builtins
import re
import sys

_KNOWN_AS = (
    (re.compile(r"pathlib(\._local)?\.(Posix|Windows)Path"), "pathlib.Path"),
    (re.compile(r"pathlib(\._local)?\.Pure(Posix|Windows)Path"), "pathlib.PurePath"),
    (re.compile(r"asyncio\.(unix|windows)_events\.\w*EventLoop"), "asyncio.AbstractEventLoop"),
    (re.compile(r"asyncio\.(unix|windows)_events\.\w*EventLoopPolicy"), "asyncio.AbstractEventLoopPolicy"),
    (re.compile(r"selectors\.\w+Selector"), "selectors.BaseSelector"),
    (re.compile(r"(_frozen_importlib(_external)?|importlib\._bootstrap(_external)?)\.SourceFileLoader"),
     "importlib.machinery.SourceFileLoader"),
    (re.compile(r"(_frozen_importlib|importlib\._bootstrap)\.ModuleSpec"), "importlib.machinery.ModuleSpec"),
    (re.compile(r"json\.(decoder|encoder)\.(JSON\w+)"), r"json.\2"),
    (re.compile(r"concurrent\.futures\.(_base|process|thread)\.([A-Z]\w+)"), r"concurrent.futures.\2"),
    (re.compile(r"asyncio\.(events|exceptions|futures|locks|queues|runners|streams|taskgroups|tasks)\.([A-Z]\w+)"),
     r"asyncio.\2"),
)  # fmt: skip
"""Classes that one platform has, or where the standard library keeps them, and the names that people know."""


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
    dotted = next((found.expand(known) for pattern, known in _KNOWN_AS if (found := pattern.fullmatch(dotted))), dotted)
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
