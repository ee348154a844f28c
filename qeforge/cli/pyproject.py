"""Changing one setting in a `pyproject.toml` and nothing else."""

import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from qeforge.codegen.writing import write_atomically
from qeforge.config import Setting, read_toml
from qeforge.errors import ConfigError


def set_in_file(file: Path, setting: Setting, value: object) -> None:
    """Sets it and replaces the file in one step.

    Raises:
        ConfigError: the file is not TOML, or is laid out in a way that cannot be edited safely.
        WriteError: the file cannot be written.
    """
    read_toml(file)  # names the broken line better than tomlkit does
    write_atomically(file, set_in_text(file.read_bytes().decode(), setting, value, name=str(file)))


def set_in_text(text: str, setting: Setting, value: object, *, name: str) -> str:
    """The text with `value` under the spelling that is already there, else the dashed one.

    Checked against what a plain parser reads: nothing but that one value may differ.
    """
    before = tomllib.loads(text)
    table = _child(_child(before, "tool", name), "qeforge", name)
    where, key = _place(table, setting)
    inner = _child(table, where, name) if where else table
    inner[key] = value
    try:
        document = tomlkit.parse(text)
        tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
        if "qeforge" not in tool:
            tool["qeforge"] = tomlkit.table()
        mine = tool["qeforge"]
        if where and where not in mine:
            mine[where] = tomlkit.table()
        (mine[where] if where else mine)[key] = value
        after = tomlkit.dumps(document)
        if tomllib.loads(after) == before:
            return after
    except (TOMLKitError, tomllib.TOMLDecodeError):
        pass
    raise ConfigError(f"{name}: cannot be edited safely", hint=f"add by hand: [tool.qeforge] {setting.key} = {value!r}")


def _place(table: Mapping[str, object], setting: Setting) -> tuple[str, str]:
    """The table inside `[tool.qeforge]`, empty for none, and the key, in the spelling that is already there."""
    if setting.name in table:
        return "", setting.name
    if setting.name == "privacy" and isinstance(table.get("privacy"), dict):
        return "privacy", "mode"
    *outer, key = setting.path
    where = outer[0] if outer else ""
    inner = table.get(where, {}) if where else table
    other = key.replace("-", "_")
    return where, other if isinstance(inner, Mapping) and other in inner else key


def _child(table: MutableMapping[str, object], key: str, name: str) -> dict[str, object]:
    child = table.setdefault(key, {})
    if not isinstance(child, dict):
        raise ConfigError(f"{name}: {key!r} is {child!r}", hint="it has to be a table")
    return child
