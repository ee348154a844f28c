"""What `.gitignore` files and exclude patterns leave out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Rules:
    """Patterns that hold below one folder."""

    folder: Path
    spec: GitIgnoreSpec

    def verdict(self, path: Path, *, is_dir: bool) -> bool | None:
        """True for left out, False for expressly kept, None when no pattern speaks of it."""
        if not path.is_relative_to(self.folder) or path == self.folder:
            return None
        relative = path.relative_to(self.folder).as_posix()
        return self.spec.check_file(f"{relative}/" if is_dir else relative).include


def rules(folder: Path, patterns: Sequence[str]) -> Rules | None:
    """Rules from lines in the language of `.gitignore`; None when no line means anything. Broken lines are passed over,
    as git does."""
    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError:
        spec = GitIgnoreSpec.from_lines([line for line in patterns if _is_valid(line)])
    return Rules(folder, spec) if any(pattern.include is not None for pattern in spec.patterns) else None


def gitignore_rules(folder: Path) -> Rules | None:
    """The rules of a folder's own `.gitignore`."""
    try:
        text = (folder / ".gitignore").read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError:
        return None
    return rules(folder, text.splitlines())


def inherited_rules(folder: Path) -> tuple[Rules, ...]:
    """The rules of the folders above one, outermost first, up to the root of its git repository.

    Empty outside a repository, and for a folder that the rules leave out itself: who names an ignored folder wants it.
    """
    chain = [folder, *folder.parents]
    top = next((index for index, above in enumerate(chain) if (above / ".git").exists()), 0)
    found: tuple[Rules, ...] = ()
    for above, below in zip(reversed(chain[1 : top + 1]), reversed(chain[:top]), strict=True):
        own = gitignore_rules(above)
        found = (*found, own) if own is not None else found
        if is_ignored(found, below, is_dir=True):
            return ()
    return found


def is_ignored(chain: Sequence[Rules], path: Path, *, is_dir: bool) -> bool:
    """Whether the rules, outermost first, leave a path out: the innermost that speaks of it decides."""
    for held in reversed(chain):
        verdict = held.verdict(path, is_dir=is_dir)
        if verdict is not None:
            return verdict
    return False


def _is_valid(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
