"""What git knows about files, read through its command line."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from qeforge.config.surroundings import child_environment
from qeforge.errors import UnavailableError, UsageError

_SECONDS = 60.0
# A git hook runs with these set, and they would turn every question to the hook's own repository.
_LOCATING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def repository_of(folder: Path) -> Path:
    """The top folder of the working tree around a folder.

    Raises:
        UsageError: there is none, or git refuses to work in it.
        UnavailableError: git is not installed or does not answer.
    """
    done = _git(["rev-parse", "--show-toplevel"], folder)
    top = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    if done.returncode or not top:
        why = _first_line(done.stderr)
        said = "" if "not a git repository" in why or not why else f": {why}"
        raise UsageError(
            f"{folder}: not in a git repository{said}", hint="--changed compares with a git revision", slug="no-git"
        )
    return Path(top).resolve()


def resolve_revision(top: Path, rev: str) -> str | None:
    """The commit that a revision names; None for `HEAD` before the first commit.

    Raises:
        UsageError: git does not know the revision.
    """
    if rev and not rev.startswith("-"):
        done = _git(["rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}"], top)
        if not done.returncode:
            return done.stdout.decode().strip()
        if rev == "HEAD":
            return None
    raise UsageError(
        f"{rev!r} is not a revision of the git repository {top}",
        hint="name a commit, branch or tag that `git log` shows",
        slug="no-revision",
    )


def files_at(top: Path, commit: str, paths: Sequence[str]) -> Mapping[str, bytes]:
    """The contents of files as of a commit, by path relative to `top` with `/`; absent ones are left out."""
    asked = [path for path in paths if "\n" not in path]
    questions = "".join(f"{commit}:{path}\n" for path in asked)
    done = _git(["cat-file", "--batch"], top, questions.encode("utf-8", "surrogateescape"))
    if done.returncode:
        raise UnavailableError(f"git cat-file failed in {top}: {_first_line(done.stderr)}", slug="git")
    found: dict[str, bytes] = {}
    position = 0
    for path in asked:
        end = done.stdout.index(b"\n", position)
        answer = done.stdout[position:end].rsplit(b" ", 2)
        position = end + 1
        if len(answer) == 3 and answer[2].isdigit():
            size = int(answer[2])
            if answer[1] == b"blob":
                found[path] = done.stdout[position : position + size]
            position += size + 1
    return found


def _git(arguments: Sequence[str], folder: Path, question: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in child_environment().items() if name not in _LOCATING}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    # A clone that left something out would fetch it now: what is not here counts as not there.
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    command = ["git", "-c", "core.quotepath=off", *arguments]
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, input=question, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise UnavailableError("git is not installed", hint="--changed needs git on PATH", slug="git") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"git did not answer within {_SECONDS:.0f} s in {folder}", slug="git") from None


def _first_line(text: bytes) -> str:
    return next(iter(text.decode("utf-8", "replace").strip().splitlines()), "")
