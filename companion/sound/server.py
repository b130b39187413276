"""The sound server, asked through `pactl`: its devices, and what happens to them.

Works with PulseAudio and PipeWire. Without `pactl`, or with ALSA alone, nobody is asked and
nothing is known. Knows no stream.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from companion.errors import DeviceError

ANSWER_SECONDS = 2.0
"""How long the server may take to answer before it counts as hung."""

_ALIVE_SECONDS = 0.5
_KINDS = {"input": "sources", "output": "sinks"}


@dataclass(frozen=True, slots=True)
class Node:
    """A microphone or loudspeaker as the sound server knows it.

    Attributes:
        kind: "input" or "output".
        name: The server's own name, the same after every plug.
        title: What people call it.
        number: The server's number for it; another after every plug.
        rate: Its own sample rate, in Hz.
        channels: How many it has.
        default: Whether it is taken where none is named.
        muted: Whether it is muted in the server.
        monitor: Whether it is what a loudspeaker plays.
    """

    kind: str
    name: str
    title: str
    number: int
    rate: int
    channels: int
    default: bool
    muted: bool
    monitor: bool


def nodes(kind: str) -> list[Node]:
    """The server's microphones ("input") or loudspeakers ("output"); none where nobody is asked.

    Raises:
        DeviceError: The server hangs.
    """
    rows, info = ask("list", _KINDS[kind]), ask("info")
    if not isinstance(rows, list) or not isinstance(info, dict):
        return []
    default = info.get(f"default_{_KINDS[kind][:-1]}_name")
    return [_node(kind, row, default) for row in rows]


def _node(kind: str, row: dict[str, Any], default: object) -> Node:
    shape = re.search(r"(\d+)ch (\d+)Hz", row.get("sample_specification", ""))
    return Node(
        kind,
        row["name"],
        row.get("description") or row["name"],
        row["index"],
        int(shape[2]) if shape else 48_000,
        int(shape[1]) if shape else 1,
        row["name"] == default,
        bool(row.get("mute")),
        kind == "input" and is_monitor(row),
    )


def is_monitor(row: dict[str, Any]) -> bool:
    """Whether this source is what a loudspeaker plays."""
    kind = row["properties"].get("device.class")
    return kind == "monitor" or bool(row["name"].endswith(".monitor"))


def ask(*words: str) -> list[dict[str, Any]] | dict[str, Any] | None:
    """What the server answers; None where there is none, or it is one that knows no JSON.

    Raises:
        DeviceError: The server hangs.
    """
    pactl = shutil.which("pactl")
    if pactl is None:
        return None
    try:
        done = _run([pactl, "-f", "json", *words], ANSWER_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise DeviceError(
            f"The sound server does not answer ({ANSWER_SECONDS:.0f} s).",
            "Restart PipeWire or PulseAudio; typing works meanwhile.",
        ) from error
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return None
    return found if isinstance(found, list | dict) else None


def hangs(seconds: float = _ALIVE_SECONDS) -> bool:
    """Whether there is a server that does not answer within `seconds`."""
    pactl = shutil.which("pactl")
    if pactl is None:
        return False
    try:
        _run([pactl, "info"], seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        command, env=environment, capture_output=True, check=False, timeout=seconds
    )


class News:
    """What the server tells by itself: devices that come and go, recordings that are moved.

    One child process that waits, which costs nothing as long as nothing happens.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self.heard = False

    @property
    def on(self) -> bool:
        """Whether somebody is there to tell; only when `heard`, too, nothing is missed."""
        return self._child is not None and self._child.poll() is None

    def listen(self) -> None:
        """Begin, unless it is on already or there is nobody to listen to."""
        pactl = shutil.which("pactl")
        if self.on or pactl is None:
            return
        self.close()
        command = [pactl, "subscribe"]
        if setpriv := shutil.which("setpriv"):  # it must not outlive a killed process
            command = [setpriv, "--pdeathsig", "TERM", "--", *command]
        environment = {**os.environ, "LC_ALL": "C"}
        self._child = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def wait(self, seconds: float) -> list[str]:
        """Lines such as "Event 'remove' on source #2", as soon as there are any."""
        if self._child is None or self._child.stdout is None:
            return []
        pipe = self._child.stdout.fileno()
        if not select.select([pipe], [], [], seconds)[0]:
            return []
        more = os.read(pipe, 65_536)
        if not more:  # the server went away
            self.close()
            return []
        self.heard = True
        *lines, self._rest = (self._rest + more).split(b"\n")
        return [line.decode("ascii", "replace") for line in lines]

    def stop(self) -> None:
        """Wake the one that waits, and have nothing more to tell; from any thread."""
        child = self._child
        if child is not None:
            child.terminate()

    def close(self) -> None:
        """End the child; call it in the thread that listened."""
        child, self._child = self._child, None
        self.heard, self._rest = False, b""
        if child is None:
            return
        child.terminate()
        child.wait()
        with suppress(OSError):
            if child.stdout is not None:
                child.stdout.close()
