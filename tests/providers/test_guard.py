"""The guard, in processes of their own, since its hook stays where it was installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qeforge.errors import PrivacyError
from qeforge.providers import guard
from qeforge.providers.guard import refusal_in

ROOT = Path(__file__).resolve().parents[2]

BEGINNING = """
import json, os, socket, sys, threading
from qeforge.config import surroundings
from qeforge.errors import PrivacyError
from qeforge.providers import guard

def tcp(family=socket.AF_INET):
    made = socket.socket(family, socket.SOCK_STREAM)
    made.settimeout(1)
    return made

def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

class Tried(OSError):  # the guard let it pass, and nothing is sent all the same
    pass

def trap():
    def hear(event, arguments):
        if event == "socket.connect":
            raise Tried
    sys.addaudithook(hear)

def ended(attempt):
    try:
        attempt()
    except PrivacyError as problem:
        return f"refused: {problem.hint}" if problem.slug == "privacy" else problem.slug
    except Exception as problem:
        return type(problem).__name__
    return "done"
"""


def told(code: str, **environ: str) -> dict[str, str]:
    """What a program says of itself: the JSON in its last line."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + code],
        env={**inherited, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


AWAY = """
found = {name: ended(attempt) for name, attempt in {
    "connect": lambda: tcp().connect(("8.8.8.8", 53)),
    "connect_ex": lambda: tcp().connect_ex(("8.8.8.8", 53)),
    "connect by name": lambda: tcp().connect(("away.example", 80)),
    "connect 6": lambda: tcp(socket.AF_INET6).connect(("2001:db8::1", 80)),
    "connect mapped": lambda: tcp(socket.AF_INET6).connect(("::ffff:8.8.8.8", 80)),
    "connect private": lambda: tcp().connect(("192.168.0.1", 80)),
    "connect any": lambda: tcp().connect(("0.0.0.0", 80)),
    "connect beneath": lambda: super(socket.socket, tcp()).connect(("8.8.8.8", 53)),
    "create": lambda: socket.create_connection(("away.example", 80), 1),
    "sendto": lambda: udp().sendto(b"x", ("8.8.8.8", 53)),
    "sendto flags": lambda: udp().sendto(b"x", 0, ("away.example", 53)),
    "sendmsg": lambda: udp().sendmsg([b"x"], [], 0, ("8.8.8.8", 53)),
    "sendmsg by name": lambda: udp().sendmsg([b"x"], [], 0, ("away.example", 53)),
    "bind all": lambda: tcp().bind(("", 0)),
    "bind any": lambda: tcp().bind(("0.0.0.0", 0)),
    "packet": lambda: udp().sendto(b"x", ("<broadcast>", 9)),
    "getaddrinfo": lambda: socket.getaddrinfo("away.example", 80),
    "getaddrinfo bytes": lambda: socket.getaddrinfo(b"away.example", 80),
    "gethostbyname": lambda: socket.gethostbyname("away.example"),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("away.example"),
    "gethostbyaddr": lambda: socket.gethostbyaddr("8.8.8.8"),
    "getnameinfo": lambda: socket.getnameinfo(("8.8.8.8", 53), 0),
    "looks local": lambda: socket.getaddrinfo("127.0.0.1.away.example", 80),
    "looks local 2": lambda: socket.getaddrinfo("localhost.away.example", 80),
}.items()}
"""


@pytest.mark.parametrize("policy", ["NOTHING_LEAVES", "NATIVE"])
def test_nothing_leads_off_this_machine(policy: str) -> None:
    answers = told(f"guard.install(guard.{policy})\n{AWAY}\nprint(json.dumps(found))")
    assert len(answers) == 24
    assert {name: answer for name, answer in answers.items() if answer != "refused: nothing was sent"} == {}


def test_threads_are_held_too() -> None:
    answers = told(
        "guard.install(guard.NATIVE)\nfound = {}\n"
        "thread = threading.Thread(target=lambda: found.update(a=ended(lambda: tcp().connect(('8.8.8.8', 53)))))\n"
        "thread.start(); thread.join()\nprint(json.dumps(found))"
    )
    assert answers == {"a": "refused: nothing was sent"}


def test_this_machine_may_be_reached() -> None:
    answers = told(
        """
guard.install(guard.NOTHING_LEAVES)
server = tcp()
server.bind(("127.0.0.1", 0))
server.listen()
here = server.getsockname()
found = {name: ended(attempt) for name, attempt in {
    "connect": lambda: tcp().connect(here),
    "by name": lambda: socket.create_connection(("localhost", here[1]), 1).close(),
    "nobody": lambda: socket.create_connection(("127.0.0.1", 1), 1),
    "sendto": lambda: udp().sendto(b"x", here),
    "pair": lambda: [end.close() for end in socket.socketpair()],
    "unix": lambda: socket.socket(socket.AF_UNIX).bind(""),
    "reverse": lambda: socket.getnameinfo(here, socket.NI_NUMERICHOST),
    "number": lambda: socket.getaddrinfo("8.8.8.8", 53),
}.items()}
print(json.dumps(found))
"""
    )
    assert answers.pop("nobody") == "ConnectionRefusedError"
    assert set(answers.values()) == {"done"}


def test_what_is_sealed_cannot_be_permitted() -> None:
    answers = told(
        """
guard.install(guard.NOTHING_LEAVES)
found = {
    "cloud": ended(lambda: guard.permit("https://api.example", proxies=True)),
    "private": ended(lambda: guard.permit("http://192.168.0.7:8080", private=True)),
    "here": ended(lambda: guard.permit("http://127.0.0.1:8080")),
    "download": ended(guard.permit_downloads),
    "after": ended(lambda: tcp().connect(("192.168.0.7", 8080))),
}
print(json.dumps(found))
"""
    )
    assert answers.pop("here") == "done"
    assert set(answers.values()) == {"refused: nothing was sent"}


def test_a_permitted_host_may_be_reached_and_nobody_else() -> None:
    """Names are looked up in a table of our own; every connection ends in the trap."""
    answers = told(
        """
table = {"api.example": "203.0.113.7", "box.lan": "192.168.0.7", "trap.lan": "8.8.4.4"}
def look_up(host, port, *rest):
    sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (table.get(host, host), port))]
socket.getaddrinfo = look_up
guard.install(guard.NATIVE)
guard.permit("https://api.example/v1")
for url in ("http://box.lan:8080", "http://trap.lan:8080", "http://10.0.0.3:8080", "http://8.8.8.8"):
    guard.permit(url, private=True)
trap()
def reaches(host):
    return ended(lambda: socket.create_connection((host, 80), 1)).partition(":")[0]
hosts = ["api.example", "203.0.113.7", "box.lan", "trap.lan", "10.0.0.3", "8.8.8.8", "10.0.0.4", "other.example"]
before = reaches("203.0.113.7")
print(json.dumps({"before": before} | {host: reaches(host) for host in hosts}))
"""
    )
    assert answers == {
        "before": "refused",  # an address is known when its name was looked up
        "api.example": "Tried",
        "203.0.113.7": "Tried",
        "box.lan": "Tried",
        "trap.lan": "refused",  # said to be private, and is not
        "10.0.0.3": "Tried",
        "8.8.8.8": "refused",
        "10.0.0.4": "refused",
        "other.example": "refused",
    }


def test_proxies_of_the_environment_are_for_what_may_use_them() -> None:
    code = """
guard.install(guard.{policy})
trap()
guard.permit("https://127.0.0.2" if {sealed} else "https://api.example", proxies=True)
found = {{"proxy": ended(lambda: tcp().connect(("198.51.100.8", 3128))), "names": sorted(
    name for name in os.environ if name.lower().endswith("_proxy") and os.environ[name] != "*")}}
print(json.dumps(found))
"""
    proxies = {"HTTPS_PROXY": "http://198.51.100.8:3128", "all_proxy": "socks5://198.51.100.8:1080"}
    open_, sealed = (
        told(code.format(policy=policy, sealed=policy == "NOTHING_LEAVES"), **proxies)
        for policy in ("NATIVE", "NOTHING_LEAVES")
    )
    assert open_["proxy"] == "Tried"
    assert sealed == {"proxy": "refused: nothing was sent", "names": []}


def test_downloads_may_be_passed_on_to_any_host() -> None:
    answers = told(
        """
guard.install(guard.NATIVE)
guard.permit_downloads()
trap()
found = {"far": ended(lambda: tcp().connect(("203.0.113.7", 80))), "listen": ended(lambda: tcp().bind(("", 0)))}
guard.install(guard.NATIVE)
found["again"] = ended(lambda: tcp().connect(("203.0.113.7", 80)))
print(json.dumps(found))
"""
    )
    assert answers.pop("far") == "Tried"
    assert set(answers.values()) == {"refused: nothing was sent"}


def test_libraries_are_told_to_be_quiet_and_secrets_leave_the_environment() -> None:
    code = """
guard.install(guard.{policy})
child = surroundings.child_environment()
import subprocess
seen = subprocess.run([sys.executable, "-c", "import os, json; print(json.dumps(dict(os.environ)))"],
                      capture_output=True, text=True).stdout
print(json.dumps({{**json.loads(seen), "key": surroundings.withheld()["ANTHROPIC_API_KEY"]}}))
"""
    given = {"ANTHROPIC_API_KEY": "sk-ant-x", "GH_TOKEN": "t", "DATABASE_URL": "postgres://me:pw@db/x", "EDITOR": "vi"}
    for policy, offline in (("NOTHING_LEAVES", "1"), ("NATIVE", None)):
        seen = told(code.format(policy=policy), **given)
        assert seen["DO_NOT_TRACK"] == seen["HF_HUB_DISABLE_TELEMETRY"] == "1"
        assert seen.get("HF_HUB_OFFLINE") == seen.get("TRANSFORMERS_OFFLINE") == offline
        assert seen["key"] == "sk-ant-x"
        assert seen.keys() & given.keys() == {"EDITOR"}


def test_tests_may_relax_it() -> None:
    answers = told(
        """
guard.install(guard.NOTHING_LEAVES)
trap()
with guard._relaxed():
    found = {"inside": ended(lambda: tcp().connect(("203.0.113.7", 80)))}
found["outside"] = ended(lambda: tcp().connect(("203.0.113.7", 80)))
print(json.dumps(found))
"""
    )
    assert answers == {"inside": "Tried", "outside": "refused: nothing was sent"}


def test_without_a_policy_nothing_is_permitted_or_refused() -> None:
    guard.permit("https://api.example")
    guard.permit_downloads()


def test_a_refusal_is_found_in_what_a_library_made_of_it() -> None:
    refused = PrivacyError("refused")
    wrapped = OSError("no connection")
    wrapped.__cause__ = refused
    assert refusal_in(wrapped) is refused
    assert refusal_in(OSError("of itself")) is None
