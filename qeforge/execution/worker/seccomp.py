"""A system-call filter: no programs, no connections, no reach into other processes; in children no processes at all.

Classic BPF over `struct seccomp_data`, built by hand. A refused call fails with EPERM, so that the code under test sees
an ordinary `PermissionError` and goes on; threads are untouched.
"""

import os
import struct

from . import kernel

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS = 1, 38

_CLONE_THREAD = 0x10000
_NAMESPACE_FLAGS = 0x7E020000  # every CLONE_NEW*
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_DGRAM, _SOCK_TYPE_MASK = 2, 0xF

_ALWAYS_REFUSED = (
    # other processes and the kernel itself
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "bpf", "perf_event_open"),
    *("userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module", "delete_module"),
    *("kexec_load", "kexec_file_load", "reboot", "syslog", "iopl", "ioperm"),
    # the view of the file system, and ways around it
    *("mount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("mount_setattr", "setns", "unshare", "chroot", "open_by_handle_at", "quotactl", "swapon", "swapoff"),
    # the machine's name and clock
    *("sethostname", "setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "acct"),
)
_NOT_THERE = ("io_uring_setup", "io_uring_enter", "io_uring_register")  # would pass by every check here
_PROGRAMS = ("execve", "execveat")
_NETWORK = ("connect", "bind", "listen")
_SIGNALS = ("kill", "tkill", "tgkill", "prlimit64")
_SIGNALS_REFUSED = ("rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal")

_Instruction = tuple[int, int, int, int]

_child_rules: "list[list[_Instruction]]" = []  # the same for every child, so built once


def enter_process(*, sockets: bool, programs: bool, network: bool) -> list[str]:
    """Filters this process for good, its own forks left possible; `["seccomp"]`, or nothing where there is no filter.

    Args:
        sockets: internet sockets may be made, since they lead nowhere (a network namespace).
        programs: programs may be started.
        network: sockets may be bound and connected.
    """
    if not programs:
        _child_rules.extend(_refuse(name) for name in (*_SIGNALS_REFUSED, "fork", "vfork"))
        _child_rules.append(_clone_rule(_CLONE_THREAD, refuse_if_set=False))
    rules = [_refuse(name) for name in _ALWAYS_REFUSED]
    rules += [_refuse(name, _ENOSYS) for name in _NOT_THERE]
    if not programs:
        rules += [_refuse(name) for name in _PROGRAMS]
    if not network:
        rules += [_refuse(name) for name in _NETWORK]
        rules += [_when_address_given("sendto"), *_socket_rules(sockets)]
    rules.append(_clone_rule(_NAMESPACE_FLAGS, refuse_if_set=True))
    rules.append(_refuse("clone3", _ENOSYS))  # its flags are behind a pointer; the C library falls back to clone
    return ["seccomp"] if _install(rules) else []


def enter_child() -> None:
    """Filters a forked child further: no new processes, signals only to itself."""
    if _child_rules:
        _install([*_child_rules, *(_only_own_pid(name) for name in _SIGNALS)])


def _install(rules: "list[list[_Instruction]]") -> bool:
    here = kernel.machine()
    if here is None:
        return False
    program: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURES[here]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if here == "x86_64":
        program += [(_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    for rule in rules:
        program += rule
    program.append((_RETURN, 0, 0, _ALLOW))
    try:
        kernel.install_filter(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    except OSError:
        return False
    return True


def _for_call(name: str, body: "list[_Instruction]") -> "list[_Instruction]":
    """`body` runs for that call only; it must return, or leave the number reloaded at its end."""
    value = kernel.number(name)
    return [] if value is None else [(_JUMP_EQUAL, 0, len(body), value), *body]


def _refuse(name: str, error: int = _EPERM) -> "list[_Instruction]":
    return _for_call(name, [(_RETURN, 0, 0, _ERRNO | error)])


def _argument(index: int, *, high: bool = False) -> int:
    """Offset of one half of an argument; both machines are little-endian."""
    return 16 + 8 * index + (4 if high else 0)


def _when_address_given(name: str) -> "list[_Instruction]":
    """Refuses a `sendto` that names a receiver; `send` on a pair of sockets is the same call without one."""
    return _for_call(
        name,
        [
            (_LOAD, 0, 0, _argument(4)),
            (_JUMP_EQUAL, 0, 2, 0),
            (_LOAD, 0, 0, _argument(4, high=True)),
            (_JUMP_EQUAL, 1, 0, 0),
            (_RETURN, 0, 0, _ERRNO | _EPERM),
            (_RETURN, 0, 0, _ALLOW),
        ],
    )


def _socket_rules(internet: bool) -> "list[list[_Instruction]]":
    """Stream sockets of this machine always (they cannot be connected), internet sockets where they lead nowhere."""
    families = (_AF_UNIX, _AF_INET, _AF_INET6) if internet else (_AF_UNIX,)
    body: list[_Instruction] = [(_LOAD, 0, 0, _argument(0))]
    for left, family in enumerate(reversed(families)):
        body.insert(1, (_JUMP_EQUAL, left + 1, 0, family))
    body.append((_RETURN, 0, 0, _ERRNO | _EPERM))
    datagrams: list[_Instruction] = [
        (_LOAD, 0, 0, _argument(0)),
        (_JUMP_EQUAL, 0, 3, _AF_UNIX),
        (_LOAD, 0, 0, _argument(1)),
        (_AND, 0, 0, _SOCK_TYPE_MASK),
        (_JUMP_EQUAL, 1, 0, _SOCK_DGRAM),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    return [_for_call("socket", body + datagrams), _for_call("socketpair", datagrams)]


def _clone_rule(flags: int, *, refuse_if_set: bool) -> "list[_Instruction]":
    yes, no = (1, 0) if refuse_if_set else (0, 1)
    return _for_call(
        "clone",
        [
            (_LOAD, 0, 0, _argument(0)),
            (_JUMP_BITS, yes, no, flags),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _ERRNO | _EPERM),
        ],
    )


def _only_own_pid(name: str) -> "list[_Instruction]":
    body: list[_Instruction] = [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 1, 0, os.getpid())]
    if name == "prlimit64":
        body = [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 2, 0, os.getpid()), (_JUMP_EQUAL, 1, 0, 0)]
    return _for_call(name, [*body, (_RETURN, 0, 0, _ERRNO | _EPERM), (_RETURN, 0, 0, _ALLOW)])
