"""What a terminal sends, as keys: presses, and releases where it speaks kitty's protocol.

Pure: bytes in, keys out. The protocol: https://sw.kovidgoyal.net/kitty/keyboard-protocol/
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Phase: TypeAlias = Literal["press", "repeat", "release", "away"]

FLAGS = 0b11111
"""What is asked of the protocol: no ambiguous codes, phases, other layouts, every key, its text."""
NEEDED = 0b01010
"""Phases of every key: without these a release of Space is not told."""
NO_PROTOCOL = -1
"""In place of flags: the terminal does not know kitty's protocol."""

ASK = "\x1b[?u\x1b[c"
"""Which flags are set, and what are you: every terminal answers the second question at least."""
_ANSWER = re.compile(r"(?:\x1b\[\?(?P<flags>\d{1,4})u)?\x1b\[\?[\d;]*c")

_TOKEN = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|\x1b[^\x1b\[O]|\x1b|[^\x1b]", re.DOTALL)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,200}[ -/]*|O)?$")
_CODE = re.compile(r"\x1b\[([\d:;]{1,200})u$")
_NAMED = {9: "\t", 13: "\r", 27: "\x1b", 57414: "\r"}  # the last is Enter of the number pad
_PRIVATE = range(57344, 63744)  # keys without a character of their own: Shift, F13, Play …
_LAST = 0x10FFFF
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz\\")
_SHIFT, _ALT, _CONTROL, _MORE = 1, 2, 4, 8 | 16 | 32


@dataclass(frozen=True, slots=True)
class Key:
    r"""One thing that happened to a key.

    Attributes:
        text: What the key types, or its control character ("\r", "\x7f", "\x1b", Ctrl-C "\x03");
            "" for a key that types nothing.
        phase: A terminal without kitty's protocol tells presses only; a repeat looks like one.
            "away" is no key: another window is in front, so no release will be told.
    """

    text: str
    phase: Phase = "press"


class Codes:
    """Reads what a terminal sends, in pieces of any size."""

    def __init__(self) -> None:
        self.phases = False
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, raw: bytes) -> Iterator[Key]:
        """The keys in what came; the rest of an unfinished one is kept."""
        text = self._rest + self._utf8.decode(raw)
        self._rest = ""
        unfinished = _UNFINISHED.search(text)
        if unfinished and (self.phases or unfinished[0] != "\x1b"):  # else it is the key Escape
            self._rest = unfinished[0]
            text = text[: unfinished.start()]
        for piece in _TOKEN.findall(text):
            if (key := _key(piece)) is not None:
                yield key

    def answer(self, raw: bytes) -> int | None:
        """The flags that a terminal says are set; None while it has not said.

        `NO_PROTOCOL` is for one that knows none.
        What was typed meanwhile is kept for `feed`.
        """
        self._rest += self._utf8.decode(raw)
        found = _ANSWER.search(self._rest)
        if found is None:
            return None
        self._rest = self._rest[: found.start()] + self._rest[found.end() :]
        return NO_PROTOCOL if found["flags"] is None else int(found["flags"])


def _key(piece: str) -> Key | None:
    """One piece as a key; None for what is an answer, or news of no use."""
    if not piece.startswith("\x1b") or piece == "\x1b":
        return Key(piece)
    if piece == "\x1b[O":
        return Key("", "away")
    if piece == "\x1b[I" or piece[2:3] in ("?", "<", ">", "="):
        return None
    if found := _CODE.match(piece):
        return _from_code(found[1])
    phase = re.search(r";\d*:(\d)[A-Z~]$", piece)
    return Key("", _phase(phase[1] if phase else ""))


def _from_code(numbers: str) -> Key:
    """`code:shifted:base ; modifiers:phase ; text`, each part after the first may be missing."""
    codes, modifiers, written = [*numbers.split(";"), "", ""][:3]
    code, shifted, base = [*codes.split(":"), "", ""][:3]
    bits, _, phase = modifiers.partition(":")
    held = max(int(bits or 1) - 1, 0)
    if held & _CONTROL and not held & _ALT:  # both together are how some terminals tell AltGr
        text = _control(int(base or code or 0))
    elif written:
        text = "".join(_character(number) for number in written.split(":"))
    elif held & (_ALT | _MORE):
        text = ""
    else:
        text = _character(shifted if shifted and held & _SHIFT else code)
    return Key(text, _phase(phase))


def _phase(number: str) -> Phase:
    phases: dict[str, Phase] = {"2": "repeat", "3": "release"}
    return phases.get(number, "press")


def _control(code: int) -> str:
    """What Ctrl and a letter send in any other terminal."""
    return chr(code & 0x1F) if chr(min(code, _LAST)).lower() in _LETTERS else ""


def _character(number: str) -> str:
    code = int(number or 0)
    if code in _NAMED:
        return _NAMED[code]
    return "" if code in _PRIVATE or not 0 < code <= _LAST else chr(code)
