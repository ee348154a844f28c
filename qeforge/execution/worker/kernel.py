"""Raw Linux calls through ctypes: what the standard library has no function for.

Numbers are those of the kernel's own tables (`asm/unistd_64.h`, `asm-generic/unistd.h`).
"""

import errno
import os
import platform
import struct
import sys

try:
    import ctypes
except ImportError:  # an interpreter that was built without libffi
    ctypes = None  # type: ignore[assignment]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP, _FILTER = 22, 2

_MACHINES = {"x86_64": 0, "aarch64": 1}

NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # name: (x86_64, aarch64)
    "accept": (43, 202),
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bind": (49, 200),
    "bpf": (321, 280),
    "capset": (126, 91),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "execve": (59, 221),
    "execveat": (322, 281),
    "finit_module": (313, 273),
    "fork": (57, None),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "listen": (50, 201),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "seccomp": (317, 277),
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, None),
}


def machine() -> str | None:
    """`x86_64` or `aarch64` where this module can make calls, else None."""
    if not sys.platform.startswith("linux") or ctypes is None or sys.maxsize < 2**32:
        return None
    name = platform.machine().lower()
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)
    return name if name in _MACHINES else None


def number(name: str) -> int | None:
    """A system call's number on this machine; None where it has no such call."""
    here = machine()
    return None if here is None else NUMBERS[name][_MACHINES[here]]


def call(name: str, *arguments: "int | bytes") -> int:
    """Makes the call. Integers go as C longs, bytes as the address of a copy with a zero byte after it.

    Raises:
        OSError: with the call's errno; ENOSYS where the machine is not known.
    """
    value = number(name)
    if value is None:
        raise OSError(errno.ENOSYS, f"no {name} here")
    converted = [
        ctypes.c_long(argument) if isinstance(argument, int) else ctypes.create_string_buffer(argument)
        for argument in arguments
    ]
    result = int(_libc().syscall(ctypes.c_long(value), *converted))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def install_filter(instructions: bytes) -> None:
    """Adds a seccomp program of eight-byte instructions to this thread.

    Raises:
        OSError: with the call's errno.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    program = ctypes.create_string_buffer(instructions, len(instructions))
    prctl(_PR_SET_SECCOMP, _FILTER, struct.pack("@HP", len(instructions) // 8, ctypes.addressof(program)))


def prctl(option: int, *arguments: "int | bytes") -> None:
    """`prctl`; missing arguments are zero.

    Raises:
        OSError: with the call's errno.
    """
    call("prctl", option, *arguments, *(0 for _ in range(4 - len(arguments))))


def _libc() -> "ctypes.CDLL":
    global _loaded
    if _loaded is None:
        _loaded = ctypes.CDLL(None, use_errno=True)
        _loaded.syscall.restype = ctypes.c_long
    return _loaded


_loaded: "ctypes.CDLL | None" = None
