import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from qeforge.codegen.writing import write_atomically
from qeforge.errors import WriteError


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_creates_folders_and_writes(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "test_x.py", "ä\n")
    assert (tmp_path / "a" / "b" / "test_x.py").read_bytes() == "ä\n".encode()
    assert everything(tmp_path) == ["a", "a/b", "a/b/test_x.py"]


def test_keeps_the_mode_of_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("old")
    path.chmod(0o640)
    write_atomically(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_text() == "new"


def test_a_new_file_has_the_mode_that_any_other_would_have(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x.py", "")
    (tmp_path / "plain.py").write_text("")
    assert (tmp_path / "x.py").stat().st_mode == (tmp_path / "plain.py").stat().st_mode


def test_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("old")
    (tmp_path / "link.py").symlink_to("real.py")
    write_atomically(tmp_path / "link.py", "new")
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "new"


@pytest.mark.parametrize("error", [OSError(28, os.strerror(28)), KeyboardInterrupt()])
def test_leaves_nothing_behind_when_it_cannot_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr("os.fsync", fail)
    expected = WriteError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_atomically(tmp_path / "new" / "x.py", "text")
    assert everything(tmp_path) == []


def test_an_old_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    path = tmp_path / "x.py"
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert everything(tmp_path) == ["x.py"]
    assert path.read_text() == "old"


def test_a_folder_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.py").mkdir()
    with pytest.raises(WriteError, match=r"cannot write .*x\.py: Is a directory"):
        write_atomically(tmp_path / "x.py", "new")
    assert everything(tmp_path) == ["x.py"]


def test_a_file_where_a_folder_should_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("")
    with pytest.raises(WriteError, match="Not a directory"):
        write_atomically(tmp_path / "tests" / "x.py", "new")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WriteError, match="Permission denied"):
        write_atomically(tmp_path / "x.py", "new")
    tmp_path.chmod(0o700)
