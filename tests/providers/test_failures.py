import email.utils
import time

import pytest

from qeforge.providers.failures import Refusal, failure, one_line, retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_how_long_to_wait_until_a_date() -> None:
    wait = retry_after({"retry-after": email.utils.formatdate(time.time() + 60, usegmt=True)})
    assert wait is not None
    assert 55 <= wait <= 60


def test_the_words_of_others_are_one_printable_line() -> None:
    assert one_line("no\x1b[31m\n  such\tmodel\r\n") == "no [31m such model"
    assert len(one_line("x" * 10_000)) == 200


def test_an_error_in_mid_stream_is_told_by_its_type() -> None:
    assert failure(Refusal(status=200, kind="rate_limit_error"), "m").slug == "rate-limit"
    assert failure(Refusal(status=200, kind="authentication_error"), "m").slug == "wrong-key"
    assert failure(Refusal(status=200, kind="new_error", message="odd"), "m").message == "m: not accepted (200): odd"


def test_a_proxy_that_knows_no_types_is_told_by_its_status() -> None:
    assert failure(Refusal(status=529), "m").slug == "overloaded"
    assert failure(Refusal(status=502, message="<html>"), "m").transient
    assert failure(Refusal(status=409, message="again"), "m").transient
    assert not failure(Refusal(status=418, message="no"), "m").transient
