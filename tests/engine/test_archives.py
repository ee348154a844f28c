import zipfile
from pathlib import Path

import pytest

from qeforge.engine.archives import archives
from qeforge.engine.value import Value


def made(value: Value, tmp_path: Path) -> Path:
    """The file, made as a test would make it."""
    names: dict[str, object] = {"tmp_path": tmp_path}
    for line in (*value.imports, f"target = {value.source}", *(line.format(name="target") for line in value.setup)):
        exec(line, names)
    return Path(str(names["target"]))


def test_archives_can_be_read_by_the_module_that_asks_for_them(tmp_path: Path) -> None:
    folder, flat, empty = (
        zipfile.ZipFile(made(value, tmp_path)).namelist()
        for value in archives(["os", "zipfile", "zipfile"], "source")[:3]
    )

    assert folder == ["folder/", "folder/a.txt"]
    assert flat == ["a.txt"]
    assert empty == []


@pytest.mark.parametrize("module", ["tarfile", "gzip", "bz2", "lzma", "pickle", "sqlite3"])
def test_each_way_of_making_one_works_as_path_and_as_text(module: str, tmp_path: Path) -> None:
    found = archives([module], "source")

    assert {value.type_name for value in found} == {"PosixPath", "str"}
    for number, value in enumerate(found):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert made(value, folder).stat().st_size


def test_code_that_reads_no_archive_is_given_none() -> None:
    assert archives(["os", "json"], "source") == []
