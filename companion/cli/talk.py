"""`companion talk`: hold a conversation, by voice or by typing."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.leave import Leave, Watchdog
from companion.cli.shell import SHELL
from companion.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from companion.cli.screen import Screen
    from companion.compose import Parts
    from companion.config import Settings
    from companion.key.terminal import Terminal
    from companion.session import Session

HELP = """Space or Enter begins and ends a recording. Anything else you type is a line to send.
/again  say the last reply once more        /undo  take the last turn back everywhere
/mute   sound off or on                     /volume 0-100
/quit   leave (so does Ctrl-C)
Say or type: “remember that …”, “forget that”, “forget about …”, “this is private”,
“remember again”, “what do you know about me”, “why did you say that” (docs/memory.md)"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(talk)


def talk(
    character: Annotated[str, typer.Argument(help="Id or path of a character.")] = "",
    text: Annotated[bool, typer.Option("--text", help="Type instead of speaking.")] = False,
    as_name: Annotated[str, typer.Option("--as", help="Talk as this person.", metavar="NAME")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Recall nothing from before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Events as JSON lines.")] = False,
    or_demo: Annotated[bool, typer.Option("--or-demo", hidden=True)] = False,
) -> None:
    """Talk with a character: Space or Enter, speak, Space or Enter."""
    from companion.key.terminal import Terminal, is_terminal

    live = is_terminal() and not as_json
    if or_demo and not live and (reason := no_microphone()):
        SHELL.say(f"No terminal to press a key in, and {reason} So this is the demo.")
        from companion.cli.demo import demo

        return demo()
    settings = SHELL.settings()
    SHELL.refuse_other_machines(settings)
    owner = as_name or settings.user.name or (ask_name(settings) if live else "")
    wish = _Wish(character, owner or "friend", fresh, typed=text or not live, as_json=as_json)
    terminal = Terminal() if live else None
    with Watchdog(terminal.restore if terminal else _nothing):
        try:
            _converse(settings, wish, terminal)
        except Leave as leave:
            raise typer.Exit(leave.code) from None
    return None


@dataclass(frozen=True, slots=True)
class _Wish:
    character: str
    owner: str
    fresh: bool
    typed: bool
    as_json: bool


def _nothing() -> None:
    """There is no terminal to put back."""


def no_microphone() -> str:
    """Why there is no microphone, as a sentence; "" when there is one."""
    from companion.sound.device import find_device

    try:
        find_device("input", SHELL.settings().audio.microphone or None)
    except DeviceError as error:
        return str(Exception.__str__(error))
    return ""


def ask_name(settings: Settings) -> str:
    """Ask for the owner's name, once, and keep it in config.toml."""
    from companion.cli.config import store

    print("What is your name? ", end="", flush=True)
    name = " ".join(sys.stdin.readline().split())[:60]
    if name:
        try:
            store(settings.root / "config.toml", "user", "name", name)
        except (ConfigError, OSError) as error:
            SHELL.say(f"Your name could not be kept: {error}")
    return name


def _converse(settings: Settings, wish: _Wish, terminal: Terminal | None) -> None:
    from companion.cli.screen import Screen
    from companion.compose import Wishes, compose, open_session
    from companion.events import Ready

    began = time.monotonic()
    SHELL.say("Loading …")
    wishes = Wishes(
        wish.character,
        wish.owner,
        listen=not wish.typed,
        fresh=wish.fresh,
        progress=SHELL.say,
    )
    screens: list[Screen] = []
    parts = compose(
        settings,
        wishes,
        lambda event: screens[0].tell(event),  # noqa: PLW0108 - there is no screen yet
    )
    screen = Screen(wish.owner, parts.card.name, live=terminal is not None, as_json=wish.as_json)
    screens.append(screen)
    session = open_session(parts, settings)
    try:
        parts.warm()
        screen.tell(Ready(time.monotonic() - began))
        session.start()
        if terminal is None:
            _read_lines(session)
        else:
            with terminal:
                _read_keys(session, parts, terminal, screen)
    finally:
        session.close()
        parts.close()
        screen.end()


def _read_lines(session: Session) -> None:
    """Typed words from a pipe: one line, one answer."""
    session.wait()
    for line in sys.stdin:
        session.type(line)
        session.wait()


def _read_keys(session: Session, parts: Parts, terminal: Terminal, screen: Screen) -> None:
    """Keys of a terminal until /quit or its end."""
    typed = ""
    for key in terminal.pressed():
        if key == "\x04":  # Ctrl-D
            return
        if key in ("\r", "\n") and typed:
            if typed.startswith("/"):
                if not _command(typed, session, parts, screen):
                    return
            else:
                session.type(typed)
            typed = ""
        elif not typed and key in (" ", "\r", "\n"):
            session.toggle()
        elif key in ("\x7f", "\b"):
            typed = typed[:-1]
        elif key.startswith("\x1b"):
            typed = ""
        elif key.isprintable():
            typed += key
        screen.typing(typed)


def _command(line: str, session: Session, parts: Parts, screen: Screen) -> bool:
    """One /command; False ends the conversation."""
    from companion.events import Notice

    name, _, value = line[1:].partition(" ")
    match name:
        case "quit" | "exit" | "q":
            return False
        case "again":
            session.again()
        case "undo":
            session.undo()
        case "mute" if parts.speaker:
            parts.speaker.muted = not parts.speaker.muted
            screen.tell(Notice("Sound is off." if parts.speaker.muted else "Sound is on."))
        case "volume" if parts.speaker and value.strip().isdigit():
            parts.speaker.volume = min(int(value), 100) / 100
            screen.tell(Notice(f"Volume {parts.speaker.volume:.0%}."))
        case _:
            for row in HELP.splitlines():
                screen.tell(Notice(row))
    return True
