from dataclasses import replace

from qeforge.analysis.registered import handed_to, registered
from qeforge.analysis.symbols import read_symbols
from tests.engine.test_operands import TARGET

SYMBOLS = read_symbols(
    """\
HANDLERS = []
TABLE = {}

def append():
    @HANDLERS.append
    def one(): ...

def store(run, other):
    def two(): ...
    TABLE["two"] = two
    run(two, 1)

class Bus:
    def add(self):
        def three(): ...
        self.all.append(three)

def local():
    held = []
    def four(): ...
    held.append(four)
""",
    "m",
)


def test_a_function_is_found_where_it_was_put() -> None:
    assert registered(SYMBOLS, replace(TARGET, qualname="append")) == [("one", "HANDLERS[-1]")]
    assert registered(SYMBOLS, replace(TARGET, qualname="store")) == [("two", "TABLE['two']")]
    assert registered(SYMBOLS, replace(TARGET, qualname="Bus.add")) == [("three", "self.all[-1]")]


def test_what_ends_with_the_call_is_not_looked_for() -> None:
    assert registered(SYMBOLS, replace(TARGET, qualname="local")) == []


def test_a_parameter_that_is_given_the_function_is_named() -> None:
    assert handed_to(SYMBOLS, replace(TARGET, qualname="store")) == {"run"}
