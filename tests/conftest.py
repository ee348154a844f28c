import os
import signal
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def signals_are_heard() -> Iterator[None]:
    """Ctrl-C and a closed terminal mean what they mean in a terminal, also where the tests run in the background: a
    shell without job control has them ignored there, and every process that a test starts would inherit that."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    if before[signal.SIGINT] is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if before[signal.SIGHUP] is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def surroundings_stay() -> Iterator[None]:
    """A command that runs in this process guards it and takes secrets out of its environment, which the next test
    should not find so. The guard's hook stays, without a policy."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() | before.keys():
        if name == "PYTEST_CURRENT_TEST":
            continue
        if name not in before:
            del os.environ[name]
        elif os.environ.get(name) != before[name]:
            os.environ[name] = before[name]
    for module, name, fresh in (("providers.guard", "_state", None), ("config.surroundings", "_withheld", {})):
        if loaded := sys.modules.get(f"qeforge.{module}"):
            setattr(loaded, name, fresh)
