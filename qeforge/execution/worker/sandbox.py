"""The sandbox's face: what the worker calls before, and while, it runs code that nobody trusts.

Order of calls in a worker::

    sandbox.enter_namespaces(policy)          # first statement of main; may fork, only the inner process returns
    layers = sandbox.enter_process(policy)    # before the target is imported
    ...
    if sandbox.fork() == 0:                   # the server's own forks; os.fork is refused to everybody else
        sandbox.enter_child(policy)           # before a candidate runs

No layer is needed for another to work. One that this machine lacks is left out of what `enter_process` returns.
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import audit, landlock, limits, mounts, namespaces, privileges, seccomp

LAYERS = ("environment", "limits", "namespaces", "mounts", "landlock", "seccomp", "privileges", "audit")
"""Every layer there is, by the name under which a policy switches it on."""

_ALLOWED_VARIABLES = frozenset(
    {
        "PATH",
        "LANG",
        "LANGUAGE",
        "TZ",
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "COMSPEC",
        "PATHEXT",
        "NUMBER_OF_PROCESSORS",
        "PROCESSOR_ARCHITECTURE",
        # Some interpreters find their own shared libraries only through these.
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    }
)


class Policy(NamedTuple):
    """What the code under test may do. Paths are absolute; `scratch` must exist.

    Args:
        enabled: False switches every refusal off (limits stay, effects are still recorded).
        scratch: the only folder that may be written; `home`, `tmp` and `cwd` in it are made when missing.
        memory_bytes: address space of each process; 0 for no limit.
        file_bytes: size of any one file written.
        open_files: file descriptors of each process.
        cpu_seconds: CPU time after which the kernel kills a child; 0 for no limit. A backstop, not the clock.
        processes: processes and threads alive at once in the whole sandbox.
        cwd: the working folder; writes into it are recorded as `cwd` effects. Empty means `scratch/cwd`.
        project: folders that the code may read without remark, besides the interpreter's and `sys.path`.
        lenient: a project's own tests may start programs and use loopback where namespaces make that harmless.
        layers: which layers to use; for tests of single layers.
    """

    enabled: bool
    scratch: str
    memory_bytes: int = 2 << 30
    file_bytes: int = 64 << 20
    open_files: int = 512
    cpu_seconds: int = 0
    processes: int = 512
    cwd: str = ""
    project: tuple[str, ...] = ()
    lenient: bool = False
    layers: tuple[str, ...] = LAYERS

    @property
    def working_directory(self) -> str:
        """`cwd`, or its default."""
        return self.cwd or os.path.join(self.scratch, "cwd")


def _uses(policy: Policy, layer: str) -> bool:
    return policy.enabled and layer in policy.layers


def launch_environment(scratch: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment to start a worker with: an allow-list of this process's, every private place in `scratch`.

    `extra` is added last and may override anything.
    """
    home, temporary = os.path.join(scratch, "home"), os.path.join(scratch, "tmp")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _ALLOWED_VARIABLES or name.startswith("LC_")
    }
    private = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": os.path.join(home, "AppData"),
        "LOCALAPPDATA": os.path.join(home, "AppData", "Local"),
        "XDG_CONFIG_HOME": os.path.join(home, ".config"),
        "XDG_CACHE_HOME": os.path.join(home, ".cache"),
        "XDG_DATA_HOME": os.path.join(home, ".local", "share"),
        "XDG_STATE_HOME": os.path.join(home, ".local", "state"),
        "XDG_RUNTIME_DIR": temporary,
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if os.name != "nt":
        for name in ("USERPROFILE", "APPDATA", "LOCALAPPDATA"):
            del private[name]
    return {**kept, **private, **extra}


def enter_namespaces(policy: Policy) -> None:
    """Moves what follows into namespaces of its own, behind a process that watches over it.

    Call it before anything else, with one thread. It forks: the process that was started stays outside, waits, ends
    with its parent, and forwards the exit status; only the inner process returns. Pipes pass through. Where
    namespaces are not allowed the inner process returns all the same. Does nothing outside Linux.
    """
    if _uses(policy, "namespaces"):
        namespaces.enter(loopback=policy.lenient)


def enter_process(policy: Policy) -> list[str]:
    """Closes the sandbox around this process and all that it starts; returns the names of the active layers.

    Call it before the target is imported, with one thread. Changes into the working folder.
    """
    for name in ("home", "tmp"):
        os.makedirs(os.path.join(policy.scratch, name), exist_ok=True)
    os.makedirs(policy.working_directory, exist_ok=True)
    os.chdir(policy.working_directory)
    active: list[str] = []
    if _uses(policy, "environment") and _environment_is_private(policy):
        active.append("environment")
    if "limits" in policy.layers and limits.enter_process(policy):
        active.append("limits")
    contained = namespaces.active() if _uses(policy, "namespaces") else ()
    active += contained
    lenient = policy.lenient and {"pid-namespace", "network-namespace"} <= set(contained)
    if _uses(policy, "mounts") and contained:
        active += mounts.enter(
            policy.scratch, processes=policy.processes if "limits" in policy.layers else 0, hide_sockets=lenient
        )
        os.chdir(policy.working_directory)
    if _uses(policy, "privileges"):
        active += privileges.drop()
    if _uses(policy, "landlock"):
        active += landlock.enter_process(
            policy.scratch, shared_memory="private-shm" in active, programs=lenient, network=lenient
        )
    lenient = lenient and any(layer in active for layer in ("read-only-mounts", "landlock"))
    if _uses(policy, "seccomp"):
        active += seccomp.enter_process(sockets="network-namespace" in contained, programs=lenient, network=lenient)
    if "audit" in policy.layers:
        audit.install(
            audit.Rules(
                enforce=policy.enabled,
                scratch=policy.scratch,
                cwd=policy.working_directory,
                project=policy.project,
                lenient=lenient,
            )
        )
        if policy.enabled:
            active.append("audit")
    return active


def enter_child(policy: Policy) -> None:
    """Closes it further in a forked child, before foreign code runs: no processes of its own, no signals to others."""
    if "limits" in policy.layers:
        limits.enter_child(policy)
    if _uses(policy, "landlock"):
        landlock.enter_child()
    if _uses(policy, "seccomp"):
        seccomp.enter_child()


def fork() -> int:
    """`os.fork` for the worker itself, which the audit hook lets pass, as it does signals to that child."""
    return audit.fork()


def start_recording() -> None:
    """Forgets earlier effects and records from now on."""
    audit.start_recording()


def take_effects() -> list[dict[str, Any]]:
    """Effects since `start_recording`, which this ends: dicts of `kind`, `event`, `detail`, `blocked`."""
    return audit.take_effects()


def _environment_is_private(policy: Policy) -> bool:
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE") or ""
    return os.path.realpath(home).startswith(os.path.realpath(policy.scratch))
