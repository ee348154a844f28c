"""Where qeforge keeps what is not the project's: records, logs, the cache."""

from collections.abc import Mapping
from pathlib import Path

DATA_DIR_VARIABLE = "QEFORGE_DATA_DIR"


def data_dir(environ: Mapping[str, str]) -> Path:
    """Where qeforge keeps what outlives a run (`QEFORGE_DATA_DIR`, else the user's data folder)."""
    if override := environ.get(DATA_DIR_VARIABLE):
        return Path(override).expanduser()
    import platformdirs  # most commands never need it

    return platformdirs.user_data_path("qeforge", appauthor=False)


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Where qeforge keeps what it can find out again (`cache` in `QEFORGE_DATA_DIR`, else the user's cache folder)."""
    if override := environ.get(DATA_DIR_VARIABLE):
        return Path(override).expanduser() / "cache"
    import platformdirs  # most commands never need it

    return platformdirs.user_cache_path("qeforge", appauthor=False)


def log_dir(environ: Mapping[str, str]) -> Path:
    """Where full logs of unexpected failures go (`logs` in `QEFORGE_DATA_DIR`, else the user's log folder)."""
    if override := environ.get(DATA_DIR_VARIABLE):
        return Path(override).expanduser() / "logs"
    import platformdirs  # most commands never need it

    return platformdirs.user_log_path("qeforge", appauthor=False)
