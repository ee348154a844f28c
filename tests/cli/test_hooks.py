"""What others run by name: the pre-commit hooks, and the project's own check."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, FakeWiring

ROOT = Path(__file__).resolve().parents[2]
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text()
EXCLUDE = re.compile(HOOKS.partition("exclude: &not_under_test '")[2].partition("'\n")[0])


def test_there_are_two_hooks() -> None:
    assert re.findall(r"^- id: (.+)$", HOOKS, re.MULTILINE) == ["qeforge-generate", "qeforge-check"]
    assert HOOKS.count("require_serial: true") == HOOKS.count("types: [python]") == 2


@pytest.mark.parametrize("entry", re.findall(r"^  entry: qeforge (.+)$", HOOKS, re.MULTILINE))
def test_each_hook_is_a_command_that_takes_file_names(cli: Cli, wiring: FakeWiring, entry: str) -> None:
    ended = cli(*shlex.split(entry), "shop.py", "cart.py")
    assert ended.code == 0
    assert wiring.arguments[0][0] == [Path("shop.py"), Path("cart.py")]
    assert wiring.configs[0].changed == ("HEAD" if entry.startswith("generate") else None)


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        ("src/shop/cart.py", False),
        ("latest.py", False),
        ("src/contest.py", False),
        ("tests/helpers.py", True),
        ("src/shop/test_cart.py", True),
        ("cart_test.py", True),
        ("pkg/conftest.py", True),
        ("setup.py", True),
    ],
)
def test_tests_are_not_handed_over_as_code(path: str, left_out: bool) -> None:
    assert bool(EXCLUDE.search(path)) is left_out


def test_the_check_script_is_valid() -> None:
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True, timeout=30)


def test_constraints_name_one_version_per_package() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    names = [re.split("==", line)[0].lower().replace("_", "-") for line in lines]
    assert len(names) == len(set(names))
