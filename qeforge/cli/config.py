"""`qeforge config`: what is set, where, and setting it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from qeforge.cli import options
from qeforge.cli.outcome import Outcome
from qeforge.cli.session import begin
from qeforge.config import SETTINGS, data_dir, find_config_file, load_config, log_dir, setting_named, unknown_key
from qeforge.errors import UnavailableError

app = typer.Typer(rich_markup_mode=None, help="Show and change settings.")


@app.command("show")
def show(
    ctx: typer.Context,
    start: options.Start = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print every setting and where its value comes from.

    An environment variable beats [tool.qeforge] in the nearest pyproject.toml, which beats the default.

    \b
    Example:
      qeforge config show
    """
    begin(ctx)
    config = load_config({}, start=start or Path.cwd(), environ=os.environ)
    from qeforge.report.table import plain_table

    values = {name: plain(getattr(config, name)) for name in SETTINGS}
    rows = [(SETTINGS[name].key, written(value), config.origins[name]) for name, value in values.items()]
    return Outcome(
        data={SETTINGS[name].key: {"value": value, "origin": config.origins[name]} for name, value in values.items()},
        result=plain_table(("setting", "value", "from"), rows),
    )


@app.command("path")
def path(
    ctx: typer.Context,
    start: options.Start = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print which pyproject.toml holds the settings.

    Exits 3 when there is none. With --json also the folders for data and logs.

    \b
    Example:
      qeforge config path
    """
    begin(ctx)
    file = _config_file(start or Path.cwd())
    folders = {"data_dir": str(data_dir(os.environ)), "log_dir": str(log_dir(os.environ))}
    return Outcome(data={"path": str(file), **folders}, result=str(file))


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The setting, as `config show` names it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its value; several, separated by commas, for a list.")],
    start: options.Start = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Set KEY to VALUE in the nearest pyproject.toml.

    The value is checked first; comments and layout stay, and the file is replaced in one step.

    \b
    Examples:
      qeforge config set max-time 20
      qeforge config set exclude "*_pb2.py,legacy/"
    """
    begin(ctx)
    setting = setting_named(key)
    if setting is None:
        raise unknown_key(key, where="config set")
    checked = plain(setting.parse(value, where=f"config set {key}"))
    file = _config_file(start or Path.cwd())
    from qeforge.cli.pyproject import set_in_file  # tomlkit

    set_in_file(file, setting, checked)
    return Outcome(
        data={"path": str(file), "key": setting.key, "value": checked},
        summary=(f"{file}: {setting.key} = {written(checked)}",),
    )


def plain(value: object) -> object:
    """A setting's value as JSON and TOML have it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def written(value: object) -> str:
    """A setting's value as one would write it; empty when unset."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _config_file(start: Path) -> Path:
    file = find_config_file(start)
    if file is None:
        raise UnavailableError(
            f"no pyproject.toml in {start.absolute()} or above",
            hint="create one in the project's root folder",
            slug="no-config-file",
        )
    return file
