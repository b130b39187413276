"""`companion config`: see and change the settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import ConfigError, UsageError

app = typer.Typer(help="Settings of this workspace.", no_args_is_help=True)


@app.command("show")
def show_(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """All settings in force, also those that come from the environment."""
    settings = SHELL.settings()
    values = settings.model_dump(mode="json")
    if as_json:
        show_json({"path": str(settings.file), "settings": values})
        return
    for section, keys in values.items():
        show(f"[{section}]")
        for key, value in keys.items():
            show(f"{key} = {value!r}")


@app.command()
def path(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """The file that is used."""
    file = str(SHELL.settings().file)
    if as_json:
        show_json({"path": file})
    else:
        show(file)


@app.command("set", context_settings={"ignore_unknown_options": True})  # -1 is a value
def set_(
    name: Annotated[str, typer.Argument(metavar="SECTION.KEY", help="For example llm.threads.")],
    value: Annotated[str, typer.Argument(help="The new value.")],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Change one setting in the file; comments stay."""
    if value.startswith("--"):
        raise UsageError(f"There is no option {value}.", "A value may begin with one dash.")
    section, separator, key = name.partition(".")
    if not separator:
        raise UsageError(f"'{name}' is no setting.", "Write SECTION.KEY, for example llm.threads.")
    file = SHELL.settings().file
    kept = store(file, section, key, value)
    if as_json:
        show_json({"name": name, "value": kept, "path": str(file)})
    else:
        SHELL.say(f"{name} = {value} in {file}")


def store(file: Path, section: str, key: str, value: str) -> str | float | bool:
    """Change one value of a config file, after checking it, and keep the comments.

    Returns:
        The value as it stands in the file.

    Raises:
        ConfigError: There is no such key, or it cannot have this value; the file is unchanged.
    """
    import tomlkit

    from companion.config import load

    checked = load(file, environment={}, overrides={section: {key: value}})
    typed: Any = getattr(getattr(checked, section), key)
    document = tomlkit.parse(file.read_text("utf-8-sig"))
    table = document.setdefault(section, tomlkit.table())
    kept: str | float | bool = str(typed) if isinstance(typed, Path) else typed
    table[key] = kept
    _replace(file.resolve(), tomlkit.dumps(document))  # a link stays one
    return kept


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, prefix=".config-", delete=False, encoding="utf-8"
        ) as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).chmod(file.stat().st_mode & 0o777)
        Path(new.name).replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.") from error
