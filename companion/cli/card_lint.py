"""`companion characters lint`: what is wrong with a card, doubtful, or long."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import BadData, CardError, CompanionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.cards import Card
    from companion.cards.lint import Finding, Report, Standards
    from companion.config import Settings

LETTERS_A_TOKEN = 4
"""What a token is taken for where there is no model to ask."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("lint")(lint_)


def lint_(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is wrong with a card, doubtful, or long: spec, macros, tokens and voice."""
    from companion import cards

    settings = SHELL.settings()
    try:
        card = cards.find_card(settings.path(settings.companion.characters), character)
    except CardError as error:
        if as_json:
            show_json({"path": character, "findings": [unreadable(error)]})
        raise
    report = examine(settings, card)
    if as_json:
        show_json(_whole(card, report, settings))
    else:
        _show(card, report, settings)
    failing = {"error", "warning"} if strict else {"error"}
    wrong = sum(finding.level in failing for finding in report.findings)
    if wrong:
        raise BadData(
            f"{card.id}: {wrong} of these {'has' if wrong == 1 else 'have'} to be mended."
        )


def examine(settings: Settings, card: Card) -> Report:
    """Look at a card with the model and the voices of this workspace."""
    from companion.cards.lint import Standards, lint, ordered
    from companion.casting import voice_language
    from companion.speech.shape import speakable

    standards = Standards(
        counting(settings),
        speakable,
        lambda name: voice_language(settings, name),
        settings.llm.context,
        settings.llm.reply,
    )
    report = lint(card, standards)
    return dataclasses.replace(
        report, findings=ordered((*report.findings, *_lore(settings, card, standards)))
    )


def _lore(settings: Settings, card: Card, standards: Standards) -> Iterator[Finding]:
    """What there is to say of the lorebook; doubts of its own reader first."""
    from companion.cards.lint import Finding, pointer, unknown_macros
    from companion.lore import parse_book
    from companion.lore.doubts import doubts

    book, notes = parse_book(card.book_raw, sillytavern=card.sillytavern)
    place = pointer(card, "character_book")
    for note in notes:
        where, _, said = note.partition(": ")
        yield Finding("warning", "LORE_READ_AS", place + where, said[:1].upper() + said[1:])
    room = int(settings.llm.context * settings.lore.share)
    for number, entry in enumerate(book.entries):
        yield from unknown_macros(f"{place}/entries/{number}/content", entry.content)
    for doubt in doubts(book, standards.count, room):
        inside = "" if doubt.entry is None else f"/entries/{doubt.entry}"
        yield Finding("warning", doubt.code, place + inside, doubt.said)


def counting(settings: Settings) -> Callable[[str], int]:
    """Counts tokens as the configured model does, or about as models do where there is none."""
    from companion.compose import model_path
    from companion.llm.vocabulary import Vocabulary

    try:
        return Vocabulary(model_path(settings, settings.llm.model)).count
    except CompanionError:
        SHELL.say("There is no language model to count with: tokens are estimated.")
        return lambda text: -(-len(text) // LETTERS_A_TOKEN)


def unreadable(error: CardError) -> dict[str, Any]:
    """A card that cannot be read, as a finding."""
    return {"level": "error", "code": error.reason, "place": error.place, "said": str(error)}


def _show(card: Card, report: Report, settings: Settings) -> None:
    from companion.cli.characters import printable

    for finding in report.findings:
        line = _line(card, finding.place)
        place = f" {finding.place}" + (f" (line {line})" if line else "") if finding.place else ""
        show(printable(f"{finding.level:<7} {finding.code}{place}: {finding.said}"))
    counts = ", ".join(f"{name} {count:,}" for name, count in report.tokens)
    show(f"{card.id}: {len(report.findings)} findings. Tokens: {counts or 'none'}.")
    share = report.always / settings.llm.context
    show(f"In every prompt: {report.always:,} of {settings.llm.context:,} tokens ({share:.0%}).")
    if report.greeting:
        show(f"The greeting takes about {report.greeting:g} s to say.")


def _line(card: Card, place: str) -> int | None:
    """In which line of a YAML card something stands."""
    from companion.cards.formats.yaml_place import place_of

    if card.path is None or card.path.suffix.lower() not in {".yaml", ".yml"} or not place:
        return None
    found = place_of(card.path.read_bytes(), place)
    return found[0] if found else None


def _whole(card: Card, report: Report, settings: Settings) -> dict[str, Any]:
    return {
        "id": card.id,
        "path": str(card.path.resolve()) if card.path else None,
        "findings": [
            {**dataclasses.asdict(finding), "line": _line(card, finding.place)}
            for finding in report.findings
        ],
        "tokens": dict(report.tokens),
        "tokens_always": report.always,
        "context": settings.llm.context,
        "greeting_seconds": report.greeting,
    }
