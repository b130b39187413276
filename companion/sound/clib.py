"""The C libraries below PortAudio: kept from writing on the screen, and from ending the process.

Knows no devices.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

from companion.errors import DeviceError

_hushed: list[object] = []


def before_portaudio() -> None:
    """Keep ALSA and PortAudio quiet, and see that PortAudio can be imported; may be repeated.

    Raises:
        DeviceError: ALSA is there and knows no default device, not even one that is missing.
    """
    _hush()
    if "sounddevice" not in sys.modules:
        _refuse_empty_alsa()


def _hush() -> None:
    """Keep both from writing over the conversation; their errors reach us anyway."""
    if _hushed:
        return
    _hush_alsa()
    if sys.platform == "linux" and os.isatty(2):
        _hush_portaudio()


def _refuse_empty_alsa() -> None:
    """Where ALSA has no settings, PortAudio ends the process (an assertion in its ALSA part)."""
    alsa = _alsa()
    if alsa is None:
        return
    alsa.snd_config_update()
    found, settings = ctypes.c_void_p(), ctypes.c_void_p.in_dll(alsa, "snd_config")
    if alsa.snd_config_search(settings, b"pcm.default", ctypes.byref(found)) < 0:
        raise DeviceError(
            "ALSA's settings are missing or empty, without which there is no sound.",
            "Type: sudo apt-get install --reinstall libasound2-data",
        )


def _alsa() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libasound.so.2")
    except OSError:
        return None  # not on this system


def _hush_portaudio() -> None:
    """What C libraries print for themselves goes nowhere; Python's own stderr stays."""
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    nowhere = libc.fopen(os.devnull.encode(), b"w")
    with suppress(ValueError):  # a C library that has no such variable
        if nowhere:
            ctypes.c_void_p.in_dll(libc, "stderr").value = nowhere


def _hush_alsa() -> None:
    handler = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
    )(lambda *_: None)
    _hushed.append(handler)  # ALSA keeps the pointer for good
    alsa = _alsa()
    if alsa is not None:
        alsa.snd_lib_error_set_handler(handler)
