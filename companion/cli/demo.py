"""`companion demo`: a whole spoken conversation from WAV files, without device or network."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.config import Settings
    from companion.pack.demo import Options
    from companion.pack.demo.scenes import Scene


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(demo)


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="All turns as one JSON object.")] = False,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="Without memory.")] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            help="Put the replies here, and each scene as sound, captions and picture.",
            metavar="DIR",
        ),
    ] = None,
    scene: Annotated[str, typer.Option("--scene", help="Only this scene.", metavar="NAME")] = "",
    run: Annotated[int, typer.Option("--run", hidden=True)] = 0,
    home: Annotated[Path | None, typer.Option("--home", hidden=True)] = None,
) -> None:
    """Play spoken scenes from recordings: every engine is real.

    Exit code 1 where no answer of the second day used a memory of the first.
    """
    from companion.pack.demo import Options

    settings = demo_settings()
    out = (record or settings.path(settings.companion.audio_out)).resolve()
    options = Options(out, not no_memory, SHELL.config, scene)
    if run and home:
        _one_run(settings, run, home, options)
        return
    tell = _report if as_json else _perform
    raise typer.Exit(0 if tell(settings, options, film=record is not None) else 1)


def demo_settings() -> Settings:
    """The settings of this workspace, or the shipped ones where there is none."""
    from companion import config
    from companion.errors import ConfigError
    from companion.pack.bundled import bundled

    try:
        return SHELL.settings()
    except ConfigError:
        if SHELL.config is not None or config.find_workspace(Path.cwd()) is not None:
            raise
    shipped = config.load(bundled("config.toml"))
    return shipped.model_copy(update={"root": Path.cwd()})


def _one_run(settings: Settings, run: int, home: Path, options: Options) -> None:
    from companion.pack.demo import run_here
    from companion.pack.demo.scenes import chosen

    for turn in run_here(settings, chosen(options.scene)[0], run, home, options):
        show(json.dumps(turn, ensure_ascii=False))


# ── for programs ─────────────────────────────────────────────────────────────────────────────


def _report(settings: Settings, options: Options, *, film: bool) -> bool:
    """The demo as one JSON object; whether the memory was used."""
    from companion.pack.demo import play
    from companion.pack.demo.scenes import chosen

    played: dict[str, list[dict[str, Any]]] = {}
    known: dict[str, str] = {}
    for item in play(options):
        if "known" in item:
            known[item["scene"]] = item["known"]
        else:
            played.setdefault(item["scene"], []).append(item)
    told = [_scene(settings, one, played[one.name]) for one in chosen(options.scene)]
    for one in told if film else ():
        one["files"] = [str(path) for path in _film(one, options.out)]
    first = _first(told)
    show_json(
        {
            "character": told[0]["character"],
            "sample_rate": settings.audio.rate,
            "memory_words": first["shows"]["memory"] if first else [],
            "known": known.get(first["name"], "") if first else "",
            "turns": [{k: t[k] for k in FIELDS} for t in first["turns"]] if first else [],
            "scenes": told,
        }
    )
    return _good(told)


FIELDS = (
    *("run", "audio_in", "spoken", "heard", "wer", "recalled", "reply", "said", "audio_out"),
    *("seconds", "tokens", "ms"),
)
"""What a turn of the first scene has had since there was but that one."""


def _scene(settings: Settings, scene: Scene, turns: list[dict[str, Any]]) -> dict[str, Any]:
    """A scene that was played, with what it was to show."""
    from companion.pack.demo import OWNER, checks
    from companion.pack.demo.play import card_of
    from companion.prompt.wording import system_text

    card = card_of(settings, scene)
    persona = card.persona(OWNER)
    text = system_text(persona, persona.greeting)
    return {
        "name": scene.name,
        "title": scene.title,
        "character": card.name,
        "shows": {
            "memory": checks.check_memory(turns, text),
            "lore": checks.check_lore(turns, text),
            "interrupted": [turn["reply"] for turn in turns if not turn["complete"]],
            "corrected": checks.check_corrected(turns),
        },
        "turns": turns,
    }


def _first(told: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The scene whose second day has to use a memory of its first; None where it was not played."""
    return next((one for one in told if any(turn["run"] > 1 for turn in one["turns"])), None)


def _good(told: list[dict[str, Any]]) -> bool:
    first = _first(told)
    return first is None or bool(first["shows"]["memory"])


