"""`companion talk`: hold a conversation, by voice or by typing."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.free import NOT_SET
from companion.cli.keys import PRESS_TWICE, TALK, Sources, key_words, talk_key
from companion.cli.leave import Leave, Watchdog
from companion.cli.shell import SHELL
from companion.errors import CompanionError, DeviceError
from companion.events import Notice, Ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.cli.free import HandsFree
    from companion.cli.keys import KeyWords
    from companion.cli.screen import Screen
    from companion.compose import Parts
    from companion.config import Settings
    from companion.events import Event
    from companion.key.held import Held
    from companion.key.terminal import Terminal
    from companion.session import Session

HELP = """Anything else you type is a line to send; Escape takes it back, or a recording.
/again  say the last reply once more        /undo  take the last turn back everywhere
/mute   sound off or on                     /volume 0-100
/free   hands-free talking off or on, where [free] in config.toml asks for it
/stats  what the last turn took             /quit  leave (so does Ctrl-C)
Say or type: “remember that …”, “forget that”, “forget about …”, “this is private”,
“remember again”, “what do you know about me”, “why did you say that” (docs/memory.md)"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(talk)


def talk(  # noqa: PLR0913, PLR0917 - its options
    character: Annotated[str, typer.Argument(help="Id or path of a character.")] = "",
    text: Annotated[bool, typer.Option("--text", help="Type instead of speaking.")] = False,
    as_name: Annotated[str, typer.Option("--as", help="Talk as this person.", metavar="NAME")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Recall nothing from before.")] = False,
    listen: Annotated[
        bool, typer.Option("--listen", help="Without a terminal: to hotkey, button and ptt.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Events as JSON lines.")] = False,
    or_demo: Annotated[bool, typer.Option("--or-demo", hidden=True)] = False,
) -> None:
    """Talk with a character: hold Space and speak."""
    from companion.key.terminal import Terminal, is_terminal

    live = is_terminal() and not as_json
    if or_demo and not live and (reason := no_microphone()):
        SHELL.say(f"No terminal to press a key in, and {reason} So this is the demo.")
        from companion.cli.demo import demo

        return demo()
    settings = SHELL.settings()
    SHELL.refuse_other_machines(settings)
    owner = as_name or settings.user.name or (ask_name(settings) if live else "")
    typed = text or not (live or listen)
    wish = _Wish(character, owner or "friend", fresh, typed, listen, as_json)
    terminal = Terminal() if live else None
    with Watchdog(terminal.restore if terminal else _nothing):
        try:
            with terminal or nullcontext():
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
    stays: bool
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
            store(settings.file, "user", "name", name)
        except (CompanionError, OSError) as error:
            SHELL.say(f"Your name could not be kept: {error}")
    return name


def _converse(settings: Settings, wish: _Wish, terminal: Terminal | None) -> None:
    from companion.cli.screen import Screen
    from companion.cli.stats import new_prediction_told
    from companion.compose import Wishes, compose, open_session

    began = time.monotonic()
    SHELL.say("Loading …")
    wishes = Wishes(
        wish.character,
        wish.owner,
        listen=not wish.typed,
        fresh=wish.fresh,
        progress=SHELL.say,
    )
    shows: list[Callable[[Event], None]] = []  # there is no screen yet

    def tell(event: Event) -> None:
        for show in shows:
            show(event)

    parts = compose(settings, wishes, tell)
    live = terminal is not None
    screen = Screen(wish.owner, parts.card.name, live=live, as_json=wish.as_json)
    shows.append(screen.tell)
    session = open_session(parts, settings)
    try:
        parts.warm()
        _follow(settings, wish, _Talk(session, parts, screen, shows, began), terminal)
    finally:
        if terminal is not None:
            terminal.give_back()
        session.close()
        parts.close()
        screen.end()
    if told := new_prediction_told(settings):
        SHELL.say(told)


@dataclass(slots=True)
class _Talk:
    session: Session
    parts: Parts
    screen: Screen
    shows: list[Callable[[Event], None]]
    began: float
    words: KeyWords = PRESS_TWICE
    free: HandsFree | None = None


def _follow(settings: Settings, wish: _Wish, talk: _Talk, terminal: Terminal | None) -> None:
    """Do what keys and lines ask for, until there are no more."""
    from companion.key.held import Held

    def complain(text: str) -> None:
        talk.screen.tell(Notice(text))

    held = Held(talk.session, complain)
    listens = talk.parts.microphone is not None
    with Sources(settings, held, complain) as sources:
        sources.take_calls(listens=listens)
        if listens and (light := sources.listen()):
            talk.shows.append(light)
        talk.free = sources.listen_freely(talk.session, talk.parts)
        if talk.free is not None:
            talk.shows.append(talk.free.see)
        if terminal is not None:
            hold = terminal.begin(hold=settings.key.mode == "auto")
            how = talk.free.how if talk.free else ""
            talk.words = key_words(hold=hold, others=sources.names, free=how)
            talk.screen.explain(talk.words)
        talk.screen.tell(Ready(time.monotonic() - talk.began))
        talk.session.start()
        if terminal is not None:
            _read_keys(talk, terminal, held)
            return
        _read_lines(talk.session)
        while wish.stays:
            signal.pause()  # until a signal ends it


def _read_lines(session: Session) -> None:
    """Typed words from a pipe: one line, one answer."""
    session.wait()
    for line in sys.stdin:
        session.type(line)
        session.wait()


def _read_keys(talk: _Talk, terminal: Terminal, held: Held) -> None:
    """Keys of a terminal until /quit or its end."""
    typed = ""
    for key in terminal.keys(held.drop):
        if key.text in TALK and not typed:
            talk_key(key, held, hold=terminal.hold)
        elif key.phase == "away":
            held.release()
        elif key.phase == "release":
            held.release(TALK.get(key.text, key.text or "another key"))
        elif key.text in TALK and key.text != " ":
            if not _send(typed, talk):
                return
            typed = ""
        elif key.text == "\x04":  # Ctrl-D
            return
        elif key.text == "\x1b" and not typed:
            held.drop()
        else:
            typed = _edited(typed, key.text)
        talk.screen.typing(typed)


def _edited(typed: str, key: str) -> str:
    """The line that is being typed, after one more key."""
    if key in ("\x7f", "\b"):
        return typed[:-1]
    if key == "\x1b":
        return ""
    return typed + key if key.isprintable() else typed


def _send(line: str, talk: _Talk) -> bool:
    """Send what was typed; False ends the conversation."""
    if line.startswith("/"):
        return _command(line, talk)
    talk.session.type(line)
    return True


def _command(line: str, talk: _Talk) -> bool:
    """One /command; False ends the conversation."""
    session, parts, screen = talk.session, talk.parts, talk.screen
    name, _, value = line[1:].partition(" ")
    match name:
        case "quit" | "exit" | "q":
            return False
        case "again":
            session.again()
        case "undo":
            session.undo()
        case "stats":
            screen.picture()
        case "free" if talk.free:
            talk.free.switch()
        case "free":
            screen.tell(Notice(NOT_SET))
        case "mute" if parts.speaker:
            parts.speaker.muted = not parts.speaker.muted
            screen.tell(Notice("Sound is off." if parts.speaker.muted else "Sound is on."))
        case "volume" if parts.speaker and value.strip().isdecimal():
            parts.speaker.volume = min(int(value), 100) / 100
            screen.tell(Notice(f"Volume {parts.speaker.volume:.0%}."))
        case _:
            for row in f"{talk.words.help}\n{HELP}".splitlines():
                screen.tell(Notice(row))
    return True
