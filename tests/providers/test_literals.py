"""Secrets that only the structure of the code shows, and what of it is none."""

from pathlib import Path

import pytest

from qeforge.domain.mutant import Mutant
from qeforge.domain.provider import Prompt
from qeforge.domain.routing import About
from qeforge.providers.literals import secrets_in
from qeforge.providers.redaction import Redactor


def found(source: str) -> set[str]:
    return {secret.text for secret in secrets_in(source)}


@pytest.mark.parametrize(
    "source",
    [
        'PASSWORD = (\n    "hunter2"\n)',
        'CONFIG = {\n    "password":\n        "hunter2",\n}',
        'os.environ.setdefault("DB_PASSWORD", "hunter2")',
        'x = os.getenv("API_KEY", "hunter2")',
        'x = os.environ.get("API_KEY") or "hunter2"',
        'x = os.environ["API_KEY"] or fallback or "hunter2"',
        'setattr(user, "password", "hunter2")',
        'c = connect(auth=("alice", "hunter2"))',
        "# password: hunter2",
        '"""Log in. The password is hunter2."""',
        'dsn = "Server=x;User Id=sa;Password=hunter2;"',
        'text = "host=x user=u password=hunter2"',
        'def f(pw="hunter2"): pass',
        'def f(*, passphrase="hunter2"): pass',
        'if password in ("swordfish", "hunter2"): pass',
        'if "hunter2" == given.password: pass',
        'PASSWORDS = ["swordfish", "hunter2"]',
        'PASSWORD = "hunter2" if debug else load()',
        'password = b"hunter2"',
        'password = """\nhunter2\n"""',
        'SALT = "hunter2"',
        'if (secret := "hunter2"): pass',
        "    def method(self):\n        self.secret_key = self._secret = 'hunter2'",
        "    ...\n  Password: hunter2\n",
    ],
)
def test_it_is_found(source: str) -> None:
    assert "hunter2" in found(source)


def test_it_is_found_in_every_form_in_which_it_may_be_quoted() -> None:
    assert found('PASSWORD = "hun" "ter2"') == {"hunter2", "hun", "ter2"}
    assert {"it's hunter2", "it\\'s hunter2"} <= found("secret = 'it\\'s hunter2'")
    assert {"one more", "two more"} <= found('secret = """one more\n  two more"""')
    assert "hun\\x74er2" in found('PASSWORD = "hun\\x74er2"')


@pytest.mark.parametrize(
    "source",
    [
        '"""Raises ValueError if the password is empty."""',
        '"""password: the password of the user. token: 32 characters"""',
        'tokens = tokenize("text")',
        'token_type = "number"',
        'key = "name"',
        'def get_key(key: str = "id") -> str: return key',
        "# the secret is to stay calm",
        'primary_key = "identifier"',
        'KEYWORDS = ["if", "else"]',
        'password = load("name")',
        'password = ""',
        "PASSWORD_LENGTH = 12",
        "this is (no Python",
    ],
)
def test_it_is_none(source: str) -> None:
    assert found(source) == set()


def prompt(ask: str) -> Prompt:
    return Prompt(system="", shared="", ask=ask)


def test_a_mutant_quotes_a_secret_whose_line_is_not_shown(tmp_path: Path) -> None:
    pytest.importorskip("detect_secrets", reason="the package detect-secrets is not installed")
    (tmp_path / "shop.py").write_text(
        'def login(given):\n    password = "hunter2"\n    pin = "abcd"\n    return given\n'
    )
    about = About(project="p", module="shop", target="shop:login", path=str(tmp_path / "shop.py"))
    mutants = [
        Mutant(
            operator="string",
            start=(2, 15),
            end=(2, 24),
            original=f'"{text}"',
            replacement=f"'XX{text}XX'",
            scope="login",
        )
        for text in ("hunter2", "abcd")
    ]
    ask = "```python\ndef login(given):\n    ...\n```\n" + "\n".join(f"- line {each.describe()}" for each in mutants)
    redactor = Redactor(tmp_path)
    clean = redactor.check(prompt(ask), about)
    assert "hunter2" not in clean.ask
    assert "abcd" not in clean.ask
    assert {item.what for item in redactor.withheld} == {"secret"}
    assert redactor.check(clean, about) == clean


@pytest.mark.parametrize("url", ["postgresql://bob:{}@db/x", "https://x.example/?token={}&y=1"])
def test_a_short_secret_goes_out_of_an_address_too(url: str, tmp_path: Path) -> None:
    pytest.importorskip("detect_secrets", reason="the package detect-secrets is not installed")
    clean, kinds = Redactor(tmp_path).redact(prompt(f'url = "{url.format("hunter2")}"'))
    assert "hunter2" not in clean.ask
    assert kinds


def test_a_pgp_key_goes_as_a_whole(tmp_path: Path) -> None:
    pytest.importorskip("detect_secrets", reason="the package detect-secrets is not installed")
    key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\\nlQOYBFabc123\\n-----END PGP PRIVATE KEY BLOCK-----"
    clean, _ = Redactor(tmp_path).redact(prompt(f'k = "{key}"'))
    assert clean.ask == 'k = "REDACTED_1"'
