import json
from pathlib import Path

from qeforge.domain.report import Action, Check, CheckState, SuspectRow, SuspectTests
from qeforge.domain.target import Flavour, SkippedModule
from qeforge.domain.trajectory import Stop
from qeforge.report.data import checks_data, run_data, score_data, suspects_data, targets_data
from tests.report.samples import SCORE, SUSPECT, module, report, row, skipped


def test_a_run_as_json() -> None:
    run = report(
        module(
            stop=Stop.TIME, dropped=(("wavered", 2),), suspects=(SUSPECT,), open_lines=(3, 4), survivors=("9: a → b",)
        ),
        skipped("broken", "SyntaxError: line 3"),
        notes=("no namespaces here",),
    )
    data = json.loads(json.dumps(run_data(run)))
    first, second = data["modules"]
    assert first["module"] == "shop.cart"
    assert first["action"] == "written"
    assert first["suite"] == "tests/test_cart.py"
    assert first["stop"] == "time"
    assert first["dropped"] == {"wavered": 2}
    assert first["coverage"] == {"lines": 40, "lines_met": 36, "branches": 10, "branches_met": 8, "rate": 0.88}
    assert first["suspects"] == [
        {
            "target": "shop.cart:total",
            "act": "total([])",
            "arrange": [],
            "expected": "0",
            "raises": False,
            "source": "docstring",
            "observed": "it returned None",
        }
    ]
    assert first["suspect_tests"] is None
    assert first["open_lines"] == [3, 4]
    assert first["survivors"] == ["9: a → b"]
    assert (second["action"], second["reason"], second["score"]) == ("skipped", "SyntaxError: line 3", None)
    assert data["notes"] == ["no namespaces here"]
    assert data["seconds"] == 4.5


def test_a_file_of_suspects_is_named_while_it_is_there() -> None:
    path = Path("tests/test_cart_suspects.py")
    there = SuspectTests(path=path, action=Action.UNCHANGED, old="a", new="a")
    gone = SuspectTests(path=path, action=Action.REMOVED, old="a")
    data = json.loads(json.dumps(run_data(report(module(suspect_tests=there), module(suspect_tests=gone)))))
    assert [one["suspect_tests"] for one in data["modules"]] == ["tests/test_cart_suspects.py", None]


def test_suspects_as_json() -> None:
    path = Path("/shop/cart.py")
    data = json.loads(json.dumps(suspects_data([SuspectRow(suspect=SUSPECT, path=path, at=0.0)])))
    assert data == {
        "suspects": [
            {
                "target": "shop.cart:total",
                "act": "total([])",
                "arrange": [],
                "expected": "0",
                "raises": False,
                "source": "docstring",
                "observed": "it returned None",
                "path": "/shop/cart.py",
                "found": "1970-01-01T00:00:00+00:00",
            }
        ]
    }


def test_the_score_of_a_run_is_that_of_its_modules() -> None:
    data = run_data(report(module(), skipped("broken", "x")))
    assert isinstance(data["score"], dict)
    assert data["score"]["quality"] == SCORE.quality


def test_nothing_scored_is_null() -> None:
    assert run_data(report(skipped("broken", "x")))["score"] is None
    assert score_data(None) is None


def test_targets_as_json() -> None:
    skipped_module = SkippedModule(path=module().path, reason="SyntaxError")
    data = json.loads(
        json.dumps(
            targets_data(
                (row("Cart._add", flavour=Flavour.COROUTINE, covered=0.5, skipped="private"),), (skipped_module,)
            )
        )
    )
    assert data == {
        "targets": [
            {
                "id": "shop.cart:Cart._add",
                "path": "src/shop/cart.py",
                "line": 1,
                "end_line": 4,
                "kind": "function",
                "flavour": "coroutine",
                "complexity": 3,
                "private": True,
                "covered": 0.5,
                "skipped": "private",
            }
        ],
        "skipped": [{"module": None, "path": "src/shop/cart.py", "reason": "SyntaxError"}],
    }


def test_checks_as_json() -> None:
    check = Check(name="landlock", state=CheckState.MISSING, detail="kernel 5.4", hint="5.13 or newer")
    assert checks_data((check,)) == {
        "checks": [{"name": "landlock", "state": "missing", "detail": "kernel 5.4", "hint": "5.13 or newer"}]
    }


def test_what_earlier_runs_left_is_counted() -> None:
    data = run_data(report(module(cached=True), module("shop.tax")))
    modules = data["modules"]
    assert isinstance(modules, list)
    assert (data["cached"], [one["cached"] for one in modules]) == (1, [True, False])
