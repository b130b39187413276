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


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(demo)


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="All turns as one JSON object.")] = False,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="Without memory.")] = False,
    record: Annotated[
        Path | None, typer.Option("--record", help="Put the replies here.", metavar="DIR")
    ] = None,
    run: Annotated[int, typer.Option("--run", hidden=True)] = 0,
    home: Annotated[Path | None, typer.Option("--home", hidden=True)] = None,
) -> None:
    """Play a whole spoken conversation, twice, a day apart: every engine is real.

    Exit code 1 where no answer of the second day used a memory of the first.
    """
    from companion.pack.demo import Options

    settings = demo_settings()
    out = (record or settings.path(settings.companion.audio_out)).resolve()
    options = Options(out, not no_memory, SHELL.config)
    if run and home:
        _one_run(settings, run, home, options)
    elif as_json:
        _report(settings, options)
    else:
        _perform(settings, options)


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

    for turn in run_here(settings, run, home, options):
        show(json.dumps(turn, ensure_ascii=False))


def _report(settings: Settings, options: Options) -> None:
    from companion.pack.demo import play

    turns: list[dict[str, Any]] = []
    known = ""
    for item in play(options):
        known = item.get("known", known)
        turns += [] if "known" in item else [item]
    card, brought = _used_memory(settings, turns)
    show_json(
        {
            "character": card,
            "sample_rate": settings.audio.rate,
            "memory_words": brought,
            "known": known,
            "turns": turns,
        }
    )
    raise typer.Exit(0 if brought else 1)


def _perform(settings: Settings, options: Options) -> None:
    """The demo as a person wants to read it."""
    from companion.pack.demo import KNOWN, OWNER, play

    turns: list[dict[str, Any]] = []
    day = 0
    for turn in play(options):
        if "known" in turn:
            _show_known(KNOWN, turn["known"])
            continue
        turns.append(turn)
        if turn["run"] != day:
            day = turn["run"]
            show(f"\n── Day {day} " + "─" * 60)
        for line in story(turn, OWNER, settings.companion.character.capitalize()):
            show(line)
    card, brought = _used_memory(settings, turns)
    firsts = [t["ms"]["first_audio"] for t in turns if t["ms"]["first_audio"] is not None]
    show("\n" + "─" * 68)
    if firsts:
        show(f"{len(turns)} turns; first sound after {statistics.median(firsts):.0f} ms (median).")
    if brought:
        show(f"{card} used what was said the day before: {', '.join(brought)}.")
    else:
        show(f"No answer of {card} used a memory of the day before.")
    show("The voices and models you heard are a small offline pack that proves the machine;")
    show("`companion models pull` gets real ones. `companion talk` is the real thing.")
    raise typer.Exit(0 if brought else 1)


def _show_known(question: str, answer: str) -> None:
    """What the memory itself answers at the end of a day."""
    if answer:
        show(f"\n    Asked “{question}”, the memory itself answers, without the model:")
        show(f"    {answer}")


def story(turn: dict[str, Any], owner: str, name: str) -> list[str]:
    """The lines that tell a turn to a person."""
    first = turn["ms"]["first_audio"]
    wrong = f"   (spoken: “{turn['spoken']}”)" if turn["wer"] else ""
    remembered = [f"    remembered   {n['who']}: “{n['text']}”" for n in turn["recalled"]]
    after = f"first sound after {first:.0f} ms" if first is not None else "no sound"
    return [
        f"\n{owner:>8}  {turn['heard']}{wrong}",
        *remembered,
        f"{name:>8}  {turn['reply']}",
        f"    {after} · {turn['seconds']:.1f} s · {turn['audio_out']}",
    ]


def _used_memory(settings: Settings, turns: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """The character's name, and the words that only its memory can have brought."""
    from companion import cards
    from companion.pack.bundled import bundled
    from companion.pack.demo import OWNER, check_memory
    from companion.prompt.wording import system_text

    folder = settings.path(settings.companion.characters)
    folder = folder if folder.is_dir() else bundled("characters")
    card = cards.find_card(folder, settings.companion.character)
    persona = card.persona(OWNER)
    return card.name, check_memory(turns, system_text(persona, persona.greeting))
