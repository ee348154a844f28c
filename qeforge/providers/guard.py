"""Keeps this process on this machine: whatever would send a packet elsewhere is refused before it does.

An audit hook hears of every connection, whichever library makes it, and cannot be removed. Two things it hears of too
late or not at all, so they are wrapped as well: `connect(("name", port))` looks the name up before the hook is asked,
and which addresses a name has is told by `getaddrinfo` alone.

What runs past Python (extension modules that call the operating system themselves) is not heard of.
"""

import functools
import ipaddress
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from qeforge.config.surroundings import go_quiet, withhold_secrets
from qeforge.errors import PrivacyError

_HERE = frozenset({"localhost", "ip6-localhost"})
_LOCAL_FAMILIES = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK") if hasattr(socket, name)
)  # netlink talks to the kernel
_NETWORK_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a process may do. `sealed`: nothing can be permitted later; `why` is told with every refusal."""

    sealed: bool
    why: str


NOTHING_LEAVES = Policy(sealed=True, why="local-only is in force")
"""For `local-only`, and for processes that never need more."""
NATIVE = Policy(sealed=False, why="nothing of this run needs the network")
"""For everything else, until a provider that was chosen asks for its own address (`permit`)."""


@dataclass(slots=True, kw_only=True)
class _State:
    policy: Policy
    names: dict[str, bool] = field(default_factory=dict)  # permitted host → whether at private addresses only
    addresses: set[str] = field(default_factory=set)
    anywhere: bool = False


_state: _State | None = None
_hooked = False


def install(policy: Policy) -> None:
    """Guards this process from now on, and takes secrets and what reports home out of its environment.

    A later call changes the policy and forgets what was permitted; the guard itself stays.
    """
    global _state, _hooked
    withhold_secrets()
    go_quiet(offline=policy.sealed)
    _state = _State(policy=policy)
    if not _hooked:
        _hooked = True
        _wrap()
        sys.addaudithook(_hear)


def permit(url: str, *, private: bool = False, proxies: bool = False) -> None:
    """Lets this process reach the host of an address, which somebody chose.

    Args:
        url: of the service.
        private: only where that host has a private or loopback address.
        proxies: whether the proxies of the environment may be used for it.

    Raises:
        PrivacyError: the policy is sealed and the address is not on this machine.
    """
    state, host = _state, urlsplit(url).hostname or ""
    if state is None or _is_here(host):
        return
    if state.policy.sealed:
        raise _refusal(f"{host} is another machine", state)
    state.names[host] = private
    if proxies:
        from urllib.request import getproxies  # few runs need it

        state.names.update((name, False) for name in map(_host, getproxies().values()) if name)


def permit_downloads() -> None:
    """Lets this process reach any machine: a download is passed on from host to host.

    Raises:
        PrivacyError: the policy is sealed.
    """
    if _state is not None:
        if _state.policy.sealed:
            raise _refusal("a download asks other machines", _state)
        _state.anywhere = True


def refusal_in(raised: BaseException) -> PrivacyError | None:
    """The guard's refusal, where a library wrapped it in an error of its own."""
    seen: BaseException | None = raised
    while seen is not None:
        if isinstance(seen, PrivacyError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


@contextmanager
def _relaxed() -> Iterator[None]:
    """No policy for the length of a block; for tests, since the guard itself stays."""
    global _state
    before, _state = _state, None
    try:
        yield
    finally:
        _state = before


def _host(url: str) -> str:
    return urlsplit(url if "://" in url else f"//{url}").hostname or ""


# -- deciding -------------------------------------------------------------------------------------------------------


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_here(host: str) -> bool:
    address = _number(host)
    return address.is_loopback if address is not None else host.lower().rstrip(".") in _HERE


def _text(host: object) -> str:
    if isinstance(host, bytes | bytearray):
        return bytes(host).decode("ascii", "replace")
    return host if isinstance(host, str) else ""


def _may_reach(host: str, state: _State) -> bool:
    """Whether a packet to this address, or name, may be sent."""
    if state.anywhere or _is_here(host):
        return True
    address = _number(host)
    if address is None:
        return state.names.get(host) is False
    private = state.names.get(host)
    return str(address) in state.addresses or private is False or (private is True and address.is_private)


def _refusal(what: str, state: _State) -> PrivacyError:
    return PrivacyError(f"refused: {what}, and {state.policy.why}", hint="nothing was sent")


def _check_target(connection: Any, address: Any) -> None:
    """For `connect` and the like: refuses what is not on this machine and was not permitted."""
    state = _state
    if state is None or address is None or connection.family in _LOCAL_FAMILIES:
        return
    host = _text(address[0]) if isinstance(address, tuple) and address else ""
    if connection.family not in _NETWORK_FAMILIES or not _may_reach(host, state):
        raise _refusal(f"a connection to {host or 'another machine'}", state)


def _check_own(connection: Any, address: Any) -> None:
    """For `bind`: refuses to listen for other machines."""
    state = _state
    if state is None or connection.family in _LOCAL_FAMILIES:
        return
    host = _text(address[0]) if isinstance(address, tuple) and address else ""
    if connection.family not in _NETWORK_FAMILIES or not _is_here(host):
        raise _refusal(f"listening at {host or 'every address'}", state)


def _check_name(host: Any, *rest: Any) -> None:
    """For look-ups: a name is sent to whoever knows names; a number is not."""
    state, name = _state, _text(host)
    if state is None or not name or _number(name) is not None or _is_here(name):
        return
    if not state.anywhere and name not in state.names:
        raise _refusal(f"looking up {name}", state)


def _check_number(host: Any, *rest: Any) -> None:
    """For look-ups of the name that an address has."""
    state = _state
    name = _text(host[0] if isinstance(host, tuple) and host else host)
    if state is not None and not state.anywhere and not _is_here(name):
        raise _refusal(f"looking up {name}", state)


_CHECKS: dict[str, Callable[..., None]] = {
    "socket.connect": _check_target,
    "socket.sendto": _check_target,
    "socket.sendmsg": _check_target,
    "socket.bind": _check_own,
    "socket.getaddrinfo": _check_name,
    "socket.gethostbyname": _check_name,
    "socket.gethostbyaddr": _check_number,
    "socket.getnameinfo": _check_number,
}


def _hear(event: str, arguments: tuple[Any, ...], checks: dict[str, Callable[..., None]] = _CHECKS) -> None:
    check = checks.get(event)
    if check is not None:
        check(*arguments)


# -- wrapping -------------------------------------------------------------------------------------------------------


def _wrap() -> None:
    """Puts the checks where the hook would be too late."""
    checks = (
        ("connect", _check_target, 0),
        ("connect_ex", _check_target, 0),
        ("bind", _check_own, 0),
        ("sendto", _check_target, -1),
        ("sendmsg", _check_target, 3),
    )
    for name, check, place in checks:
        if hasattr(socket.socket, name):
            setattr(socket.socket, name, _checked(getattr(socket.socket, name), check, place))
    socket.getaddrinfo = _noting(socket.getaddrinfo)


def _checked(method: Callable[..., Any], check: Callable[[Any, Any], None], place: int) -> Callable[..., Any]:
    @functools.wraps(method)
    def checked(self: Any, *arguments: Any) -> Any:
        if -len(arguments) <= place < len(arguments):
            check(self, arguments[place])
        return method(self, *arguments)

    return checked


def _noting(look_up: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(look_up)
    def noting(host: Any, *arguments: Any, **keywords: Any) -> Any:
        found = look_up(host, *arguments, **keywords)
        state, name = _state, _text(host)
        if state is not None and name in state.names:
            addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
            only_private = state.names[name]
            for address in map(_number, addresses):
                if address is not None and (address.is_private or not only_private):
                    state.addresses.add(str(address))
        return found

    return noting
