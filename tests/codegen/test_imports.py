import ast

import pytest

from qeforge.codegen.imports import ImportPlan, Origin, bindings, rename


def written(plan: ImportPlan, code: str) -> str:
    return plan.statements([ast.parse(code)])


def test_bindings_of_every_form() -> None:
    assert bindings(
        ["import a.b", "import c as d", "from e import f, g as h", "from i import *", "from . import j", "x ="]
    ) == {
        "a.b": Origin("a.b"),
        "d": Origin("c"),
        "f": Origin("e", "f"),
        "h": Origin("e", "g"),
    }


def test_only_what_is_used_is_imported_merged_and_sorted() -> None:
    plan = ImportPlan("shop")
    plan.add(bindings(["from shop import sell", "from shop import Account, LIMIT", "import pytest", "import asyncio"]))
    plan.add(bindings(["from decimal import Decimal", "from shop.tax import rate", "import os.path", "import json"]))
    code = "sell(Account, LIMIT, Decimal(1), rate, os.path.join(''), pytest, asyncio)"
    assert written(plan, code) == (
        "import asyncio\nimport os.path\nfrom decimal import Decimal\n\nimport pytest\n\n"
        "from shop import LIMIT, Account, sell\nfrom shop.tax import rate\n"
    )


@pytest.mark.parametrize(
    ("source", "local", "changed"),
    [
        ("from shop import sell", set(), {}),
        ("from shop import filter", set(), {"filter": "shop.filter"}),
        ("from shop import test_sale", set(), {"test_sale": "shop.test_sale"}),
        ("from shop import TestSale", set(), {"TestSale": "shop.TestSale"}),
        ("from shop import setup_module", set(), {"setup_module": "shop.setup_module"}),
        ("from shop import account", {"account"}, {"account": "shop.account"}),
        ("from shop import shop", {"shop"}, {"shop": "shop_module.shop"}),
        ("from a.shop import shop", {"shop"}, {"shop": "a_shop.shop"}),
        ("from json import filter", {"json"}, {"filter": "json_module.filter"}),
    ],
)
def test_clashing_names_are_qualified(source: str, local: set[str], changed: dict[str, str]) -> None:
    assert ImportPlan("shop").add(bindings([source]), local) == changed


def test_two_things_of_one_name() -> None:
    plan = ImportPlan("shop")
    assert plan.add(bindings(["from shop.a import Foo"])) == {}
    assert plan.add(bindings(["from shop.b import Foo"])) == {"Foo": "b.Foo"}
    assert plan.add(bindings(["from shop.b import Foo"])) == {"Foo": "b.Foo"}
    assert written(plan, "Foo, b.Foo") == "from shop import b\nfrom shop.a import Foo\n"


def test_two_modules_below_one_package_do_not_clash() -> None:
    plan = ImportPlan("shop")
    assert plan.add(bindings(["import os.path"])) == {}
    assert plan.add(bindings(["import os"])) == {}
    assert written(plan, "os.path.join, os.getcwd") == "import os\nimport os.path\n"


def test_what_the_file_has_already_keeps_its_name() -> None:
    plan = ImportPlan("shop", {"Foo": Origin("other", "Foo")})
    assert plan.add(bindings(["from shop import Foo"])) == {"Foo": "shop.Foo"}


def test_long_imports_are_laid_out() -> None:
    names = [f"a_rather_long_name_{i}" for i in range(5)]
    plan = ImportPlan("shop")
    plan.add(bindings([f"from shop import {', '.join(names)}"]))
    assert written(plan, ", ".join(names)) == "from shop import (\n" + "".join(f"    {n},\n" for n in names) + ")\n"


def test_renaming_stops_where_the_name_is_bound() -> None:
    nodes = ast.parse("account = account('Ann')\naccount.close()\n(lambda account: account)(1)").body
    rename(nodes, {"account": "shop.account"})
    assert ast.unparse(nodes[0]) == "account = shop.account('Ann')"
    assert ast.unparse(nodes[1]) == "account.close()"


def test_renaming_leaves_parameters_alone() -> None:
    nodes = ast.parse("call(lambda account: account, account)").body
    rename(nodes, {"account": "shop.account"})
    assert ast.unparse(nodes[0]) == "call(lambda account: account, shop.account)"
