"""Changing one setting in a `pyproject.toml` and nothing else."""

import tomllib
from collections.abc import MutableMapping
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
    key = setting.name if setting.name in table else setting.key
    table[key] = value
    try:
        document = tomlkit.parse(text)
        tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
        if "qeforge" not in tool:
            tool["qeforge"] = tomlkit.table()
        tool["qeforge"][key] = value
        after = tomlkit.dumps(document)
        if tomllib.loads(after) == before:
            return after
    except (TOMLKitError, tomllib.TOMLDecodeError):
        pass
    raise ConfigError(f"{name}: cannot be edited safely", hint=f"add by hand: [tool.qeforge] {key} = {value!r}")


def _child(table: MutableMapping[str, object], key: str, name: str) -> dict[str, object]:
    child = table.setdefault(key, {})
    if not isinstance(child, dict):
        raise ConfigError(f"{name}: {key!r} is {child!r}", hint="it has to be a table")
    return child
