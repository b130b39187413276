"""Microphones and loudspeakers: which there are, and opening one as it is.

A device is known by its name and its host API, never by its number, which changes with every
plug. Knows nothing of what is recorded or played.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from companion.errors import DeviceError
from companion.sound.clib import before_portaudio
from companion.sound.lane import Lane, leave_before_portaudio
from companion.sound.server import hangs, nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.sound.server import Node

T = TypeVar("T")
Kind = Literal["input", "output"]

OPEN_SECONDS = 5.0
"""How long opening may take before the sound server counts as hung."""

_NAMES = {"input": "microphone", "output": "loudspeaker"}
_RATES = (48_000, 44_100)
_MOST_CHANNELS = 2
_WAY_TO_SERVER = "pulse"
_SERVER = "sound server"
_CHOICE = {"input": "PULSE_SOURCE", "output": "PULSE_SINK"}

_WORDS = {
    -9985: "another program uses it",
    -9993: "it is gone",
    -9996: "it is gone",
    -9997: "it refused this sample rate",
    -9998: "it refused this number of channels",
}
"""What PortAudio's codes mean for whoever plugs and unplugs."""

# PortAudio keeps its streams in one list without a lock.
_portaudio = threading.Lock()
_open_streams = 0


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone or a loudspeaker.

    Attributes:
        kind: "input" for a microphone, "output" for a loudspeaker.
        rate: Its own sample rate, in Hz.
        channels: How many it has.
        default: Whether it is taken where none is named.
        api: The host API it belongs to, such as "ALSA".
        index: PortAudio's number for it, good until the devices are looked for again.
        node: The sound server's own name for it; "" for one that PortAudio knows by itself.
        number: The sound server's number for it, another after every plug; -1 for the others.
    """

    name: str
    kind: Kind
    rate: int
    channels: int
    default: bool
    api: str
    index: int
    node: str = ""
    number: int = -1

    @property
    def title(self) -> str:
        """Its name, and the server's name for it where that tells more."""
        return f"{self.name} ({self.node})" if self.node else self.name

    def is_same(self, other: Device) -> bool:
        """Whether it is the same one, also after it was unplugged and plugged in again."""
        names = [
            (device.kind, device.api, device.node or _stable(device)) for device in (self, other)
        ]
        return names[0] == names[1]


@dataclass(slots=True)
class Stream:
    """An open stream, with the rate and channels that the device took."""

    stream: Any  # sounddevice has no types
    rate: int
    channels: int

    def close(self) -> None:
        """Close it. Call it in the thread that opened it."""
        global _open_streams  # noqa: PLW0603 - PortAudio's own state is global too
        with _portaudio:
            _open_streams -= 1
            self.stream.close()


def list_devices() -> tuple[Device, ...]:
    """Every microphone and loudspeaker there is now, those that the sound server names first.

    Raises:
        DeviceError: PortAudio is missing, or the sound server hangs.
    """
    if hangs(1.0):  # PortAudio would not come back, and keep stderr to itself as long as it begins
        raise DeviceError(
            "The sound server does not answer.",
            "Restart PipeWire or PulseAudio; typing works meanwhile.",
        )
    seen = _in_time(lambda: _devices(refresh=True))
    return (*_served(seen), *seen)


def find_device(kind: Kind, name: str | None = None) -> Device:
    """The device of that name (or the one that has `name` in its title), or the default one.

    Raises:
        DeviceError: There is none, or more than one; the message names those there are.
    """
    return find_devices(kind, name)[0]


def find_devices(kind: Kind, name: str | None = None) -> list[Device]:
    """The same, and where none is named, the ways to the default one, best first.

    Raises:
        DeviceError: As `find_device`.
    """
    devices = [device for device in list_devices() if device.kind == kind]
    if name is None:
        found = [device for device in devices if device.default] or devices[:1]
        if found:
            return found
    else:
        found = [device for device in devices if name in (device.name, device.node)] or [
            device for device in devices if name.casefold() in device.title.casefold()
        ]
        if len({device.title for device in found}) == 1:
            return found[:1]
    raise _not_found(kind, name, found or devices)


def first_that_opens(devices: list[Device], use: Callable[[Device], T]) -> T:
    """What `use` makes of the first device that it can be made of.

    Raises:
        DeviceError: Of none; the first device's error.
    """
    try:
        return use(devices[0])
    except DeviceError:
        for device in devices[1:]:
            with suppress(DeviceError):
                return use(device)
        raise


def _not_found(kind: Kind, name: str | None, seen: list[Device]) -> DeviceError:
    names = ", ".join(repr(device.title) for device in seen) or "none"
    wanted = f"No {_NAMES[kind]}" + (f" is the one called {name!r}" if name else " was found")
    return DeviceError(
        f"{wanted}. Seen: {names}.",
        "One that another program uses may not be seen. See `companion devices list`; typing works "
        "without.",
    )


