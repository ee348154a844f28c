import ast
from pathlib import Path

import pytest

from qeforge.analysis.dependencies import Dependencies, imported_names
from tests.analysis.modules import module_of


def names(source: str, module: str = "shop.cart", *, is_package: bool = False) -> tuple[str, ...]:
    return imported_names(ast.parse(source), module, is_package=is_package)


@pytest.mark.parametrize(
    "source, expected",
    [
        ("import json", ("json",)),
        ("import os.path as p, shop.tax", ("os", "os.path", "shop", "shop.tax")),
        ("from shop.tax import rate", ("shop", "shop.tax", "shop.tax.rate")),
        ("from . import tax", ("shop", "shop.tax")),
        ("from .tax import *", ("shop", "shop.tax")),
        ("from .. import outside", ()),
        ("def f():\n    import late", ("late",)),
        ("if TYPE_CHECKING:\n    from typed import T", ("typed", "typed.T")),
        ("importlib.import_module('shop.plugin')", ("shop", "shop.plugin")),
        ("import_module('.plugin', __package__)", ("shop", "shop.plugin")),
        ("import_module(name)", ()),
    ],
)
def test_names_that_code_may_import(source: str, expected: tuple[str, ...]) -> None:
    assert names(source) == expected


def test_a_package_is_its_own_parent() -> None:
    assert names("from .cart import total", "shop", is_package=True) == ("shop", "shop.cart", "shop.cart.total")


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(
        tmp_path, shop__tax="from shop.money import ROUND\n", shop__money="ROUND = 2\n", shop__other="", top="A = 1\n"
    )
    (tmp_path / "shop" / "__init__.py").write_text("import json\n")
    return tmp_path


def of(root: Path, source: str, *paths: Path) -> dict[str, str]:
    return dict(Dependencies().of(module_of(source, "shop.cart", root), paths))


def test_what_is_imported_through_others_counts_with_the_packages_above(shop: Path) -> None:
    assert list(of(shop, "from shop import tax\nimport json, top")) == ["shop", "shop.money", "shop.tax", "top"]


def test_circles_end_and_the_module_itself_is_left_out(shop: Path) -> None:
    write(shop, shop__tax="import shop.cart\n")
    assert list(of(shop, "import shop.tax")) == ["shop", "shop.tax"]


def test_only_what_the_code_says_makes_a_difference(shop: Path) -> None:
    before = of(shop, "import shop.tax")
    write(shop, shop__money='"""Money."""\nROUND  =  2  # digits\n')
    same = of(shop, "import shop.tax")
    write(shop, shop__money="ROUND = 3\n")
    after = of(shop, "import shop.tax")
    assert same == before
    assert {name for name in after if after[name] != before[name]} == {"shop.money"}


def test_what_is_no_python_counts_with_its_bytes(shop: Path) -> None:
    write(shop, shop__tax="def (:\n")
    before = of(shop, "import shop.tax")
    write(shop, shop__tax="def ((:\n")
    assert before["shop.tax"] != of(shop, "import shop.tax")["shop.tax"]


def test_other_folders_of_the_project_are_looked_into(shop: Path, tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    write(lib, helper="B = 1\n")
    assert "helper" not in of(shop, "import helper")
    assert "helper" in of(shop, "import helper", lib)


def test_libraries_beside_an_installed_package_are_none_of_its_dependencies(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    write(installed, shop__tax="import other\n", other="A = 1\n")
    assert list(of(installed, "import other, shop.tax")) == ["shop.tax"]
