"""Gives up what root, or the owner of a user namespace, could do beyond handling files."""

import struct

from . import kernel

_VERSION_3 = 0x20080522
# CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER: kept, so that file permissions mean to root what they mean to it in a
# plain test run. Where they may be used is up to the other layers.
_KEPT = 0b1111


def drop() -> list[str]:
    """Drops every other capability and the way back; `["privileges"]`, or nothing where that is not possible."""
    try:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kept = _permitted() & _KEPT
        header = struct.pack("=Ii", _VERSION_3, 0)
        kernel.call("capset", header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))
    except OSError:
        return []
    return ["privileges"]


def _permitted() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("CapPrm:"):
                return int(line.split()[1], 16)
    return 0
