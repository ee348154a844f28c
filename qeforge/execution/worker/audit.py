"""An audit hook: sees what the code does to the world, records it, and refuses what would leave the scratch folder.

The only layer that every platform has, and the one that knows *what* was tried; against code that means harm it is
backed by the kernel's layers. Nothing is refused that would fail anyway (a folder that is not there), so that such
code keeps its own error.
"""

import errno
import os
import re
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from .audit_paths import absolute, path_text, resolved, within

_MOST_EFFECTS = 200  # a loop over a million files is one lesson, not a million

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DEVICES = frozenset({"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "nul", "NUL"})
_OPEN_FILES = re.compile(r"/dev/(?:fd/\d+|std(?:in|out|err))$|/proc/(?:self|\d+)/fd/(?:pipe|socket|\d+)")
_OTHER_PROCESSES = re.compile(r"/proc/(?:self|thread-self|\d+)(?:/task/\d+)?/(?:environ|mem|auxv|stack|syscall)$")
_TERMINALS = re.compile(r"/dev/(?:tty|pts/|ttyS?\d|console)")
_SYSTEM_READS = ("/usr/share/zoneinfo", "/dev/", "/proc/self/", "/usr/lib/", "/lib/")

_PROCESS_SYMBOLS = re.compile(
    r"_*(?:v?fork|clone\d?|forkpty|daemon|system|popen|_?wsystem|_?wpopen|exec[lv]p?e?|fexecve|execve?at"
    r"|posix_spawnp?|kill|killpg|tgkill|tkill|pthread_kill|pidfd_\w+|ptrace|syscall|reboot|prctl|unshare|setns"
    r"|WinExec|CreateProcess\w*|ShellExecute\w*|TerminateProcess|dlopen|dlsym|dlmopen|PySys_ClearAuditHooks"
    r"|PyOS_\w+)$"
)
_NETWORK_SYMBOLS = re.compile(r"_*(?:socket|connect|bind|listen|sendto|send(?:m)?msg|getaddrinfo|gethostby\w+|WSA\w+)$")
_FILE_SYMBOLS = re.compile(
    r"_*(?:unlink(?:at)?|remove|rmdir|rename(?:at2?)?|link(?:at)?|symlink(?:at)?|mkdir(?:at)?|mk(?:nod|fifo)(?:at)?"
    r"|[lf]?chmod(?:at)?|fchmodat|[lf]?chown(?:at)?|fchownat|f?truncate(?:64)?|open(?:at2?)?(?:64)?|creat(?:64)?"
    r"|f(?:re)?open(?:64)?|[lf]?utimes?|utimensat|futimens|[lf]?(?:set|remove)xattr|mount|umount2?|chroot"
    r"|DeleteFile\w*|RemoveDirectory\w*|MoveFile\w*|CreateFile\w*|CopyFile\w*)$"
)

_PROGRAM_EVENTS = (
    *("subprocess.Popen", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.forkpty", "pty.spawn"),
    *("os.startfile", "os.startfile/2", "_winapi.CreateProcess", "_winapi.OpenProcess", "_winapi.TerminateProcess"),
)
_REGISTRY_EVENTS = (
    *("winreg.CreateKey", "winreg.DeleteKey", "winreg.DeleteValue", "winreg.SetValue", "winreg.SaveKey"),
)


class Rules(NamedTuple):
    """What the hook refuses and what it remarks on. Paths are absolute.

    Args:
        enforce: refuse at all; otherwise only record.
        scratch: the only folder that may be written.
        cwd: the working folder; writes into it are recorded as `cwd`.
        project: folders that may be read without remark.
        lenient: programs and sockets are let through.
    """

    enforce: bool
    scratch: str
    cwd: str
    project: tuple[str, ...]
    lenient: bool


_recording = False
_effects: dict[tuple[str, str, str], bool] = {}
_forking_thread: int | None = None
_own_children: set[int] = set()


def start_recording() -> None:
    """Forgets earlier effects and records from now on."""
    global _recording
    _effects.clear()
    _recording = True


def take_effects() -> list[dict[str, Any]]:
    """What was recorded, in order and without repeats; recording ends."""
    global _recording
    _recording = False
    taken = [
        {"kind": kind, "event": event, "detail": detail, "blocked": blocked}
        for (kind, event, detail), blocked in _effects.items()
    ]
    _effects.clear()
    return taken


def fork() -> int:
    """`os.fork` that is let through. The server may also signal the child, and the group that the child leads."""
    global _forking_thread
    _forking_thread = threading.get_ident()
    try:
        pid = os.fork()
    finally:
        _forking_thread = None
    if pid:
        _own_children.add(pid)
    else:
        _own_children.clear()
    return pid


def install(rules: Rules) -> None:
    """Adds the hook, for the rest of this process's life and of those forked from it."""
    handlers = _Handlers(rules).by_event()
    find = handlers.get

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        handler = find(event)
        if handler is not None:
            handler(event, arguments)

    sys.addaudithook(hook)


def _record(kind: str, event: str, detail: str, blocked: bool) -> None:
    if _recording and len(_effects) < _MOST_EFFECTS:
        key = (kind, event, detail)
        _effects[key] = _effects.get(key, False) or blocked


_STANDARD = (0, 1, 2)
"""Descriptors that are shared with everything else in the process: who closes the file closes them for all."""

_Handler = Callable[[str, tuple[Any, ...]], None]


class _Handlers:
    """One method for each kind of event; an event that is harmless returns, any other is recorded or refused."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._scratch = os.path.realpath(rules.scratch)
        self._cwd = os.path.realpath(rules.cwd)
        known = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *rules.project}
        both = {form for path in known if path for form in (os.path.abspath(path), os.path.realpath(path))}
        self._unremarked = (*sorted(both - {os.sep}), *_SYSTEM_READS, rules.scratch, self._scratch)

    def by_event(self) -> dict[str, _Handler]:
        """The table that the hook looks events up in."""
        table: dict[str, _Handler] = {
            "open": self._open,
            "os.listdir": self._list,
            "os.scandir": self._list,
            "os.remove": self._change(0, 1),
            "os.rmdir": self._change(0, 1),
            "os.rename": self._move,
            "os.link": self._move,
            "os.symlink": self._symlink,
            "os.mkdir": self._make,
            "os.chmod": self._change(0, 2, follow=True),
            "os.chown": self._change(0, 3, follow=True),
            "os.chflags": self._change(0, None, follow=True),
            "os.truncate": self._change(0, None, follow=True),
            "os.utime": self._change(0, 3, follow=True),
            "os.setxattr": self._change(0, None, follow=True),
            "os.removexattr": self._change(0, None, follow=True),
            "shutil.rmtree": self._change(0, 1),
            "shutil.chown": self._change(0, None, follow=True),
            "sqlite3.connect": self._database,
            "socket.connect": self._network,
            "socket.bind": self._network,
            "socket.sendto": self._network,
            "socket.sendmsg": self._send_message,
            "socket.getaddrinfo": self._network,
            "socket.gethostbyname": self._network,
            "socket.gethostbyaddr": self._network,
            "socket.getnameinfo": self._network,
            "socket.sethostname": self._refuse_always("process"),
            "urllib.Request": self._remark("network"),
            "os.fork": self._fork,
            "os.kill": self._kill,
            "os.killpg": self._kill_group,
            "ctypes.dlsym": self._symbol,
            "ctypes.dlsym/handle": self._symbol,
            "builtins.input": self._remark("stdin"),
            "socket.gethostname": self._remark("environment"),
        }
        table.update(dict.fromkeys(_PROGRAM_EVENTS, self._program))
        table.update(dict.fromkeys(_REGISTRY_EVENTS, self._refuse_always("environment")))
        return table

    # -- files ---------------------------------------------------------------------------------------------------

    def _open(self, event: str, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        text = path_text(path)
        if text is None:
            if _recording and isinstance(path, int) and path in _STANDARD:  # True and False are numbers too
                self._refuse("stdin", event, str(int(path)))
            return
        writes = (isinstance(flags, int) and flags & _WRITE_FLAGS) or (
            isinstance(mode, str) and any(letter in mode for letter in "wax+")
        )
        if writes:
            self._write(event, text, None, follow=True, must_exist=False)
        else:
            self._read(event, text)

    def _read(self, event: str, text: str) -> None:
        if text.startswith(self._unremarked) and not text.startswith("/proc/") and ".." not in text:
            return
        target = os.path.realpath(text)
        if _OTHER_PROCESSES.match(target):
            self._refuse("process", event, text)
        elif _TERMINALS.match(target):
            self._refuse("stdin", event, text)
        elif not target.startswith(self._unremarked) and os.path.exists(target):
            _record("filesystem", event, text, False)

    def _list(self, event: str, arguments: tuple[Any, ...]) -> None:
        text = path_text(arguments[0]) if arguments and arguments[0] is not None else None
        if text is not None:
            self._read(event, text)

    def _change(self, position: int, directory: int | None, *, follow: bool = False) -> _Handler:
        """A handler for an event that changes one existing path, possibly relative to a directory's descriptor."""

        def handle(event: str, arguments: tuple[Any, ...]) -> None:
            text = path_text(arguments[position])
            if text is not None:
                beside = arguments[directory] if directory is not None and directory < len(arguments) else None
                self._write(event, text, beside, follow=follow, must_exist=True)

        return handle

    def _move(self, event: str, arguments: tuple[Any, ...]) -> None:
        source, target, source_beside, target_beside = (*arguments, None, None)[:4]
        texts = path_text(source), path_text(target)
        if texts[0] is None or texts[1] is None or not os.path.lexists(absolute(texts[0], source_beside)):
            return
        self._write(event, texts[0], source_beside, follow=False, must_exist=True)
        self._write(event, texts[1], target_beside, follow=False, must_exist=False)

    def _symlink(self, event: str, arguments: tuple[Any, ...]) -> None:
        text = path_text(arguments[1])
        if text is not None:
            self._write(event, text, arguments[2] if len(arguments) > 2 else None, follow=False, must_exist=False)

    def _make(self, event: str, arguments: tuple[Any, ...]) -> None:
        text = path_text(arguments[0])
        beside = arguments[2] if len(arguments) > 2 else None
        if text is not None and not os.path.lexists(absolute(text, beside)):
            self._write(event, text, beside, follow=False, must_exist=False)

    def _database(self, event: str, arguments: tuple[Any, ...]) -> None:
        text = path_text(arguments[0])
        if text is None or text in ("", ":memory:") or text.startswith("file::memory:"):
            return
        if text.startswith("file:"):
            text, _, options = text[5:].partition("?")
            if "mode=memory" in options:
                return
            if "mode=ro" in options or "immutable=1" in options:
                self._read(event, text)
                return
        self._write(event, text, None, follow=True, must_exist=False)

    def _write(self, event: str, text: str, beside: object, *, follow: bool, must_exist: bool) -> None:
        """Refuses a change outside of scratch, and beside the working folder (`../a`), which would be one of somebody's
        folders elsewhere; remarks on one in the working folder or the private home."""
        whole = absolute(text, beside)
        if whole in _DEVICES:
            return
        target = resolved(whole, follow=follow)
        if within(target, self._scratch):
            if within(target, self._cwd):
                _record("cwd", event, text, False)
            elif within(target, os.path.join(self._scratch, "home")) or not _recording:
                _record("home", event, text, False)
            elif not within(target, os.path.join(self._scratch, "tmp")):
                self._refuse("filesystem", event, text)
            return
        needed = target if must_exist else os.path.dirname(target)
        if _OPEN_FILES.match(target) or not os.path.lexists(needed):
            return
        self._refuse("filesystem", event, text)

    # -- network -------------------------------------------------------------------------------------------------

    def _network(self, event: str, arguments: tuple[Any, ...]) -> None:
        detail = ", ".join(_short(argument) for argument in arguments[:2] if not hasattr(argument, "fileno"))
        if os.name == "nt" and _called_by_socketpair():
            return
        if self._rules.lenient:
            _record("network", event, detail, False)
        else:
            self._refuse("network", event, detail)

    def _send_message(self, event: str, arguments: tuple[Any, ...]) -> None:
        if arguments[1] is not None:  # without an address it goes to the peer, which was checked when connecting
            self._network(event, arguments)

    # -- processes -----------------------------------------------------------------------------------------------

    def _fork(self, event: str, arguments: tuple[Any, ...]) -> None:
        if _forking_thread is None or _forking_thread != threading.get_ident():
            self._program(event, arguments)

    def _kill(self, event: str, arguments: tuple[Any, ...]) -> None:
        if arguments[0] not in _own_children and arguments[0] != os.getpid():
            self._program(event, arguments)

    def _kill_group(self, event: str, arguments: tuple[Any, ...]) -> None:
        if arguments[0] not in _own_children:
            self._program(event, arguments)

    def _program(self, event: str, arguments: tuple[Any, ...]) -> None:
        detail = ", ".join(_short(argument) for argument in arguments[:2])
        if self._rules.lenient:
            _record("process", event, detail, False)
        else:
            self._refuse("process", event, detail)

    def _symbol(self, event: str, arguments: tuple[Any, ...]) -> None:
        name = arguments[1]
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        if not isinstance(text, str):
            return
        for pattern, kind in (
            (_PROCESS_SYMBOLS, "process"),
            (_NETWORK_SYMBOLS, "network"),
            (_FILE_SYMBOLS, "filesystem"),
        ):
            if pattern.match(text):
                self._refuse(kind, event, text)

    # -- shared --------------------------------------------------------------------------------------------------

    def _remark(self, kind: str) -> _Handler:
        def handle(event: str, arguments: tuple[Any, ...]) -> None:
            _record(kind, event, _short(arguments[0]) if arguments else "", False)

        return handle

    def _refuse_always(self, kind: str) -> _Handler:
        def handle(event: str, arguments: tuple[Any, ...]) -> None:
            self._refuse(kind, event, ", ".join(_short(argument) for argument in arguments[:2]))

        return handle

    def _refuse(self, kind: str, event: str, detail: str) -> None:
        _record(kind, event, detail, self._rules.enforce)
        if self._rules.enforce:
            raise PermissionError(errno.EACCES, f"blocked by qeforge: {event} {detail}".rstrip())


def _short(value: object) -> str:
    """At most 200 characters of a simple value; only the type of any other, whose `repr` is not ours to run."""
    if isinstance(value, (list, tuple)):
        return " ".join(_short(item) for item in value[:20])[:200]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")[:200]
    if isinstance(value, (str, int, float)) or value is None:
        return str(value)[:200]
    return type(value).__name__


def _called_by_socketpair() -> bool:
    """On Windows `socket.socketpair`, which every event loop needs, connects through loopback."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        name, module = frame.f_code.co_name, frame.f_globals.get("__name__")
        if module == "socket" and name in ("socketpair", "_fallback_socketpair"):
            return True
    return False
