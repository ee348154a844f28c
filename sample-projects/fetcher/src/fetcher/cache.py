"""Responses on disk, good for a while."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path


class DiskCache:
    """One file per key under `folder`; entries older than `ttl` seconds count as absent."""

    def __init__(self, folder: Path, ttl: float, now: Callable[[], float] = time.time) -> None:
        self.folder = Path(folder)
        self.ttl = ttl
        self._now = now
        self.hits = 0
        self.misses = 0

    def path(self, key: str) -> Path:
        """Where the entry for `key` is, or would be."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / digest[:2] / f'{digest[2:18]}.json'

    def get(self, key: str) -> str | None:
        """The value, or None when it is missing, damaged, or too old."""
        entry = self._read(self.path(key))
        if entry is None or entry['key'] != key or self._age(entry) > self.ttl:
            self.misses += 1
            return None
        self.hits += 1
        return entry['value']

    def put(self, key: str, value: str) -> None:
        """Keep a value from now on."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix('.part')
        entry = {'key': key, 'stored': self._now(), 'value': value}
        draft.write_text(json.dumps(entry), encoding='utf-8')
        draft.replace(path)

    def purge(self) -> int:
        """Delete what is too old or damaged; returns how many files went."""
        removed = 0
        for path in sorted(self.folder.glob('*/*.json')):
            entry = self._read(path)
            if entry is None or self._age(entry) > self.ttl:
                path.unlink()
                removed += 1
        return removed

    @property
    def hit_rate(self) -> float:
        """Hits among all look-ups so far; 0 before the first."""
        lookups = self.hits + self.misses
        return self.hits / lookups if lookups else 0.0

    def __contains__(self, key: str) -> bool:
        entry = self._read(self.path(key))
        return entry is not None and entry['key'] == key and self._age(entry) <= self.ttl

    def _age(self, entry: dict) -> float:
        return self._now() - entry['stored']

    @staticmethod
    def _read(path: Path) -> dict | None:
        try:
            entry = json.loads(path.read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return None
        complete = isinstance(entry, dict) and {'key', 'stored', 'value'} <= entry.keys()
        return entry if complete else None
