from qeforge.analysis.features import Shape, shape_of
from tests.analysis.modules import module_of

MODULE = module_of(
    '''
    import os
    import numpy as np
    from time import sleep

    def plain(a, b):
        return a + b

    def busy(path: str, limit=3, other=None, last=...):
        """Doc."""
        if limit:
            for name in os.listdir(path):
                sleep(1)
        return np.array([open(path)])

    class Box:
        size = 1
    '''
)


def shape(name: str) -> Shape:
    return shape_of(MODULE, next(target for target in MODULE.targets if target.qualname == name))


def test_what_is_plain_counts_nothing() -> None:
    assert shape("plain") == Shape(lines=2, cyclomatic=1, cognitive=0, imports=0, effects=0, typed=0.0)


def test_what_touches_the_world_and_imports_of_others_are_counted() -> None:
    assert shape("busy") == Shape(lines=6, cyclomatic=3, cognitive=3, imports=1, effects=3, typed=1.0)


def test_a_class_without_a_constructor() -> None:
    assert shape("Box").cognitive == 0
