import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qeforge.errors import PrivacyError
from qeforge.providers.consent import Consent, decide, obtain

WHERE = "claude-haiku at api.example"


class Person:
    """Answers questions, and remembers them."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer


def use(root: Path, data: Path, *, yes: bool = False, ask: Callable[[str], bool] | None = None) -> None:
    obtain(root, where=WHERE, data_dir=data, yes=yes, ask=ask, wall=lambda: 1_700_000_000.9)


@pytest.mark.parametrize(
    ("known", "yes", "terminal", "decision"),
    [
        (True, False, False, Consent.GIVEN),
        (True, True, True, Consent.GIVEN),
        (False, True, True, Consent.TAKEN),
        (False, True, False, Consent.TAKEN),
        (False, False, True, Consent.ASK),
        (False, False, False, Consent.MISSING),
    ],
)
def test_what_is_to_be_done(known: bool, yes: bool, terminal: bool, decision: Consent) -> None:
    assert decide(known=known, yes=yes, terminal=terminal) is decision


def test_it_is_asked_once_for_each_project(tmp_path: Path) -> None:
    shop, other, data = tmp_path / "shop", tmp_path / "other", tmp_path / "data"
    person = Person(True)
    for root in (shop, shop, other, shop / ".." / "shop"):
        use(root, data, ask=person)
    assert person.asked == [
        f"Code of {name} would be sent to {WHERE}, secrets left out. Is that all right?" for name in ("shop", "other")
    ]
    use(shop, data)  # nobody is there to be asked, and nobody has to be


def test_a_no_is_no_and_is_not_remembered(tmp_path: Path) -> None:
    person = Person(False)
    for _ in range(2):
        with pytest.raises(PrivacyError, match="is not sent") as caught:
            use(tmp_path, tmp_path / "data", ask=person)
    assert caught.value.slug == "declined"
    assert len(person.asked) == 2
    assert not (tmp_path / "data").exists()


def test_where_nobody_can_be_asked_it_needs_yes(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError) as caught:
        use(tmp_path, tmp_path / "data")
    assert (caught.value.slug, caught.value.exit_code) == ("privacy", 3)
    assert "--yes" in caught.value.hint
    use(tmp_path, tmp_path / "data", yes=True)
    use(tmp_path, tmp_path / "data")


def test_the_file_names_no_project(tmp_path: Path) -> None:
    use(tmp_path / "very-secret-merger", tmp_path, yes=True)
    text = (tmp_path / "consent.json").read_text()
    assert "merger" not in text
    assert list(json.loads(text)["projects"].values()) == [1_700_000_000]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"projects": 3}', '{"projects": []}', "\0"])
def test_what_cannot_be_understood_is_no_consent(text: str, tmp_path: Path) -> None:
    (tmp_path / "consent.json").write_text(text)
    with pytest.raises(PrivacyError):
        use(tmp_path, tmp_path)
    use(tmp_path, tmp_path, yes=True)
    use(tmp_path, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="needs /dev/null to be no folder")
def test_where_it_cannot_be_remembered_it_is_asked_again(tmp_path: Path) -> None:
    person = Person(True)
    for _ in range(2):
        use(tmp_path, Path(os.devnull) / "data", ask=person)
    assert len(person.asked) == 2
