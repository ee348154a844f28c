"""Namespaces: no network at all, and one process whose end is the end of every other one inside.

The processes, outermost first::

    watcher    started by qeforge; waits, ends with its parent, and forwards the exit status
    (opener)   makes the namespaces and leaves
    init       pid 1 inside; its end makes the kernel kill whatever is left, daemons too
    worker     returns from `enter`

Without permission for namespaces there are only the watcher and the worker; the watcher then collects orphans as their
sub-reaper and kills them when the worker has ended.
"""

import os
import select
import signal
import sys

from . import kernel, orphans

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PID, _NEW_NET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_INNER = _NEW_MOUNTS | _NEW_IPC | _NEW_PID | _NEW_NET
_WATCH_SECONDS = 0.5

_active: tuple[str, ...] = ()


def active() -> tuple[str, ...]:
    """The namespaces that this process lives in since `enter`."""
    return _active


def enter(*, loopback: bool) -> None:
    """See `sandbox.enter_namespaces`. `loopback` brings up the inner network's own loopback device."""
    global _active
    if kernel.machine() is None:
        return
    if not orphans.adopt():
        return
    sys.stdout.flush()
    sys.stderr.flush()
    if _with_namespaces():
        _active = ("user-namespace", "pid-namespace", "network-namespace", "ipc-namespace")
        if loopback:
            _bring_up_loopback()
    else:
        _without_namespaces()


def _with_namespaces() -> bool:
    """True in the worker; False, in the process that was started, when namespaces are not allowed."""
    up, up_writer = os.pipe()  # opener and init to watcher
    down, down_writer = os.pipe()  # watcher to opener and init
    opener = os.fork()
    if opener == 0:
        os.close(up)
        os.close(down_writer)
        _open(up_writer, down)
        os.close(up_writer)
        return True
    os.close(up_writer)
    os.close(down)
    init = 0
    if os.read(up, 1) == b"u" and _map_users(opener):
        os.write(down_writer, b"m")
        init = int(os.read(up, 20) or b"0")
    if not init:
        os.close(down_writer)
    os.waitpid(opener, 0)
    os.close(up)
    if init:
        os.write(down_writer, b"g")  # only now: the opener's end would have killed init
        _watch(init, held=down_writer)
    return False


def _open(up: int, down: int) -> None:
    """Opener and init; returns in the worker only."""
    try:
        kernel.call("unshare", _NEW_USER | _INNER)
        os.write(up, b"u")
        if os.read(down, 1) != b"m":
            os._exit(1)
        init = os.fork()
        if init:
            os.write(up, str(init).encode())
            os._exit(0)
    except OSError:
        os._exit(1)
    if os.read(down, 1) != b"g":
        os._exit(1)
    _end_with_watcher(down)
    worker = os.fork()
    if worker:
        _close_files()
        _reap_until(worker)


def _without_namespaces() -> None:
    """Returns in the worker; what was started stays behind as its watcher."""
    watcher_alive, held = os.pipe()
    child = os.fork()
    if child:
        os.close(watcher_alive)
        _watch(child, held=held)
    os.close(held)
    _end_with_watcher(watcher_alive)


def _end_with_watcher(watcher_alive: int) -> None:
    """Dies with the watcher, whose open pipe says that it has not died yet."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
    ready = select.select([watcher_alive], [], [], 0)[0]
    if ready and not os.read(watcher_alive, 1):
        os._exit(1)
    os.close(watcher_alive)


def _map_users(pid: int) -> bool:
    """Gives every user and group inside the number that it has outside; only one's own when that is all one may."""
    return _map(pid, "uid_map", os.geteuid()) and _map(pid, "gid_map", os.getegid())


def _map(pid: int, name: str, own: int) -> bool:
    try:
        with open(f"/proc/self/{name}", encoding="ascii") as file:
            extents = [line.split() for line in file]
        _write(pid, name, "".join(f"{inside} {inside} {count}\n" for inside, _, count in extents))
        return True
    except OSError:
        pass
    try:
        if name == "gid_map":
            _write(pid, "setgroups", "deny")
        _write(pid, name, f"{own} {own} 1\n")
    except OSError:
        return False
    return True


def _write(pid: int, name: str, text: str) -> None:
    descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)


def _bring_up_loopback() -> None:
    import fcntl
    import socket
    import struct

    get_flags, set_flags, up = 0x8913, 0x8914, 1
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            answer = fcntl.ioctl(device, get_flags, struct.pack("16sH14x", b"lo", 0))
            flags = struct.unpack("16sH14x", answer)[1]
            fcntl.ioctl(device, set_flags, struct.pack("16sH14x", b"lo", flags | up))
    except OSError:
        pass  # loopback stays down; connections fail instead


def _reap_until(worker: int) -> None:
    """Init's whole life: collects the dead, and ends with the worker's status."""
    while True:
        pid, status = os.wait()
        if pid == worker:
            os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _watch(child: int, *, held: int) -> None:
    """The watcher's whole life: ends when the child does, or kills it when qeforge is gone.

    `held` is the pipe that must stay open as long as the watcher lives.
    """
    parent = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    _close_files(keep=held)
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            break
        if pid:
            continue
        if os.getppid() != parent:
            os.kill(child, signal.SIGKILL)
            parent = os.getppid()
        signal.sigtimedwait([signal.SIGCHLD], _WATCH_SECONDS)
    orphans.kill()
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    if 128 < code < 128 + signal.NSIG:
        _end_by_signal(code - 128)
    os._exit(code)


def _end_by_signal(number: int) -> None:
    """Dies as the child did, so that the parent sees the same."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        pass  # SIGKILL needs no handler
    os.kill(os.getpid(), number)


def _close_files(keep: int = -1) -> None:
    """Lets go of every pipe, so that their other ends see when the worker closes them."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    try:
        others = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        others = list(range(1024))
    for descriptor in others:
        if descriptor > 2 and descriptor != keep:
            try:
                os.close(descriptor)
            except OSError:
                pass  # the descriptor of the listing itself
