import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import tty

import pytest
from typewriter import Typewriter

from companion.key import guard

SPACE, SPACE_UP = "\x1b[32;1:1;32u", "\x1b[32;1:3u"


def test_a_terminal_with_the_protocol_tells_releases():
    with Typewriter() as terminal:
        terminal.wait_for("<hold=True>")
        terminal.key(SPACE + "\x1b[32;1:2;32u" + SPACE_UP)
        shown = terminal.wait_for("release>")
        assert [line for line in shown.split("\r\n") if line] == [
            "<' ' press>",
            "<' ' repeat>",
            "<' ' release>",
        ]


@pytest.mark.parametrize("protocol", [None, 0b00001, 0b10101])
def test_a_terminal_that_tells_no_releases_is_not_believed_to(protocol):
    with Typewriter(protocol=protocol) as terminal:
        terminal.wait_for("<hold=False>")
        terminal.key(" ")
        terminal.wait_for("<' ' press>")
        assert terminal.stack == [0]
        terminal.key("q")
        terminal.wait_for("<end>")
        assert terminal.is_as_before()


def test_one_press_to_begin_and_one_to_end_can_be_asked_for():
    with Typewriter("toggle") as terminal:
        terminal.wait_for("<hold=False>")
        assert terminal.stack == [0]


def test_what_is_typed_while_everything_loads_is_not_lost():
    with Typewriter() as terminal:
        terminal.wait_for("<loading>")
        terminal.key("hi")
        assert "<'h' press>\r\n<'i' press>" in terminal.wait_for("<'i' press>")


@pytest.mark.parametrize("protocol", [None, 0b11111])
def test_the_terminal_is_as_before_afterwards(protocol):
    with Typewriter(protocol=protocol) as terminal:
        terminal.wait_for("<hold=")
        assert not terminal.is_as_before()
        terminal.key("q")
        assert terminal.ended() == 0
        assert terminal.is_as_before()


@pytest.mark.parametrize("protocol", [None, 0b11111])
@pytest.mark.parametrize("moment", ["<loading>", "<hold="])
def test_the_terminal_is_as_before_after_a_kill(protocol, moment):
    with Typewriter(protocol=protocol) as terminal:
        terminal.wait_for(moment)
        terminal.signal(signal.SIGKILL)
        terminal.play(terminal.is_as_before, what="the terminal as it was")
        assert terminal.ended() == -signal.SIGKILL


def test_ctrl_c_ends_it_and_the_terminal_is_as_before():
    with Typewriter() as terminal:
        terminal.wait_for("<hold=True>")
        terminal.key("\x1b[99;5u")
        assert terminal.ended() == -signal.SIGINT
        assert terminal.is_as_before()


def test_no_key_is_left_for_the_shell():
    with Typewriter() as terminal:
        terminal.wait_for("<hold=True>")
        terminal.key("q" + SPACE_UP)  # the release comes before the keyboard is given back
        assert terminal.ended() == 0
        assert not select.select([terminal.slave], [], [], 0)[0]


def test_after_it_stood_still_it_is_told_that_a_release_may_be_missed():
    with Typewriter() as terminal:
        terminal.wait_for("<hold=True>")
        terminal.key(SPACE)
        terminal.wait_for("<' ' press>")
        terminal.signal(signal.SIGSTOP)
        assert terminal.stands_still()
        terminal.signal(signal.SIGCONT)
        terminal.wait_for("<stopped>\r\n<'' press>")
        terminal.key("q")
        assert terminal.ended() == 0
        assert terminal.is_as_before()


def test_ctrl_z_where_nobody_could_say_fg_changes_nothing():
    with Typewriter() as terminal:
        terminal.wait_for("<hold=True>")
        terminal.key("\x1b[122;5u")
        terminal.wait_for("<stopped>\r\n<stopped>\r\n<'' press>")
        assert terminal.stack == [0, 0b11111]
        terminal.key("q")
        assert terminal.ended() == 0
        assert terminal.is_as_before()


def test_another_window_in_front_is_told():
    with Typewriter() as terminal:
        terminal.wait_for("<hold=True>")
        assert terminal.focus
        terminal.key(SPACE + "\x1b[O")
        assert terminal.wait_for("<'' away>")


@pytest.fixture
def line():
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def watch(slave, ours, before, told):
    """The guard of a program that told it `told` and is gone."""
    script = [sys.executable, guard.__file__, guard.pack(ours), guard.pack(before)]
    subprocess.run(script, input=told, stdout=slave, check=True, timeout=60)


def test_settings_are_the_same_after_they_were_text(line):
    settings = termios.tcgetattr(line[1])
    assert guard.unpack(guard.pack(settings)) == settings
    assert json.loads(guard.pack(settings))


def test_what_was_put_back_is_left_alone(line):
    before = termios.tcgetattr(line[1])
    tty.setcbreak(line[1])
    ours = termios.tcgetattr(line[1])
    watch(line[1], ours, before, b"1210")
    assert termios.tcgetattr(line[1]) == ours


def test_whoever_has_set_the_terminal_up_meanwhile_keeps_it(line):
    before = termios.tcgetattr(line[1])
    tty.setcbreak(line[1])
    ours = termios.tcgetattr(line[1])
    tty.setraw(line[1])
    theirs = termios.tcgetattr(line[1])
    watch(line[1], ours, before, b"1")
    assert termios.tcgetattr(line[1]) == theirs


def test_settings_and_keyboard_are_put_back(line):
    before = termios.tcgetattr(line[1])
    tty.setcbreak(line[1])
    watch(line[1], termios.tcgetattr(line[1]), before, b"12")
    assert termios.tcgetattr(line[1]) == before
    assert os.read(line[0], 100).decode() == guard.LEAVE


def test_a_terminal_that_is_stopped_keeps_nobody_from_leaving(line):
    before = termios.tcgetattr(line[1])
    termios.tcflow(line[1], termios.TCOOFF)
    assert not guard.put_back(line[1], before, sequences=True)
    termios.tcflow(line[1], termios.TCOON)
    assert guard.put_back(line[1], before, sequences=True)


def test_a_terminal_that_is_gone_is_no_error():
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    os.close(master)
    assert guard.put_back(slave, before, sequences=True)
    os.close(slave)
