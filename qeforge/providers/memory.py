"""How much memory is free, as far as this machine tells."""

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Bytes that can be had without swapping, the limit of a container included; None where that cannot be told."""
    found = [free for free in (_of_machine(_MEMINFO), _of_group(_GROUP)) if free is not None]
    return min(found) if found else None


def _of_machine(file: Path) -> int | None:
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) << 10
    return None


def _of_group(folder: Path) -> int | None:
    """What the control group (version 2) leaves; caches that it can give back are not counted as used."""
    try:
        most = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        cached = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        return None if most == "max" else max(0, int(most) - used + int(cached.get("inactive_file", 0)))
    except (OSError, ValueError):
        return None
