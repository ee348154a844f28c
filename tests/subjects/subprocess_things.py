"""Trap: other programs are started: each way there is, with their absence handled or not."""

import os
import shlex
import subprocess
import sys


def git_branch(folder: str = ".") -> str:
    """The branch that is checked out, `unknown` where there is none."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, "rev-parse", "--abbrev-ref", "HEAD"], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def python_version() -> str:
    """Asks another interpreter; raises when it cannot start."""
    return subprocess.check_output([sys.executable, "--version"], text=True).strip()


def shell(command: str) -> int:
    """Runs a command line; its exit status."""
    return subprocess.call(command, shell=True)


def old_shell(command: str) -> int:
    """The same, as people did it before."""
    return os.system(command)


def read_pipe(command: str) -> list[str]:
    """Lines that a command prints."""
    with os.popen(command) as pipe:
        return pipe.read().splitlines()


def command_line(program: str, *arguments: str, **options: str) -> list[str]:
    """Built, not run: options in the order of their names."""
    if not program:
        raise ValueError("no program")
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in sorted(options.items())]
    return [program, *flags, *arguments]


def parse_command(text: str) -> tuple[str, list[str]]:
    """The program and its arguments; raises for an open quote."""
    program, *arguments = shlex.split(text) or [""]
    if not program:
        raise ValueError("an empty command")
    return program, arguments


def forked_sum(numbers: list[int]) -> int:
    """Adds up in a child process, which sends the sum back through a pipe."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, str(sum(numbers)).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    with os.fdopen(reader) as pipe:
        return int(pipe.read())
