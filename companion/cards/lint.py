"""What is wrong with a card, doubtful, or simply long: for those who write one.

Refuses nothing. How text is counted and what a voice can read out is handed in, so that this
module knows neither a model nor a voice.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Literal

from companion.cards import macros
from companion.cards.formats.tree import kind, paired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from companion.cards.formats.tree import Json
    from companion.cards.model import Card

Level = Literal["error", "warning", "note"]

LONGEST_GREETING = 20.0
"""Seconds of greeting that somebody who wants to talk listens to."""

LETTERS_A_SECOND = 15.0
"""Characters that a voice reads in a second at its own pace (measured on cards, cards 9.7)."""

ALWAYS = ("description", "personality", "scenario", "system_prompt", "post_history_instructions")
"""Fields that stand in every prompt."""

VOICE = ("extensions", "companion", "voice")
TEXTS = (*ALWAYS, "first_mes", "mes_example")
_MACRO = re.compile(r"\{\{[^{}]*\}\}")
_ROLES = re.compile(r"<\|[^|>\s]{1,40}\|>|\[/?INST\]|</?s>|<(?:start|end)_of_turn>")
_FAMILIAR = {"chara_card_v2": "2.0", "chara_card_v3": "3.0"}
_MARKUP = re.compile(r"[*`#_]|<[a-z/]|https?://|!\[", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    Attributes:
        level: "error" will not work as written, "warning" probably is not meant, "note" is good
            to know.
        code: A short upper-case word that programs can rely on.
        place: Where in the card, as a JSON pointer.
        said: What it is and what to do, one or two sentences.
    """

    level: Level
    code: str
    place: str
    said: str


@dataclass(frozen=True, slots=True)
class Standards:
    """What a card is measured against.

    Attributes:
        count: Tokens of a text, in the model's own.
        speakable: What of a text is read out.
        language: Language of the voice of this name, "" for the configured one; None where it is
            not there, and "" where it does not say.
        context: Tokens the model can hold.
        reply: Tokens kept free for a reply.
    """

    count: Callable[[str], int]
    speakable: Callable[[str], str]
    language: Callable[[str], str | None]
    context: int
    reply: int


@dataclass(frozen=True, slots=True)
class Report:
    """All there is to say about a card.

    Attributes:
        findings: Errors first, then warnings, then notes.
        tokens: (field, tokens) of each text that is not empty.
        always: Tokens of what stands in every prompt.
        greeting: Seconds that the greeting takes to say, about.
    """

    findings: tuple[Finding, ...]
    tokens: tuple[tuple[str, int], ...]
    always: int
    greeting: float


def lint(card: Card, standards: Standards) -> Report:
    """Look at a card as the prompt, the voice and other programs will."""
    persona = card.persona("friend")
    tokens = tuple(
        (name, standards.count(text)) for name in TEXTS if (text := getattr(card.fields, name))
    )
    always = sum(count for name, count in tokens if name in ALWAYS)
    seconds = _seconds(persona.greeting, card, standards)
    found = chain(
        (Finding("note", "READ_AS", "", said) for said in card.notes),
        (Finding("warning", repair.code, repair.place, repair.said) for repair in card.repairs),
        _form(card),
        _left_alone(card),
        _texts(card),
        _fits(card, always, standards),
        _voice(card, standards),
        _greetings(card, standards),
    )
    return Report(ordered(found), tokens, always, round(seconds, 1))


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes."""
    order = ("error", "warning", "note")
    return tuple(sorted(findings, key=lambda finding: order.index(finding.level)))


def pointer(card: Card, *path: str | int) -> str:
    """The JSON pointer of something among a card's fields."""
    inside = ["data"] if isinstance(card.raw.get("data"), dict) else []
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in (*inside, *path))
    return "".join(f"/{part}" for part in parts)


def _seconds(text: str, card: Card, standards: Standards) -> float:
    return len(standards.speakable(text)) / LETTERS_A_SECOND / card.voice.speed


# ── what each part may say ───────────────────────────────────────────────────────────────────


def _form(card: Card) -> Iterator[Finding]:
    """The envelope, and what a card should have."""
    spec, version = card.raw.get("spec"), card.raw.get("spec_version")
    if isinstance(spec, str) and spec in _FAMILIAR and version != _FAMILIAR[spec]:
        said = f"spec_version should be '{_FAMILIAR[spec]}', found {_shown(version)}."
        yield Finding("warning", "SPEC_VERSION", "/spec_version", said)
    if not card.fields.name.strip():
        said = "The card has no name; other programs may refuse it."
        yield Finding("warning", "NO_NAME", pointer(card, "name"), said)
    if not any(getattr(card.fields, name).strip() for name in ALWAYS):
        said = "Nothing says who this is: write a description."
        yield Finding("warning", "NO_DESCRIPTION", pointer(card, "description"), said)
    if not card.fields.first_mes.strip():
        said = "There is no greeting; the conversation opens in silence."
        yield Finding("note", "NO_GREETING", pointer(card, "first_mes"), said)
    examples = card.fields.mes_example.strip()
    if examples and "<start>" not in examples.lower():
        said = "The example dialogues do not begin with <START>; all of it is one example."
        yield Finding("note", "NO_START", pointer(card, "mes_example"), said)


def _left_alone(card: Card) -> Iterator[Finding]:
    """What a card asks of other programs, and is not done here; it is kept."""
    if card.extensions.get("regex_scripts"):
        said = "Its scripts of regular expressions are kept and never run."
        yield Finding("note", "NOT_RUN", pointer(card, "extensions", "regex_scripts"), said)
    assets = card.data.get("assets")
    for number, asset in enumerate(assets if isinstance(assets, list) else ()):
        uri = asset.get("uri") if isinstance(asset, dict) else None
        if isinstance(uri, str) and uri.lower().startswith(("http:", "https:")):
            said = "What is at another machine is never fetched."
            yield Finding("note", "NOT_FETCHED", pointer(card, "assets", number, "uri"), said)


