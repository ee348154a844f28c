import random
from dataclasses import replace

from qeforge.analysis.symbols import read_symbols
from qeforge.domain.facts import ModuleFacts
from qeforge.domain.target import Kind
from qeforge.engine.build import Builder
from qeforge.engine.definitions import definitions
from qeforge.engine.dressed import dressed, holding
from qeforge.engine.plan import Argument, Plan, to_candidate
from qeforge.engine.value import Value, literal
from tests.engine.test_operands import TARGET

SYMBOLS = read_symbols(
    """\
import inspect

class Door:
    def __init__(self):
        self.seen = set()

    def admit(self, name):
        return name in self.seen

    def texts(self):
        return [v for v in vars(self).values() if isinstance(v, str)]

def wrap(function):
    return inspect.isgeneratorfunction(function)
""",
    "m",
)
DOOR = Value(source="Door()", type_name="Door", imports=("from m import Door",), shared=True)


def test_a_receiver_gets_an_attribute_of_the_type_that_is_looked_for() -> None:
    builder = Builder(ModuleFacts(module="m"), (), (), random.Random(0))
    target = replace(TARGET, qualname="Door.texts", owner="Door")

    found = dressed(SYMBOLS, target, DOOR, builder)

    assert found
    assert all(value.setup[0].startswith("{name}.some_str = ") for value in found)


def test_a_receiver_holds_the_argument_that_is_looked_for() -> None:
    target = replace(TARGET, qualname="Door.admit", owner="Door", kind=Kind.METHOD)
    plan = Plan(target=target, receiver=DOOR, arguments=(Argument(name="name", value=literal('"abc"')),))

    [found] = holding(SYMBOLS, plan, {})

    assert to_candidate(found).arrange == ("door = Door()", 'door.seen.add("abc")')


def test_an_argument_that_has_a_variable_makes_way_for_one_that_can_be_written_twice() -> None:
    target = replace(TARGET, qualname="Door.admit", owner="Door", kind=Kind.METHOD)
    plan = Plan(target=target, receiver=DOOR, arguments=(Argument(name="name", value=literal("[1]")),))

    [found] = holding(SYMBOLS, plan, {"name": [literal("[1]"), literal("7")]})

    assert [argument.value.source for argument in found.arguments] == ["7"]
    assert holding(SYMBOLS, plan, {"name": [literal("[1]")]}) == []


def test_only_kinds_of_callables_that_the_code_asks_for_are_defined() -> None:
    assert [value.source for value in definitions(SYMBOLS.tree)] == ["count_up"]