def _film(told: dict[str, Any], folder: Path) -> tuple[Path, Path, Path]:
    """A scene as sound, captions and picture."""
    from companion.pack.demo.film import film, write
    from companion.pack.demo.scenes import chosen

    (scene,) = chosen(told["name"])
    return write(scene, film(told["turns"], told["character"]), told["character"], folder)


# ── for people ───────────────────────────────────────────────────────────────────────────────


def _perform(settings: Settings, options: Options, *, film: bool) -> bool:
    """The demo as a person wants to read it; whether the memory was used."""
    from companion.pack.demo import KNOWN, play
    from companion.pack.demo.scenes import chosen

    scenes = {scene.name: scene for scene in chosen(options.scene)}
    played: dict[str, list[dict[str, Any]]] = {}
    for item in play(options):
        scene = scenes[item["scene"]]
        if "known" in item:
            if len(scene.runs) > 1:
                _show_known(KNOWN, item["known"])
            continue
        turns = played.setdefault(scene.name, [])
        _show_heading(scene, turns, item)
        turns.append(item)
        for line in story(item, scene.character or settings.companion.character):
            show(line)
    told = [_scene(settings, scenes[name], turns) for name, turns in played.items()]
    _show_end(told)
    if not film:
        show("`companion demo --record DIR` makes sound files of it, with captions and pictures.")
    for one in told if film else ():
        show("  ".join(str(path) for path in _film(one, options.out)))
    return _good(told)


def _show_heading(scene: Scene, before: list[dict[str, Any]], turn: dict[str, Any]) -> None:
    """A line above the first turn of each scene and each day."""
    if not before:
        show(f"\n══ {scene.title} ".ljust(69, "═"))
    if len(scene.runs) > 1 and (not before or before[-1]["run"] != turn["run"]):
        show(f"\n── Day {turn['run']} ".ljust(69, "─"))


def _show_known(question: str, answer: str) -> None:
    """What the memory itself answers at the end of a day."""
    if answer:
        show(f"\n    Asked “{question}”, the memory itself answers, without the model:")
        show(f"    {answer}")


def story(turn: dict[str, Any], character: str) -> list[str]:
    """The lines that tell a turn to a person."""
    from companion.pack.demo import OWNER

    first = turn["ms"]["first_audio"]
    wrong = f"   (spoken: “{turn['spoken']}”)" if turn["wer"] else ""
    remembered = [f"    remembered   {n['who']}: “{n['text']}”" for n in turn["recalled"]]
    told = [f"    from the lorebook   {entry['text']}" for entry in turn["lore"]]
    cut = "" if turn["complete"] else f" —   ({OWNER} presses the key; only this was heard)"
    after = f"first sound after {first:.0f} ms" if first is not None else "no sound"
    return [
        f"\n{OWNER:>8}  {turn['heard']}{wrong}",
        *remembered,
        *told,
        f"{character.capitalize():>8}  {turn['reply']}{cut}",
        f"    {after} · {turn['seconds']:.1f} s · {turn['audio_out']}",
    ]


def _show_end(told: list[dict[str, Any]]) -> None:
    """What all of it showed."""
    turns = [turn for one in told for turn in one["turns"]]
    firsts = [t["ms"]["first_audio"] for t in turns if t["ms"]["first_audio"] is not None]
    show("\n" + "─" * 68)
    if firsts:
        show(f"{len(turns)} turns; first sound after {statistics.median(firsts):.0f} ms (median).")
    for one in told:
        for line in _shown(one["character"], one["shows"], memory=one is _first(told)):
            show(line)
    show("The voices and models you heard are a small offline pack that proves the machine;")
    show("`companion models pull` gets real ones. `companion talk` is the real thing.")


def _shown(name: str, shows: dict[str, list[str]], *, memory: bool) -> list[str]:
    """What one scene showed, in lines."""
    words = {key: ", ".join(found) for key, found in shows.items()}
    lines = []
    if memory and words["memory"]:
        lines.append(f"{name} used what was said the day before: {words['memory']}.")
    elif memory:
        lines.append(f"No answer of {name} used a memory of the day before.")
    if words["lore"]:
        lines.append(f"{name} used what only the lorebook knows: {words['lore']}.")
    if shows["interrupted"]:
        lines.append(
            f"{name} was interrupted, and kept only what was heard: “{words['interrupted']}”."
        )
    if words["corrected"]:
        lines.append(f"{name} used what was put right: {words['corrected']}.")
    return lines