def _shown(value: Json) -> str:
    return f"'{paired(value[:20])}'" if isinstance(value, str) else kind(value)


def _texts(card: Card) -> Iterator[Finding]:
    """Macros, and characters that are more than they look."""
    if _MACRO.search(card.fields.name):
        said = "Macros in a name are not expanded."
        yield Finding("warning", "MACRO_IN_NAME", pointer(card, "name"), said)
    if card.depth_prompt:
        yield from unknown_macros(
            pointer(card, "extensions", "depth_prompt"), card.depth_prompt.prompt
        )
    greetings = enumerate(card.fields.alternate_greetings)
    texts = [(pointer(card, name), getattr(card.fields, name)) for name in TEXTS]
    texts += [(pointer(card, "alternate_greetings", n), text) for n, text in greetings]
    for place, text in texts:
        yield from unknown_macros(place, text)
        yield from _characters(place, text)
    for name in ALWAYS:
        if any(macro.changes for macro in macros.seen(getattr(card.fields, name))):
            said = "A macro that changes is worked out once, when a conversation opens."
            yield Finding("warning", "CHANGES", pointer(card, name), said)


def unknown_macros(place: str, text: str) -> Iterator[Finding]:
    """Macros that stay as they are written."""
    for macro in dict.fromkeys(one.written for one in macros.seen(text) if not one.known):
        said = f"{macro[:60]} is no macro we know; it stays as it is written."
        yield Finding("warning", "UNKNOWN_MACRO", place, said)
    rest = _MACRO.sub("", text)
    if "{{" in rest and "}}" not in rest.partition("{{")[2]:
        said = "{{ is never closed; it stays as it is written."
        yield Finding("warning", "OPEN_MACRO", place, said)


def _characters(place: str, text: str) -> Iterator[Finding]:
    hidden = sum(unicodedata.category(c) in {"Cc", "Cf", "Co"} and c not in _KEPT for c in text)
    if hidden:
        said = f"{hidden} characters that nobody can see; the model does not get them."
        yield Finding("warning", "HIDDEN_CHARACTERS", place, said)
    if found := _ROLES.search(text):
        said = f"{found[0]} steers a model; here it is only text, elsewhere it may not be."
        yield Finding("warning", "ROLE_TOKEN", place, said)


_KEPT = set("\r\n\t\u200c\u200d\ufeff")


def _fits(card: Card, always: int, standards: Standards) -> Iterator[Finding]:
    room = standards.context - standards.reply
    if always > room // 2:
        level: Level = "error" if always > room else "warning"
        said = (
            f"{always:,} tokens stand in every prompt; the model holds {standards.context:,}. "
            + ("Some of it is left out." if always > room else "Little is left for talking.")
        )
        yield Finding(level, "TOO_LONG", pointer(card), said)


def _voice(card: Card, standards: Standards) -> Iterator[Finding]:
    place = pointer(card, *VOICE, "model")
    model = card.voice.model
    if model is None:
        said = "No voice is bound to it; it speaks with the configured one."
        yield Finding("warning", "NO_VOICE", place, said)
    language = standards.language(model or "")
    if model is not None and language is None:
        said = f"There is no voice '{model}'. Run: companion voices list"
        yield Finding("error", "VOICE_MISSING", place, said)
    wanted = card.voice.language.lower().replace("_", "-").partition("-")[0]
    if language and wanted != language.lower().replace("_", "-").partition("-")[0]:
        said = f"The card speaks '{card.voice.language}', and its voice '{language}'."
        yield Finding("warning", "LANGUAGE", pointer(card, *VOICE, "language"), said)
    yield from _second_voice(card, standards)


def _second_voice(card: Card, standards: Standards) -> Iterator[Finding]:
    if card.voice.actions != "voice":
        return
    place = pointer(card, *VOICE, "actions_voice")
    second = card.voice.actions_voice
    if second is None and card.voice.actions_speaker is None:
        said = "No second voice is named: stage directions are spoken slower."
        yield Finding("warning", "NO_SECOND_VOICE", place, said)
    elif second is not None and standards.language(second) is None:
        said = f"There is no voice '{second}'. Run: companion voices list"
        yield Finding("error", "VOICE_MISSING", place, said)


def _greetings(card: Card, standards: Standards) -> Iterator[Finding]:
    """What is said aloud without the model: can it be, and how long does it take?"""
    greetings = [(pointer(card, "first_mes"), card.fields.first_mes)]
    others = enumerate(card.fields.alternate_greetings)
    greetings += [(pointer(card, "alternate_greetings", n), text) for n, text in others]
    for place, text in greetings:
        said = macros.expand(text, card.called, "friend", aloud=True)
        if not said.strip():
            continue
        spoken = standards.speakable(said)
        if not spoken:
            yield Finding("warning", "UNSPEAKABLE", place, "Nothing of it can be read out.")
        elif _MARKUP.search(said):
            left = 1 - len(spoken) / len(" ".join(said.split()))
            what = f"Marks and stage directions are not read out ({left:.0%} of it)."
            yield Finding("note", "NOT_READ_OUT", place, what)
        seconds = _seconds(said, card, standards)
        if seconds > LONGEST_GREETING:
            what = f"It takes about {seconds:.0f} s to say; {LONGEST_GREETING:.0f} s are plenty."
            yield Finding("warning", "LONG_GREETING", place, what)
