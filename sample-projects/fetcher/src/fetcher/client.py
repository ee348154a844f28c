"""HTTP through the standard library, off the event loop."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from fetcher.cache import DiskCache
from fetcher.retry import Retryable, backoff, retry
from fetcher.settings import Settings

RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})


class FetchError(Exception):
    """A request that failed for good. `status` is None when no answer came."""

    def __init__(self, url: str, reason: str, status: int | None = None) -> None:
        super().__init__(f'{url}: {reason}')
        self.url = url
        self.status = status


@dataclass(frozen=True)
class Response:
    """An answer: its headers have lower-case names."""

    url: str
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    def json(self):
        """The body as data. Raises `FetchError` when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise FetchError(self.url, f'not JSON: {error}', self.status) from error

    @property
    def next_url(self) -> str | None:
        """The `rel="next"` target of the Link header, made absolute."""
        for link in self.headers.get('link', '').split(','):
            target, _, parameters = link.partition(';')
            names = parameters.replace('"', '').lower().split(';')
            if any(name.strip() == 'rel=next' for name in names):
                return urljoin(self.url, target.strip().strip('<>'))
        return None


def check_url(url: str) -> str:
    """The URL without its fragment. Raises `ValueError` unless it is http or https with a host."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise ValueError(f'not a web address: {url!r}')
    return parts._replace(fragment='').geturl()


def open_url(url: str, timeout: float, agent: str) -> Response:
    """One blocking request. Raises `Retryable` for what may pass, else `FetchError`."""
    request = urllib.request.Request(url, headers={'User-Agent': agent})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            charset = answer.headers.get_content_charset() or 'utf-8'
            body = answer.read().decode(charset, 'replace')
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.url, answer.status, body, headers)
    except urllib.error.HTTPError as error:
        if error.code in RETRY_STATUSES:
            raise Retryable(f'{url}: {error.code}', _retry_after(error.headers)) from error
        raise FetchError(url, error.reason, error.code) from error
    except (urllib.error.URLError, TimeoutError) as error:
        raise Retryable(f'{url}: {error}') from error


def _retry_after(headers) -> float | None:
    value = headers.get('Retry-After') if headers else None
    return float(value) if value and value.isdecimal() else None


class Client:
    """Fetches with retries and, where the settings name a folder, with a cache."""

    def __init__(
        self,
        settings: Settings,
        opener: Callable[[str, float, str], Response] = open_url,
        agent: str = 'fetcher',
    ) -> None:
        self.settings = settings
        self.agent = agent
        self.requests = 0
        self._opener = opener
        self._cache: DiskCache | None = None
        self._slots: asyncio.Semaphore | None = None

    async def __aenter__(self) -> Client:
        self._slots = asyncio.Semaphore(self.settings.workers)
        if self.settings.cache_dir is not None:
            self._cache = DiskCache(self.settings.cache_dir, self.settings.cache_ttl)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._slots = None
        if self._cache is not None:
            self._cache.purge()

    async def get(self, url: str) -> Response:
        """The response, from the cache where it has one."""
        if self._slots is None:
            raise RuntimeError('a client is used inside "async with"')
        address = check_url(url)
        kept = self._cache.get(address) if self._cache else None
        if kept is not None:
            return Response(**json.loads(kept))
        try:
            response = await retry(lambda: self._open(address), backoff(self.settings.retries))
        except Retryable as failure:
            raise FetchError(address, f'gave up: {failure}') from failure
        if self._cache and response.status == 200:
            self._cache.put(address, json.dumps(vars(response)))
        return response

    async def _open(self, url: str) -> Response:
        assert self._slots is not None
        async with self._slots:
            self.requests += 1
            return await asyncio.to_thread(self._opener, url, self.settings.timeout, self.agent)

    async def pages(self, url: str, limit: int = 100) -> AsyncIterator[dict]:
        """Items of a JSON list that goes over several pages, `limit` pages at most."""
        following: str | None = url
        seen: set[str] = set()
        while following and following not in seen and len(seen) < limit:
            seen.add(following)
            page = await self.get(following)
            data = page.json()
            for item in data['items'] if isinstance(data, dict) else data:
                yield item
            following = page.next_url
