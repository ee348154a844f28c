"""What a model's server says is wrong, as an error of one line."""

import email.utils
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from qeforge.errors import ProviderError

_LONGEST = 200
_KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer of the server that is none.

    Args:
        status: of HTTP.
        kind: the error's type, as the API names it; empty when it did not say.
        code: its stable code; empty when there is none.
        message: what it says, for people; not to be trusted.
        headers: of the response, in lower case.
    """

    status: int
    kind: str = ""
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def failure(refusal: Refusal, model: str) -> ProviderError:
    """The error that it means."""
    said = one_line(refusal.message)
    kind = _KINDS.get(refusal.status, refusal.kind) if refusal.status >= 400 else refusal.kind
    wait = retry_after(refusal.headers)
    again = refusal.headers.get("x-should-retry", "") != "false"
    if _is_about_money(refusal, kind):
        return ProviderError(
            f"{model}: no credit: {said}", hint="add credit to the account, or raise its limit", slug="no-credit"
        )
    match kind:
        case "authentication_error":
            return ProviderError(f"{model}: the key was not accepted", hint="check ANTHROPIC_API_KEY", slug="wrong-key")
        case "permission_error":
            return ProviderError(
                f"{model}: the key may not do that: {said}", hint="check what the key is allowed", slug="wrong-key"
            )
        case "not_found_error":
            return ProviderError(f"the service has no model {model!r}", hint="set cloud.model to one that it has")
        case "request_too_large":
            return ProviderError(f"{model}: the request is too large: {said}", slug="too-large")
        case "rate_limit_error":
            return ProviderError(
                f"{model}: too many requests{_later(wait)}", slug="rate-limit", transient=again, retry_after=wait
            )
        case "overloaded_error":
            return ProviderError(
                f"{model}: the service is overloaded{_later(wait)}",
                slug="overloaded",
                transient=again,
                retry_after=wait,
            )
        case "timeout_error":
            return ProviderError(
                f"{model}: the service took too long", slug="timeout", transient=again, retry_after=wait
            )
    if refusal.status >= 500 or kind == "api_error":
        return ProviderError(
            f"{model}: the service failed ({refusal.status}): {said}",
            slug="overloaded",
            transient=again,
            retry_after=wait,
        )
    if refusal.status == 409:
        return ProviderError(f"{model}: {said}", transient=again, retry_after=wait)
    if 300 <= refusal.status < 400:
        return ProviderError(
            f"{model}: the server sends us elsewhere ({refusal.status})", hint="set the address itself", slug="network"
        )
    if "too long" in said.lower() or "context" in said.lower():
        return ProviderError(f"{model}: the prompt does not fit: {said}", slug="context")
    return ProviderError(f"{model}: not accepted ({refusal.status}): {said}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server wants us to wait; None when it does not say."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError, OverflowError):
        return None


def one_line(text: str) -> str:
    """Somebody else's text, fit for a message: one line, printable, not long."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST])
    words = " ".join(plain.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _is_about_money(refusal: Refusal, kind: str) -> bool:
    if kind == "billing_error" or "spend_limit" in refusal.code or "billing" in refusal.code:
        return True
    return refusal.status in (400, 403) and "credit balance" in refusal.message.lower()


def _later(seconds: float | None) -> str:
    return "" if seconds is None else f", it asks to wait {seconds:.0f} s"
