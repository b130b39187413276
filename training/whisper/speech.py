"""Speaks a sentence with flite or espeak-ng, in process, and says when each phone sounds.

Needs the system libraries of flite and espeak-ng (Debian: `libflite1`, `libespeak-ng1`).
"""

from __future__ import annotations

import ctypes as c
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

FLITE = ("slt", "rms", "kal16", "awb")
ACCENTS = {
    "en-gb": "gmw/en",
    "en-us": "en-us",
    "en-029": "gmw/en-029",
    "en-us-nyc": "gmw/en-US-nyc",
    "en-gb-rp": "gmw/en-GB-x-rp",
    "en-gb-scotland": "gmw/en-GB-scotland",
    "en-gb-lancaster": "gmw/en-GB-x-gbclan",
    "en-gb-west": "gmw/en-GB-x-gbcwmd",
}
_PHONEME, _END = 7, 0


@dataclass(frozen=True, slots=True)
class Utterance:
    """Samples in -1..1, their rate, and (phone, end in seconds) from the first sample on."""

    samples: npt.NDArray[np.float32]
    rate: int
    phones: list[tuple[str, float]]


class _Wave(c.Structure):
    _fields_ = (
        ("type", c.c_char_p),
        ("rate", c.c_int),
        ("length", c.c_int),
        ("channels", c.c_int),
        ("samples", c.POINTER(c.c_short)),
    )


class _Voice(c.Structure):
    _fields_ = (("name", c.c_char_p), ("features", c.c_void_p))


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("milliseconds", c.c_int),
        ("sample", c.c_int),
        ("user", c.c_void_p),
        ("phone", c.c_char * 8),
    )


@cache
def _flite() -> Any:  # noqa: ANN401 - a C library
    lib = c.CDLL("libflite.so.1", mode=c.RTLD_GLOBAL)
    for name in ("libflite_usenglish.so.1", "libflite_cmulex.so.1"):
        c.CDLL(name, mode=c.RTLD_GLOBAL)
    pointer, text = c.c_void_p, c.c_char_p
    for name, result, arguments in (
        ("flite_init", c.c_int, []),
        ("flite_synth_text", pointer, [text, pointer]),
        ("utt_relation", pointer, [pointer, text]),
        ("relation_head", pointer, [pointer]),
        ("item_next", pointer, [pointer]),
        ("item_feat_string", text, [pointer, text]),
        ("item_feat_float", c.c_float, [pointer, text]),
        ("utt_wave", c.POINTER(_Wave), [pointer]),
        ("delete_utterance", None, [pointer]),
        ("feat_set_float", None, [pointer, text, c.c_float]),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    lib.flite_init()
    return lib


@cache
def _flite_voice(name: str) -> Any:  # noqa: ANN401 - a C pointer
    _flite()
    register = getattr(c.CDLL(f"libflite_cmu_us_{name}.so.1"), f"register_cmu_us_{name}")
    register.restype, register.argtypes = c.POINTER(_Voice), [c.c_char_p]
    return register(None)


def flite(text: str, voice: str, stretch: float, pitch: float = 1.0) -> Utterance:
    """Return `text` spoken by a flite voice; `stretch` above 1 is slower, `pitch` above 1 higher."""
    lib, speaker = _flite(), _flite_voice(voice)
    lib.feat_set_float(speaker.contents.features, b"duration_stretch", stretch)
    lib.feat_set_float(speaker.contents.features, b"f0_shift", pitch)
    spoken = lib.flite_synth_text(text.encode(), c.cast(speaker, c.c_void_p))
    wave = lib.utt_wave(spoken).contents
    samples = np.ctypeslib.as_array(wave.samples, (wave.length,)).astype(np.float32) / 32768
    rate = int(wave.rate)  # the wave dies with the utterance
    phones, item = [], lib.relation_head(lib.utt_relation(spoken, b"Segment"))
    while item:
        phones.append(
            (lib.item_feat_string(item, b"name").decode(), lib.item_feat_float(item, b"end"))
        )
        item = lib.item_next(item)
    lib.delete_utterance(spoken)
    return Utterance(samples, rate, phones)


@cache
def _espeak() -> tuple[Any, int, list[Any], list[tuple[str, float]], Any]:
    lib = c.CDLL("libespeak-ng.so.1")
    rate = lib.espeak_Initialize(2, 0, None, 1)
    heard: list[Any] = []
    starts: list[tuple[str, float]] = []

    def collect(samples: Any, count: int, events: Any) -> int:  # noqa: ANN401 - called from C
        if count:
            heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _END:
            if events[index].type == _PHONEME:
                starts.append(
                    (
                        events[index].phone.decode(errors="replace"),
                        events[index].milliseconds / 1000,
                    )
                )
            index += 1
        return 0

    callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))(collect)
    lib.espeak_SetSynthCallback(callback)
    return lib, rate, heard, starts, callback


def espeak(text: str, voice: str, words_per_minute: int, pitch: int) -> Utterance:
    """Return `text` spoken by espeak-ng; `pitch` is 0..99, 50 is normal."""
    lib, rate, heard, starts, _ = _espeak()
    heard.clear()
    starts.clear()
    # the library knows most accents by their files only
    accent, _, variant = voice.partition("+")
    name = ACCENTS[accent] + (f"+{variant}" if variant else "")
    if lib.espeak_SetVoiceByName(name.encode()) != 0:
        message = f"espeak-ng has no voice {voice}"
        raise ValueError(message)
    lib.espeak_SetParameter(1, words_per_minute, 0)
    lib.espeak_SetParameter(3, pitch, 0)
    said = text.encode() + b"\0"
    lib.espeak_Synth(said, len(said), 0, 1, 0, 1, None, None)
    lib.espeak_Synchronize()
    samples = np.concatenate(heard).astype(np.float32) / 32768
    ends = [start for _, start in starts[1:]] + [len(samples) / rate]
    first = starts[0][1]
    phones = [("", first)] + [(name, end) for (name, _), end in zip(starts, ends, strict=True)]
    return Utterance(samples, rate, phones)
