"""Fixtures and factories that the suites share."""

import json

import pytest

from fetcher.cache import DiskCache
from fetcher.client import Client, Response
from fetcher.settings import Settings


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self.time = start

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


class FakeWeb:
    """Answers from a dict instead of a network; remembers what was asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[str] = []

    def __call__(self, url: str, timeout: float, agent: str) -> Response:
        self.asked.append(url)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def cache(tmp_path, clock):
    """An empty cache whose entries are good for a minute of `clock`."""
    return DiskCache(tmp_path / 'cache', ttl=60, now=clock)


@pytest.fixture
def settings():
    """Settings that do not retry and do not cache."""
    return Settings(timeout=1, retries=0, workers=2)


@pytest.fixture
def make_response():
    """A factory of responses; anything but a text becomes a JSON body."""

    def make(body='', url='https://api.test/things', status=200, **headers):
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(url, status, text, headers)

    return make


@pytest.fixture
def web():
    return FakeWeb()


@pytest.fixture
def client(settings, web):
    """A client that asks `web`; enter it with `async with`."""
    return Client(settings, opener=web)


@pytest.fixture
def pauses_taken():
    """A list, and a `sleep` that writes its pauses there instead of sleeping."""
    taken = []

    async def sleep(seconds):
        taken.append(seconds)

    return taken, sleep
