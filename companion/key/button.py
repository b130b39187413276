"""A push button and a light on the pins of a Raspberry Pi, through gpiozero."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any

from companion.errors import DeviceError, install
from companion.events import (
    Answered,
    Idle,
    Listening,
    NothingHeard,
    Ready,
    Speaking,
    Thinking,
    Undone,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.events import Event

BOUNCE_SECONDS = 0.02
"""A contact chatters for a few milliseconds when it closes."""


class Button:
    """A button between a pin and ground: down while it is pressed.

    Args:
        pin: The pin, as gpiozero names it: "17", "GPIO17" or "BOARD11".
        press: Called when it goes down, in a thread of gpiozero's.
        release: Called when it comes up.

    Raises:
        DeviceError: There is no gpiozero, or no such pin.
    """

    def __init__(self, pin: str, press: Callable[[], None], release: Callable[[], None]) -> None:
        self._button = _on_pin("Button", pin, bounce_time=BOUNCE_SECONDS)
        self._button.when_pressed = press
        self._button.when_released = release

    def close(self) -> None:
        """Give the pin back."""
        self._button.close()


class Light:
    """A light that is on while it listens, flickers while it thinks and breathes while it speaks.

    Args:
        pin: The pin, as for `Button`.

    Raises:
        DeviceError: There is no gpiozero, or no such pin.
    """

    def __init__(self, pin: str) -> None:
        self._led = _on_pin("LED", pin)
        self._state: type | None = None
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        """Show an event; may be called from any thread."""
        with self._lock:
            if type(event) is self._state:
                return
            match event:
                case Listening():
                    self._led.on()
                case Thinking():
                    self._led.blink(0.1, 0.1)
                case Speaking():
                    self._led.blink(0.5, 0.5)
                case Answered() | NothingHeard() | Idle() | Undone() | Ready():
                    self._led.off()
                case _:
                    return
            self._state = type(event)

    def close(self) -> None:
        """Put it out and give the pin back."""
        self._led.close()


def _on_pin(kind: str, pin: str, **options: object) -> Any:  # noqa: ANN401 - gpiozero has no types
    try:
        import gpiozero
    except ImportError as error:
        raise DeviceError(
            "The pins of this machine need gpiozero, and it is not installed.",
            f"Install it: {install('gpiozero', 'lgpio')}   (on a Raspberry Pi also: apt install "
            "python3-lgpio).",
        ) from error
    number = int(pin) if pin.isdigit() else pin
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each library for pins that is not here says so
            return getattr(gpiozero, kind)(number, **options)
    except gpiozero.GPIOZeroError as error:
        raise DeviceError(
            f"There is no pin {pin} to use here: {error}.",
            "Look at the pins of your board with `pinout`, and at [key] in config.toml.",
        ) from error
