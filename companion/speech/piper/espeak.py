"""espeak is told of its voice once, and not with every clause, as Piper does.

It copies what it is told for a synthesiser that Piper never starts, and keeps each copy: 1.4 KB a
clause, half a megabyte in a hundred turns (its `DoVoiceChange`; echogarden-project/echogarden#64).
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def told_once() -> None:
    """From now on Piper changes espeak's voice only for another one; safe to repeat."""
    from piper import espeakbridge

    inside: Any = espeakbridge
    if not hasattr(inside.set_voice, "__wrapped__"):
        inside.set_voice = _for_another(inside.set_voice)


def _for_another(tell: Callable[[str], None]) -> Callable[[str], None]:
    """The same call, which does nothing for the voice it was last made with."""
    last = ""

    @wraps(tell)
    def told(voice: str) -> None:
        nonlocal last
        if voice != last:
            last = ""  # where espeak refuses, nobody knows which voice it has
            tell(voice)
            last = voice

    return told
