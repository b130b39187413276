"""Hands-free talking as `[free]` in config.toml asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.errors import DeviceError
from companion.key.itself import STOPPED, Breaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.compose import Parts
    from companion.config import Settings
    from companion.events import Event
    from companion.key.free import Free, Interrupting
    from companion.key.held import Held
    from companion.session import Session
    from companion.sound.wake import Wake

ON = "Hands-free: I listen all the time and begin when somebody speaks, {over}. Off and on: /free"
ON_WORD = "Hands-free: I wait for “{word}” and listen after it, {over}. Off and on: /free"
HALF = "but not while I speak"
OVER = "also while I speak"
OFF = "Hands-free is off; the key works as always. On again: /free"
NOT_SET = 'Hands-free talking is not set up: [free] begin = "voice" or "word" in config.toml.'


class HandsFree:
    """Listens without a key, and stops when it hears itself.

    Args:
        settings: The settings.
        held: What is pressed and released.
        session: Whose key that is.
        parts: Where the sound comes from, and goes to.
        complain: Told what the owner should know.

    Raises:
        CompanionError: The wake word cannot be waited for.
    """

    def __init__(
        self,
        settings: Settings,
        held: Held,
        session: Session,
        parts: Parts,
        complain: Callable[[str], None],
    ) -> None:
        self._complain = complain
        self._word = _wake_word(settings)
        self._free = _opened(settings, held, session, parts, self._word)
        self._breaker = Breaker(self._trip)
        self.tell()
        self._free.start()

    @property
    def how(self) -> str:
        """How a turn begins, in a few words."""
        return f"Say “{self._word.phrase}” and speak" if self._word else "Just speak"

    def see(self, event: Event) -> None:
        """Take in what happens."""
        self._breaker.see(event)

    def switch(self) -> None:
        """Off, or on again."""
        self._free.on = not self._free.on
        self.tell()

    def tell(self) -> None:
        """Say whether it listens."""
        over = OVER if self._free.interrupting else HALF
        on = ON_WORD.format(word=self._word.phrase, over=over) if self._word else ON
        self._complain(on.format(over=over) if self._free.on else OFF)

    def close(self) -> None:
        """Stop."""
        self._free.close()

    def _trip(self) -> None:
        if self._free.on:
            self._free.on = False
            self._complain(STOPPED)


def _wake_word(settings: Settings) -> Wake | None:
    from companion.sound.wake import Wake

    return Wake(settings.free.word) if settings.free.begin == "word" else None


def _opened(
    settings: Settings, held: Held, session: Session, parts: Parts, word: Wake | None
) -> Free:
    from companion.key.free import Free, Rules
    from companion.sound.gate import Gate
    from companion.sound.tap import Tap

    if parts.microphone is None:
        raise DeviceError("Hands-free talking needs a microphone.", "Plug one in, or type.")
    rules = Rules(silence=settings.free.silence)
    ear = Gate().ear()
    free = Free(Tap(parts.microphone), ear, held, lambda: session.busy, rules=rules, word=word)
    if settings.free.interrupt:
        free.interrupting = _interrupting(parts)
    return free


def _interrupting(parts: Parts) -> Interrupting | None:
    """Listen without the echo of what the loudspeaker plays; None where it plays nothing."""
    from companion.key.free import Interrupting
    from companion.sound.echo import Echo

    if parts.microphone is None or parts.speaker is None:
        return None
    echo = Echo()
    parts.speaker.overheard = echo.overhear
    return Interrupting(echo, parts.microphone.begin_with)
