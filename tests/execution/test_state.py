"""The state of a package is brought back, or what escapes is told."""

import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any

import pytest

from qeforge.execution.worker.state import PackageState

MODULE = """
    import collections, enum, functools, re, threading

    COUNT = 0
    TABLE = {"a": [1]}
    QUEUE = collections.deque([1], maxlen=2)
    SEEN = set()
    BY_NAME = collections.defaultdict(list)
    PATTERN = re.compile("a")

    class Color(enum.Enum):
        RED = 1

    class Shop:
        sold = []
        open = True

        @property
        def size(self):
            return len(self.sold)

        @functools.cached_property
        def heavy(self):
            return 1

    SHOP = Shop()

    @functools.lru_cache
    def cached(n):
        return n

    def gather(item, into=[]):
        into.append(item)
        return into

    def counter():
        n = [0]
        def count():
            n[0] += 1
            return n[0]
        return count

    count = counter()

    def change():
        global COUNT, NEW
        COUNT, NEW = 1, 2
        TABLE["a"].append(2)
        TABLE["b"] = 1
        QUEUE.append(2)
        SEEN.add(1)
        BY_NAME["x"].append(1)
        Shop.sold.append(1)
        Shop.open = False
        Shop.extra = 1
        SHOP.heavy
        SHOP.name = "x"
        cached(1)
        gather(1)
        count()

    def look():
        return (
            COUNT, "NEW" in globals(), TABLE, QUEUE, SEEN, dict(BY_NAME), Shop.sold, Shop.open, hasattr(Shop, "extra"),
            vars(SHOP), cached.cache_info().currsize, gather.__defaults__, count.__closure__[0].cell_contents,
        )
"""


@pytest.fixture
def module() -> Iterator[Any]:
    made = types.ModuleType("stateful_sample")
    sys.modules["stateful_sample"] = made
    exec(textwrap.dedent(MODULE), vars(made))
    yield made
    del sys.modules["stateful_sample"]


def test_all_that_is_known_is_brought_back(module: Any) -> None:
    state = PackageState("stateful_sample")
    before = repr(module.look())
    module.change()
    assert repr(module.look()) != before

    state.restore()

    assert state.complete
    assert repr(module.look()) == before


def test_the_very_objects_stay(module: Any) -> None:
    table, inner = module.TABLE, module.TABLE["a"]
    state = PackageState("stateful_sample")
    module.TABLE = {}
    inner.append(3)

    state.restore()

    assert module.TABLE is table
    assert module.TABLE["a"] is inner
    assert inner == [1]


@pytest.mark.parametrize(
    "source", ["iter([1])", "threading.local()", "open(__file__)", "type('D', (dict,), {'__module__': __name__})()"]
)
def test_what_may_hold_anything_is_told(module: Any, source: str) -> None:
    module.__file__ = __file__
    module.thing = eval(source, vars(module))
    try:
        assert not PackageState("stateful_sample").complete
    finally:
        getattr(module.thing, "close", lambda: None)()
