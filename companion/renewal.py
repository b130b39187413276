"""A card that is edited while somebody talks with the character: it counts from the next turn on.

A part of `compose`. Between two turns the card's file is looked at; what cannot be read is said
once, with its place, and the character stays as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from companion import cards, casting
from companion.errors import CompanionError
from companion.events import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from companion.cards import Card
    from companion.config import Settings
    from companion.speech.piper import Piper
    from companion.turn import Companion

Stamp = tuple[int, int, int] | None


class Renewal:
    """Looks at the card between turns; call it before each.

    Args:
        settings: The settings of the workspace.
        owner: Who talks.
        card: The card as it was read.
        companion: The character that is kept up to date.
        voice: What it speaks with; None where it does not speak.
    """

    def __init__(
        self, settings: Settings, owner: str, card: Card, companion: Companion, voice: Piper | None
    ) -> None:
        self._settings = settings
        self._owner = owner
        self._card = card
        self._companion = companion
        self._voice = voice
        self._stamp = _stamp(card.path)

    def __call__(self) -> None:
        """Take over what was edited since the last turn."""
        path = self._card.path
        stamp = _stamp(path)
        if path is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._renew(cards.load_card(path))
        except CompanionError as error:
            self._say(f"{error} {self._card.name} stays as before.")

    def _renew(self, card: Card) -> None:
        if card.raw == self._card.raw:
            return
        # What was said stays said: the greeting that opened this conversation is part of it.
        opened = self._companion.persona.greeting
        voice = self._voice_of(card)
        notices = casting.dress(self._companion, self._settings, card, self._owner, voice)
        self._companion.persona = replace(self._companion.persona, greeting=opened)
        self._card, self._voice = card, voice
        self._say(f"{card.name} was edited, and is as the card says from now on.")
        for notice in notices:
            self._say(notice)

    def _voice_of(self, card: Card) -> Piper | None:
        """The card's voice, loaded anew only where the card wants another one."""
        if self._voice is None or card.voice == self._card.voice:
            return self._voice
        return casting.load_voice(self._settings, card)

    def _say(self, text: str) -> None:
        self._companion.tell(Notice(text))


def _stamp(path: Path | None) -> Stamp:
    """What changes whenever a file is written; None where there is no file."""
    try:
        about = path.stat() if path is not None else None
    except OSError:
        return None
    return (about.st_mtime_ns, about.st_size, about.st_ino) if about else None
