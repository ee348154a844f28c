import os

import pytest

from qeforge.config.surroundings import (
    OFFLINE,
    QUIET,
    child_environment,
    go_quiet,
    is_secret,
    reclaim,
    withheld,
    withhold_secrets,
)
from qeforge.providers.key import VARIABLE, Key


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("ANTHROPIC_API_KEY", "sk", True),
        ("GITHUB_TOKEN", "t", True),
        ("AWS_SECRET_ACCESS_KEY", "s", True),
        ("PGPASSWORD", "p", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/x.json", True),
        ("GITHUB_PAT", "p", True),
        ("SMTP_PASS", "p", True),
        ("SENTRY_DSN", "d", True),
        ("NPM_CONFIG__AUTH", "a", True),
        ("PIP_INDEX_URL", "https://me:pw@index.example/simple", True),
        ("DATABASE_URL", "postgres://me:pw@db/x", True),
        ("DATABASE_URL", "postgres://db/x", False),
        ("API_KEY", "", False),
        ("PATH", "/bin", False),
        ("PWD", "/home", False),
        ("OLDPWD", "/home", False),
        ("SSH_AUTH_SOCK", "/run/agent", False),
        ("QEFORGE_LOCAL_URL", "http://127.0.0.1:8080", False),
    ],
)
def test_what_is_secret(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


def test_a_child_gets_no_secrets_and_no_proxies() -> None:
    given = {
        "PATH": "/bin", "LANG": "C", "HTTPS_PROXY": "http://p", "https_proxy": "http://p", "ALL_PROXY": "socks5://p",
        "no_proxy": "x", "MY_TOKEN": "t",
    }  # fmt: skip
    assert child_environment(given) == {"PATH": "/bin", "LANG": "C", **QUIET}


def test_secrets_are_kept_for_whoever_they_are_meant_for(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"SHOP_TOKEN": "t", "PATH": "/bin"}
    withhold_secrets(environ)
    assert environ == {"PATH": "/bin"}
    assert withheld()["SHOP_TOKEN"] == "t"
    assert reclaim("SHOP_TOKEN") == "t"
    assert reclaim("SHOP_TOKEN") == ""


def test_the_environment_of_this_process_is_meant_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t")
    withhold_secrets()
    assert "SHOP_TOKEN" not in os.environ
    assert "SHOP_TOKEN" not in child_environment()


def test_libraries_go_quiet_and_where_wanted_offline() -> None:
    quiet = {"HTTPS_PROXY": "http://p"}
    go_quiet(quiet, offline=False)
    assert quiet == {"HTTPS_PROXY": "http://p", **QUIET}
    offline = {"HTTPS_PROXY": "http://p", "HF_HUB_OFFLINE": "0"}
    go_quiet(offline, offline=True)
    assert offline == {**QUIET, **OFFLINE}


def test_the_key_is_found_where_it_was_put(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "sk-ant-x")
    withhold_secrets()
    assert VARIABLE not in os.environ
    assert Key.take().reveal() == "sk-ant-x"
    assert VARIABLE not in withheld()
