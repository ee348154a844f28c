"""`--properties` from source to a suite with a property test, and that suite under plain pytest."""

from pathlib import Path

import pytest

from tests.e2e.bench import Bench, body_of, not_passed, pytest_results

pytestmark = pytest.mark.slow

WIRE = '''\
"""Fields of a line."""


def escape(text: str) -> str:
    """The text without separators."""
    return text.replace("%", "%p").replace(";", "%s")


def unescape(line: str) -> str:
    """What `escape` was given."""
    return line.replace("%s", ";").replace("%p", "%")


class Pair:
    """A name and a value, written as one field."""

    def __init__(self, name: str, value: int) -> None:
        self.name = name
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and (self.name, self.value) == (other.name, other.value)

    def __hash__(self) -> int:
        return hash((self.name, self.value))

    def field(self) -> str:
        """As it is written."""
        return f"{escape(self.name)};{self.value}"

    @classmethod
    def read(cls, field: str) -> "Pair":
        """The pair that was written so."""
        name, _, value = field.partition(";")
        return cls(unescape(name), int(value))
'''

PLAIN_SEARCH = "evidence,operands,strings,recipes,variation,survivors"
"""Left out of the search, so that examples leave something to notice."""

RESTORED = """\
@given(name=st.text(), value=st.integers())
@settings(derandomize=True, deadline=None)
def test_pair_is_restored_by_read_from_field(name, value):
"""

CHECK = """\
    pair = Pair(name, value)
    assert Pair.read(pair.field()) == pair"""


def written(bench: Bench, project: Path, out: str) -> str:
    """The suite of one run without the cache."""
    done = bench(
        *("generate", project, "--properties", "--no-cache", "--seed=3", "--max-time=20", "--iterations=1"),
        *("--out", bench.root / out, "--json"),
        environ={"QEFORGE_WITHOUT": PLAIN_SEARCH},
    )
    assert done.code == 0
    assert done.cut() == []  # so nothing depends on the clock
    assert done.actions() == {"wire": "written"}
    [module] = done.data["modules"]
    return Path(module["suite"]).read_text(encoding="utf-8")


def test_what_a_method_writes_is_read_back_in_a_property_test_that_is_the_same_every_time(bench: Bench) -> None:
    project = bench.project("shop", {"wire.py": WIRE})
    text = written(bench, project, "one")

    found = body_of(text, "test_pair_is_restored_by_read_from_field")
    assert found.startswith(RESTORED + "    # kills ")
    assert found.endswith(CHECK)

    suite = project / "test_wire.py"
    suite.write_text(text, encoding="utf-8")
    for seed in (1, 99):
        results, _ = pytest_results([suite], cwd=project, hash_seed=seed, backwards=seed == 99)
        assert not_passed(results) == {}
        assert any("restored" in name for name in results)

    wrong = WIRE.replace("cls(unescape(name)", "cls(unescape(name).upper()")
    (project / "wire.py").write_text(wrong, encoding="utf-8")
    failing, _ = pytest_results([suite], cwd=project)
    assert any("restored" in name for name in not_passed(failing))

    (project / "wire.py").write_text(WIRE, encoding="utf-8")
    suite.unlink()
    assert written(bench, project, "two") == text
