"""Where a module's suite goes: the package mirrored under the test folder, with file names that pytest can tell apart.

In pytest's default import mode a test file in a folder without `__init__.py` is imported by its bare name, so two
files of one name in such folders cannot both be collected.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from qeforge.codegen.header import read_header
from qeforge.domain.target import SourceModule


def suite_path(module: SourceModule, out: Path, *, siblings: Sequence[str] = (), import_mode: str = "prepend") -> Path:
    """The file for `module`'s suite under the test folder `out`.

    `pkg.sub.mod` goes to `out/sub/test_mod.py` when `pkg` is the only top-level package, else to
    `out/pkg/sub/test_mod.py`. Where base names must be unique and are not, package parts are put in front
    (`test_sub_mod.py`). When a person wrote a file of that name, it ends in `_generated.py` instead.

    Args:
        module: what is tested.
        out: the test folder; need not exist.
        siblings: import names of all modules of the project: the name must not depend on which are generated now.
        import_mode: pytest's, `prepend`, `append` or `importlib`.
    """
    names = sorted({*siblings, module.name})
    parts = _parts(module.name)
    folders = _folders(module, several=len({name.partition(".")[0] for name in names}) > 1)
    folder = out.joinpath(*folders)
    free = import_mode == "importlib" or _is_package(out)
    stem = "test_" + ("_".join(parts[-1:]) if free else _unique_stem(module.name, names))
    path = folder / f"{stem}.py"
    if is_hand_written(path) or (not free and _taken_elsewhere(path, out)):
        return path.with_name(f"{stem}_generated.py")
    return path


def package_files(path: Path, out: Path) -> tuple[Path, ...]:
    """The `__init__.py` files that must be made for a suite at `path`, outermost first: for each new folder under a
    test folder that is itself a package; none otherwise."""
    if not _is_package(out) or not path.is_relative_to(out):
        return ()
    below = path.parent.relative_to(out).parts
    folders = [out.joinpath(*below[: depth + 1]) for depth in range(len(below))]
    return tuple(folder / "__init__.py" for folder in folders if not folder.exists())


def is_hand_written(path: Path) -> bool:
    """Whether there is a file that qeforge did not write."""
    try:
        return read_header(path.read_text(encoding="utf-8")) is None
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return path.exists()


def _parts(name: str) -> list[str]:
    """Name parts without the underscores around them: `_compat` and `__main__` make no pretty file names."""
    return [part.strip("_") or part for part in name.split(".")]


def _folders(module: SourceModule, *, several: bool) -> list[str]:
    parts = module.name.split(".")
    inner = parts if module.path.name == "__init__.py" else parts[:-1]
    return inner if several else inner[1:]


def _unique_stem(name: str, names: Sequence[str]) -> str:
    """As few trailing parts of the name as no other module shares, joined."""
    split = {other: _parts(other) for other in names}
    depth = dict.fromkeys(names, 1)
    while True:
        stems = {other: "_".join(split[other][-depth[other] :]) for other in names}
        uses = Counter(stems.values())
        clashing = [other for other in names if uses[stems[other]] > 1 and depth[other] < len(split[other])]
        if not clashing:
            break
        for other in clashing:
            depth[other] += 1
    if uses[stems[name]] == 1:
        return stems[name]
    plain = Counter(other.replace(".", "_") for other in names if stems[other] == stems[name])
    whole = name.replace(".", "_")
    return whole if plain[whole] == 1 and not uses[whole] else name.replace(".", "__")


def _taken_elsewhere(path: Path, out: Path) -> bool:
    """Whether a person's file of this base name, in another folder, would be imported under the same name."""
    if not out.is_dir():
        return False
    return any(
        other != path and not _is_package(other.parent) and is_hand_written(other)
        for other in sorted(out.rglob(path.name))
    )


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()
