import threading
from pathlib import Path

import pytest

from qeforge.domain.provider import Prompt
from qeforge.domain.routing import About
from qeforge.errors import ConfigError, PrivacyError, ProviderError
from qeforge.providers.redaction import Redactor, Withheld, secrets_of
from qeforge.providers.scanner import Scanner

pytest.importorskip("detect_secrets", reason="the package detect-secrets is not installed")

ANTHROPIC = "sk-ant-api03-" + "x1Y2z3" * 5
GITHUB = "ghp_" + "a1B2c3" * 6
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
BODY = "\n".join(["MIIEowIBAAKCAQEAvx4NsKsDrHdNhYrnbk3ZwxBvTlVS1Zxbz0r3HmMkyQk7TbLZ"] * 3)
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"


def prompt(shared: str = "", ask: str = "", prefill: str = "") -> Prompt:
    return Prompt(system="You test.", shared=shared, ask=ask, prefill=prefill)


def about(path: Path | str) -> About:
    return About(project="shop", module="shop.cart", target="shop.cart:add", path=str(path))


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('password = "hunter2"', "hunter2"),
        ('def login(user, password="swordfish"):', "swordfish"),
        ('if given == secret_key == "letmein":', "letmein"),
        ("client = connect(host, password='hunter2')", "hunter2"),
        ("client = connect(config['host'], api_key='hunter2' + get(x))", "hunter2"),
        ('password: str = "hunter2"', "hunter2"),
        ('def login(user, password: str = "hunter2", times=3):', "hunter2"),
        ('PASSWORD = ("hunter2")', "hunter2"),
        ("password = b'hunter2'", "hunter2"),
        ('db.secret = """hunter2"""', "hunter2"),
        ("{'access_token': 'hunter2'}", "hunter2"),
        ("{'token': 'hunter2x'}", "hunter2x"),
        ("START = 'da39a3ee5e6b4b0d3255bfef95601890af...", "da39a3ee5e6b4b0d3255bfef95601890af"),
        ('config = {"db_password": "hunter2", "port": port(1)}', "hunter2"),
        (f"client = Client({ANTHROPIC!r})", ANTHROPIC),
        (f"# the old one was {ANTHROPIC}", ANTHROPIC),
        (f"TOKEN = '{GITHUB}'", GITHUB),
        (f"token {GITHUB} in a comment  # pragma: allowlist secret", GITHUB),
        (f'jwt = "{JWT}"', JWT),
        ('url = "https://user:pa55word@example.com/x"', "pa55word"),
        ('aws = "AKIAIOSFODNN7EXAMPLE"', "AKIAIOSFODNN7EXAMPLE"),
        ('g = "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"', "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"),
        ("h = {'Authorization': 'Bearer abcdef0123456789abcdef'}", "abcdef0123456789abcdef"),
        ('d = "da39a3ee5e6b4b0d3255bfef95601890afd80709"', "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("token = os.environ['TOKEN']", None),
        ("secret = get_secret(name)", None),
        ("password = request.headers['apikey']", None),
        ("secret = load('name', fallback=other['x'])", None),
        ("def check(password: str = '') -> bool:", None),
        ("it's a line of prose that isn't closed, don't worry", None),
        ("tokens = ['one', 'two']; token = 'number'", None),
        ("if token == '(' or key == 'name':", None),
        ('ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"', None),
        ('uid = "123e4567-e89b-12d3-a456-426614174000"', None),
        ('raise ValueError("password too short")', None),
        ('server = "8.8.8.8"', None),
        ("return [x * 2 for x in items if x % 3 == 0]", None),
    ],
)
def test_a_secret_is_replaced_and_code_is_not(line: str, secret: str | None, tmp_path: Path) -> None:
    clean, kinds = Redactor(tmp_path).redact(prompt(shared=line))
    if secret is None:
        assert (clean.shared, kinds) == (line, ())
    else:
        assert secret not in clean.shared
        assert "REDACTED_1" in clean.shared
        assert kinds


def test_the_same_secret_has_the_same_name_everywhere(tmp_path: Path) -> None:
    text = prompt(shared=f"A = '{GITHUB}'\nB = '{ANTHROPIC}'", ask=f"call({ANTHROPIC})", prefill=f"{GITHUB}(")
    clean, kinds = Redactor(tmp_path).redact(text)
    assert clean == prompt(shared="A = 'REDACTED_1'\nB = 'REDACTED_2'", ask="call(REDACTED_2)", prefill="REDACTED_1(")
    assert len(kinds) == 2


def test_a_short_password_takes_no_words_of_the_code_with_it(tmp_path: Path) -> None:
    clean, _ = Redactor(tmp_path).redact(prompt(shared="password = 'test'\ndef test_login(): return 'test'"))
    assert clean.shared == "password = 'REDACTED_1'\ndef test_login(): return 'REDACTED_1'"


@pytest.mark.parametrize(
    "text",
    [
        f'KEY = """{PEM}"""\nx = 1',
        f"KEY = {PEM!r}\nx = 1",
        f'KEY = """{PEM[:120]}',
        f"{PEM[60:]}\nx = 1",
        f'A = """{PEM}"""\nB = """{PEM}"""',
        f"{BODY}",
    ],
)
def test_a_private_key_goes_as_a_whole(text: str, tmp_path: Path) -> None:
    clean, kinds = Redactor(tmp_path).redact(prompt(shared=text))
    assert "MII" not in clean.shared
    assert "AAKCAQEA" not in clean.shared
    assert kinds
    assert clean.shared.endswith("x = 1") == text.endswith("x = 1")


