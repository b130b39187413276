"""`companion voices`: the Piper voices here, and others from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.config import Settings
    from companion.pack.installed import Installed

app = typer.Typer(help="Piper voices.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


@app.command("list")
def list_(
    everything: Annotated[
        bool, typer.Option("--all", help="Those of the catalogue too (asks the hub).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The voices here; * marks the configured one."""
    from companion.cli.models import line, row

    settings = SHELL.settings()
    found = _voices(settings)
    listed = _catalogue() if everything else []
    used = {settings.voice.model}
    if as_json:
        show_json({"voices": [row(v, used) for v in found], "catalogue": listed})
        return
    for voice in found:
        show(line(voice, used))
    for entry in listed:
        show(f"  {entry['name']:<40} {entry['language']}, {entry['quality']}")
    if not found:
        SHELL.say("There is no voice here. Run: companion voices pull en_US-lessac-medium")


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="Such as en_US-lessac-medium.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download a Piper voice; says size and licence first, resumes, checks every byte."""
    from companion.cli import pulling
    from companion.pack import catalogue
    from companion.pack.hub import Hub
    from companion.pack.pull import plan

    pulling.refuse_offline(f"voice '{name}'")
    settings = SHELL.settings()
    folder = settings.path(settings.companion.voices)
    with Hub() as hub:
        voices = catalogue.pull_list(hub)
        part = catalogue.voice_part(voices, name)
        licence = catalogue.licence_of(hub, part)
        part = catalogue.voice_part(voices, name, licence)
        pulling.pull([plan(part, folder, hub)], hub, yes=yes, as_json=as_json)


def _voices(settings: Settings) -> list[Installed]:
    """The workspace's voices, and those that ship which it does not have."""
    from companion.pack.bundled import bundled
    from companion.pack.installed import voices

    found = {voice.name: voice for voice in voices(bundled("voices"))}
    found |= {voice.name: voice for voice in voices(settings.path(settings.companion.voices))}
    return [found[name] for name in sorted(found)]


def _catalogue() -> list[dict[str, str | int]]:
    from companion.cli import pulling
    from companion.pack.catalogue import pull_list
    from companion.pack.hub import Hub

    pulling.refuse_offline("the catalogue")
    with Hub() as hub:
        voices = pull_list(hub)
    return [
        {
            "name": voice.key,
            "language": voice.language.name_english,
            "quality": voice.quality,
            "speakers": voice.num_speakers,
            "bytes": voice.size,
        }
        for voice in voices.values()
    ]
