import ast

import pytest

from qeforge.analysis.syntax import nodes_of
from qeforge.domain.recipe import Fake
from qeforge.engine.fakes import fakes_for


def places(source: str, kind: str) -> set[str]:
    return {fake.statement.split('"')[1] for fake in fakes_for(nodes_of(ast.parse(source)), "pkg.mod", kind)}


@pytest.mark.parametrize(
    ("source", "kind", "place"),
    [
        ("import subprocess\nsubprocess.run(['git'])", "process", "subprocess.run"),
        ("import subprocess as sp\nsp.check_output('x')", "process", "subprocess.check_output"),
        ("from subprocess import run\nrun(['git'])", "process", "pkg.mod.run"),
        ("import urllib.request\nurllib.request.urlopen('x')", "network", "urllib.request.urlopen"),
        ("from urllib.request import urlopen as get\nget('x')", "network", "pkg.mod.get"),
        ("import requests\nrequests.get('x')", "network", "requests.get"),
    ],
)
def test_what_the_module_calls_is_replaced_where_it_looks_it_up(source: str, kind: str, place: str) -> None:
    assert places(source, kind) == {place}


def test_a_module_that_calls_nothing_needs_no_fake() -> None:
    assert fakes_for(nodes_of(ast.parse("import subprocess\nx = 1")), "pkg.mod", "process") == []


def test_what_was_of_use_before_comes_first_and_the_usual_ones_stay() -> None:
    nodes = nodes_of(ast.parse("from os import system\nsystem('x')"))
    usual = fakes_for(nodes, "pkg.mod", "process")
    elsewhere = Fake(stands_for="subprocess.run", source="print")
    own = Fake(stands_for="os.system", source="FakeSystem()", imports=("from shop.fakes import FakeSystem",))
    second = Fake(stands_for="os.system", source="lambda *args, **kwargs: 1")

    found = fakes_for(nodes, "pkg.mod", "process", [elsewhere, own, second])

    assert found[0].statement == 'monkeypatch.setattr("pkg.mod.system", FakeSystem())'
    assert found[0].imports == own.imports
    assert found[1:] == [usual[1], usual[0]]


@pytest.mark.parametrize("kind", ["process", "network"])
def test_every_fake_is_valid_python_with_its_imports(kind: str) -> None:
    source = (
        "import subprocess, os, requests, socket, urllib.request\n"
        "subprocess.run, subprocess.Popen, os.popen, os.system, subprocess.check_output\n"
        "requests.get, requests.Session, socket.socket, urllib.request.urlopen"
    )

    for fake in fakes_for(nodes_of(ast.parse(source)), "m", kind):
        replacement = fake.statement.partition(", ")[2].removesuffix(")")
        space: dict[str, object] = {}
        exec("\n".join(fake.imports), space)
        eval(f"({replacement})()", space)
