"""What of this process's environment other processes get: no keys, no proxies, nothing that reports home."""

import os
import re
from collections.abc import Mapping, MutableMapping

_SECRET_NAME = re.compile(r"(?i)key|token|secret|passw|passphrase|credential|cookie|_(?:pass|pwd|pat|auth|dsn)$")
_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_PROXY_NAME = re.compile(r"(?i)^(?:https?|ftp|all|no|socks|ws|wss|rsync|grpc)_proxy$")

QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "OTEL_SDK_DISABLED": "true",
    "SCARF_NO_ANALYTICS": "true",
}
"""Switches under which libraries report nothing."""
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_XET": "1",  # it connects past Python, where no guard of ours could hear of it
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "NO_PROXY": "*",
    "no_proxy": "*",
}
"""Switches under which libraries ask nobody."""

_withheld: dict[str, str] = {}


def is_secret(name: str, value: str) -> bool:
    """Whether a variable holds what nobody else should read: by its name, or because it is an address with a
    password."""
    return bool(value) and (_SECRET_NAME.search(name) is not None or _WITH_PASSWORD.search(value) is not None)


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a program that we start gets of an environment: everything but secrets and proxies."""
    kept = {
        name: value for name, value in environ.items() if not is_secret(name, value) and not _PROXY_NAME.match(name)
    }
    return {**kept, **QUIET}


def withhold_secrets(environ: MutableMapping[str, str] = os.environ) -> None:
    """Takes secrets out of the environment, so that whatever starts a process later cannot hand them on."""
    for name in [name for name, value in environ.items() if is_secret(name, value)]:
        _withheld[name] = environ.pop(name)


def withheld() -> Mapping[str, str]:
    """What was taken out of the environment."""
    return dict(_withheld)


def reclaim(name: str) -> str:
    """A secret that was taken out, for whoever it is meant for, who keeps it; empty when there is none."""
    return _withheld.pop(name, "")


def go_quiet(environ: MutableMapping[str, str] = os.environ, *, offline: bool) -> None:
    """Sets the switches that make libraries quiet; `offline` also those that keep them from asking anybody, and takes
    the proxies away."""
    environ.update(QUIET)
    if offline:
        for name in [name for name in environ if _PROXY_NAME.match(name)]:
            del environ[name]
        environ.update(OFFLINE)
