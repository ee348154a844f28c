"""Modules made from text, for tests that read source and run none of it."""

import textwrap
from pathlib import Path

from qeforge.analysis.targets import find_targets
from qeforge.domain.target import SourceModule


def module_of(source: str, name: str = "shop.cart", root: Path = Path("nowhere")) -> SourceModule:
    """A module with that text, dedented; its file need not exist."""
    text = textwrap.dedent(source)
    path = root.joinpath(*name.split(".")).with_suffix(".py")
    return SourceModule(name=name, path=path, import_root=root, source=text, targets=find_targets(text, name))
