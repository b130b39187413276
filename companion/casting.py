"""What a card wants of the stages: its voice, its greeting, the words to expect.

A part of `compose`, which calls it when a conversation opens, and again when the card was edited.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from companion import worlds
from companion.errors import CompanionError, EngineError, Forbidden, ModelMissing, readable
from companion.pack.bundled import bundled
from companion.prompting import opening
from companion.speech.cast import Cast
from companion.speech.clauses import split_clauses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from companion.cards import Card
    from companion.config import Settings
    from companion.speech.acknowledge import Acknowledgement
    from companion.speech.piper import Piper
    from companion.speech.shape import Actions
    from companion.stages import Ear, Loudspeaker, Voice
    from companion.turn import Companion
    from companion.values import Persona

SHORT = 120
"""Characters after which a short greeting ends with its sentence: eight seconds."""

LONGEST_BIAS = 240
"""Characters of words to expect; every one of them is read before each transcription."""

_WORDS = re.compile(r"[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*){0,2}")


def voice_path(settings: Settings, name: str) -> Path:
    """Where the voice `name` is: in the workspace, a path, or in the pack that ships.

    Raises:
        Forbidden: The folder of voices may not be looked into.
    """
    file = name if name.endswith(".onnx") else f"{name}.onnx"
    folder = settings.path(settings.companion.voices)
    shipped = bundled("voices") / file
    with readable(folder):
        here = (folder / file).exists()
    return shipped if shipped.exists() and not here else folder / file


def voice_language(settings: Settings, name: str) -> str | None:
    """Language of the voice `name`, "" is the configured one.

    Returns:
        None where there is no such voice, "" where it does not say or may not be read.
    """
    try:
        model = voice_path(settings, name or settings.voice.model)
        if not model.is_file():
            return None
        about = json.loads(model.with_name(f"{model.name}.json").read_text("utf-8"))
        return str(about["espeak"]["voice"])
    except (Forbidden, OSError, ValueError, KeyError, TypeError):
        return ""


def load_voice(settings: Settings, card: Card) -> Piper:
    """The voice of a card, or of the settings where the card names none."""
    from companion.speech.piper import Piper

    return Piper(
        voice_path(settings, card.voice.model or settings.voice.model),
        threads=settings.voice.threads,
        speed=card.voice.speed,
        gain=card.voice.gain * settings.voice.gain,
        speaker=card.voice.speaker,
    )


def voice_for(settings: Settings, card: Card, notices: list[str]) -> Piper:
    """The voice of a card; where its files are not there, the configured one, and a notice.

    Raises:
        ModelMissing: The configured voice is not there either.
    """
    try:
        return load_voice(settings, card)
    except ModelMissing as error:
        if card.voice.model in (None, settings.voice.model):
            raise
        plain = card.voice.model_copy(update={"model": None, "speaker": None})
        voice = load_voice(settings, replace(card, voice=plain))
        notices.append(f"{card.name} speaks with {voice.name}: {error}")
        return voice


def acknowledgement(
    settings: Settings, voice: Piper | None, speaker: Loudspeaker | None
) -> Acknowledgement | None:
    """What says at once that the owner was heard; None where that is off, or nothing speaks."""
    from companion.speech.acknowledge import Acknowledgement, words_for

    when, words = settings.voice.acknowledge, settings.voice.acknowledgement
    if voice is None or speaker is None or when == "off":
        return None
    folder = settings.path(settings.companion.models) / "cache" / "acknowledge"
    said = (words,) if words else words_for(voice.language)
    made = Acknowledgement(voice, speaker.play, folder, when, said)
    with contextlib.suppress(EngineError):  # is said when the voice is to say something
        made.ready()
    return made


def dress(
    companion: Companion, settings: Settings, card: Card, owner: str, voice: Piper | None
) -> tuple[str, ...]:
    """Give a companion everything that its card decides; what cannot be had is said.

    Args:
        companion: Whom.
        settings: What counts where the card says nothing.
        card: The card.
        owner: Who talks.
        voice: What it speaks with; None where it does not speak.

    Raises:
        CompanionError: The lorebook cannot be used; the companion is as it was.
    """
    notices: tuple[str, ...] = ()
    spoken = companion.voice
    if voice is not None:
        try:
            spoken = with_asides(settings, card, voice)
        except CompanionError as error:
            spoken = Cast(voice, voice.paced(card.voice.actions_speed))
            notices = (f"Stage directions are spoken by the same voice: {error}",)
    companion.opened = companion.opened or companion.now()
    who = persona(card, owner, companion.opened)
    if left_out := companion.prompt.left_out(who):
        said = f"The card of {card.name} is longer than the model can hold; left out of it"
        notices = (*notices, f"{said}: {', '.join(left_out)}.")
    world = worlds.world(settings, card, owner, companion)
    # Nothing above changes the character: what fails there leaves all of it as it was.
    companion.voice, companion.persona, companion.world = spoken, who, world
    companion.actions = actions(card)
    companion.longest = card.voice.seconds or settings.voice.longest
    expect_names(companion.stt, settings.stt.names, words_to_expect(card, owner))
    return notices


def expect_names(ear: Ear | None, when: str, words: str) -> None:
    """Tell the transcriber which words to expect, if that helps it."""
    from companion.stt import Whisper

    if isinstance(ear, Whisper) and (when == "always" or (when == "auto" and ear.takes_hints)):
        ear.expect(words)


def with_asides(settings: Settings, card: Card, voice: Piper) -> Voice:
    """The voice that says the words, and beside it the one for stage directions.

    Raises:
        ModelMissing: The second voice is not there.
        BadData: It is damaged.
    """
    wish = card.voice
    second = wish.actions_voice is not None or wish.actions_speaker is not None
    if wish.actions == "voice" and second:
        update = {
            "model": wish.actions_voice or wish.model,
            "speaker": wish.actions_speaker,
            "speed": wish.actions_speed if "actions_speed" in wish.model_fields_set else 1.0,
        }
        return Cast(
            voice, load_voice(settings, replace(card, voice=wish.model_copy(update=update)))
        )
    if wish.actions in ("slow", "voice"):
        return Cast(voice, voice.paced(wish.actions_speed))
    return voice


def actions(card: Card) -> Actions:
    """What becomes of stage directions, in the words of the speech room."""
    names: dict[str, Actions] = {"drop": "drop", "speak": "speak"}
    return names.get(card.voice.actions, "apart")


def persona(card: Card, owner: str, opened: datetime | None = None) -> Persona:
    """The card as the prompt sees it, with as much of a greeting as is spoken.

    The greeting stands in the prompt as the character's first words, so it is what is said.
    """
    whole = card.persona(opening=opening(owner, opened)) if opened else card.persona(owner)
    wish = card.voice.opening
    if wish == "full":
        return whole
    return replace(whole, greeting=_short(whole.greeting) if wish == "short" else "")


def _short(greeting: str) -> str:
    taken = ""
    for clause in split_clauses([greeting], first_words=SHORT, first_characters=SHORT):
        if taken.strip() and len(taken) + len(clause.text) > SHORT:
            break
        taken += clause.text
    return taken.strip()


def words_to_expect(card: Card, owner: str) -> str:
    """Names and lore words that a transcriber would not guess, the likeliest first."""
    taken: list[str] = []
    length = 0
    for word in dict.fromkeys((card.called, owner, *_lore_words(card))):
        if length + len(word) + 2 <= LONGEST_BIAS:
            taken.append(word)
            length += len(word) + 2
    return ", ".join(taken)


def _lore_words(card: Card) -> Iterator[str]:
    """Keys of the lorebook that are names: they begin with a capital letter."""
    entries = (card.book_raw or {}).get("entries")
    for entry in entries if isinstance(entries, list) else ():
        keys = entry.get("keys") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or entry.get("enabled") is False:
            continue
        for key in keys if isinstance(keys, list) else ():
            if isinstance(key, str) and key[:1].isupper() and _WORDS.fullmatch(key):
                yield key
