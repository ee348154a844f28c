"""Files from the model hub, through its own client library; the only module that imports `huggingface_hub`.

The library is told to keep to itself: no telemetry, no token, no look-ups besides the file that is asked for, nothing
written but that file. It is not even imported where nothing may leave the machine.
"""

import importlib
import importlib.util
import os
import re
import time
from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import qeforge
from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers import guard
from qeforge.providers.catalogue import Entry
from qeforge.providers.failures import one_line, retry_after
from qeforge.providers.store import Progress

ENDPOINT_VARIABLE = "HF_ENDPOINT"
"""Names another hub, such as a mirror; the library's own variable."""

_LIBRARY = "huggingface_hub"
_HUB = "https://huggingface.co"
_QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_VERBOSITY": "critical",
    "HF_DEBUG": "0",
}
"""What the library reads when it is imported."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAMED = {"library_name": "qeforge", "library_version": qeforge.__version__}
_GOT = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


class Hub:
    """Completes files from the hub.

    Args:
        environ: the environment, for the hub's address.
        local_only: who said that nothing may leave the machine; empty where it may.
        timeout: seconds without an answer, or without a byte of it, after which a connection counts as lost.
        pause: seconds between attempts.
        attempts: in a row that bring nothing, before it gives up.
        slowest: bytes a second, over the whole of a download, below which it is given up,
        grace: after so many seconds.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        local_only: str = "",
        timeout: float = 20.0,
        pause: float = 1.0,
        attempts: int = 4,
        slowest: float = 10_000.0,
        grace: float = 60.0,
    ) -> None:
        self._endpoint = _address(environ.get(ENDPOINT_VARIABLE) or _HUB)
        self._local_only = local_only
        self._timeout = timeout
        self._pause = pause
        self._attempts = attempts
        self._slowest = slowest
        self._grace = grace

    def check(self, entry: Entry) -> None:
        """Refuses what cannot be loaded, without asking anybody.

        Raises:
            PrivacyError: nothing may leave the machine.
            ProviderError: the hub has not that file, or the library is missing.
        """
        if self._local_only:
            raise PrivacyError(
                f"{entry.name}: no download, nothing may leave the machine ({self._local_only})",
                hint="`qeforge models import FILE` takes one that is here",
            )
        if not entry.repo:
            raise ProviderError(
                f"{entry.name}: can only be imported", hint=f"`qeforge models import {entry.file}`", slug="not-found"
            )
        if importlib.util.find_spec(_LIBRARY) is None:
            raise ProviderError(
                "downloads need the package huggingface_hub", hint="pip install 'qeforge[local]'", slug="missing-extra"
            )

    def fetch(self, entry: Entry, into: BinaryIO, progress: Progress) -> None:
        """Completes a file that is open at its end; what was written until a failure stays in it.

        Raises:
            ProviderError: as `check`; or the hub has not that file, another one, or gives no answer.
            OSError: the file cannot be written.
        """
        self.check(entry)
        library = _library()
        guard.permit_downloads()
        try:
            self._look(library, entry)
            self._load(library, entry, into, progress)
        finally:
            library.close_session()

    def _url(self, library: Any, entry: Entry) -> str:
        url: str = library.hf_hub_url(entry.repo, entry.file, revision=entry.revision, endpoint=self._endpoint)
        return url

    def _look(self, library: Any, entry: Entry) -> None:
        """Refuses another file of that name before any of it is loaded."""
        try:
            found = library.get_hf_file_metadata(
                self._url(library, entry), token=False, timeout=self._timeout, **_NAMED
            )
        except library.errors.OfflineModeIsEnabled:
            raise ProviderError(
                "HF_HUB_OFFLINE forbids downloads", hint="unset it, or import a file", slug="network"
            ) from None
        except library.errors.HTTPError as problem:
            raise self._explained(library, entry, problem) from None
        is_another = _SHA256.fullmatch(found.etag or "") is not None and found.etag != entry.sha256
        if is_another or found.size not in (None, entry.bytes):
            raise ProviderError(
                f"{entry.name}: {entry.repo} has another file by the name {entry.file} now; it was not loaded",
                hint="a newer qeforge may know it; `qeforge models import FILE` takes the one that is known",
                slug="checksum",
            )

    def _load(self, library: Any, entry: Entry, into: BinaryIO, progress: Progress) -> None:
        deadline = time.monotonic() + self._grace + (entry.bytes - into.tell()) / self._slowest
        left = self._attempts
        while into.tell() < entry.bytes:
            before = into.tell()
            try:
                self._stream(library, entry, into, progress, deadline)
                problem: Exception | None = None
            except library.errors.HTTPError as lost:
                if isinstance(lost, library.errors.HfHubHTTPError):
                    raise self._explained(library, entry, lost) from None
                problem = lost
            left = self._attempts if into.tell() > before else left - 1
            if into.tell() == entry.bytes:
                return
            if left <= 0 or time.monotonic() > deadline:
                raise self._cut(entry, into.tell(), problem)
            time.sleep(self._pause)

    def _stream(self, library: Any, entry: Entry, into: BinaryIO, progress: Progress, deadline: float) -> None:
        """Writes what comes over one connection."""
        start = into.tell()
        headers = library.utils.build_hf_headers(token=False, **_NAMED)
        headers |= {"accept-encoding": "identity"} | ({"range": f"bytes={start}-"} if start else {})
        session = library.get_session()
        with session.stream("GET", self._url(library, entry), headers=headers, timeout=self._timeout) as response:
            library.utils.hf_raise_for_status(response)
            got = _GOT.fullmatch(response.headers.get("content-range", ""))
            if start and (response.status_code != 206 or got is None or int(got[1]) != start):
                start = 0  # it sends all of it, or not what was asked for
                into.seek(0)
                into.truncate()
                if response.status_code == 206:
                    return
            for block in response.iter_bytes():  # as it comes: what a cut would leave in a buffer is lost
                start += len(block)
                if start > entry.bytes:
                    into.truncate(0)
                    into.seek(0)
                    raise ProviderError(
                        f"{entry.name}: the hub sends more than the {entry.bytes} bytes of the file",
                        hint="`qeforge models import FILE` takes one that is here",
                        slug="checksum",
                    )
                into.write(block)
                progress(start, entry.bytes)
                if time.monotonic() > deadline:
                    return

    def _explained(self, library: Any, entry: Entry, problem: Any) -> ProviderError:
        """What it means that the hub did not give what was asked for."""
        if not isinstance(problem, library.errors.HfHubHTTPError):
            return ProviderError(
                f"{self._endpoint}: no answer: {one_line(str(problem)) or type(problem).__name__}",
                hint="check the network; what was loaded before is kept",
                slug="network",
                transient=True,
            )
        response = problem.response
        status, where = response.status_code, f"{entry.repo}, {entry.file}"
        wait = retry_after({key.lower(): value for key, value in response.headers.items()})
        if status in (401, 403):
            return ProviderError(
                f"{where}: the hub wants to know who asks ({status})",
                hint="load it with your browser, then `qeforge models import FILE`",
                slug="refused",
            )
        if status == 404:
            return ProviderError(
                f"{where}: the hub has no such file (any more)",
                hint="`qeforge models import FILE` takes one from elsewhere",
                slug="not-found",
            )
        if status == 429:
            return ProviderError(
                f"{self._endpoint}: too many requests", hint="try later", slug="rate-limit", transient=True,
                retry_after=wait,
            )  # fmt: skip
        return ProviderError(
            f"{self._endpoint}: the hub failed ({status})", hint="try later", slug="overloaded",
            transient=status >= 500, retry_after=wait,
        )  # fmt: skip

    def _cut(self, entry: Entry, done: int, problem: Exception | None) -> ProviderError:
        why = one_line(str(problem)) if problem else "it is too slow, or ends before the file does"
        return ProviderError(
            f"{entry.name}: cut off at {done / 1e6:.1f} of {entry.bytes / 1e6:.1f} MB: {why}",
            hint="the same command goes on from there",
            slug="cut",
            transient=True,
        )


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ProviderError(f"{ENDPOINT_VARIABLE}: {text!r} is no http address", hint="unset it", slug="url")
    return text.rstrip("/")


def _library() -> Any:
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    try:
        library = importlib.import_module(_LIBRARY)
        for part in ("constants", "errors", "utils"):
            importlib.import_module(f"{_LIBRARY}.{part}")
        library.constants.HF_HUB_DISABLE_TELEMETRY = True  # also where somebody else imported it first
        return library
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
