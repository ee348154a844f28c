"""The settings in force: flag > `QEFORGE_*` > `[tool.qeforge]` > default, and where each value came from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qeforge.config.files import config_files_below, find_config_file, tool_table
from qeforge.config.folders import DATA_DIR_VARIABLE
from qeforge.config.settings import (
    DEFAULT,
    LOCAL_ONLY,
    PREFIX,
    RUN_ONLY,
    SETTINGS,
    TABLES,
    Config,
    setting_named,
    unknown_key,
)
from qeforge.errors import ConfigError, UsageError


@dataclass(frozen=True, slots=True)
class _Given:
    """A value and where it came from."""

    value: object
    origin: str


def load_config(
    flags: Mapping[str, object], *, start: Path, environ: Mapping[str, str], paths: Iterable[Path] = ()
) -> Config:
    """The settings in force for work on `start`.

    Args:
        flags: what the command line gave, by field name; None means not given.
        start: file or folder from which to look upward for a `pyproject.toml`.
        environ: the environment, for `QEFORGE_*`.
        paths: what is worked on. A project that says `local-only` keeps it, whatever else it is worked on with and by
            whatever link it was found; so does one that lies below.

    Raises:
        ConfigError: an unknown key, a wrong value, a file that is not TOML; names file, key and what is expected.
        UsageError: settings that contradict each other.
    """
    file = find_config_file(start)
    layers = (
        dict(_from_file(file)) if file else {},
        dict(_from_environment(environ)),
        dict(_from_flags(flags)),
    )
    layers[0].update(_private_projects(paths, file))
    given: dict[str, _Given] = {}
    for layer in layers:
        given.update(layer)
    _keep_private(given, layers)
    if (batch := given.get("batch")) is not None and batch.value:
        given["force_cloud"] = batch  # nobody else takes batches
    _refuse_contradictions(given)
    if recording := given.get("record") or given.get("replay"):  # the same questions come only from the same state
        alone = {"engine": "local", "cache": False, "memory_enabled": False}
        given |= {name: _Given(value, recording.origin) for name, value in alone.items()}
    origins = {name: given[name].origin if name in given else DEFAULT for name in (*SETTINGS, *RUN_ONLY)}
    values: dict[str, Any] = {name: item.value for name, item in given.items()}
    return Config(**values, origins=origins)


def _from_file(file: Path) -> Iterator[tuple[str, _Given]]:
    table = tool_table(file).get("qeforge", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: tool.qeforge is {table!r}", hint="it has to be a table: [tool.qeforge]")
    seen: dict[str, str] = {}
    for key, raw in _flat(table):
        setting = setting_named(key)
        if setting is None:
            raise unknown_key(key, where=f"{file}: [tool.qeforge]")
        if setting.name in seen:
            raise ConfigError(f"{file}: [tool.qeforge] has both {seen[setting.name]!r} and {key!r}", hint="keep one")
        seen[setting.name] = key
        value = setting.check(raw, where=f"{file}: [tool.qeforge] {key}")
        if isinstance(value, Path):
            value = _relative_to(file.parent, value)
        yield setting.name, _Given(value, str(file))


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What a project says of its own privacy.

    Args:
        folder: from which patterns count.
        local_only: nothing of it leaves the machine.
        never_send: patterns of files that are never sent.
    """

    folder: Path
    local_only: bool
    never_send: tuple[str, ...]


def privacy_of(place: Path) -> Privacy | None:
    """What the project of a file or folder says of its privacy; None where it has no settings.

    Raises:
        ConfigError: its settings cannot be read.
    """
    file = find_config_file(place)
    return privacy_in(file) if file is not None else None


def privacy_in(file: Path) -> Privacy:
    """What a `pyproject.toml` says of its project's privacy; a ConfigError where its settings cannot be read."""
    given = dict(_from_file(file))
    privacy, patterns = given.get("privacy"), given.get("privacy_never_send")
    never_send: Any = patterns.value if patterns is not None else ()
    return Privacy(
        folder=file.parent,
        local_only=privacy is not None and privacy.value == LOCAL_ONLY,
        never_send=tuple(never_send),
    )


