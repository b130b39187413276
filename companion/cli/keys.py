"""Which keys a conversation has, and how they are explained to the person who presses them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from companion.errors import CompanionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.cli.free import HandsFree
    from companion.compose import Parts
    from companion.config import Settings
    from companion.events import Event
    from companion.key.button import Light
    from companion.key.codes import Key
    from companion.key.held import Held
    from companion.session import Session

S = TypeVar("S", bound="Source")

TALK = {" ": "space", "\r": "enter", "\n": "enter"}
"""Keys of the terminal that begin and end a recording, while nothing is being typed."""


@dataclass(frozen=True, slots=True)
class KeyWords:
    """What the screen says about the keys.

    Attributes:
        idle: How to begin.
        listening: How to end.
        help: The same at length.
    """

    idle: str
    listening: str
    help: str


def key_words(*, hold: bool, others: Sequence[str] = (), free: str = "") -> KeyWords:
    """How to begin and end.

    Args:
        hold: Whether the terminal tells when a key is released.
        others: What else can be held, as "F9".
        free: How to begin without a key, as "Just speak".
    """
    rest = "type to write · /help"
    if free:
        return _without_a_key(key_words(hold=hold, others=others), free)
    more = f"\nAlso, in every window: hold {_any_of(others)}." if others else ""
    if hold:
        return KeyWords(
            f"Hold {_any_of(['Space', *others])} and speak · {rest}",
            "● listening … let go when you are done",
            f"Hold Space or Enter while you speak, and let go when you are done.{more}",
        )
    or_hold = f", or hold {_any_of(others)}" if others else ""
    or_let_go = " or let go" if others else ""
    return KeyWords(
        f"Press Space, speak, press it again{or_hold} · {rest}",
        f"● listening … press Space{or_let_go} when you are done",
        "Space or Enter begins a recording, and ends it when you press it again: this terminal\n"
        f"does not tell when a key is released, or [key] mode in config.toml asks for it.{more}",
    )


def _without_a_key(keys: KeyWords, free: str) -> KeyWords:
    return KeyWords(
        f"{free} · or {keys.idle[0].lower()}{keys.idle[1:]}",
        "● listening … pause when you are done",
        f"{free}; a pause ends it. /free switches this off and on.\n{keys.help}",
    )


def _any_of(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


HOLD = key_words(hold=True)
PRESS_TWICE = key_words(hold=False)


def talk_key(key: Key, held: Held, *, hold: bool) -> None:
    """Let a talk key of the terminal begin or end a recording."""
    name = TALK.get(key.text, "")
    if not hold:
        held.tap()
    elif key.phase == "press":
        held.press(name)
    elif key.phase == "release":
        held.release(name)


# ── what works without the terminal ──────────────────────────────────────────────────────────────


class Source(Protocol):
    """Something that listens for keys."""

    def close(self) -> None:
        """Stop."""


class Sources:
    """What begins and ends recordings besides the terminal, until the end of the `with` block.

    What cannot be opened is said in a sentence, and the rest works.

    Args:
        settings: The settings.
        held: What they press and release.
        complain: Told what cannot be opened.
    """

    def __init__(self, settings: Settings, held: Held, complain: Callable[[str], None]) -> None:
        self._settings = settings
        self._held = held
        self._complain = complain
        self._open = ExitStack()
        self.names: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def listen(self) -> Callable[[Event], None] | None:
        """Open all that the settings name; gives the light to tell events to, if there is one."""
        key = self._settings.key
        if key.hotkey and self._add(self._hotkey):
            self.names.append(" + ".join(part.strip().title() for part in key.hotkey.split("+")))
        if key.button and self._add(self._button):
            self.names.append("the button")
        light = self._add(lambda: _light(key.led)) if key.led else None
        return light.tell if light else None

    def listen_freely(self, session: Session, parts: Parts) -> HandsFree | None:
        """Begin recordings without a key, where the settings ask for it."""
        from companion.cli.free import HandsFree

        if self._settings.free.begin == "key" or parts.microphone is None:
            return None
        ends = (self._settings, self._held, session, parts, self._complain)
        return self._add(lambda: HandsFree(*ends))

    def take_calls(self, *, listens: bool) -> None:
        """Let `companion ptt` reach this conversation."""
        from companion.cli.ptt import answer
        from companion.key.calls import NAME, Calls

        def answers(word: str) -> Callable[[], str]:
            return lambda: answer(word, self._held, listens=listens)

        if self._settings.key.calls:
            words = {word: answers(word) for word in ("start", "stop", "toggle")}
            self._add(lambda: Calls(self._settings.root / NAME, words))

    def _add(self, make: Callable[[], S]) -> S | None:
        try:
            source = make()
        except CompanionError as error:
            self._complain(str(error))
            return None
        self._open.callback(source.close)
        return source

    def _hotkey(self) -> Source:
        from companion.key.anywhere import open_hotkey

        key, held = self._settings.key, self._held
        ends = (lambda: held.press("hotkey"), lambda: held.release("hotkey"))
        return open_hotkey(key.hotkey, key.through, *ends)

    def _button(self) -> Source:
        from companion.key.button import Button

        held = self._held
        pin = self._settings.key.button
        return Button(pin, lambda: held.press("button"), lambda: held.release("button"))


def _light(pin: str) -> Light:
    from companion.key.button import Light

    return Light(pin)