def open_device(device: Device, make: Callable[[Any, int, int], Any]) -> Stream:
    """Open a device at its own rate and channels, or the next best that it takes.

    Call it in the thread that is to own the stream.

    Args:
        device: As found just before.
        make: Gets the sounddevice module, a rate and a number of channels; returns a stream.

    Raises:
        DeviceError: It took none of them.
    """
    global _open_streams  # noqa: PLW0603 - PortAudio's own state is global too
    sounddevice = _sounddevice()
    refused: list[str] = []
    for rate in dict.fromkeys((device.rate, *_RATES)):
        for channels in dict.fromkeys((min(device.channels, _MOST_CHANNELS), 1, device.channels)):
            try:
                with _portaudio, _chosen(device):
                    stream = make(sounddevice, rate, channels)
                    _open_streams += 1
            except sounddevice.PortAudioError as error:
                refused.append(_told(error))
            else:
                return Stream(stream, rate, channels)
    raise DeviceError(
        f"The {_NAMES[device.kind]} {device.name!r} could not be opened at {device.rate}, "
        f"48000 or 44100 Hz ({refused[0]}).",
        "Close other programs that use it, or name another: `companion devices list`.",
    )


@contextmanager
def _chosen(device: Device) -> Iterator[None]:
    """Have the sound server take this device and no other for a stream that is opened inside.

    Its client library reads the choice from the environment, once for each stream.
    """
    name = _CHOICE[device.kind]
    before = os.environ.get(name)
    if device.node:
        os.environ[name] = device.node
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


@contextmanager
def device_errors(kind: Kind) -> Iterator[None]:
    """Turn PortAudio's errors into ours."""
    sounddevice = _sounddevice()
    try:
        yield
    except sounddevice.PortAudioError as error:
        raise DeviceError(
            f"The {_NAMES[kind]} was lost ({_told(error)}).", "Plug it in again, or type."
        ) from error


def _told(error: Any) -> str:  # noqa: ANN401 - sounddevice has no types
    """What PortAudio said, in words and without its code."""
    words, code, host = (*error.args, None, None)[:3]
    if code in _WORDS:
        return _WORDS[code]
    if host:  # (host API, its code, its words)
        return f"the sound system says: {host[2]}"
    return str(words).removeprefix("Error opening ").split(" [PaErrorCode")[0]


def _in_time(work: Callable[[], tuple[Device, ...]]) -> tuple[Device, ...]:
    lane = Lane("sound devices")
    try:
        return lane.call(work, OPEN_SECONDS)
    finally:
        lane.close()


def _devices(*, refresh: bool) -> tuple[Device, ...]:
    sounddevice = _sounddevice()
    with _portaudio:
        if refresh and not _open_streams:  # looking again ends every stream
            sounddevice._terminate()  # noqa: SLF001 - the only way to see a new device
            sounddevice._initialize()  # noqa: SLF001
        apis = sounddevice.query_hostapis()
        return tuple(
            _device(row, kind, apis[row["hostapi"]])
            for row in sounddevice.query_devices()
            for kind in _NAMES
            if row[f"max_{kind}_channels"] > 0
        )


def _served(seen: tuple[Device, ...]) -> Iterator[Device]:
    """The sound server's own devices, which PortAudio reaches through the one called "pulse"."""
    for way in seen:
        if way.name == _WAY_TO_SERVER:
            chosen = os.environ.get(_CHOICE[way.kind])
            for node in nodes(way.kind):
                if not node.monitor:
                    yield _through(way, node, default=_is_default(node, chosen))


def _is_default(node: Node, chosen: str | None) -> bool:
    return node.name == chosen if chosen else node.default


def _through(way: Device, node: Node, *, default: bool) -> Device:
    return Device(
        name=node.title,
        kind=way.kind,
        rate=node.rate,
        channels=node.channels,
        default=default,
        api=_SERVER,
        index=way.index,
        node=node.name,
        number=node.number,
    )


def _stable(device: Device) -> str:
    """Its name without the number of its card, which changes with every plug."""
    return re.sub(r"\s*\(hw:\d+,\d+\)", "", device.name)


def _device(row: Any, kind: Any, api: Any) -> Device:  # noqa: ANN401 - sounddevice has no types
    return Device(
        name=row["name"],
        kind=kind,
        rate=round(row["default_samplerate"]),
        channels=row[f"max_{kind}_channels"],
        default=api[f"default_{kind}_device"] == row["index"],
        api=api["name"],
        index=row["index"],
    )


def _sounddevice() -> Any:  # noqa: ANN401 - sounddevice has no types
    before_portaudio()
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(
            "PortAudio is missing, without which there is no sound.",
            "Type: sudo apt-get install libportaudio2",
        ) from error
    leave_before_portaudio()
    return sounddevice
