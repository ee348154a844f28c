"""A view of the file system in which only the scratch folder can be changed, not even modes or times elsewhere.

Works in a mount namespace of the sandbox's own (see `namespaces`), so nothing of it is visible outside.
"""

import os
import struct

from . import kernel

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1 << 1, 1 << 2, 1 << 3
_MS_BIND, _MS_REC, _MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_RDONLY = 1
_RESERVED_PIDS = 300  # the kernel hands out the first ones once and then starts again above them


def enter(scratch: str, *, processes: int, hide_sockets: bool) -> list[str]:
    """Names of what could be set up: `private-proc`, `private-shm`, `process-limit`, `read-only-mounts`.

    Args:
        scratch: the folder that stays writable.
        processes: processes and threads allowed at once, where the kernel counts them per namespace; 0 for no limit.
        hide_sockets: cover `/run`, where services of the machine listen.
    """
    try:
        _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    except OSError:
        return []
    active = []
    if _tried("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC):
        active.append("private-proc")
        if processes and _limit_processes(processes):
            active.append("process-limit")
    if _tried("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, "size=64m,mode=1777"):
        active.append("private-shm")
    if hide_sockets:
        _tried("tmpfs", "/run", "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=1m,mode=755")
    if _only_writable([scratch, *(["/dev/shm"] if "private-shm" in active else [])], bind=scratch):
        active.append("read-only-mounts")
    return active


def _only_writable(folders: list[str], *, bind: str) -> bool:
    try:
        _mount(bind, bind, "", _MS_BIND)
        _set_read_only("/", True, _AT_RECURSIVE)
    except OSError:
        return False
    for folder in folders:
        _set_read_only(folder, False, 0)
    return True


def _set_read_only(path: str, on: bool, flags: int) -> None:
    attributes = struct.pack("=4Q", _ATTR_RDONLY if on else 0, 0 if on else _ATTR_RDONLY, 0, 0)
    kernel.call("mount_setattr", _AT_FDCWD, os.fsencode(path), flags, attributes, len(attributes))


def _limit_processes(count: int) -> bool:
    """Lowers the largest process id of this pid namespace (Linux 6.14 and newer keep one for each)."""
    try:
        with open("/proc/sys/kernel/pid_max", "w", encoding="ascii") as file:
            file.write(str(_RESERVED_PIDS + count))
    except OSError:
        return False
    return True


def _tried(source: str, target: str, kind: str, flags: int, options: str = "") -> bool:
    try:
        _mount(source, target, kind, flags, options)
    except OSError:
        return False
    return True


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    kernel.call("mount", os.fsencode(source), os.fsencode(target), kind.encode(), flags, options.encode())
