from dataclasses import replace
from pathlib import Path

from qeforge.codegen.formatting import format_source
from qeforge.codegen.header import read_header
from qeforge.codegen.merge import merge
from qeforge.domain.target import Target
from tests.codegen.suites import ACCOUNT, TARGETS, definitions, offer, text_of

PATH = Path("/nowhere/tests/test_shop.py")
USES = (
    offer("Account.deposit", "account.deposit(5)", ACCOUNT),
    offer("Account.withdraw", "account.withdraw(1)", ACCOUNT),
    offer("Account._audit", "account._audit()", ACCOUNT),
)


def changed(*names: str) -> dict[str, Target]:
    return {
        target.id: replace(target, digest="f" * 64) if target.qualname in names else target
        for target in TARGETS.values()
    }


def merged(old: str, new: str, *refreshed: str) -> str:
    return format_source(merge(old, new, refreshed={f"shop:{name}" for name in refreshed}), PATH)


def test_only_the_tests_of_refreshed_targets_are_replaced() -> None:
    old = text_of(offer("slugify", "slugify('A')"), offer("mean", "mean([1])")).replace("== 1.0", "== 1.00")
    new = text_of(offer("slugify", "slugify('B c')"), offer("mean", "mean([2])"), targets=changed("slugify"))
    text = merged(old, new, "slugify")
    assert 'slugify("B c")' in text
    assert 'slugify("A")' not in text
    assert "mean([1])" in text
    assert "mean([2])" not in text


def test_kept_tests_stay_to_the_letter() -> None:
    old = text_of(offer("slugify", "slugify('A')"), offer("mean", "mean([1])"), why=True)
    new = text_of(offer("slugify", "slugify('B c')"), targets=changed("slugify"), why=True)
    kept = definitions(old).split("\n\n\n")[1]
    assert kept.strip() in merged(old, new, "slugify")


def test_the_marks_are_renewed() -> None:
    old = text_of(offer("slugify", "slugify('A')"), offer("mean", "mean([1])"))
    now = changed("slugify", "mean")
    header = read_header(merged(old, text_of(offer("slugify", "slugify('B c')"), targets=now), "slugify"))
    assert header is not None
    assert not header.edited
    assert header.stale({target.id: target.digest for target in now.values()}) == ("shop:mean",)
    assert sorted(header.tests.values()) == ["shop:mean", "shop:slugify"]


def test_tests_of_targets_that_are_gone_go() -> None:
    old = text_of(offer("slugify", "slugify('A')"), offer("mean", "mean([1])"))
    now = {name: target for name, target in TARGETS.items() if target.qualname != "mean"}
    text = merged(old, text_of(targets=now))
    assert "mean" not in text
    assert "slugify" in text


def test_imports_are_those_still_used() -> None:
    old = text_of(offer("slugify", "slugify('A')"), offer("parse_duration", "parse_duration('')"))
    new = text_of(offer("parse_duration", "parse_duration('1h')"), targets=changed("parse_duration"))
    text = merged(old, new, "parse_duration")
    assert "import pytest" not in text
    assert "from shop import parse_duration, slugify\n" in text


def test_a_fixture_that_nothing_uses_goes() -> None:
    old = text_of(*USES)
    assert "fixture" in old
    assert "fixture" not in merged(
        old, text_of(targets=changed(*(u.target[5:] for u in USES))), *(u.target[5:] for u in USES)
    )


def test_a_fixture_of_the_same_name_and_other_content_gets_another() -> None:
    old = text_of(*USES, offer("slugify", "slugify('A')"))
    other = "account = Account('Bob', '20')"
    candidates = [replace(use, arrange=(other,)) for use in (*USES, offer("Account.__eq__", "account == 3", other))]
    names = ("Account.withdraw", "Account._audit", "Account.__eq__")
    text = merged(old, text_of(*candidates, targets=changed(*names)), *names)
    assert 'def account():\n    return Account("Ann", "10")\n' in text
    assert 'def account_2():\n    return Account("Bob", "20")\n' in text
    assert "def test_account_audit_returns_one_item(account_2):\n    assert account_2._audit()" in text
    assert "def test_account_deposit_updates_balance(account):" in text


def test_the_same_fixture_is_written_once() -> None:
    old = text_of(*USES)
    new = text_of(*USES, targets=changed("Account._audit"))
    text = merged(old, new, "Account._audit")
    assert text.count("def account():") == 1
    assert text.count("def test_") == 3


def test_a_person_s_own_tests_and_helpers_stay() -> None:
    mine = '# mine\ndef helper():\n    return "A"\n\n\ndef test_mine():\n    assert helper() == "A"\n\n\n'
    old = text_of(offer("slugify", "slugify('A')")).replace("def test_slugify", mine + "def test_slugify")
    new = text_of(offer("slugify", "slugify('B c')"), targets=changed("slugify"))
    text = merged(old, new, "slugify")
    assert "# mine\ndef helper():" in text
    assert "def test_mine():" in text
    assert "slugify('A')" not in text


def test_merging_the_same_changes_nothing() -> None:
    text = text_of(*USES, offer("slugify", "slugify('A')"), offer("filter", "filter([1], bool)"))
    assert merged(text, text) == text
    assert merged(text, text, *(t.qualname for t in TARGETS.values())) == text


def test_what_is_not_ours_is_replaced() -> None:
    new = text_of(offer("slugify", "slugify('A')"))
    assert merge("def test_mine(): pass\n", new, refreshed=()) == new
