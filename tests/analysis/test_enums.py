from qeforge.analysis.enums import member_values
from qeforge.analysis.symbols import symbols_of
from tests.analysis.modules import module_of

MODULE = module_of("""
    import enum
    from enum import auto

    class Level(enum.IntEnum):
        LOW = 1
        BASE = -1
        SAME = 1
        _order_ = "LOW"
        NEXT = auto()
        BOTH = LOW | 4

        def up(self):
            return Level(self + 1)

    class Louder(Level):
        pass

    class Box:
        size = 3
""")


def test_literals_of_members_each_once() -> None:
    [level] = [target for target in MODULE.targets if target.qualname == "Level"]

    assert member_values(symbols_of(MODULE), level) == ("1", "-1")


def test_other_targets_have_none() -> None:
    others = [target for target in MODULE.targets if target.qualname != "Level"]

    assert {target.qualname for target in others} >= {"Level.up", "Box"}
    assert [member_values(symbols_of(MODULE), target) for target in others] == [()] * len(others)
