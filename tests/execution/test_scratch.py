import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from qeforge.execution.scratch import make_scratch, scratch_folder


class Owner:
    """Anything that has a folder."""


def test_the_folder_goes_with_its_owner() -> None:
    owner = Owner()
    folder = make_scratch(owner)
    (folder / "a").write_text("a", encoding="utf-8")

    del owner

    assert not folder.exists()


def test_a_folder_for_the_length_of_a_with() -> None:
    with scratch_folder("mine-") as folder:
        assert folder.is_dir()
        assert folder.name.startswith("mine-")

    assert not folder.exists()


def test_only_its_user_may_look_inside(tmp_path: Path) -> None:
    with scratch_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0


def test_an_interruption_right_after_it_was_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = Path.mkdir

    def interrupted(self: Path, mode: int = 0o777) -> None:
        made(self, mode)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), scratch_folder():
        pass

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_the_end_of_a_forked_process_leaves_its_parents_folder(tmp_path: Path) -> None:
    code = """
import os, sys
from qeforge.execution.scratch import make_scratch
class Owner: ...
owner = Owner()
folder = make_scratch(owner)
if os.fork() == 0:
    sys.exit()
os.wait()
print(folder.is_dir(), folder)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )

    assert done.stdout.startswith("True")
    assert list(tmp_path.iterdir()) == []
