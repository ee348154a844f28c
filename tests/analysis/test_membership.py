from dataclasses import replace

from qeforge.analysis.membership import Membership, memberships
from qeforge.analysis.symbols import read_symbols
from tests.engine.test_operands import TARGET

SYMBOLS = read_symbols(
    """\
class Door:
    def __init__(self, guests):
        self.seen = set()
        self.names: dict = {}
        self.queue = []
        self._hidden = set()
        self.guests = guests

    def admit(self, badge, name):
        if badge.owner.key in self.seen or name not in self.names:
            return name in self.queue
        return name in self._hidden or name in self.guests or len(name) in self.seen
""",
    "m",
)


def test_arguments_are_looked_for_in_public_containers_that_start_empty() -> None:
    found = memberships(SYMBOLS, replace(TARGET, qualname="Door.admit", owner="Door"))

    assert set(found) == {
        Membership(parameter="badge", path="owner.key", attribute="seen", container="set"),
        Membership(parameter="name", path="", attribute="names", container="dict"),
        Membership(parameter="name", path="", attribute="queue", container="list"),
    }


def test_a_function_has_no_containers() -> None:
    assert memberships(SYMBOLS, TARGET) == ()
