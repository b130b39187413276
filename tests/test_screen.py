import io
import json

import pytest

from companion.cli.keys import HOLD, PRESS_TWICE
from companion.cli.screen import Screen, plain
from companion.cli.stateline import StateLine, fitted, width
from companion.events import (
    Answered,
    FirstSound,
    Hearing,
    Idle,
    Listening,
    NothingHeard,
    Notice,
    Ready,
    Remembered,
    Speaking,
    Thinking,
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
        (Idle(), ""),
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


@pytest.mark.parametrize("event", [Listening(), Thinking(1.0), Speaking("Hello")])
def test_what_ended_without_a_reply_is_no_state(event):
    assert shown(event, Idle(), live=True).endswith(PRESS_TWICE.idle)


def test_the_state_says_whether_a_key_is_held_or_pressed_twice():
    assert "Hold Space" in shown(Ready(1.0), live=True, keys=HOLD)
    assert "let go" in shown(Listening(), live=True, keys=HOLD)
    assert "press it again" in shown(Ready(1.0), live=True)
    assert "press Space when" in shown(Listening(), live=True)


def bottom(*events, columns=60):
    state = StateLine(HOLD)
    for event in events:
        state.see(event)
    return state.row(columns)


def test_while_you_speak_there_is_a_meter_the_time_and_what_to_do():
    row = bottom(Listening(), Hearing("", -55.0, 0.1), Hearing("", -12.0, 62.0))
    assert row == "● ▁█           1:02 listening … let go when you are done"


def test_words_stand_there_as_soon_as_they_are_understood():
    assert bottom(Listening(), Hearing("I went to", -30.0, 2.5)).endswith("0:02 I went to")


def test_of_many_words_the_newest_are_seen():
    row = bottom(Listening(), Hearing("one " * 40 + "lighthouse", -30.0, 9.0), columns=40)
    assert width(row) <= 40
    assert row.endswith("lighthouse")


def test_the_meter_begins_anew_with_each_press():
    first = [Listening(), *[Hearing("", -12.0, n / 10) for n in range(20)]]
    assert bottom(*first).count("█") == 12
    assert bottom(*first, Listening(), Hearing("", -12.0, 0.1)).count("█") == 1


def test_the_reply_grows_as_it_is_spoken_behind_the_time_of_its_first_sound():
    row = bottom(Thinking(2.0), Speaking("Hello. "), FirstSound(312.4), Speaking("How are you?"))
    assert row == "♪ 312 ms · Hello. How are you?"


def test_after_the_reply_the_key_is_named_again():
    assert bottom(Speaking("Hello."), Answered("Hello.", True, RECORD)) == HOLD.idle


@pytest.mark.parametrize("columns", [10, 25, 80])
def test_the_state_fits_into_one_row_of_any_terminal(columns):
    long = Hearing("灯台まで歩きました " * 30, -30.0, 3.0)
    assert width(bottom(Listening(), long, columns=columns)) <= max(columns, 22)
    assert width(bottom(columns=columns)) <= columns


def test_wide_letters_take_two_columns_and_accents_none():
    assert [width(text) for text in ("abc", "灯台", "e\u0301")] == [3, 4, 1]
    assert fitted("灯台守", 5) == "灯台…"


def test_the_line_after_a_reply_says_what_the_time_went_into():
    spans = [
        {"stage": "tail", "n": 0, "begin": 0.0, "end": 100.0},
        {"stage": "stt", "n": 0, "begin": 100.0, "end": 300.0},
        {"stage": "prefill", "n": 0, "begin": 300.0, "end": 350.0},
    ]
    record = {"kind": "spoken", "heard_s": 1.0, "spans": spans, "ms": {"first_audio": 360.0}}
    told = shown(Answered("Hi.", True, record))
    assert "first sound after 360 ms = recording 100 + hearing 200 + model 50\n" in told
    late = [span | {"begin": 50.0} if span["stage"] == "tail" else span for span in spans]
    told = shown(Answered("Hi.", True, record | {"spans": late}))
    assert "= other work 50 + recording 50 + hearing 200 + model 50\n" in told
    assert "=" not in shown(Answered("Hi.", True, record | {"kind": "greeting"}))


def test_the_last_turn_can_be_shown_as_a_picture():
    out = io.StringIO()
    screen = Screen("Sam", "Juno", live=False, out=out)
    screen.picture()
    assert "(no turn yet)" in out.getvalue()
    ms = {"first_audio": 360.0, "total": 900.0}
    screen.tell(Answered("Hi.", True, {"kind": "spoken", "heard_s": 1.0, "spans": [], "ms": ms}))
    screen.picture()
    assert "The whole turn: 900 ms" in out.getvalue()


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
