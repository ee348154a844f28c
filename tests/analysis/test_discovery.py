import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from qeforge.analysis.discovery import MAX_BYTES, Discovery, discover
from qeforge.errors import UsageError

CODE = "def f(a):\n    return a\n"


def tree(root: Path, *names: str, **texts: str) -> Path:
    """Files with some code, or with the text given; a name that ends in `/` is a folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("" if path.name in ("__init__.py", "pyproject.toml") else CODE)
    for name, text in texts.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


def names(found: Discovery) -> list[str]:
    return [module.name for module in found.modules]


def found_in(root: Path, *, exclude: Sequence[str] = (), search_path: Sequence[Path] = ()) -> list[str]:
    return names(discover([root], exclude=exclude, search_path=search_path))


def located(root: Path, found: Discovery) -> dict[str, str]:
    return {module.name: module.import_root.relative_to(root).as_posix() for module in found.modules}


# ------------------------------------------------------------------ layouts


def test_src_layout(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "src/pkg/__init__.py", "src/pkg/sub/__init__.py", "src/pkg/sub/mod.py")
    assert located(tmp_path, discover([tmp_path])) == {"pkg": "src", "pkg.sub": "src", "pkg.sub.mod": "src"}


def test_flat_layout(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "pkg/__init__.py", "pkg/mod.py", "single.py")
    assert located(tmp_path, discover([tmp_path])) == {"pkg": ".", "pkg.mod": ".", "single": "."}


def test_a_single_file_without_any_project(tmp_path: Path) -> None:
    tree(tmp_path, "tool.py")
    (module,) = discover([tmp_path / "tool.py"]).modules
    assert (module.name, module.path, module.import_root) == ("tool", tmp_path / "tool.py", tmp_path)
    assert module.source == CODE
    assert [target.id for target in module.targets] == ["tool:f"]


def test_a_package_with_a_main_module(tmp_path: Path) -> None:
    tree(tmp_path, "pkg/__init__.py", "pkg/__main__.py", pyproject__toml="")
    (tmp_path / "pkg" / "__main__.py").write_text("print('runs')\n")
    found = discover([tmp_path])
    assert names(found) == ["pkg", "pkg.__main__"]
    assert [module.targets for module in found.modules] == [(), ()]


def test_namespace_packages_below_src(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "src/ns/part/__init__.py", "src/ns/part/mod.py", "src/ns/loose.py")
    assert found_in(tmp_path) == ["ns.loose", "ns.part", "ns.part.mod"]


def test_namespace_packages_on_the_search_path(tmp_path: Path) -> None:
    tree(tmp_path, "lib/ns/part/mod.py")
    assert found_in(tmp_path / "lib" / "ns", search_path=[tmp_path / "lib"]) == ["ns.part.mod"]


def test_a_flat_namespace_package_that_the_project_names(tmp_path: Path) -> None:
    tree(tmp_path, "acme/cloud/__init__.py", "acme/cloud/mod.py", "scripts/run.py")
    tree(tmp_path, pyproject__toml='[project]\nname = "acme-cloud"\n')
    assert found_in(tmp_path) == ["acme.cloud", "acme.cloud.mod", "run"]


@pytest.mark.parametrize(
    "evidence", ["from pkg.b import f", "import pkg.b as b", "from . import b", "  from .b import f"]
)
def test_a_flat_namespace_package_that_imports_by_its_own_name(tmp_path: Path, evidence: str) -> None:
    tree(tmp_path, "pyproject.toml", "pkg/a.py", "pkg/b.py", "other/c.py")
    (tmp_path / "pkg" / "a.py").write_text(f"try:\n  {evidence}\nfinally:\n  pass\n")
    assert found_in(tmp_path) == ["c", "pkg.a", "pkg.b"]
    assert names(discover([tmp_path / "pkg" / "b.py"])) == ["pkg.b"]


def test_several_packages_in_one_project(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "one/__init__.py", "one/a.py", "two/__init__.py", "two/a.py")
    assert found_in(tmp_path) == ["one", "one.a", "two", "two.a"]


def test_each_file_of_a_monorepo_belongs_to_its_nearest_project(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "pyproject.toml", "libs/one/pyproject.toml", "libs/one/src/pkg/__init__.py")
    tree(tmp_path, "libs/two/pkg2/__init__.py", "libs/two/pkg2/a.py", "tools/t.py")
    tree(tmp_path / "libs" / "two", setup__cfg="[tool:pytest]\ntestpaths = specs_test\n")
    tree(tmp_path, "libs/two/specs_test/helper.py", "libs/one/specs_test/kept.py")
    assert located(tmp_path, discover([tmp_path])) == {
        "pkg": "libs/one/src",
        "pkg2": "libs/two",
        "pkg2.a": "libs/two",
        "kept": "libs/one/specs_test",
        "t": "tools",
    }


def test_the_deepest_folder_to_import_from_wins(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "src/pkg/__init__.py", "src/pkg/mod.py")
    paths = [tmp_path, tmp_path / "src"]
    assert found_in(tmp_path / "src", search_path=paths) == ["pkg", "pkg.mod"]
    assert found_in(tmp_path / "src", search_path=paths[:1]) == ["pkg", "pkg.mod"]


def test_the_current_folder_does_not_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "scripts/tool.py")
    monkeypatch.chdir(tmp_path)
    assert found_in(Path("scripts"), search_path=[Path(), tmp_path]) == ["tool"]


def test_pytests_python_path_counts(tmp_path: Path) -> None:
    tree(tmp_path, "code/ns/mod.py", pytest__ini="[pytest]\npythonpath = code\n", setup__py="")
    assert found_in(tmp_path) == ["ns.mod"]


def test_a_folder_with_a_name_that_is_none_starts_a_new_root(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "src/my-tools/mod.py")
    assert located(tmp_path, discover([tmp_path])) == {"mod": "src/my-tools"}


@pytest.mark.parametrize("name", ["my-script.py", "1st.py", "class.py", "a b.py", "my-pkg/__init__.py", "__main__.py"])
def test_files_that_no_import_can_name_are_skipped(tmp_path: Path, name: str) -> None:
    tree(tmp_path, name)
    (skipped,) = discover([tmp_path]).skipped
    assert skipped.path == tmp_path / name
    assert "is not a module name" in skipped.reason


# ------------------------------------------------------------------ what is left out


def test_tests_setup_and_foreign_folders_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "mod.py", "test_mod.py", "mod_test.py", "conftest.py", "setup.py", "noxfile.py")
    tree(tmp_path, "tests/helper.py", "pkg/__init__.py", "pkg/test/helper.py", ".hidden/a.py", "node_modules/a.py")
    tree(tmp_path, "build/lib/a.py", "dist/a.py", "__pycache__/a.py", "x.egg-info/a.py", "pkg/testing.py")
    tree(tmp_path, "env/pyvenv.cfg", "env/lib/a.py", "conda/conda-meta/history", "conda/lib/a.py")
    assert found_in(tmp_path) == ["mod", "pkg", "pkg.testing"]


def test_a_package_called_build_is_taken(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "src/build/__init__.py", "src/build/env.py")
    assert found_in(tmp_path) == ["build", "build.env"]


def test_a_folder_named_expressly_is_entered_whatever_it_is_called(tmp_path: Path) -> None:
    tree(tmp_path, "tests/helper.py", "tests/test_a.py", ".hidden/a.py")
    assert found_in(tmp_path / "tests") == ["helper"]
    assert found_in(tmp_path / ".hidden") == ["a"]


def test_gitignore_counts_at_every_level(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "pkg/a.py", "pkg/gen_a.py", "pkg/deep/b.py", "pkg/deep/kept.py", "pkg/out/c.py", "out/d.py")
    tree(tmp_path, "pkg/deep/gen_b.py", "other/e.py")
    (tmp_path / ".gitignore").write_text("gen_*.py\n/out/\n# comment\n\nother/*\n")
    (tmp_path / "pkg" / "deep" / ".gitignore").write_text("*\n!kept.py\n!gen_b.py\n")
    assert [m.path.relative_to(tmp_path).as_posix() for m in discover([tmp_path]).modules] == [
        "pkg/a.py",
        "pkg/deep/gen_b.py",
        "pkg/deep/kept.py",
        "pkg/out/c.py",
    ]


def test_the_gitignore_above_the_folder_counts_up_to_its_repository(tmp_path: Path) -> None:
    tree(tmp_path, "repo/.git/", "repo/src/a.py", "repo/src/gen.py", "repo/src/b.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / "repo" / ".gitignore").write_text("/src/gen.py\n")
    assert found_in(tmp_path / "repo" / "src") == ["a", "b"]


def test_a_repository_inside_another_has_its_own_rules(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "a.py", "vendor/.git/", "vendor/a.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    assert located(tmp_path, discover([tmp_path])) == {"a": "vendor"}


def test_an_ignored_folder_named_expressly_is_taken(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "gen/a.py")
    (tmp_path / ".gitignore").write_text("gen/\n")
    assert found_in(tmp_path / "gen") == ["a"]


def test_broken_lines_of_a_gitignore_are_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfb.py\n!\n/\n[\n\xff\xfe\n")
    assert found_in(tmp_path) == ["a"]


@pytest.mark.parametrize(
    "exclude, expected",
    [
        (["pkg/gen/*"], ["pkg.a", "other.gen.a"]),
        (["pkg/gen"], ["pkg.a", "other.gen.a"]),
        (["gen"], ["pkg.a"]),
        (["**/gen/**"], ["pkg.a"]),
        (["/pkg", "!pkg/a.py"], ["other.gen.a"]),
        (["a.py", "!other/gen/a.py"], ["other.gen.a"]),
        (["nothing"], ["pkg.a", "pkg.gen.a", "other.gen.a"]),
    ],
)
def test_excludes_are_relative_to_the_project_root(tmp_path: Path, exclude: list[str], expected: list[str]) -> None:
    tree(tmp_path, "pyproject.toml", "pkg/a.py", "pkg/gen/a.py", "other/gen/a.py")
    for folder in ("pkg", "pkg/gen", "other", "other/gen"):
        (tmp_path / folder / "__init__.py").touch()
    found = [name for name in found_in(tmp_path, exclude=[*exclude, "__init__.py"]) if name.endswith(".a")]
    assert sorted(found) == sorted(expected)


def test_excludes_hold_from_any_folder_inside_and_in_subprojects(tmp_path: Path) -> None:
    tree(tmp_path, "pyproject.toml", "one/gen/a.py", "one/b.py", "sub/pyproject.toml", "sub/one/gen/c.py", "sub/d.py")
    assert found_in(tmp_path / "one", exclude=["one/gen"]) == ["b"]
    assert found_in(tmp_path, exclude=["one/gen"]) == ["b", "d"]
    assert found_in(tmp_path, exclude=["sub/one"]) == ["b", "a", "d"]


def test_a_file_named_expressly_is_taken_in_spite_of_everything(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "test_a.py", "gen.py", "tests/helper.py")
    (tmp_path / ".gitignore").write_text("gen.py\n")
    paths = [tmp_path / "gen.py", tmp_path / "test_a.py", tmp_path / "tests" / "helper.py"]
    assert names(discover(paths, exclude=["*.py"])) == ["gen", "test_a", "helper"]


# ------------------------------------------------------------------ order, links


def test_modules_come_by_path_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "b.py", "a.py", "pkg/__init__.py", "pkg/z.py")
    monkeypatch.chdir(tmp_path)
    paths = [Path("pkg"), Path("b.py"), tmp_path, Path("./a.py"), Path("pkg/../b.py")]
    assert names(discover(paths)) == ["a", "b", "pkg", "pkg.z"]


def test_symlink_loops_end(tmp_path: Path) -> None:
    tree(tmp_path, "pkg/__init__.py", "pkg/a.py", "pkg/sub/b.py")
    (tmp_path / "pkg" / "sub" / "up").symlink_to(tmp_path / "pkg", target_is_directory=True)
    (tmp_path / "pkg" / "self").symlink_to(".", target_is_directory=True)
    assert found_in(tmp_path) == ["pkg", "pkg.a", "b"]


def test_a_linked_package_is_followed_once(tmp_path: Path) -> None:
    tree(tmp_path, "real/pkg/__init__.py", "real/pkg/a.py", "work/pyproject.toml")
    for name in ("one", "two"):
        (tmp_path / "work" / name).symlink_to(tmp_path / "real" / "pkg", target_is_directory=True)
    assert found_in(tmp_path / "work") == ["one", "one.a"]


def test_a_linked_file_has_the_name_it_has_here(tmp_path: Path) -> None:
    tree(tmp_path, "store/x1.py", "pkg/__init__.py")
    (tmp_path / "pkg" / "mod.py").symlink_to(tmp_path / "store" / "x1.py")
    assert names(discover([tmp_path / "pkg" / "mod.py"])) == ["pkg.mod"]


def test_links_to_themselves_do_not_end_the_walk(tmp_path: Path) -> None:
    tree(tmp_path, "good.py")
    for name in ("loop", "loop.py"):
        (tmp_path / name).symlink_to(name)
    found = discover([tmp_path])
    assert names(found) == ["good"]
    assert [s.path.name for s in found.skipped] == ["loop.py"]
    assert found.skipped[0].reason.startswith("cannot be read: ")


def test_a_link_that_leads_to_itself_is_an_unreadable_path(tmp_path: Path) -> None:
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(UsageError, match=r"loop\.py"):
        discover([tmp_path / "loop.py"])


# ------------------------------------------------------------------ what cannot be read


def reason(root: Path, data: bytes, name: str = "bad.py") -> str:
    (root / name).write_bytes(data)
    tree(root, "good.py")
    found = discover([root])
    assert names(found) == ["good"]
    (skipped,) = found.skipped
    assert skipped.path == root / name
    assert "\n" not in skipped.reason
    return skipped.reason


def test_python_2_is_skipped_with_the_line_and_the_compilers_words(tmp_path: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert reason(tmp_path, b"import os\n\nprint 'hello'\n").startswith(
        f"not valid Python {version}: line 3: Missing parentheses in call to 'print'"
    )


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"def f(:\n", "line 1: "),
        (b"x = 1\n  y = 2\n", "line 2: unexpected indent"),
        (b"x = 'a'\ny = '\xff'\n", "line 2: byte 0xff is not valid utf-8"),
        (b"# coding: nonsense\n", "unknown encoding: nonsense"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem: utf-8"),
        (b"x = 1\0\n", "null byte"),
        (b"# coding: ascii\nx = 1\n\ny = '\xc3\xa9'\n", "line 4: byte 0xc3 is not valid ascii"),
    ],
)
def test_what_python_cannot_read_is_skipped_with_the_reason(tmp_path: Path, data: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, data)


def test_nesting_beyond_the_parser_is_skipped(tmp_path: Path) -> None:
    assert reason(tmp_path, b"x = " + b"-" * 100_000 + b"1\n")


def test_generated_giants_are_skipped(tmp_path: Path) -> None:
    assert "too large" in reason(tmp_path, b"x = 1\n" * (MAX_BYTES // 6 + 1))


def test_a_link_to_nowhere_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    tree(tmp_path, "good.py")
    found = discover([tmp_path])
    assert names(found) == ["good"]
    assert [s.reason for s in found.skipped] == ["cannot be read: No such file or directory"]


def test_files_and_folders_without_permission_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "good.py", "secret.py", "closed/a.py")
    read, scan = Path.read_bytes, os.scandir

    def refuse(path: Path) -> None:
        if path.name in ("secret.py", "closed"):
            raise PermissionError(13, "Permission denied", str(path))

    def read_bytes(path: Path) -> bytes:
        refuse(path)
        return read(path)

    def scandir(path: Path) -> object:
        refuse(path)
        return scan(path)

    # Permissions mean nothing to root, who may be running this.
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(os, "scandir", scandir)
    found = discover([tmp_path])
    assert names(found) == ["good"]
    assert [(s.path.name, s.reason) for s in found.skipped] == [
        ("closed", "cannot be read: Permission denied"),
        ("secret.py", "cannot be read: Permission denied"),
    ]


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n"),
        (b"x = 1\r\ny = '''a\r\nb'''\r\n", "x = 1\ny = '''a\nb'''\n"),
        (b"x = 1\ry = 2\r", "x = 1\ny = 2\n"),
        (b"x = 'a\x0cb'\n", "x = 'a\x0cb'\n"),
        ("x = 'ü'\n".encode(), "x = 'ü'\n"),
        (b"", ""),
    ],
)
def test_the_source_is_the_text_that_python_compiles(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "a.py").write_bytes(data)
    (module,) = discover([tmp_path]).modules
    assert module.source == expected


# ------------------------------------------------------------------ misuse


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing: no such file or folder") as caught:
        discover([tmp_path / "nothing"])
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["notes.txt", "stub.pyi", "program"])
def test_a_file_that_is_not_python(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(UsageError, match=f"{name}: not a Python file"):
        discover([tmp_path / name])


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Python files to test$"):
        discover([tmp_path])


def test_a_folder_with_nothing_but_tests_says_so(tmp_path: Path) -> None:
    tree(tmp_path, "test_a.py", "tests/a.py", "setup.py")
    with pytest.raises(UsageError, match=r"no Python files to test \(left out: set-up: 1, tests: 2\)"):
        discover([tmp_path])


def test_a_folder_with_nothing_but_broken_files_is_no_misuse(tmp_path: Path) -> None:
    tree(tmp_path, bad__py="def f(:\n")
    found = discover([tmp_path])
    assert (len(found.modules), len(found.skipped)) == (0, 1)


# ------------------------------------------------------------------ cost


def test_every_folder_is_listed_once_and_every_file_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = [f"pkg{n}" for n in range(10)]
    for name in packages:
        tree(tmp_path, f"{name}/__init__.py", *(f"{name}/mod{k}.py" for k in range(10)))
    tree(tmp_path, "pyproject.toml")
    counts: dict[str, int] = {"listed": 0, "read": 0}
    read, scan = Path.read_bytes, os.scandir

    def read_bytes(path: Path) -> bytes:
        counts["read"] += 1
        return read(path)

    def scandir(path: Path) -> object:
        counts["listed"] += 1
        return scan(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(os, "scandir", scandir)
    assert len(discover([tmp_path]).modules) == 110
    assert counts == {"listed": 11, "read": 110}
