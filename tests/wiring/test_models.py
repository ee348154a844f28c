from collections.abc import Callable
from pathlib import Path

import pytest

from qeforge.config import Config
from qeforge.domain.provider import Description, Place, Usage
from qeforge.providers.host import Source
from qeforge.providers.redaction import Withheld
from qeforge.routing.breaker import Breaker
from qeforge.wiring import models
from qeforge.wiring.models import _about_card, consulting, lends, withheld_by, without_limit
from tests.analysis.modules import module_of
from tests.refinement.tasks import task


@pytest.mark.parametrize(("place", "text", "may"), [
    (".", "[tool.qeforge]\nseed = 1", True),
    (".", "[tool.qeforge.privacy]\nnever-send = ['a.py']", False),
    ("deep/inside", "[tool.qeforge.privacy]\nnever-send = ['a.py']", False),
    ("deep/inside", "[tool.qeforge]\nprivacy = 'local-only'", False),
    ("deep/inside", "[tool.qeforge]\nprivacy = 3", False),
    ("..", "[tool.qeforge.privacy]\nnever-send = ['a.py']", False),
])  # fmt: skip
def test_calls_are_lent_where_every_file_may_be_sent(tmp_path: Path, place: str, text: str, may: bool) -> None:
    root = tmp_path / "root"
    (root / place).mkdir(parents=True, exist_ok=True)
    (root / place / "pyproject.toml").write_text(text, encoding="utf-8")
    assert lends(Config(), root) is may
    assert not lends(Config(privacy_never_send=("b.py",)), root)


def test_secrets_that_were_replaced_are_told_by_file() -> None:
    kept = (
        Withheld(path="b.py", what="secret", why="AWS Access Key"),
        Withheld(path="a.py", what="secret", why="Secret Keyword"),
        Withheld(path="b.py", what="secret", why="Private Key"),
        Withheld(path="c.py", what="file", why="c.py"),
    )
    about = Description(name="fake", model="fake-1", place=Place.CLOUD, context=10)

    def never() -> None:
        raise AssertionError

    source = Source(description=about, open=never, circuit=Breaker(), withheld=lambda: kept)  # type: ignore[arg-type]
    assert list(withheld_by([source])) == [
        "secrets replaced in what was sent about a.py: Secret Keyword",
        "secrets replaced in what was sent about b.py: AWS Access Key, Private Key",
    ]


@pytest.mark.parametrize(("prices", "named"), [
    ({"first": 0.1, "second": 0.2}, []),
    ({"first": 0.1, "second": None}, ["second"]),
    ({"first": None, "second": None}, ["first", "second"]),
])  # fmt: skip
def test_a_model_that_no_limit_of_cost_holds_for_is_named(prices: dict[str, float | None], named: list[str]) -> None:
    def never() -> None:
        raise AssertionError

    def priced(usd: float | None) -> Callable[[Usage], float | None]:
        return lambda usage: usd

    sources = [
        Source(
            description=Description(name="fake", model=model, place=Place.CLOUD, context=10),
            open=never,  # type: ignore[arg-type]
            circuit=Breaker(),
            price=priced(usd),
        )
        for model, usd in prices.items()
    ]
    told = list(without_limit(*sources, None))
    assert told == [f"{name}: its price is not known; --max-cost does not limit it" for name in named]


@pytest.mark.parametrize(("layers", "able", "told"), [(-1, False, 0), (0, False, 0), (20, True, 0), (20, False, 1)])
def test_layers_that_no_card_can_take_are_told(
    monkeypatch: pytest.MonkeyPatch, layers: int, able: bool, told: int
) -> None:
    monkeypatch.setattr(models, "offloads", lambda: able)
    lines = list(_about_card(Config(local_gpu_layers=layers)))
    assert len(lines) == told
    assert all(line.startswith("local.gpu-layers = 20 does nothing") for line in lines)
    assert not list(_about_card(Config(local_gpu_layers=layers, local_url="http://127.0.0.1:1")))


@pytest.mark.parametrize("remembers", [True, False])
def test_answers_are_kept_to_learn_from_only_where_anything_is_remembered(
    remembers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(Exception):
        """It is enough to know what the host is given."""

    def host(sources: object, *, examples: object, **rest: object) -> None:
        raise Asked(examples is not None)

    monkeypatch.setattr(models, "Host", host)
    monkeypatch.setattr(models, "sources_for", lambda *args, **kwargs: {"local": None})
    config = Config(engine="local", memory_enabled=remembers)
    work = task(module_of("def f() -> int:\n    return 1\n", "shop.one", tmp_path), tmp_path)
    environ = {"QEFORGE_DATA_DIR": str(tmp_path)}
    whole = consulting(config, [work], root=tmp_path, jobs=1, environ=environ, ask=None, show=None)
    with pytest.raises(Asked, match=str(remembers)), whole:
        pass
