import os
import sys
from pathlib import Path

import pytest

from qeforge.config import find_config_file, read_toml
from qeforge.errors import ConfigError
from tests.config.tables import load, write


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[tool.qeforge]\nseed = 1\nseed 2\n", 3),
        (b"[tool.qeforge\n", 1),
        (b"a = 1\nb = '''", 2),
        (b"a = 1\nb = 2\n\xff\n", 3),
    ],
)
def test_a_broken_file_is_one_line_with_its_position(tmp_path: Path, content: bytes, line: int) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_toml(file)
    assert caught.value.message.startswith(f"{file}:{line}: not ")
    assert "\n" not in caught.value.message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = write(tmp_path, "seed = 1")
    file.chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(file)


def test_nearest_file_with_a_table_wins(tmp_path: Path) -> None:
    outer = write(tmp_path, "seed = 1")
    inner = tmp_path / "part"
    (inner / "src").mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[project]\nname = 'part'\n")
    assert find_config_file(inner / "src") == outer
    nearer = write(inner, "seed = 2")
    assert find_config_file(inner / "src") == nearer
    assert load(inner / "src" / "missing.py").seed == 2


def test_without_any_table_the_nearest_file(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("")
    assert find_config_file(tmp_path / "a" / "b") == file
