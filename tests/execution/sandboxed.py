"""Runs a few lines of code in a real process of its own, inside as much of the sandbox as a test asks for."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qeforge.execution.worker import sandbox

KERNEL = ("namespaces", "mounts", "landlock", "seccomp")
"""The layers that only Linux has."""

linux = sys.platform.startswith("linux")

_MAIN = """
import json, os, sys
from importlib.util import module_from_spec, spec_from_file_location
job = json.loads(sys.argv[1])
spec = spec_from_file_location("_worker", job["folder"] + "/__init__.py", submodule_search_locations=[job["folder"]])
sys.modules["_worker"] = module_from_spec(spec)
from _worker import sandbox, seccomp
policy = sandbox.Policy(**job["policy"])
if job["refuse_unshare"]:
    seccomp.enter_process(sockets=True, programs=True, network=True)
sandbox.enter_namespaces(policy)
layers = sandbox.enter_process(policy)

def attempt():
    names = {"scratch": policy.scratch, "result": None, **job["names"]}
    sandbox.start_recording()
    try:
        exec(job["code"], names)
        error = ""
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"
    return {"result": names["result"], "error": error, "effects": sandbox.take_effects(), "layers": layers}

def say(answer):
    os.write(1, json.dumps(answer).encode() + b"\\n")

if job["child"]:
    pid = sandbox.fork()
    if pid == 0:
        try:
            sandbox.enter_child(policy)
            say(attempt())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
else:
    say(attempt())
say({"server": "alive"})
os._exit(0)
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the code did: its `result` variable, what it raised, what was recorded, and how the server fared."""

    result: Any
    error: str
    effects: list[dict[str, Any]]
    layers: list[str]
    server_survived: bool
    exit_status: int

    @property
    def blocked(self) -> list[tuple[str, str]]:
        return [(effect["kind"], effect["event"]) for effect in self.effects if effect["blocked"]]


def run(
    code: str,
    scratch: Path,
    *,
    layers: tuple[str, ...] = sandbox.LAYERS,
    child: bool = True,
    enabled: bool = True,
    refuse_unshare: bool = False,
    interpreter: str = sys.executable,
    timeout: float = 30,
    policy: dict[str, Any] | None = None,
    **names: object,
) -> Outcome:
    """`names` are there for the code, besides `scratch`."""
    scratch.mkdir(exist_ok=True)
    job = {
        "folder": str(Path(sandbox.__file__).parent),
        "policy": {"enabled": enabled, "scratch": str(scratch), "layers": layers, **(policy or {})},
        "code": code,
        "names": names,
        "child": child,
        "refuse_unshare": refuse_unshare,
    }
    done = subprocess.run(
        [interpreter, "-B", "-c", _MAIN, json.dumps(job)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=sandbox.launch_environment(str(scratch), {}),
        cwd=scratch,
        timeout=timeout,
        start_new_session=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    said = next((answer for answer in answers if "error" in answer), None)
    if said is None:
        said = {"result": None, "error": "", "effects": [], "layers": []}
        if child or not answers:
            said["error"] = done.stderr.decode(errors="replace")[-2000:]
    return Outcome(**said, server_survived={"server": "alive"} in answers, exit_status=done.returncode)


def other_interpreters() -> list[str]:
    """Executables of other supported Python versions on this machine, at most one of each."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = []
    for minor in (10, 12, 13):
        candidates = sorted(pyenv.glob(f"3.{minor}.*/bin/python"))
        path = shutil.which(f"python3.{minor}")
        # A shim on PATH answers only where its version is switched on.
        works = path and not subprocess.run([path, "-c", ""], capture_output=True).returncode
        if candidates or works:
            found.append(str(candidates[0]) if candidates else str(path))
    return found
