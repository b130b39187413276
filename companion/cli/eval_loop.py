"""`companion eval loop`: how much of the demo's own spoken replies our own ear understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.config import Settings


def register(app: typer.Typer) -> None:
    """Add the verb to `companion eval`."""
    app.command("loop")(loop)


def loop(
    scene: Annotated[str, typer.Option(help="Only this scene.", metavar="NAME")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Play the demo, and have Whisper write down what the character said."""
    from companion.cli.demo import demo_settings
    from companion.measure.loop import measure, report

    settings = demo_settings()
    replies, left_out = measure(settings, scene, SHELL.config, SHELL.say)
    figures = {"model": _ear(settings), **report(replies, left_out)}
    if as_json:
        show_json(figures)
    else:
        _tell(figures)


def _ear(settings: Settings) -> str:
    from companion.compose import model_path

    return str(model_path(settings, settings.stt.model).resolve())


def _tell(figures: dict[str, Any]) -> None:
    from companion.cli.characters import printable

    for reply in figures["replies"]:
        if reply["errors"]:
            show(f"{reply['errors']:3} wrong   {printable(reply['said'])}")
            show(f"            {printable(reply['heard']) or '(nothing)'}")
    show(f"\n{'':16}{'replies':>8}{'words':>8}{'wrong':>8}{'WER':>8}")
    for name, row in {"all": figures, **figures["by_scene"]}.items():
        counts = f"{row['n']:8}{row['words']:8}{row['errors']:8}"
        show(f"{name:16}{counts}{100 * row['wer']:7.1f}%")
    if figures["left_out"]:
        show(f"{figures['left_out']} replies were interrupted or silent, and are not counted.")
