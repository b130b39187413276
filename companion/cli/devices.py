"""`companion devices`: microphones and loudspeakers."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.sound.mic import Microphone
    from companion.sound.speaker import Speaker
    from companion.values import Recording

app = typer.Typer(help="Microphones and loudspeakers.", no_args_is_help=True)


@app.callback()
def room() -> None:
    """Microphones and loudspeakers."""


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """The devices that can be used; * marks the system's choice."""
    from companion.sound.device import list_devices

    devices = list_devices()
    if as_json:
        rows = [
            {
                "name": d.name,
                "kind": d.kind,
                "rate": d.rate,
                "channels": d.channels,
                "default": d.default,
                "api": d.api,
                "node": d.node,
            }
            for d in devices
        ]
        show_json({"devices": rows})
        return
    for d in devices:
        mark = "*" if d.default else " "
        kind = "microphone" if d.kind == "input" else "loudspeaker"
        show(f"{mark} {kind:<11}  {d.title}  ({d.rate} Hz, {d.channels} channels, {d.api})")
    if not devices:
        SHELL.say("No sound device found. `companion talk --text` works without one.")


@app.command("test")
def try_out(
    microphone: Annotated[str, typer.Option(help="Name or part of it.", metavar="NAME")] = "",
    loudspeaker: Annotated[str, typer.Option(help="Name or part of it.", metavar="NAME")] = "",
    seconds: Annotated[float, typer.Option(help="How long to record.", min=0.5, max=60)] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Speak, see your level, hear yourself; and how long sound takes once around."""
    from companion.sound.loop import round_trip
    from companion.sound.mic import Microphone
    from companion.sound.speaker import Speaker

    audio = SHELL.settings().audio
    ear = Microphone(microphone or audio.microphone or None, pre_roll=0)
    with closing(ear), closing(Speaker(loudspeaker or audio.loudspeaker or None)) as mouth:
        ear.open()
        SHELL.say(f"Microphone:  {_opened(ear)}")
        SHELL.say(f"Loudspeaker: {mouth.device.title if mouth.device else ''}, {mouth.rate} Hz")
        recording = _recorded(ear, seconds)
        found = {"microphone": _judged(ear, recording)}
        SHELL.say("Now you hear what was recorded …")
        _played(mouth, recording)
        loop = round_trip(ear, mouth)
        found["loudspeaker"] = {
            "name": mouth.device.title if mouth.device else "",
            "rate": mouth.rate,
            "underflows": mouth.underflows,
        }
    if as_json:
        show_json({**found, "loop_ms": None if loop is None else round(1000 * loop)})
    else:
        _tell(found, loop)


def _opened(ear: Microphone) -> str:
    inlet = ear.inlet
    if inlet is None:
        return "lost"
    channels = "1 channel" if inlet.channels == 1 else f"{inlet.channels} channels"
    return f"{inlet.device.title}, {inlet.ring.rate} Hz, {channels}"


def _recorded(ear: Microphone, seconds: float) -> Recording:
    """Some seconds from the microphone, with a level meter where somebody watches."""
    from companion.sound.meter import bar

    SHELL.say(f"Speak for {seconds:g} seconds …")
    ear.press()
    watched = sys.stderr.isatty() and not SHELL.quiet
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if watched:
            print(f"\r{bar(ear.level_db)} {ear.level_db:4.0f} dB ", end="", file=sys.stderr)
            sys.stderr.flush()
        time.sleep(min(0.05, left))
    if watched:
        print("\r\x1b[K", end="", file=sys.stderr)
    return ear.release()


def _judged(ear: Microphone, recording: Recording) -> dict[str, Any]:
    """What the recording says about the microphone."""
    from companion.sound.meter import faults, measure

    figures = measure(recording)
    return {
        "name": ear.name,
        "rate": ear.inlet.ring.rate if ear.inlet else 0,
        "channels": ear.inlet.channels if ear.inlet else 0,
        "seconds": round(recording.seconds, 2),
        "level_db": round(figures.level_db, 1),
        "clipped": round(figures.clipped, 4),
        "offset": round(figures.offset, 3),
        "overflows": ear.overflows,
        "faults": list(faults(figures, muted=ear.muted).values()),
    }


def _played(mouth: Speaker, recording: Recording) -> None:
    from companion.values import SPEECH_RATE

    mouth.cue(recording.samples, SPEECH_RATE)


def _tell(found: dict[str, Any], loop: float | None) -> None:
    ear, mouth = found["microphone"], found["loudspeaker"]
    show(f"Loudest moment: {ear['level_db']:.0f} dB of full scale.")
    for fault in ear["faults"]:
        show(f"! {fault}")
    lost = (
        f"{ear['overflows']} times lost on the way in, {mouth['underflows']} times on the way out"
    )
    show(f"Sound: {lost}.")
    if loop is None:
        show("Once around: the microphone did not hear the loudspeaker (headphones? volume?).")
    else:
        show(f"Once around, loudspeaker to microphone: {1000 * loop:.0f} ms.")
