"""Trap: what happens depends on variables, the home folder, the locale, the platform and the current folder."""

import getpass
import locale
import os
import platform
import socket
from pathlib import Path


def debug_enabled() -> bool:
    """From `APP_DEBUG`."""
    return os.environ.get("APP_DEBUG", "").lower() in {"1", "true", "yes"}


def database_url() -> str:
    """From `DATABASE_URL`, which has to be there."""
    try:
        url = os.environ["DATABASE_URL"]
    except KeyError:
        raise RuntimeError("DATABASE_URL is not set") from None
    if "://" not in url:
        raise ValueError(f"not a URL: {url!r}")
    return url


def config_folder(app: str) -> Path:
    """By the XDG rules."""
    base = os.getenv("XDG_CONFIG_HOME")
    return Path(base) / app if base else Path.home() / ".config" / app


def set_mode(mode: str) -> None:
    """Sets a variable that later calls see."""
    if mode not in ("fast", "safe"):
        raise ValueError(f"no such mode: {mode}")
    os.environ["APP_MODE"] = mode


def where() -> dict[str, str]:
    """Facts about this machine; nothing of it is the same elsewhere."""
    return {
        "folder": str(Path.cwd()),
        "host": socket.gethostname(),
        "system": platform.system(),
        "encoding": locale.getpreferredencoding(),
        "user": getpass.getuser(),
        "pid": str(os.getpid()),
    }


def secrets_in_sight() -> list[str]:
    """Names of variables that look like secrets: none should be visible to code under test."""
    return sorted(name for name in os.environ if name.endswith(("_TOKEN", "_KEY", "_SECRET", "PASSWORD")))
