import datetime

import pytest

from qeforge.oracle.volatile import is_volatile

NOW = datetime.datetime(2031, 7, 14, 12, 0)


@pytest.mark.parametrize(
    "text",
    [
        "<object object at 0x7f31c0d2a4b0>",
        "0x7f31c0d2a4b0",
        "140210837465872",
        "datetime.date(2031, 7, 14)",
        "2031-07-13T01:02:03",
        "14.07.2031",
        "Jul 14, 2031",
        "(c) 2031 Ann",
        str(int(NOW.timestamp())),
        f"{NOW.timestamp() * 1000:.0f}",
        "/home/ann/project/x.txt",
        r"C:\Users\Ann",
        "/tmp/tmpab12/x",
        "unknown: {'a', 'b'}",
    ],
)
def test_volatile(text: str) -> None:
    assert is_volatile(text, now=NOW)
    assert not is_volatile(text, now=NOW, known=f"f({text!r}) # {text}")


@pytest.mark.parametrize(
    "text",
    [
        "0xff",
        "12345",
        "2030",
        "12031",
        "2031.5",
        "1999-12-31",
        "datetime.date(2024, 7, 14)",
        "/etc/hosts",
        "a/home/ann",
        "{'a', 'b'}",
        "{'a': 1}",
        "1234567890",
    ],
)
def test_stable(text: str) -> None:
    assert not is_volatile(text, now=NOW)
