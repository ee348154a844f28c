from pathlib import Path

import pytest

from qeforge.analysis.project import Project, find_project


def project(root: Path, **files: str) -> Project:
    """A project with these files; `__` in a name stands for a dot."""
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return find_project(root)


def relative(found: Project) -> list[str]:
    return [path.relative_to(found.root).as_posix() for path in found.python_paths]


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.cfg", "setup.py", ".git"])
def test_the_root_is_the_nearest_folder_with_a_marker(tmp_path: Path, marker: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "a" / marker).touch()
    (inner / "mod.py").touch()
    assert find_project(inner / "mod.py").root == tmp_path / "a"
    assert find_project(inner).root == tmp_path / "a"
    assert find_project(tmp_path).root == tmp_path


def test_without_markers_the_folder_itself_is_the_root(tmp_path: Path) -> None:
    (tmp_path / "mod.py").touch()
    found = find_project(tmp_path / "mod.py")
    assert found == Project(root=tmp_path, pyproject=None, test_dir=tmp_path / "tests", python_paths=())


def test_pyproject_is_named_when_it_is_there(tmp_path: Path) -> None:
    assert project(tmp_path, setup__cfg="").pyproject is None
    assert project(tmp_path, pyproject__toml="").pyproject == tmp_path / "pyproject.toml"


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject__toml": '[tool.pytest.ini_options]\ntestpaths = ["checks", "more"]\npythonpath = ["lib"]'},
        {"pyproject__toml": '[tool.pytest.ini_options]\ntestpaths = "checks more"\npythonpath = "lib"'},
        {"pyproject__toml": '[tool.pytest]\ntestpaths = ["checks"]\npythonpath = ["lib"]'},
        {"pytest__toml": '[pytest]\ntestpaths = ["checks"]\npythonpath = ["lib"]'},
        {"pytest__ini": "[pytest]\ntestpaths =\n  checks\n  more\npythonpath = lib"},
        {"tox__ini": "[tox]\n[pytest]\ntestpaths = checks\npythonpath = lib"},
        {"setup__cfg": "[tool:pytest]\ntestpaths = checks\npythonpath = lib"},
    ],
)
def test_test_folder_and_python_path_come_from_pytests_settings(tmp_path: Path, files: dict[str, str]) -> None:
    found = project(tmp_path, **files)
    assert found.test_dir == tmp_path / "checks"
    assert relative(found) == ["lib"]


def test_pytest_ini_hides_the_other_files_even_when_empty(tmp_path: Path) -> None:
    found = project(
        tmp_path, pytest__ini="[pytest]\n", pyproject__toml='[tool.pytest.ini_options]\ntestpaths = ["checks"]'
    )
    assert found.test_dir == tmp_path / "tests"


@pytest.mark.parametrize(
    "testpaths, expected",
    [
        ('["src", "unit_tests"]', "unit_tests"),
        ('["."]', "tests"),
        ('["spec"]', "spec"),
        ("[]", "tests"),
        ('["packages/*/tests"]', "packages/one/tests"),
        ('["nowhere/*"]', "tests"),
    ],
)
def test_the_test_folder_is_the_first_that_looks_like_one(tmp_path: Path, testpaths: str, expected: str) -> None:
    (tmp_path / "packages" / "one" / "tests").mkdir(parents=True)
    found = project(tmp_path, pyproject__toml=f"[tool.pytest.ini_options]\ntestpaths = {testpaths}")
    assert found.test_dir == tmp_path / expected


def test_a_src_folder_is_on_the_path_unless_it_is_a_package(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    assert relative(project(tmp_path, pyproject__toml="")) == ["src"]
    (tmp_path / "src" / "__init__.py").touch()
    assert relative(project(tmp_path, pyproject__toml="")) == []


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject__toml": '[tool.setuptools.package-dir]\n"" = "lib"'},
        {"pyproject__toml": '[tool.setuptools.packages.find]\nwhere = ["lib"]'},
        {"pyproject__toml": '[[tool.poetry.packages]]\ninclude = "x"\nfrom = "lib"'},
        {"pyproject__toml": '[tool.hatch.build.targets.wheel]\npackages = ["lib/x"]'},
        {"pyproject__toml": '[tool.maturin]\npython-source = "lib"'},
        {"pyproject__toml": '[tool.pdm.build]\npackage-dir = "lib"'},
        {"setup__cfg": "[options]\npackage_dir =\n  = lib\n"},
        {"setup__cfg": "[options]\npackage_dir =\n  x = elsewhere\n  =lib\n"},
        {"setup__cfg": "[options.packages.find]\nwhere = lib\n"},
    ],
)
def test_package_roots_come_from_the_build_configuration(tmp_path: Path, files: dict[str, str]) -> None:
    assert relative(project(tmp_path, **files)) == ["lib"]


@pytest.mark.parametrize(
    "addopts, mode",
    [
        ("-ra --import-mode=importlib", "importlib"),
        ("--import-mode append -q", "append"),
        ("--import-mode=importlib --import-mode=prepend", "prepend"),
        ("--import-mode=sideways", "prepend"),
        ("-k 'a b", "prepend"),
        ("", "prepend"),
    ],
)
def test_the_import_mode_is_that_of_addopts(tmp_path: Path, addopts: str, mode: str) -> None:
    assert project(tmp_path, pytest__ini=f"[pytest]\naddopts = {addopts}\n").import_mode == mode


@pytest.mark.parametrize(
    "files, expected",
    [
        ({"pyproject__toml": '[project]\nname = "acme-cloud"'}, ("acme",)),
        ({"pyproject__toml": '[project]\nname = "Acme"'}, ()),
        ({"pyproject__toml": '[tool.setuptools]\npackages = ["acme.sub", "two_words"]'}, ("acme", "two_words")),
        ({"pyproject__toml": '[[tool.poetry.packages]]\ninclude = "acme/sub"'}, ("acme",)),
        ({"pyproject__toml": '[tool.flit.module]\nname = "acme.sub"'}, ("acme",)),
        ({"setup__cfg": "[metadata]\nname = two-words\n"}, ("two_words",)),
        ({"pyproject__toml": '[project]\nname = "absent"'}, ()),
    ],
)
def test_packages_are_those_that_the_project_names_and_has(
    tmp_path: Path, files: dict[str, str], expected: tuple[str, ...]
) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "two_words").mkdir()
    assert project(tmp_path, **files).packages == expected


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject__toml": "this is = = not toml"},
        {"pyproject__toml": "tool = 3\nproject = []"},
        {"pyproject__toml": "[tool.pytest.ini_options]\ntestpaths = 3\n[tool.poetry]\npackages = 'x'"},
        {"pyproject__toml": "[tool]\nsetuptools = 'x'\npytest = []"},
        {"setup__cfg": "no section\n"},
        {"pytest__ini": "[pytest\n"},
        {"tox__ini": "\x00"},
    ],
)
def test_broken_configuration_counts_as_absent(tmp_path: Path, files: dict[str, str]) -> None:
    found = project(tmp_path, **files)
    assert (found.test_dir, found.python_paths, found.import_mode) == (tmp_path / "tests", (), "prepend")
