"""Benches: one for each test, and shared ones for runs that several tests look at."""

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.e2e.bench import Bench, Done

Share = Callable[[str, Callable[[Bench], Done]], tuple[Bench, Done]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="session")
def share(tmp_path_factory: pytest.TempPathFactory) -> Share:
    """Runs a thing once in a test session, however many processes the tests are spread over."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def shared(name: str, make: Callable[[Bench], Done]) -> tuple[Bench, Done]:
        folder = base / "shared" / name
        folder.parent.mkdir(exist_ok=True)
        with (folder.parent / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            record = folder / "done.json"
            bench = Bench(folder)
            if not record.is_file():
                record.write_text(json.dumps(asdict(make(bench))))
            return bench, Done(**json.loads(record.read_text()))

    return shared
