"""Fetches many URLs politely: workers, retries, paging, a cache on disk."""

from fetcher.cache import DiskCache
from fetcher.client import Client, FetchError, Response
from fetcher.pool import run_all
from fetcher.settings import Settings

__all__ = ['Client', 'DiskCache', 'FetchError', 'Response', 'Settings', 'run_all']
