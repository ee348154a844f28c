from pathlib import Path

from qeforge.config import cache_dir, data_dir, log_dir


def test_one_variable_moves_them_all(tmp_path: Path) -> None:
    environ = {"QEFORGE_DATA_DIR": str(tmp_path)}
    assert data_dir(environ) == tmp_path
    assert cache_dir(environ) == tmp_path / "cache"
    assert log_dir(environ) == tmp_path / "logs"


def test_without_it_they_are_the_users() -> None:
    for folder in (data_dir({}), cache_dir({}), log_dir({})):
        assert "qeforge" in str(folder)
