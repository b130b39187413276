"""`companion models`: which models are here, real ones from the hub, and whether they are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import BadData

if TYPE_CHECKING:
    from pathlib import Path

    from companion.config import Settings
    from companion.pack.installed import Installed
    from companion.pack.manifest import Manifest, Part

app = typer.Typer(help="Language models and Whisper folders.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The models here, and the presets that can be pulled; * marks those in use."""
    from companion.pack.manifest import load_manifest

    settings = SHELL.settings()
    found = [model for folder in _folders(settings) for model in _models(folder, settings)]
    manifest = load_manifest(_manifest_file())
    used = {settings.llm.model, settings.stt.model}
    if as_json:
        rows = [row(model, used) for model in found]
        show_json({"models": rows, "presets": _preset_rows(manifest)})
        return
    for model in found:
        show(line(model, used))
    SHELL.say("\nTo pull (companion models pull PRESET):")
    for name, preset in manifest.presets.items():
        SHELL.say(f"  {name:<8} {_size(manifest, preset.parts)} · {preset.about}")


@app.command()
def pull(
    preset: Annotated[
        str, typer.Argument(help="A preset or a part of one; by the machine's memory if left out.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download real models; says size and licence first, resumes, checks every byte."""
    from companion.cli import pulling
    from companion.pack.hub import Hub
    from companion.pack.manifest import load_manifest
    from companion.pack.pull import plan

    settings = SHELL.settings()
    folder = settings.path(settings.companion.models)
    manifest = load_manifest(_manifest_file())
    name = preset or _fitting(manifest)
    parts = _parts(manifest, name)
    pulling.refuse_offline(f"'{name}'")
    with Hub() as hub:
        plans = [plan(part, folder, hub) for part in parts]
        pulling.pull(plans, hub, yes=yes, as_json=as_json)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Compare every file whose hash is known; exit code 65 if one is wrong."""
    from companion.pack.installed import verify as check
    from companion.pack.manifest import load_manifest

    settings = SHELL.settings()
    manifest = load_manifest(_manifest_file())
    checks = [c for folder in _folders(settings) for c in check(folder, manifest)]
    checks += check(settings.path(settings.companion.voices), None)
    wrong = [c for c in checks if c.state == "wrong"]
    if as_json:
        rows = [{"path": str(c.path.resolve()), "state": c.state, "why": c.why} for c in checks]
        show_json({"files": rows})
    else:
        for c in checks:
            show(f"{c.state:<8} {c.path}: {c.why}")
    if wrong:
        raise BadData(f"{len(wrong)} of {len(checks)} files are not what they should be.")


def _manifest_file() -> Path:
    from companion.pack.bundled import bundled

    return bundled("models") / "manifest.toml"


def _folders(settings: Settings) -> list[Path]:
    """The workspace's models, and those that ship where that is another folder."""
    from companion.pack.bundled import bundled

    own, shipped = settings.path(settings.companion.models), bundled("models")
    return [own] if own.resolve() == shipped.resolve() else [own, shipped]


def _models(folder: Path, settings: Settings) -> tuple[Installed, ...]:
    from companion.pack.installed import models

    return models(folder, settings.llm.context)


def _fitting(manifest: Manifest) -> str:
    """The largest preset that this machine's memory is enough for."""
    from companion.pack.fits import total_memory

    total = total_memory() * 1.1  # a machine sold with 8 GB shows a little less
    sizes = sorted(manifest.presets.items(), key=lambda item: -item[1].memory_gb)
    name = next((name for name, p in sizes if p.memory_gb * 1e9 <= total), sizes[-1][0])
    SHELL.say(f"Preset '{name}': {manifest.presets[name].about}.")
    return name


def _parts(manifest: Manifest, name: str) -> list[Part]:
    if name in manifest.parts:
        return [manifest.parts[name]]
    return [manifest.parts[part] for part in manifest.preset(name).parts]


def _size(manifest: Manifest, parts: tuple[str, ...]) -> str:
    from companion.pack.gguf import gigabytes

    return gigabytes(sum(manifest.parts[part].size for part in parts))


def line(model: Installed, used: set[str]) -> str:
    """One model or voice as a line for people."""
    from companion.cards.text import one_line
    from companion.pack.gguf import gigabytes

    mark = "*" if model.name in used else " "
    about = one_line(model.problem or model.about, 200)
    if model.problem:
        about = f"cannot be used: {about}"
    if model.needed:
        about += f" · needs about {gigabytes(model.needed)} of memory"
        about += "" if model.fits else ", more than is free"
    return f"{mark} {model.kind:<5} {model.name:<28} {gigabytes(model.size):>9}  {about}"


def row(model: Installed, used: set[str]) -> dict[str, Any]:
    """One model or voice as a row of `--json`."""
    return {
        "kind": model.kind,
        "name": model.name,
        "path": str(model.path.resolve()),
        "bytes": model.size,
        "about": model.about,
        "problem": model.problem,
        "memory_bytes": model.needed,
        "fits": model.fits,
        "used": model.name in used,
    }


def _preset_rows(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "about": preset.about,
            "memory_gb": preset.memory_gb,
            "parts": [
                {"name": part, "bytes": manifest.parts[part].size}
                | {"licence": manifest.parts[part].licence, "repo": manifest.parts[part].repo}
                for part in preset.parts
            ],
        }
        for name, preset in manifest.presets.items()
    ]
