from pathlib import Path

import pytest

from qeforge import __version__
from qeforge.codegen.formatting import format_source
from qeforge.codegen.header import content_digest, read_header, stamp

BODY = '''"""Tests for pkg.mod."""

import pytest
from pkg.mod import a, b


def test_a_returns_1():
    # covers line 3
    assert a('x') == 1


def test_a_rejects_none():
    with pytest.raises(ValueError):
        a(None)


def test_b_returns_2():
    assert b() == 2
'''
DIGESTS = {"pkg.mod:a": "aa" * 32, "pkg.mod:b": "bb" * 32, "pkg.mod:C.__init__": "cc" * 32}
TEXT = stamp(BODY, DIGESTS, {"pkg.mod:a": 2, "pkg.mod:b": 1})


def test_what_is_stamped_can_be_read() -> None:
    header = read_header(TEXT)
    assert header is not None
    assert header.version == __version__
    assert header.module == "pkg.mod"
    assert not header.edited
    assert header.digests == {name: digest[:12] for name, digest in DIGESTS.items()}
    assert header.tests == {
        "test_a_returns_1": "pkg.mod:a",
        "test_a_rejects_none": "pkg.mod:a",
        "test_b_returns_2": "pkg.mod:b",
    }


def test_a_file_without_marks_is_not_ours() -> None:
    assert read_header(BODY) is None
    assert read_header("") is None


@pytest.mark.parametrize("options", ["line-length = 40", "format.indent-style = 'tab'"])
def test_formatting_is_no_edit(tmp_path: Path, options: str) -> None:
    (tmp_path / "ruff.toml").write_text(options)
    text = format_source(TEXT, tmp_path / "test_mod.py")
    assert text != TEXT
    header = read_header(text)
    assert header is not None
    assert not header.edited


def test_sorting_imports_is_no_edit() -> None:
    text = TEXT.replace(
        "import pytest\nfrom pkg.mod import a, b\n", "from pkg.mod import b\nfrom pkg.mod import a\nimport pytest\n"
    )
    header = read_header(text)
    assert header is not None
    assert not header.edited


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("== 1", "== 3"),
        ("# covers line 3", "# I like this one"),
        ("def test_b_returns_2", "def test_b"),
        ("from pkg.mod import a, b", "from pkg.mod import a, b, c"),
        ("pkg.mod:", "pkg.mod: "),
        ("a=aaaa", "a=abaa"),
    ],
)
def test_changes_are_edits(old: str, new: str) -> None:
    header = read_header(TEXT.replace(old, new))
    assert header is not None
    assert header.edited == (old in TEXT)


def test_a_broken_or_cut_file_counts_as_edited() -> None:
    broken, cut = read_header(TEXT + "\ndef"), read_header(TEXT.partition("# qeforge:")[0])
    assert broken is not None
    assert broken.edited
    assert cut is not None
    assert cut.edited


def test_added_tests_are_told_apart_by_name() -> None:
    text = TEXT.replace("def test_b_returns_2", "def test_mine():\n    pass\n\n\ndef test_b_returns_2")
    header = read_header(text)
    assert header is not None
    assert header.edited
    assert header.tests["test_b_returns_2"] == "pkg.mod:b"
    assert "test_mine" not in header.tests


def test_stale_targets_are_new_changed_or_gone() -> None:
    header = read_header(TEXT)
    assert header is not None
    assert header.stale(DIGESTS) == ()
    now = {"pkg.mod:a": "aa" * 32, "pkg.mod:b": "b0" * 32, "pkg.mod:d": "dd" * 32}
    assert header.stale(now) == ("pkg.mod:C.__init__", "pkg.mod:b", "pkg.mod:d")


def test_the_digest_ignores_layout_and_sees_meaning() -> None:
    assert content_digest("x = 'a'\n") == content_digest('x = ("a")\n\n')
    assert content_digest("x = 1\n") != content_digest("x = True\n")
    assert content_digest("x = 1\n") != content_digest("x = 1.0\n")


def test_a_body_without_docstring_can_be_stamped() -> None:
    text = stamp("def test_a():\n    assert True\n", {"m:a": "a" * 64}, {"m:a": 1})
    header = read_header(text)
    assert header is not None
    assert header.tests == {"test_a": "m:a"}
