"""Downloads through the hub's own library, from a hub on this machine."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers.hub import Hub
from tests.providers.hub_server import Hub as Server
from tests.providers.hub_server import Misdeed, entry_of, hub, model

ROOT = Path(__file__).parents[2]
DATA = model()
ENTRY = entry_of(DATA)
PATH = f"/{ENTRY.repo}/resolve/{ENTRY.revision}/{ENTRY.file}"

huggingface_hub = pytest.importorskip("huggingface_hub", reason="the package huggingface_hub is not installed")


def nothing(done: int, total: int) -> None:
    """Nobody looks."""


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # another test may have gone offline
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


@pytest.fixture
def server() -> Iterator[Server]:
    with hub(DATA) as running:
        yield running


def client(server: Server, **options: float) -> Hub:
    return Hub({"HF_ENDPOINT": server.url}, **{"timeout": 5.0, "pause": 0.0, **options})  # type: ignore[arg-type]


def refusal(call: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        call()
    return caught.value


def test_a_whole_file(server: Server) -> None:
    heard: list[tuple[int, int]] = []
    into = io.BytesIO()
    client(server).fetch(ENTRY, into, lambda done, total: heard.append((done, total)))
    assert into.getvalue() == DATA
    assert heard[-1] == (len(DATA), len(DATA))
    assert heard == sorted(heard)


def test_nothing_but_the_file_is_asked_for_and_nobody_is_told_who_asks(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_secret")
    client(server).fetch(ENTRY, io.BytesIO(), nothing)
    assert server.asked == [("HEAD", PATH, ""), ("GET", PATH, "")]
    assert not any("hf_secret" in value for headers in server.headers for value in headers.values())
    assert all(headers["user-agent"].startswith("qeforge/") for headers in server.headers)
    assert not (tmp_path / "home").exists()


def test_a_fresh_process_asks_for_nothing_else_either(server: Server, tmp_path: Path) -> None:
    program = (
        "import io, os\n"
        "from qeforge.providers.hub import Hub\n"
        "from tests.providers.hub_server import entry_of, model\n"
        "into = io.BytesIO()\n"
        "Hub(os.environ).fetch(entry_of(model()), into, lambda done, total: None)\n"
        "assert into.getvalue() == model()\n"
        "assert 'HF_HUB_VERBOSITY' not in os.environ\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_") and "proxy" not in name}
    environ = {**kept, "HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_secret"}
    for name in ("DO_NOT_TRACK", "DISABLE_TELEMETRY"):
        environ.pop(name, None)
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert server.asked == [("HEAD", PATH, ""), ("GET", PATH, "")]
    assert not any("authorization" in headers for headers in server.headers)
    assert not (tmp_path / "home").exists()


def test_a_cut_is_gone_on_with_at_once(server: Server) -> None:
    server.gets += [Misdeed(cut=50_000), Misdeed(cut=70_000)]
    into = io.BytesIO()
    client(server).fetch(ENTRY, into, nothing)
    assert into.getvalue() == DATA
    assert server.ranges[0] == ""
    assert [int(span.removeprefix("bytes=").rstrip("-")) > 0 for span in server.ranges[1:]] == [True, True]


def test_what_was_loaded_before_is_not_loaded_again(server: Server) -> None:
    into = io.BytesIO(DATA[:150_000])
    into.seek(0, io.SEEK_END)
    client(server).fetch(ENTRY, into, nothing)
    assert into.getvalue() == DATA
    assert server.ranges == ["bytes=150000-"]


def test_a_file_that_is_whole_is_not_asked_for(server: Server) -> None:
    into = io.BytesIO(DATA)
    into.seek(0, io.SEEK_END)
    client(server).fetch(ENTRY, into, nothing)
    assert server.ranges == []


def test_cut_again_and_again_it_gives_up_and_leaves_what_there_is(server: Server) -> None:
    server.gets += [Misdeed(cut=60_000)] + [Misdeed(cut=0)] * 10
    into = io.BytesIO()
    error = refusal(lambda: client(server, attempts=2).fetch(ENTRY, into, nothing))
    assert (error.slug, error.transient, error.hint) == ("cut", True, "the same command goes on from there")
    assert 0 < len(into.getvalue()) <= 60_000
    assert DATA.startswith(into.getvalue())
    assert len(server.ranges) == 3


def test_a_hub_that_knows_no_ranges_sends_all_of_it_again(server: Server) -> None:
    server.gets += [Misdeed(whole=True)]
    into = io.BytesIO(b"?" * 1000)
    into.seek(0, io.SEEK_END)
    client(server).fetch(ENTRY, into, nothing)
    assert into.getvalue() == DATA


def test_a_range_that_was_not_asked_for_is_not_believed(server: Server) -> None:
    server.gets += [Misdeed(status=206, headers={"content-range": f"bytes 7-9/{len(DATA)}"})]
    into = io.BytesIO(DATA[:1000])
    into.seek(0, io.SEEK_END)
    client(server).fetch(ENTRY, into, nothing)
    assert into.getvalue() == DATA
    assert server.ranges == ["bytes=1000-", ""]


def test_redirects_are_followed(server: Server) -> None:
    server.gets += [Misdeed(status=302, elsewhere="/storage/1?signed=yes")]
    into = io.BytesIO()
    client(server).fetch(ENTRY, into, nothing)
    assert into.getvalue() == DATA
    assert [path for _, path, _ in server.asked] == [PATH, PATH, "/storage/1?signed=yes"]


@pytest.mark.parametrize("first", ["HEAD", "GET"])
@pytest.mark.parametrize(
    ("status", "headers", "slug", "transient", "wait"),
    [
        (401, {}, "refused", False, None),
        (403, {"x-error-code": "GatedRepo"}, "refused", False, None),
        (404, {"x-error-code": "EntryNotFound"}, "not-found", False, None),
        (404, {"x-error-code": "RevisionNotFound"}, "not-found", False, None),
        (404, {}, "not-found", False, None),
        (429, {"retry-after": "7"}, "rate-limit", True, 7.0),
        (500, {}, "overloaded", True, None),
        (503, {"retry-after": "100000"}, "overloaded", True, 100_000.0),
        (418, {}, "overloaded", False, None),
    ],
)
def test_what_the_hub_says_is_told_in_one_line_and_not_waited_for(
    server: Server, first: str, status: int, headers: dict[str, str], slug: str, transient: bool, wait: float | None
) -> None:
    (server.heads if first == "HEAD" else server.gets).append(Misdeed(status=status, headers=headers))
    began = time.monotonic()
    error = refusal(lambda: client(server).fetch(ENTRY, io.BytesIO(), nothing))
    assert (error.slug, error.transient, error.retry_after) == (slug, transient, wait)
    assert "\n" not in error.message
    assert error.hint
    assert time.monotonic() - began < 5


def test_another_file_of_that_name_is_refused_before_it_is_loaded(server: Server) -> None:
    server.etag = "1" * 64
    error = refusal(lambda: client(server).fetch(ENTRY, io.BytesIO(), nothing))
    assert error.slug == "checksum"
    assert "another file" in error.message
    assert server.ranges == []


def test_another_size_is_refused_before_it_is_loaded(server: Server) -> None:
    longer = replace(ENTRY, bytes=len(DATA) + 1)
    assert refusal(lambda: client(server).fetch(longer, io.BytesIO(), nothing)).slug == "checksum"
    assert server.ranges == []


def test_more_than_the_file_is_not_written(server: Server) -> None:
    server.gets += [Misdeed(extra=5_000_000)]
    into = io.BytesIO()
    error = refusal(lambda: client(server).fetch(ENTRY, into, nothing))
    assert error.slug == "checksum"
    assert "sends more" in error.message
    assert into.getvalue() == b""


def test_no_hub_at_all() -> None:
    with hub(DATA) as gone:
        pass
    error = refusal(lambda: client(gone).fetch(ENTRY, io.BytesIO(), nothing))
    assert (error.slug, error.transient) == ("network", True)


@pytest.mark.parametrize("first", ["HEAD", "GET"])
def test_silence_is_not_waited_for(server: Server, first: str) -> None:
    misdeeds = server.heads if first == "HEAD" else server.gets
    misdeeds += [Misdeed(silent=1.5)] * 3
    began = time.monotonic()
    error = refusal(lambda: client(server, timeout=0.2, attempts=2).fetch(ENTRY, io.BytesIO(), nothing))
    assert error.slug == ("network" if first == "HEAD" else "cut")
    assert time.monotonic() - began < 5


def test_a_download_that_would_take_for_ever_is_given_up(server: Server) -> None:
    into = io.BytesIO()
    error = refusal(lambda: client(server, slowest=1e12, grace=0.0).fetch(ENTRY, into, nothing))
    assert error.slug == "cut"
    assert 0 < len(into.getvalue()) < len(DATA)
    assert DATA.startswith(into.getvalue())


def test_a_full_disk_is_told_to_whoever_owns_the_file(server: Server) -> None:
    class Full(io.BytesIO):
        def write(self, block: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        client(server).fetch(ENTRY, Full(), nothing)


def test_the_library_told_to_stay_offline_does(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    error = refusal(lambda: client(server).fetch(ENTRY, io.BytesIO(), nothing))
    assert (error.slug, server.asked) == ("network", [])
    assert "HF_HUB_OFFLINE" in error.message


def test_local_only_does_not_even_import_the_library(server: Server) -> None:
    program = (
        "import io, sys\n"
        "from qeforge.errors import PrivacyError\n"
        "from qeforge.providers.hub import Hub\n"
        "from tests.providers.hub_server import entry_of\n"
        f"hub = Hub({{'HF_ENDPOINT': {server.url!r}}}, local_only='--local-only')\n"
        "try:\n"
        "    hub.fetch(entry_of(b'x'), io.BytesIO(), print)\n"
        "except PrivacyError as refused:\n"
        "    print(refused.slug, refused)\n"
        "assert 'huggingface_hub' not in sys.modules\n"
        "assert 'httpx2' not in sys.modules and 'httpx' not in sys.modules\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert answer.stdout == "privacy tiny: no download, nothing may leave the machine (--local-only)\n"
    assert server.asked == []


def test_local_only_refuses_a_check_too(server: Server) -> None:
    with pytest.raises(PrivacyError):
        Hub({"HF_ENDPOINT": server.url}, local_only="pyproject.toml").check(ENTRY)


def test_a_model_without_a_repository_is_for_import_only(server: Server) -> None:
    error = refusal(lambda: client(server).fetch(replace(ENTRY, repo=""), io.BytesIO(), nothing))
    assert (error.slug, error.hint) == ("not-found", "`qeforge models import tiny-q4.gguf`")


def test_a_missing_library_names_the_extra(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    error = refusal(lambda: client(server).check(ENTRY))
    assert (error.slug, error.hint) == ("missing-extra", "pip install 'qeforge[local]'")


@pytest.mark.parametrize("address", ["file:///etc", "hub.example", "http://", "http://[::1", "http://x:99999"])
def test_an_address_that_is_none(address: str) -> None:
    error = refusal(lambda: Hub({"HF_ENDPOINT": address}))
    assert error.slug == "url"
    assert repr(address) in error.message
