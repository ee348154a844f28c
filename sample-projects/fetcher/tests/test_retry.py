import asyncio

import pytest

from fetcher.retry import Retryable, backoff, retry


class Flaky:
    """Fails as often as told, then gives `value`."""

    def __init__(self, failures, value='done', after=None):
        self.failures, self.value, self.after, self.calls = failures, value, after, 0

    async def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise Retryable(f'failure {self.calls}', self.after)
        return self.value


def test_pauses_double_up_to_the_longest():
    assert list(backoff(5, first=1, longest=6, jitter=lambda: 0)) == [1, 2, 4, 6, 6]


def test_jitter_takes_up_to_half():
    assert list(backoff(2, first=1, jitter=lambda: 0.5)) == [0.75, 1.5]


def test_success_needs_no_pause(pauses_taken):
    taken, sleep = pauses_taken

    assert asyncio.run(retry(Flaky(0), iter([1.0]), sleep)) == 'done'
    assert taken == []


def test_it_tries_again_after_each_pause(pauses_taken):
    taken, sleep = pauses_taken

    assert asyncio.run(retry(Flaky(2), iter([1.0, 2.0, 4.0]), sleep)) == 'done'
    assert taken == [1.0, 2.0]


def test_the_server_may_ask_for_more_time(pauses_taken):
    taken, sleep = pauses_taken

    asyncio.run(retry(Flaky(1, after=9), iter([1.0]), sleep))

    assert taken == [9]


def test_the_last_failure_is_raised(pauses_taken):
    _, sleep = pauses_taken

    with pytest.raises(Retryable, match='failure 2'):
        asyncio.run(retry(Flaky(5), iter([1.0]), sleep))
