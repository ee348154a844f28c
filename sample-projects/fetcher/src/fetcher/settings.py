"""Settings, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = 'FETCHER_'


class SettingsError(ValueError):
    """A variable holds something that it cannot mean."""

    def __init__(self, variable: str, value: str, wanted: str) -> None:
        super().__init__(f'{variable} must be {wanted}, not {value!r}')
        self.variable = variable


@dataclass(frozen=True)
class Settings:
    """How to fetch. Times in seconds; no cache when `cache_dir` is None."""

    timeout: float = 10.0
    retries: int = 3
    workers: int = 4
    cache_dir: Path | None = None
    cache_ttl: float = 3600.0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Defaults, overridden by `FETCHER_*` variables. Raises `SettingsError`."""
        values = os.environ if environ is None else environ
        folder = values.get(PREFIX + 'CACHE_DIR', '').strip()
        return cls(
            timeout=_number(values, 'TIMEOUT', cls.timeout, least=0.1),
            retries=int(_number(values, 'RETRIES', cls.retries, whole=True)),
            workers=int(_number(values, 'WORKERS', cls.workers, least=1, whole=True)),
            cache_dir=Path(folder).expanduser() if folder else None,
            cache_ttl=_number(values, 'CACHE_TTL', cls.cache_ttl),
        )


def _number(
    values: Mapping[str, str], name: str, default: float, least: float = 0, whole: bool = False
) -> float:
    text = values.get(PREFIX + name, '').strip()
    if not text:
        return default
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        wanted = 'a whole number' if whole else 'a number'
        raise SettingsError(PREFIX + name, text, wanted) from None
    if not number >= least:
        raise SettingsError(PREFIX + name, text, f'{least:g} or more')
    return number
