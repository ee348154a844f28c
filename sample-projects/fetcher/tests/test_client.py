import asyncio

import pytest

from fetcher.client import FetchError


def test_a_response_is_fetched_once_per_call(client, web, make_response):
    web.answers['https://api.test/a'] = make_response('hello')

    async def scenario():
        async with client:
            return await client.get('https://api.test/a#part')

    assert asyncio.run(scenario()).body == 'hello'
    assert web.asked == ['https://api.test/a']


def test_failures_pass_through(client, web):
    web.answers['https://api.test/a'] = FetchError('https://api.test/a', 'Not Found', 404)

    async def scenario():
        async with client:
            await client.get('https://api.test/a')

    with pytest.raises(FetchError, match='Not Found'):
        asyncio.run(scenario())


def test_a_body_that_is_not_json_is_an_error(make_response):
    with pytest.raises(FetchError, match='not JSON'):
        make_response('<html>').json()
