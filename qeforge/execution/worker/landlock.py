"""Landlock: the kernel refuses writes outside the scratch folder, TCP, programs, and signals outward. Needs no root.

Reading is left free, since imports read everywhere; a process in a Landlock domain can still not look into one outside
(`/proc/PID/environ`, `/proc/PID/mem`), which the kernel refuses as tracing.
See `Documentation/userspace-api/landlock.rst` in the kernel's sources for the numbers.
"""

import os
import struct

from . import kernel

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))  # REMOVE_DIR … MAKE_SYM
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NET_BIND_AND_CONNECT_TCP = 0b11
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1

_CREATE_VERSION = 1
_RULE_PATH_BENEATH = 1
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_child_ruleset = -1


def version() -> int:
    """The kernel's Landlock ABI; 0 where there is none."""
    try:
        return kernel.call("landlock_create_ruleset", 0, 0, _CREATE_VERSION)
    except OSError:
        return 0


def enter_process(scratch: str, *, shared_memory: bool, programs: bool, network: bool) -> list[str]:
    """Restricts this process for good; `["landlock"]`, or nothing where the kernel has no Landlock.

    Args:
        scratch: the folder that stays writable.
        shared_memory: whether `/dev/shm` is this sandbox's own and may be written.
        programs: leave starting programs allowed.
        network: leave TCP allowed.
    """
    global _child_ruleset
    abi = version()
    if abi < 1:
        return []
    writes = _write_rights(abi)
    try:
        ruleset = _create(abi, writes | (0 if programs else _EXECUTE), 0 if network else _NET_BIND_AND_CONNECT_TCP)
        try:
            for folder in [scratch, *(["/dev/shm"] if shared_memory else [])]:
                _allow(ruleset, folder, writes)
            for device in _DEVICES:
                _allow(ruleset, device, writes & (_WRITE_FILE | _TRUNCATE | _IOCTL_DEV))
            _restrict(ruleset)
        finally:
            os.close(ruleset)
    except OSError:
        return []
    if abi >= 6:
        # A domain refuses to move files between folders unless it says otherwise; where to, the outer one decides.
        _child_ruleset = _create(abi, _REFER, 0)
        _allow(_child_ruleset, "/", _REFER)
    return ["landlock"]


def enter_child() -> None:
    """Puts a forked child into a domain of its own: it can neither signal nor trace the server any more."""
    if _child_ruleset >= 0:
        try:
            _restrict(_child_ruleset)
        except OSError:
            pass  # sixteen domains are nested already; the outer ones hold


def _write_rights(abi: int) -> int:
    rights = _WRITE_FILE | _REMOVE_AND_MAKE
    if abi >= 2:
        rights |= _REFER
    if abi >= 3:
        rights |= _TRUNCATE
    if abi >= 5:
        rights |= _IOCTL_DEV
    return rights


def _create(abi: int, files: int, network: int) -> int:
    attributes = struct.pack("=Q", files)
    if abi >= 4:
        attributes += struct.pack("=Q", network)
    if abi >= 6:
        attributes += struct.pack("=Q", _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    return kernel.call("landlock_create_ruleset", attributes, len(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        kernel.call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _restrict(ruleset: int) -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.call("landlock_restrict_self", ruleset, 0)