def _private_projects(paths: Iterable[Path], known: Path | None) -> Iterator[tuple[str, _Given]]:
    """`privacy` as the first project says that says `local-only`."""
    places = tuple(dict.fromkeys(place for path in paths for place in (path, path.resolve())))
    above = {file: None for place in places if (file := find_config_file(place)) is not None}
    for file in above:
        if file != known and privacy_in(file).local_only:
            yield "privacy", _Given(LOCAL_ONLY, str(file))
            return
    for file in dict.fromkeys(file for place in places for file in config_files_below(place)):
        if file == known or file in above:
            continue
        try:
            private = privacy_in(file).local_only
        except ConfigError:  # a broken one may be anybody's test data; nothing beside it is sent
            continue
        if private:
            yield "privacy", _Given(LOCAL_ONLY, str(file))
            return


def _flat(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The keys of the table, and of those in it that stand for a part of a name; `mode` is what `privacy` says when it
    is no table."""
    for key, value in table.items():
        if key in TABLES and isinstance(value, dict):
            for inner, each in value.items():
                yield (key if (key, inner) == ("privacy", "mode") else f"{key}.{inner}"), each
        else:
            yield key, value


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, _Given]]:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == DATA_DIR_VARIABLE:
            continue
        setting = SETTINGS.get(variable.removeprefix(PREFIX).lower())
        if setting is None:
            raise unknown_key(variable.removeprefix(PREFIX).lower(), where=f"environment variable {variable}")
        value = setting.parse(environ[variable], where=f"environment variable {variable}")
        yield setting.name, _Given(value, variable)


def _from_flags(flags: Mapping[str, object]) -> Iterator[tuple[str, _Given]]:
    for name, raw in flags.items():
        if raw is None:
            continue
        if setting := SETTINGS.get(name):
            flag = setting.option.replace("--", "--no-", 1) if raw is False else setting.option
            yield name, _Given(setting.check(raw, where=flag), flag)
        elif name in RUN_ONLY:
            flag = "--target" if name == "targets" else "--" + name.replace("_", "-")
            yield name, _Given(tuple(raw) if isinstance(raw, list | tuple) else raw, flag)
        else:
            raise TypeError(f"no setting is called {name!r}")


def _keep_private(given: dict[str, _Given], layers: tuple[dict[str, _Given], ...]) -> None:
    """A project that says `local-only` keeps it, and what it never sends: later layers may tighten and never loosen."""
    mine, in_force = layers[0].get("privacy_never_send"), given.get("privacy_never_send")
    if mine is not None and in_force is not None and in_force is not mine:
        patterns: Any = (*in_force.value, *mine.value)  # type: ignore[misc]
        given["privacy_never_send"] = _Given(patterns, in_force.origin)
    project = layers[0].get("privacy")
    flag = given.get("local_only")
    if project is not None and project.value == LOCAL_ONLY:
        given["privacy"] = project
    elif flag is not None and flag.value:
        given["privacy"] = _Given(LOCAL_ONLY, flag.origin)
    privacy = given.get("privacy")
    if privacy is not None and privacy.value == LOCAL_ONLY:
        given["local_only"] = _Given(True, flag.origin if flag and flag.value else privacy.origin)


def _refuse_contradictions(given: Mapping[str, _Given]) -> None:
    def on(name: str) -> _Given | None:
        item = given.get(name)
        return item if item is not None and item.value else None

    engine, local, cloud = given.get("engine"), on("local_only"), on("force_cloud")
    if local and cloud:
        raise _contradiction(cloud.origin, f"local-only ({local.origin})")
    if local and engine and engine.value == "cloud":
        raise _contradiction(f"engine cloud ({engine.origin})", f"local-only ({local.origin})")
    if cloud and engine and engine.origin.startswith("--") and engine.value in ("native", "local"):
        raise _contradiction(cloud.origin, f"--engine {engine.value}")
    record, replay = on("record"), on("replay")
    if record and replay:
        raise _contradiction(record.origin, replay.origin)
    if recording := record or replay:
        if cloud:
            raise _contradiction(recording.origin, cloud.origin)
        if engine and engine.origin.startswith("--") and engine.value in ("native", "cloud"):
            raise _contradiction(recording.origin, f"--engine {engine.value}")


def _contradiction(one: str, other: str) -> UsageError:
    return UsageError(f"{one} contradicts {other}", hint="drop one of them", slug="contradiction")


def _relative_to(folder: Path, path: Path) -> Path:
    is_command = path.name == str(path) and not (folder / path).exists()  # `python3.12`: looked up on PATH
    return path if is_command and path.name.startswith("python") else folder / path
