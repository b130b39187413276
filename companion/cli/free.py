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

ON = "Hands-free: I listen all the time and begin when somebody speaks. Off and on: /free"
OFF = "Hands-free is off; the key works as always. On again: /free"
NOT_SET = 'Hands-free talking is not set up: [free] begin = "voice" in config.toml.'


class HandsFree:
    """Listens without a key, and stops when it hears itself.

    Args:
        settings: The settings.
        held: What is pressed and released.
        session: Whose key that is.
        microphone: Where the sound comes from.
        complain: Told what the owner should know.
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
        self._free = _opened(settings, held, session, microphone)
        self._breaker = Breaker(self._trip)
        self.tell()
        self._free.start()

    @property
    def how(self) -> str:
        """How a turn begins, in a few words."""
        return "Just speak"

    def see(self, event: Event) -> None:
        """Take in what happens."""
        self._breaker.see(event)

    def switch(self) -> None:
        """Off, or on again."""
        self._free.on = not self._free.on
        self.tell()

    def tell(self) -> None:
        """Say whether it listens."""
        self._complain(ON if self._free.on else OFF)

    def close(self) -> None:
        """Stop."""
        self._free.close()

    def _trip(self) -> None:
        if self._free.on:
            self._free.on = False
            self._complain(STOPPED)


def _opened(settings: Settings, held: Held, session: Session, microphone: Microphone) -> Free:
    from companion.key.free import Free, Rules
    from companion.sound.gate import Gate
    from companion.sound.tap import Tap

    rules = Rules(silence=settings.free.silence)
    return Free(Tap(microphone), Gate().ear(), held, lambda: session.busy, rules=rules)
