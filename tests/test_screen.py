import io
import json

import pytest

from companion.cli.keys import HOLD, PRESS_TWICE
from companion.cli.screen import Screen, plain
from companion.events import (
    Answered,
    Listening,
    NothingHeard,
    Notice,
    Ready,
    Remembered,
    Speaking,
    Undone,
    Words,
)

RECORD = {"ms": {"first_audio": 123.4}, "tokens": {}, "seconds": 1.0}


def shown(*events, **options):
    out = io.StringIO()
    screen = Screen("Sam", "Juno", live=options.pop("live", False), out=out, **options)
    for event in events:
        screen.tell(event)
    return out.getvalue()


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Words("hello", 0.9), "Sam: hello\n"),
        (Words("hello", 0.2), "Sam: hello   (not sure: 20%)\n"),
        (Remembered((("1", "Sam", "I like tea"),)), "   ↳ remembers: Sam: “I like tea”\n"),
        (Answered("Hi.", True, RECORD), "Juno: Hi.\n   first sound after 123 ms\n"),
        (Answered("H", False, {"ms": {"first_audio": None}}), "Juno: H —\n"),
        (NothingHeard("too quiet", -61.2), "(I heard no speech: too quiet, level -61 dB)\n"),
        (Notice("The disk is full."), "! The disk is full.\n"),
        (Undone(2), "(taken back; 2 lines forgotten)\n"),
        (Ready(1.25), "(ready after 1.2 s)\n"),
        (Listening(), ""),
    ],
)
def test_each_event_is_told_in_a_line(event, text):
    assert shown(event) == text


def test_a_kept_reply_shows_its_file():
    assert "· /x/y.wav" in shown(Answered("Hi.", True, RECORD, "/x/y.wav"))


def test_the_state_stands_at_the_bottom():
    text = shown(Ready(1.0), Listening(), Speaking(" Hello. "), live=True)
    assert text.endswith("♪ Hello.")
    assert PRESS_TWICE.idle in text
    assert PRESS_TWICE.listening in text


def test_the_state_says_whether_a_key_is_held_or_pressed_twice():
    assert "Hold Space" in shown(Ready(1.0), live=True, keys=HOLD)
    assert "let go" in shown(Listening(), live=True, keys=HOLD)
    assert "press it again" in shown(Ready(1.0), live=True)
    assert "press Space when" in shown(Listening(), live=True)


def test_what_is_typed_replaces_the_state():
    out = io.StringIO()
    screen = Screen("Sam", "Juno", live=True, out=out)
    screen.typing("hel")
    assert out.getvalue().endswith("> hel")
    screen.end()
    assert out.getvalue().endswith("\r\x1b[K")


def test_events_can_be_json_lines():
    line = json.loads(shown(Words("hi", 1.0), as_json=True))
    assert line == {"schema": 1, "event": "Words", "text": "hi", "confidence": 1.0}


def test_text_cannot_control_the_terminal():
    assert plain("\x1b]0;title\x07red\x1b[31m\u202e") == " ]0;title red [31m "
