from pathlib import Path

import pytest

from qeforge.codegen.header import stamp
from qeforge.codegen.layout import is_hand_written, package_files, suite_path
from qeforge.domain.target import SourceModule


def module(name: str, *, package: bool = False) -> SourceModule:
    path = Path("/src", *name.split("."))
    path = path / "__init__.py" if package else path.with_suffix(".py")
    return SourceModule(name=name, path=path, import_root=Path("/src"), source="", targets=())


@pytest.mark.parametrize(
    ("name", "siblings", "expected"),
    [
        ("mod", ["mod"], "test_mod.py"),
        ("pkg.mod", ["pkg.mod", "pkg.other"], "test_mod.py"),
        ("pkg.sub.mod", ["pkg", "pkg.sub.mod"], "sub/test_mod.py"),
        ("pkg.sub.mod", ["pkg.sub.mod", "other.x"], "pkg/sub/test_mod.py"),
        ("pkg.a.utils", ["pkg.a.utils", "pkg.b.utils"], "a/test_a_utils.py"),
        ("pkg.utils", ["pkg.utils", "pkg.b.utils"], "test_pkg_utils.py"),
        ("pkg.a.b_c", ["pkg.a.b_c", "pkg.a.b.c", "pkg.x.c"], "a/test_pkg__a__b_c.py"),
        ("pkg._compat", ["pkg._compat"], "test_compat.py"),
        ("pkg.__main__", ["pkg.__main__"], "test_main.py"),
        ("pkg._compat", ["pkg._compat", "pkg.compat"], "test_pkg__compat.py"),
    ],
)
def test_the_package_is_mirrored_with_unique_names(
    tmp_path: Path, name: str, siblings: list[str], expected: str
) -> None:
    assert suite_path(module(name), tmp_path, siblings=siblings).relative_to(tmp_path).as_posix() == expected


def test_the_names_of_all_siblings_differ(tmp_path: Path) -> None:
    names = ["p", "p.a", "p.a.a", "p.a.b", "p.b", "p.a_b", "q.b", "q.a.b", "a.b"]
    stems = [suite_path(module(name), tmp_path, siblings=names).name for name in names]
    assert len(set(stems)) == len(names)


def test_a_package_is_tested_by_its_name(tmp_path: Path) -> None:
    assert suite_path(module("pkg", package=True), tmp_path) == tmp_path / "test_pkg.py"
    assert suite_path(module("pkg.sub", package=True), tmp_path) == tmp_path / "sub" / "test_sub.py"


def test_names_may_repeat_where_test_folders_are_packages(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    siblings = ["pkg.a.utils", "pkg.b.utils"]
    path = suite_path(module("pkg.a.utils"), tmp_path, siblings=siblings)
    assert path == tmp_path / "a" / "test_utils.py"
    assert package_files(path, tmp_path) == (tmp_path / "a" / "__init__.py",)
    (tmp_path / "a").mkdir()
    assert package_files(path, tmp_path) == ()


def test_names_may_repeat_under_importlib(tmp_path: Path) -> None:
    path = suite_path(module("p.a.x"), tmp_path, siblings=["p.a.x", "p.b.x"], import_mode="importlib")
    assert path == tmp_path / "a" / "test_x.py"


def test_plain_test_folders_get_no_package_files(tmp_path: Path) -> None:
    assert package_files(tmp_path / "a" / "test_x.py", tmp_path) == ()


def test_a_person_s_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_mod.py").write_text("def test_mine(): pass\n")
    assert suite_path(module("pkg.mod"), tmp_path) == tmp_path / "test_mod_generated.py"


def test_a_person_s_file_of_that_name_elsewhere_would_clash(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_mod.py").write_text("def test_mine(): pass\n")
    assert suite_path(module("pkg.mod"), tmp_path) == tmp_path / "test_mod_generated.py"
    (tmp_path / "unit" / "__init__.py").touch()
    assert suite_path(module("pkg.mod"), tmp_path) == tmp_path / "test_mod.py"


def test_our_own_file_is_taken_again(tmp_path: Path) -> None:
    ours = stamp('"""Tests for pkg.mod."""\n', {"pkg.mod:f": "a" * 64})
    (tmp_path / "test_mod.py").write_text(ours)
    assert suite_path(module("pkg.mod"), tmp_path) == tmp_path / "test_mod.py"
    assert not is_hand_written(tmp_path / "test_mod.py")


def test_what_cannot_be_read_is_a_person_s(tmp_path: Path) -> None:
    (tmp_path / "test_mod.py").write_bytes(b"\xff\xfe")
    assert is_hand_written(tmp_path / "test_mod.py")
    assert not is_hand_written(tmp_path / "missing.py")
