import threading
import time

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from companion.errors import DeviceError
from companion.events import Answered, Idle, Listening, Notice, Speaking, Thinking
from companion.key.button import Button, Light


@pytest.fixture
def pins():
    before = gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory = factory = MockFactory()
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = before


def test_a_button_is_held_from_press_to_release(pins):
    told = []
    button = Button("17", lambda: told.append("press"), lambda: told.append("release"))
    pins.pin(17).drive_low()
    assert told == ["press"]
    pins.pin(17).drive_high()
    assert told == ["press", "release"]
    button.close()


def test_a_pin_can_be_named_as_on_the_board(pins):
    told = []
    button = Button("BOARD11", lambda: told.append("press"), lambda: None)
    pins.pin(17).drive_low()
    assert told == ["press"]
    button.close()


@pytest.fixture
def light(pins):
    made = Light("27")
    yield made, pins.pin(27)
    made.close()


def test_the_light_is_on_while_it_listens(light):
    light[0].tell(Listening())
    assert light[1].state
    light[0].tell(Answered("Hi.", True, {}))
    assert not light[1].state


@pytest.mark.parametrize("event", [Thinking(1.0), Speaking("Good evening")])
def test_the_light_blinks_while_it_works(light, event):
    light[1].clear_states()
    light[0].tell(event)
    end = time.monotonic() + 10
    while len(light[1].states) < 4:
        assert time.monotonic() < end
        threading.Event().wait(0.02)
    light[0].tell(Answered("Hi.", True, {}))
    assert not light[1].state


def test_the_light_goes_out_when_a_turn_ends_without_a_reply(light):
    light[0].tell(Listening())
    light[0].tell(Idle())
    assert not light[1].state


def test_a_notice_changes_nothing(light):
    light[0].tell(Listening())
    light[0].tell(Notice("The disk is full."))
    assert light[1].state


@pytest.mark.parametrize("pin", ["99", "GPIO99", "nonsense"])
def test_a_pin_that_is_not_there_is_said_with_its_name(pins, pin):
    with pytest.raises(DeviceError, match=pin):
        Button(pin, print, print)


def test_a_machine_without_pins_says_so(monkeypatch):
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "")
    with pytest.raises(DeviceError, match="pinout"):
        Light("27")
