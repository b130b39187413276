"""Hands-free talking as `[free]` in config.toml asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.key.itself import STOPPED, Breaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.config import Settings
    from companion.events import Event
    from companion.key.free import Free
    from companion.key.held import Held
    from companion.session import Session
    from companion.sound.mic import Microphone
    from companion.sound.wake import Wake

ON = "Hands-free: I listen all the time and begin when somebody speaks. Off and on: /free"
ON_WORD = "Hands-free: I wait for “{word}”, and listen after it. Off and on: /free"
OFF = "Hands-free is off; the key works as always. On again: /free"
NOT_SET = 'Hands-free talking is not set up: [free] begin = "voice" or "word" in config.toml.'


class HandsFree:
    """Listens without a key, and stops when it hears itself.

    Args:
        settings: The settings.
        held: What is pressed and released.
        session: Whose key that is.
        microphone: Where the sound comes from.
        complain: Told what the owner should know.

    Raises:
        CompanionError: The wake word cannot be waited for.
    """

    def __init__(
        self,
        settings: Settings,
        held: Held,
        session: Session,
        microphone: Microphone,
        complain: Callable[[str], None],
    ) -> None:
        self._complain = complain
        self._word = _wake_word(settings)
        self._free = _opened(settings, held, session, microphone, self._word)
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
        on = ON_WORD.format(word=self._word.phrase) if self._word else ON
        self._complain(on if self._free.on else OFF)

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
    settings: Settings, held: Held, session: Session, microphone: Microphone, word: Wake | None
) -> Free:
    from companion.key.free import Free, Rules
    from companion.sound.gate import Gate
    from companion.sound.tap import Tap

    rules = Rules(silence=settings.free.silence)
    ear = Gate().ear()
    return Free(Tap(microphone), ear, held, lambda: session.busy, rules=rules, word=word)
