"""`companion eval character`: what a character says in its golden conversations, by rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.config import Settings


def register(app: typer.Typer) -> None:
    """Add the verb to `companion eval`."""
    app.command("character")(character)


Conversations = Annotated[
    Path | None,
    typer.Option(help="The conversations; else golden/ID.toml beside the card.", metavar="FILE"),
]
Baseline = Annotated[
    Path | None, typer.Option(help="An earlier report to compare with.", metavar="FILE")
]
Keep = Annotated[
    Path | None,
    typer.Option(help="Write this report here, as a baseline for later.", metavar="FILE"),
]
Compare = Annotated[
    list[str] | None,
    typer.Option(
        help="Ask again with this setting, such as prompt.system=v2 or llm.model=PATH, and "
        "compare. May be given several times.",
        metavar="SECTION.KEY=VALUE",
    ),
]


def character(
    cards: Annotated[
        list[str],
        typer.Argument(metavar="CHARACTER...", help="Ids or paths; several count together."),
    ],
    golden: Conversations = None,
    baseline: Baseline = None,
    keep: Keep = None,
    compare: Compare = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """What a character says in its golden conversations, judged by their rules.

    Exit code 1 where a probe is wrong that was right in the baseline.
    """
    from companion.measure.character import keep as keep_at
    from companion.measure.character import load_baseline

    before = load_baseline(baseline) if baseline else None
    other = _other_settings(compare or [])  # what is wrong there is said before anything is asked
    figures = _all_measured(SHELL.settings(), cards, golden)
    if before is not None:
        figures["baseline"] = {
            **_paired(before, figures),
            "about": _differing(before, figures),
        }
    if other is not None:
        second = _all_measured(other, cards, golden)
        figures["compare"] = {
            **_paired(figures, second),
            "with": compare,
            "probes": second["probes"],
        }
    if keep is not None:
        keep_at(figures, keep)
    if as_json:
        show_json(figures)
    else:
        _tell(figures)
    raise typer.Exit(1 if before is not None and figures["baseline"]["broken"] else 0)


def _paired(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    from companion.measure.character import by_id
    from companion.measure.paired import compare

    same_rules = before.get("golden") == after["golden"]
    return compare(by_id(before), by_id(after), same_rules=same_rules)


def _all_measured(settings: Settings, characters: list[str], golden: Path | None) -> dict[str, Any]:
    from companion.measure.character import together

    return together([_measured(settings, one, golden) for one in characters])


def _measured(settings: Settings, character: str, golden: Path | None) -> dict[str, Any]:
    from companion import cards
    from companion.measure import character as measured
    from companion.measure.golden import load

    card = cards.find_card(settings.path(settings.companion.characters), character)
    file = golden or measured.golden_path(card)
    conversations = load(file)
    SHELL.say(f"{card.name}: {sum(len(one.turn) for one in conversations.conversation)} probes …")
    probes = measured.measure(settings, card, conversations)
    return measured.report(probes, measured.about(settings, card, file))


def _other_settings(changes: list[str]) -> Settings | None:
    """The settings with some of them changed.

    Raises:
        UsageError: A change is not SECTION.KEY=VALUE.
        ConfigError: There is no such setting.
    """
    from companion import config
    from companion.errors import UsageError

    if not changes:
        return None
    overrides = {section: dict(keys) for section, keys in SHELL.overrides.items()}
    for change in changes:
        name, equals, value = change.partition("=")
        section, dot, key = name.partition(".")
        if not (equals and dot and key):
            raise UsageError(f"{change!r} is no SECTION.KEY=VALUE.", "Try: prompt.system=v2")
        overrides.setdefault(section, {})[key] = value
    return config.load(SHELL.config, overrides=overrides)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What was not the same when the baseline was made."""
    names = ("character", "card", "golden", "model", "prompt", "llm", "lore")
    return [name for name in names if before.get(name) != after[name]]


# ── for people ───────────────────────────────────────────────────────────────────────────────


def _tell(figures: dict[str, Any]) -> None:
    from companion.cli.characters import printable

    for probe in figures["probes"]:
        show(f"{'✓' if probe['right'] else '✗'} {probe['id']:<20} {probe['say']}")
        show(f"  {'':<20} {printable(probe['reply']) or '(nothing)'}")
        for rule in (r for r in probe["rules"] if not r["held"]):
            found = f"; found {printable(rule['found'])}" if rule["found"] else ""
            show(f"  {'':<20} - {rule['rule']}: wanted {rule['wanted']}{found}")
    show(f"\n{figures['right']} of {figures['n']} probes are right")
    for name in ("by_kind", "by_rule"):
        counts = (f"{key} {one['right']}/{one['n']}" for key, one in figures[name].items())
        show(f"{name.removeprefix('by_'):>6}: {' · '.join(counts)}")
    for name in ("baseline", "compare"):
        if name in figures:
            _tell_difference(name, figures[name])


def _tell_difference(name: str, found: dict[str, Any]) -> None:
    with_ = f" with {', '.join(found['with'])}" if name == "compare" else ""
    show(f"\n{name}{with_}: {found['right_before']} → {found['right_after']} of {found['n']} right")
    show(f"  {len(found['changed'])} replies are worded differently")
    for key in ("mended", "broken", "only_before", "only_after", "about"):
        if found.get(key):
            show(f"  {key.replace('_', ' ')}: {', '.join(found[key])}")
    for test in found["tests"]:
        show(f"  {test['says']}")
