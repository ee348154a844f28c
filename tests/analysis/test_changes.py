import os
from pathlib import Path

import pytest

from qeforge.analysis import git
from qeforge.analysis.changes import changed_targets
from qeforge.analysis.discovery import discover
from qeforge.errors import UnavailableError, UsageError
from tests.analysis.git_repo import Repo

CALC = """
import math as m
LIMIT = 10
DOUBLE = LIMIT * 2

def add(a, b):
    "Adds."
    return a + b

def clip(a, top=LIMIT):
    return min(a, top)

def twice(a):
    return a < DOUBLE

def root(a):
    return m.sqrt(a)

class Box:
    size = 3

    def __init__(self, a):
        self.a = a

    def grow(self):
        return self.a + self.size

class Tray:
    limit = LIMIT

    def full(self):
        return True
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.create(tmp_path / "repo")
    made.write("calc.py", CALC)
    made.commit()
    return made


def changed(repo: Repo, rev: str = "HEAD", *, below: str = ".") -> set[str]:
    found = discover([repo.root / below])
    return set(changed_targets(found.modules, rev))


def edit(repo: Repo, *edits: tuple[str, str]) -> None:
    text = CALC
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    repo.write("calc.py", text)


def test_a_clean_tree_has_no_changes(repo: Repo) -> None:
    assert changed(repo) == set()


def test_layout_comments_and_docstrings_are_no_change(repo: Repo) -> None:
    edit(
        repo,
        ('"Adds."', '"Adds two."'),
        ("return a + b", "return (a  +\n        b)  # sum"),
        ("\nclass", "\n\n\nclass"),
    )
    assert changed(repo) == set()


def test_only_the_edited_function_has_changed(repo: Repo) -> None:
    edit(repo, ("a + b", "a - b"))
    assert changed(repo) == {"calc:add"}


def test_staged_changes_count_like_unstaged_ones(repo: Repo) -> None:
    edit(repo, ("a + b", "a - b"))
    repo.git("add", "-A")
    assert changed(repo) == {"calc:add"}


def test_a_staged_change_taken_back_in_the_tree_is_none(repo: Repo) -> None:
    edit(repo, ("a + b", "a - b"))
    repo.git("add", "-A")
    edit(repo)
    assert changed(repo) == set()


def test_a_default_or_decorator_is_part_of_the_code(repo: Repo) -> None:
    edit(repo, ("top=LIMIT", "top=5"), ("def root", "@cache\ndef root"))
    assert changed(repo) == {"calc:clip", "calc:root"}


def test_a_constant_changes_what_mentions_it_directly_or_through_another(repo: Repo) -> None:
    edit(repo, ("LIMIT = 10", "LIMIT = 11"))
    assert changed(repo) == {"calc:clip", "calc:twice", "calc:Tray", "calc:Tray.full"}


def test_an_import_changes_what_uses_it(repo: Repo) -> None:
    edit(repo, ("import math as m", "import cmath as m"))
    assert changed(repo) == {"calc:root"}


def test_the_class_around_changes_its_methods(repo: Repo) -> None:
    edit(repo, ("size = 3", "size = 4"))
    assert changed(repo) == {"calc:Box.__init__", "calc:Box.grow"}


def test_a_new_function_has_changed_and_a_deleted_one_is_gone(repo: Repo) -> None:
    edit(repo, ('def add(a, b):\n    "Adds."\n    return a + b\n', "def sub(a, b):\n    return a - b\n"))
    assert changed(repo) == {"calc:sub"}


def test_new_and_renamed_files_have_changed_as_a_whole(repo: Repo) -> None:
    repo.write("fresh.py", "def f(): return 1\n")
    repo.git("mv", "calc.py", "renamed.py")
    found = changed(repo)
    assert "fresh:f" in found
    assert {"renamed:add", "renamed:Box.grow"} <= found


def test_any_revision_can_be_named(repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.git("tag", "v1")
    edit(repo, ("a + b", "a - b"))
    repo.commit()
    edit(repo, ("a + b", "a - b"), ("min(a", "max(a"))
    assert changed(repo) == {"calc:clip"}
    for rev in (first, first[:8], "v1", "HEAD~1", "HEAD^"):
        assert changed(repo, rev) == {"calc:add", "calc:clip"}, rev


def test_a_folder_inside_the_repository_is_enough(repo: Repo) -> None:
    repo.write("src/pkg/__init__.py", "")
    repo.write("src/pkg/mod.py", "def f(): return 1\n")
    repo.commit()
    repo.write("src/pkg/mod.py", "def f(): return 2\n")
    assert changed(repo, below="src") == {"pkg.mod:f"}


def test_names_with_spaces_and_other_letters(repo: Repo) -> None:
    repo.write("dir with space/modül.py", "def f(): return 1\n")
    repo.commit()
    assert changed(repo) == set()
    repo.write("dir with space/modül.py", "def f(): return 2\n")
    assert changed(repo) == {"modül:f"}


def test_modules_of_several_repositories_are_compared_each_in_its_own(tmp_path: Path) -> None:
    repos = [Repo.create(tmp_path / name) for name in ("one", "two")]
    for made in repos:
        made.write(f"{made.root.name}_mod.py", "def f(): return 1\n")
        made.commit()
    repos[1].write("two_mod.py", "def f(): return 2\n")
    found = discover([made.root for made in repos])
    assert changed_targets(found.modules, "HEAD") == {"two_mod:f"}


def test_an_old_version_that_could_not_run_makes_everything_new(repo: Repo) -> None:
    repo.write("broken.py", "def f(:\n")
    repo.write("coded.py", b"# coding: utf-8\nx = '\xff'\n")
    repo.commit()
    repo.write("broken.py", "def f(): return 1\n")
    repo.write("coded.py", "def g(): return 1\n")
    assert changed(repo) == {"broken:f", "coded:g"}


def test_windows_newlines_are_no_change(repo: Repo) -> None:
    repo.write("calc.py", CALC.replace("\n", "\r\n").encode())
    assert changed(repo) == set()


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    made = Repo.create(tmp_path / "young")
    made.write("calc.py", "def f(): return 1\n")
    assert changed(made) == {"calc:f"}


def test_a_hooks_environment_does_not_lead_astray(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Repo.create(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git/index"))
    edit(repo, ("a + b", "a - b"))
    assert changed(repo) == {"calc:add"}


def test_outside_a_repository_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text("def f(): return 1\n")
    with pytest.raises(UsageError, match="not in a git repository") as caught:
        changed_targets(discover([tmp_path]).modules, "HEAD")
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("rev", ["nothing", "v9", "", "--all", "HEAD:calc.py", "deadbeef"])
def test_an_unknown_revision_is_a_usage_error(repo: Repo, rev: str) -> None:
    with pytest.raises(UsageError, match="is not a revision of the git repository") as caught:
        changed(repo, rev)
    assert repr(rev) in caught.value.message


def test_without_git_the_environment_is_what_lacks(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(UnavailableError, match="git is not installed"):
        changed(repo)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for git is a shell script")
def test_a_git_that_never_answers_is_given_up(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\nexec sleep 30\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "_SECONDS", 0.2)
    with pytest.raises(UnavailableError, match="did not answer"):
        changed(repo)


def test_no_modules_no_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert changed_targets([], "HEAD") == frozenset()
