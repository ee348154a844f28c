"""Examples in README files and documentation."""

from pathlib import Path

import pytest

from qeforge.analysis.recipes import document_candidates, find_documents
from qeforge.analysis.recipes.documents import python_blocks
from qeforge.domain.candidate import Candidate, Claim
from tests.analysis.modules import module_of

ACCOUNT = """
class Owner:
    def __init__(self, name):
        self.name = name

class Account:
    def __init__(self, owner, balance=0):
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount
        return self.balance

def parse(text):
    return Account(text)
"""

README = """
# shop

```python
import shop
from shop.account import Owner

account = shop.Account(Owner("ann"), balance=3)
account.deposit(4)  # -> 7
unknown(account)
```

Then, with what was imported above:

~~~ pycon
>>> shop.account.parse("x").deposit(2)
2
>>> account.deposit(-1)
Traceback (most recent call last):
    ...
ValueError: less than nothing
~~~

```sh
pip install shop
```

```python
this is no Python
```
"""


def found(tmp_path: Path, text: str, name: str = "README.md") -> dict[str, Candidate]:
    path = tmp_path / name
    path.write_text(text)
    return {candidate.act: candidate for candidate in document_candidates(module_of(ACCOUNT, "shop.account"), [path])}


def test_examples_of_a_readme_become_candidates_with_what_they_need(tmp_path: Path) -> None:
    candidates = found(tmp_path, README)
    assert candidates["Account(Owner('ann'), balance=3)"] == Candidate(
        target="shop.account:Account.__init__",
        act="Account(Owner('ann'), balance=3)",
        imports=("from shop.account import Account, Owner",),
        proposer="readme",
    )
    assert candidates["account.deposit(4)"].arrange == ("account = Account(Owner('ann'), balance=3)",)


def test_what_a_document_states_is_a_claim(tmp_path: Path) -> None:
    candidates = found(tmp_path, README)
    assert candidates["account.deposit(4)"].claims == (Claim(expected="7", source="readme"),)
    assert candidates["parse('x').deposit(2)"].claims == (Claim(expected="2", source="readme"),)
    after_unknown = Claim(expected="ValueError", source="readme", raises=True, partial=True)
    assert candidates["account.deposit(-1)"].claims == (after_unknown,)


def test_what_depends_on_something_unknown_is_left_out(tmp_path: Path) -> None:
    lines = ["from shop import Account", "x = mystery()", "y = Account(x)", "y.deposit(1)"]
    lines += ["y = Account('a')", "y.deposit(2)"]
    assert list(found(tmp_path, "\n".join(["```python", *lines, "```"]))) == ["Account('a')", "y.deposit(2)"]


def test_a_long_document_starts_again_with_its_imports(tmp_path: Path) -> None:
    lines = "\n".join(f"a{number} = parse('{number}')" for number in range(40))
    assert len(found(tmp_path, f"```python\nfrom shop.account import parse\n{lines}\n```")) >= 36


def test_documents_of_other_packages_give_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, "```python\nfrom other import thing\nthing(1)\n```") == {}


def test_files_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    binary = tmp_path / "README.md"
    binary.write_bytes(b"\xff\xfeshop")
    assert document_candidates(module_of(ACCOUNT, "shop.account"), [binary, tmp_path / "missing.md"]) == ()


@pytest.mark.parametrize(
    "text, blocks",
    [
        ("```py\na = 1\n```\n", ["a = 1"]),
        ("````python\n```\nx\n````\n", ["```\nx"]),
        ("```{code-block} python\na = 1\n```\n", ["a = 1"]),
        ("```\na = 1\n```\n", ["a = 1"]),
        ("```js\na = 1\n```\n", []),
        (".. code-block:: python\n   :linenos:\n\n   a = 1\n\n   b = 2\n\ntext\n", ["a = 1\n\nb = 2"]),
        (".. code-block:: bash\n\n   ls\n\ntext\n", []),
        ("Like this::\n\n    a = 1\n\ntext\n", ["a = 1"]),
        ("text\n\n>>> a\n1\n\nmore\n", [">>> a\n1"]),
        ("    >>> a\n    1\n", [">>> a\n1"]),
    ],
)
def test_python_code_is_found_in_markdown_and_restructuredtext(text: str, blocks: list[str]) -> None:
    assert [block.strip() for block in python_blocks(text)] == blocks


def test_documents_are_looked_for_near_the_root_first(tmp_path: Path) -> None:
    for name in ("CHANGES.md", "README.md", "notes.txt", "docs/b.rst", "docs/deep/a.md", "src/x.md", "docs/c.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    names = [str(path.relative_to(tmp_path)) for path in find_documents(tmp_path)]
    assert names == ["README.md", "CHANGES.md", "docs/b.rst", "docs/deep/a.md"]
