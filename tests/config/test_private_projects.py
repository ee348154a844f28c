"""Whichever way a project is come by, its `local-only` holds."""

from pathlib import Path

import pytest

from qeforge.config import Config, load_config
from qeforge.errors import UsageError
from tests.config.tables import write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path / "shop", 'privacy = "local-only"')
    (tmp_path / "shop" / "src").mkdir()
    write(tmp_path / "free", 'privacy = "hybrid"')
    return tmp_path / "shop"


def load(start: Path, *paths: Path, **flags: object) -> Config:
    return load_config(flags, start=start, environ={}, paths=paths)


def test_beside_other_projects(shop: Path) -> None:
    both = (shop.parent / "free", shop / "src")
    assert load(shop.parent, *both).local_only
    assert load(shop.parent / "free", *both).local_only
    assert not load(shop.parent / "free", shop.parent / "free").local_only


def test_behind_a_link(shop: Path) -> None:
    link = shop.parent / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(shop / "src")
    config = load(link, link)
    assert config.local_only
    assert config.origins["privacy"] == str(shop / "pyproject.toml")


def test_what_would_loosen_it_is_refused(shop: Path) -> None:
    with pytest.raises(UsageError, match="local-only"):
        load(shop.parent / "free", shop.parent / "free", shop, engine="cloud")
