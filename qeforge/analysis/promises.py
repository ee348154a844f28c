"""What a target promises, with its code: when neither has changed, what was found out about a promise still stands."""

import ast
import hashlib
from pathlib import Path

from qeforge.analysis.symbols import symbols_of
from qeforge.analysis.syntax import decode_source, parse
from qeforge.analysis.targets import targets_of
from qeforge.domain.target import SourceModule, Target


def promise_digests(module: SourceModule) -> dict[str, str]:
    """Target id to a digest of its code and of the docstrings that may speak of it: its own, those of the classes
    around it, and the module's."""
    symbols = symbols_of(module)
    documents = {name: ast.get_docstring(node) or "" for name, node in symbols.classes.items()}
    whole = ast.get_docstring(symbols.tree) or ""

    def digest(target: Target) -> str:
        parts = (target.owner or target.qualname).split(".")
        around = [documents.get(".".join(parts[: depth + 1]), "") for depth in range(len(parts))]
        text = "\0".join((target.digest, target.doc, *around, whole))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    return {target.id: digest(target) for target in module.targets}


def promise_digests_at(path: Path, name: str) -> dict[str, str]:
    """The same of a file that is imported as `name`; nothing of one that is gone or broken."""
    try:
        source = decode_source(path.read_bytes())
        targets = targets_of(parse(source), name)
    except (OSError, ValueError, SyntaxError, RecursionError):
        return {}
    module = SourceModule(name=name, path=path, import_root=path.parent, source=source, targets=targets)
    return promise_digests(module)
