"""What an act changed: variables of the test, and files in its temporary folder."""

import os
import types
from typing import Any

_IMMUTABLE = (
    type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented), type,
    types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType,
    types.CoroutineType, types.AsyncGeneratorType, types.CodeType,
)  # fmt: skip
_FILES, _LOOKED_AT = 10, 100
_FILE_BYTES = 4 * 1024
_CHANGES = 20

Snapshot = list[Any]
_ABSENT: Snapshot = ["", None, [], [], None]


def stateful(value: Any) -> bool:
    """Whether a value can change in a way that a test could see."""
    return not isinstance(value, (*_IMMUTABLE, tuple, frozenset))


class Files:
    """The folder behind `tmp_path` as it was before the act."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._before = self._texts()

    def written(self) -> list[list[str]]:
        """`[path relative to the folder, text]` of small text files that are new or changed, sorted."""
        found: list[list[str]] = [
            [name, text] for name, text in sorted(self._texts().items()) if self._before.get(name) != text
        ]
        return found[:_FILES]

    def _texts(self) -> dict[str, str]:
        """Contents, not times: those are coarser than two writes are apart."""
        found: dict[str, str] = {}
        for folder, _, names in os.walk(self._folder):
            for name in names[:_LOOKED_AT]:
                path = os.path.join(folder, name)
                try:
                    if os.path.islink(path) or os.stat(path).st_size > _FILE_BYTES:
                        continue
                    with open(path, encoding="utf-8", newline="") as file:
                        found[os.path.relpath(path, self._folder).replace(os.sep, "/")] = file.read()
                except (OSError, ValueError):
                    continue  # unreadable, or no text
        return found


def compare(before: dict[str, Snapshot], after: dict[str, Snapshot]) -> list[list[Any]]:
    """`[expression, snapshot before, snapshot after]` for what differs, as deep inside as a test can reach."""
    found: list[list[Any]] = []
    for name, old in before.items():
        if name in after:
            _descend(name, old, after[name], found)
    return found[:_CHANGES]


def _descend(expression: str, old: Snapshot, new: Snapshot, found: list[list[Any]]) -> None:
    if old == new:
        return
    old_parts, new_parts = dict(old[3]), dict(new[3])
    if not old_parts and not new_parts:
        if new[1] is not None or new[4] is not None:
            found.append([expression, old, new])
        return
    if not new_parts:
        found.append([expression, old, new])
        return
    for suffix, part in new_parts.items():
        reached = f"len({expression})" if suffix == "len()" else f"{expression}{suffix}"
        if suffix not in old_parts:
            found.append([reached, _ABSENT, part])
        else:
            _descend(reached, old_parts[suffix], part, found)
