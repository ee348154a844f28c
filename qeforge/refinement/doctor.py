"""What `qeforge doctor` looks at: interpreters, sandbox layers, the tools that suites need."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from qeforge.analysis.project import find_project
from qeforge.domain.report import Check, CheckState
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.errors import InterpreterError, ProviderError
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.execution.judge import JudgeSettings, open_judge
from qeforge.execution.scratch import scratch_folder
from qeforge.providers.llama import offloads
from qeforge.refinement.record import data_dir

_LAYERS = {
    "environment": "no keys or tokens reach the code under test",
    "limits": "memory, file size and process limits",
    "user-namespace": "rights of its own, none outside",
    "pid-namespace": "no process outlives the run",
    "network-namespace": "no network",
    "ipc-namespace": "no shared memory with others",
    "read-only-mounts": "the file system is read-only but for scratch",
    "private-proc": "other processes are out of sight",
    "private-shm": "shared memory of its own",
    "process-limit": "a bound on processes",
    "landlock": "writes only to scratch",
    "seccomp": "no programs, no sockets",
    "privileges": "what root could do is given up",
    "audit": "effects are recorded and refused",
}
_OPTIONAL = {
    "llama_cpp": "local models",
    "anthropic": "the cloud model",
    "usearch": "pattern memory",
    "torch": "learning",
}


def examine(python: Path | None, where: Path, *, sandbox: bool) -> tuple[Check, ...]:
    """One line for each thing that a run depends on."""
    try:
        interpreter = find_interpreter(python, find_project(where).root)
    except InterpreterError as problem:
        return (Check(name="interpreter", state=CheckState.BROKEN, detail=problem.message, hint=problem.hint),)
    version = ".".join(map(str, interpreter.version))
    checks = [Check(name="interpreter", state=CheckState.OK, detail=f"{interpreter.path} ({version})")]
    checks.append(_pytest(interpreter))
    checks += (
        _sandbox(interpreter) if sandbox else [Check(name="sandbox", state=CheckState.MISSING, detail="switched off")]
    )
    checks.append(_data())
    checks += _optional()
    if find_spec("llama_cpp"):
        checks.append(_card())
    return tuple(checks)


def _pytest(interpreter: Interpreter) -> Check:
    if interpreter.has_pytest:
        return Check(name="pytest", state=CheckState.OK, detail="found in the project's interpreter")
    return Check(
        name="pytest",
        state=CheckState.MISSING,
        detail="not in the project's interpreter: suites are written without a last check",
        hint=f"{interpreter.path} -m pip install pytest",
    )


def _sandbox(interpreter: Interpreter) -> list[Check]:
    """Starts a real judge on a tiny module and asks which layers took hold."""
    with scratch_folder("qeforge-doctor-") as folder:
        path = folder / "probe.py"
        source = "def probe():\n    return 1\n"
        path.write_text(source, encoding="utf-8")
        module = SourceModule(name="probe", path=path, import_root=folder, source=source, targets=())
        judge = open_judge(module, interpreter, JudgeSettings())
        if isinstance(judge, SkippedModule):
            return [Check(name="sandbox", state=CheckState.BROKEN, detail=judge.reason)]
        with judge:
            active = set(judge.layers)
    return [
        Check(
            name=f"sandbox: {layer}",
            state=CheckState.OK if layer in active else CheckState.MISSING,
            detail=meaning if layer in active else "not available here",
        )
        for layer, meaning in _LAYERS.items()
    ]


def _data() -> Check:
    folder = data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Check(name="data folder", state=CheckState.OK, detail=str(folder))
    except OSError as problem:
        return Check(
            name="data folder",
            state=CheckState.MISSING,
            detail=f"{folder}: {problem.strerror}; runs are not recorded",
            hint="set QEFORGE_DATA_DIR",
        )


def _optional() -> list[Check]:
    return [
        Check(
            name=package,
            state=CheckState.OK if find_spec(package) else CheckState.MISSING,
            detail=f"{'present' if find_spec(package) else 'not installed'}: for {use}",
        )
        for package, use in _OPTIONAL.items()
    ]


def _card() -> Check:
    name = "graphics card"
    try:
        able = offloads()
    except (ProviderError, OSError, RuntimeError) as problem:
        return Check(name=name, state=CheckState.MISSING, detail=f"llama.cpp cannot be loaded: {problem}")
    if able:
        return Check(
            name=name, state=CheckState.OK, detail="llama.cpp can use one; local.gpu-layers says how much of it"
        )
    detail = "llama.cpp was built without support for one: local models run on the processor"
    return Check(name=name, state=CheckState.MISSING, detail=detail)