def test_what_is_known_to_be_secret_needs_no_looks(tmp_path: Path) -> None:
    environ = {
        "SHOP_API_KEY": "plainwords",
        "HOME": "/home/someone",
        "MY_TOKEN": "abc",
        "DB_PASSWORD": "plainwords too",
    }
    known = secrets_of(environ)
    assert set(known) == {"plainwords", "plainwords too"}
    clean, kinds = Redactor(tmp_path, known=known).redact(prompt(ask="plainwords too, plainwords, /home/someone"))
    assert "plainwords" not in clean.ask
    assert clean.ask.endswith("/home/someone")
    assert kinds == ("value of the environment",)


def test_what_is_clean_stays_as_it_is_however_often(tmp_path: Path) -> None:
    redactor = Redactor(tmp_path)
    clean, _ = redactor.redact(prompt(shared="password = 'hunter2'"))
    assert redactor.redact(clean) == (clean, ())


def test_files_that_are_never_sent(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "link.py").symlink_to(tmp_path / "private" / "keys.py")
    redactor = Redactor(tmp_path, never_send=["private/", "*_secret.py", "!public_secret.py", "# a comment"])
    assert redactor.refused(Path("private/deep/keys.py")) == "private/"
    assert redactor.refused(tmp_path / "shop" / "a_secret.py") == "*_secret.py"
    assert redactor.refused(Path("shop/../private/keys.py")) == "private/"
    assert redactor.refused(tmp_path / "shop" / "link.py") == "private/"
    assert redactor.refused(Path("/etc/passwd")) == "outside of the project"
    assert redactor.refused(Path("../other.py")) == "outside of the project"
    assert redactor.refused(Path("shop/public_secret.py")) is None
    assert redactor.refused(Path("shop/cart.py")) is None


def settings(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def test_what_a_project_says_of_its_files_holds_wherever_it_is_worked_on_from(tmp_path: Path) -> None:
    settings(tmp_path, "[tool.qeforge.privacy]\nnever-send = ['/plans.py']")
    settings(tmp_path / "services" / "pay", "[tool.qeforge.privacy]\nnever-send = ['/billing/', '*_key.py']")
    settings(tmp_path / "services" / "vault", "[tool.qeforge]\nprivacy = 'local-only'")
    settings(tmp_path / "services" / "odd", "[tool.qeforge]\nprivacy = 3")
    settings(tmp_path / "services" / "plain", "[project]\nname = 'plain'")
    redactor = Redactor(tmp_path)
    assert redactor.refused(Path("plans.py")) == "/plans.py"
    assert redactor.refused(Path("services/plain/plans.py")) is None
    assert redactor.refused(Path("services/pay/billing/conf.py")) == "/billing/"
    assert redactor.refused(Path("services/pay/deep/a_key.py")) == "*_key.py"
    assert redactor.refused(Path("services/pay/api.py")) is None
    assert redactor.refused(Path("services/vault/api.py")) == f"{tmp_path / 'services' / 'vault'} is local-only"
    why = redactor.refused(Path("services/odd/api.py"))
    assert why is not None
    assert why.startswith("what its project says of privacy cannot be read: ")


def test_what_was_withheld_is_told_once_with_its_reason(tmp_path: Path) -> None:
    redactor = Redactor(tmp_path, never_send=["private/"])
    for _ in range(2):
        with pytest.raises(PrivacyError) as caught:
            redactor.check(prompt(ask="x"), about("private/keys.py"))
        sent = redactor.check(prompt(shared="password = 'hunter2'"), about("shop/cart.py"))
    assert sent.shared == "password = 'REDACTED_1'"
    assert caught.value.slug == "privacy"
    assert redactor.withheld == (
        Withheld(path="private/keys.py", what="file", why="private/"),
        Withheld(path="shop/cart.py", what="secret", why="Secret Keyword"),
    )


def test_a_pattern_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Redactor(tmp_path, never_send=["fine.py", "!"])
    assert "'!'" in caught.value.message


def test_without_the_scanner_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ProviderError) as caught:
        Redactor(tmp_path)
    assert caught.value.slug == "missing-extra"


def test_a_secret_in_a_line_without_end_is_found(tmp_path: Path) -> None:
    line = f"x = [{'0, ' * 3000}'{GITHUB}', {'0, ' * 3000}]"
    assert GITHUB not in Redactor(tmp_path).redact(prompt(shared=line))[0].shared


def test_a_large_text_is_looked_through_in_time(tmp_path: Path) -> None:
    words = "some words without any end " * 20_000
    done = threading.Event()

    def look() -> None:
        Redactor(tmp_path).redact(prompt(shared=words + "-----END PRIVATE KEY-----"))
        done.set()

    threading.Thread(target=look, daemon=True).start()
    assert done.wait(60)


def test_the_scanner_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise AssertionError("a secret was about to be checked on the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("requests.sessions.Session.request", refuse)
    assert Scanner()(f"slack = 'xoxb-1234567890-1234567890-{'a' * 24}' # {GITHUB}")
