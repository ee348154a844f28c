"""Well-formed examples of everyday formats, by the words that announce them.

A person who tests `is_email` writes an address, not `'abc'`. The words are matched against the names of functions and
parameters; everything here is public knowledge or reserved for documentation (RFC 2606, RFC 5737, RFC 3849, the card
networks' published test numbers, ISBN and IBAN examples of the standards).
"""

import re

TEXT: tuple[str, ...] = (
    "abc",
    "",
    "Hello World",
    "hello_world",
    "helloWorld",
    "a",
    " ",
    "123",
    "-1.5",
    "a,b",
    "key=value",
    "one\ntwo",
    "ABC",
    "a-b",
    "  abc  ",
    "é",
    "a.b",
    "abc123",
    "/",
    "0",
)
"""Plain texts that differ in what programs look at: case, digits, separators, blanks, lines, accents."""

_USUAL = 3
"""As many of them are what anybody would write first."""

FORMATS: dict[str, tuple[str, ...]] = {
    "email mail address recipient sender": (
        "user@example.com",
        "first.last+tag@mail.example.org",
        "user@",
        '"a b"@example.com',
    ),
    "url uri link href endpoint website domain": (
        "https://example.com/path?q=1#top",
        "http://user:secret@example.com:8080/",
        "ftp://example.com",
        "example.com",
        "file:///tmp/a.txt",
        "https://",
    ),
    "host hostname server": ("example.com", "localhost", "127.0.0.1"),
    "ip ipv4 address network": ("192.0.2.1", "255.255.255.255", "256.0.0.1", "192.0.2.0/24"),
    "ip ipv6": ("2001:db8::1", "2001:db8:0:0:0:0:0:1", "2001:db8:85a3:0:0:8a2e:370:7334"),
    "uuid guid": ("12345678-1234-5678-1234-567812345678", "12345678123456781234567812345678"),
    "json": ('{"a": 1}', "[1, 2, 3]", '{"name": "abc", "items": [1, null, true]}', '"a"', "{"),
    "xml html tag markup": ("<p>text</p>", '<a href="x">y</a>', "<br/>", "<!-- note -->", "&lt;"),
    "date day birthday deadline": ("2020-01-31", "2020-02-30", "31/01/2020", "20200131"),
    "datetime timestamp created updated": (
        "2020-01-31T12:30:45",
        "2020-01-31T12:30:45Z",
        "2020-01-31 12:30:45.123456+02:00",
    ),
    "time clock hour": ("12:30:45", "12:30", "25:00", "12:30:45.123456"),
    "duration interval timeout delta": ("2h32m", "1:30", "90s", "P1DT2H", "1d 2h 3m 4s"),
    "number numeric integer int decimal float digit amount": ("42", "-7", "3.14", "1e5", "0", "1,000.50", "+5"),
    "price money currency": ("$1,234.50", "12.99", "€5"),
    "percent ratio": ("50%", "0.5"),
    "hex color colour rgb": ("#ff8800", "ff8800", "#fff", "rgb(255, 136, 0)"),
    "credit card visa mastercard luhn": (
        "4111111111111111",
        "5555555555554444",
        "378282246310005",
        "30569309025904",
        "6011111111111117",
        "3530111333300000",
        "4111111111111112",
    ),
    "isbn book": ("9780306406157", "978-0-306-40615-7", "0306406152", "0-306-40615-2", "080442957X"),
    "iban bank account": ("GB82WEST12345698765432", "DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"),
    "phone tel mobile": ("+1 202-555-0143", "(202) 555-0143", "2025550143"),
    "semver version release": ("1.2.3", "1.2.3-alpha.1+build.5", "1.0", "v2.0.0", "1.2.x"),
    "roman": ("XIV", "MCMXCIV", "IIII"),
    "mac": ("00:00:5e:00:53:01",),
    "slug": ("my-blog-post-title", "hello-world-1"),
    "identifier name variable": ("name", "first_name", "firstName"),
    "snake camel case pascal identifier variable": (
        "snake_case_text",
        "camelCaseText",
        "PascalCase",
        "kebab-case",
        "HTTPServer",
    ),
    "pangram sentence text": ("The quick brown fox jumps over the lazy dog", "One two. Three, four!"),
    "palindrome": ("level", "Level", "otto", "abca"),
    "isogram": ("dermatoglyphics",),
    "base64 b64 encoded": ("aGVsbG8=", "aGVsbG8"),
    "path file filename dir directory folder": (
        "a/b.txt",
        "/a/b/c.txt",
        "a.txt",
        "../a",
        "~/a.txt",
        "a.tar.gz",
        "*.py",
    ),
    "mime content type media": ("text/html; charset=utf-8", "application/json"),
    "encoding charset codec": ("utf-8", "ascii", "latin-1"),
    "locale language lang": ("en_US", "en", "de-DE"),
    "timezone tz zone": ("UTC", "+02:00", "Europe/Berlin"),
    "query sql select": ("SELECT * FROM t WHERE a = 1", "a=1&b=2"),
    "cron schedule": ("*/5 * * * *",),
    "yaml": ("a: 1\nb: [1, 2]\n", "- a\n- b\n", "a: [", "a: 1"),
    "toml ini config cfg": ("[section]\nkey = 1\n", 'key = "value"\n'),
    "csv table row line": ("a,b\n1,2\n", 'a,"b,c",d', "a\tb"),
    "python code source expression": ("x = 1", "1 + 2", "def f(x):\n    return x\n", "x +"),
    "module package import dotted": ("os.path", "json", "no_such_module", "os.path:join"),
    "regex pattern": ("a+b", "[a-z]*", "("),
    "template format fmt": ("{name}", "{} and {}", "%Y-%m-%d", "%s"),
    "size bytes memory": ("10MB", "1.5 GiB", "512", "1k"),
    "mode": ("r", "w", "rb", "a"),
    "bool flag yes": ("true", "false", "yes", "no", "1", "off"),
    "password secret token": ("Passw0rd!", "abc", "correct horse battery staple"),
    "git repo repository": (
        "https://example.com/owner/repo.git",
        "gh:owner/repo",
        "git@example.com:owner/repo.git",
        "owner/repo",
    ),
    "zip archive": ("archive.zip", "https://example.com/archive.zip"),
    "morse": ("... --- ...",),
    "greek unicode accent diacritic": ("àéîöū", "ß", "日本"),
}
"""Words → examples; a near miss comes last."""


def words(name: str) -> frozenset[str]:
    """The words of an identifier: `isEmail_address2` → is, email, address."""
    return frozenset(part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def texts_for(*names: str) -> list[str]:
    """Examples of the formats that the names announce, best match first."""
    wanted = [words(name) for name in names]
    found: list[tuple[int, str]] = []
    for keys, examples in FORMATS.items():
        hits = [rank for rank, group in enumerate(wanted) if group & set(keys.split())]
        found.extend((hits[0], example) for example in examples if hits)
    return list(dict.fromkeys(example for _, example in sorted(found, key=lambda pair: pair[0])))


def particular_texts() -> frozenset[str]:
    """Examples that are not the first of their format: good where they make a difference, puzzling elsewhere."""
    usual = {*(column[0] for column in FORMATS.values()), *TEXT[:_USUAL]}
    return frozenset({*every_text(), *TEXT} - usual)


def every_text() -> list[str]:
    """All examples, one of each format first."""
    columns = list(FORMATS.values())
    return list(
        dict.fromkeys(column[row] for row in range(max(map(len, columns))) for column in columns if row < len(column))
    )
