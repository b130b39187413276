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
        inside.initialize, inside.set_voice = _once(inside.initialize, inside.set_voice)


def _once(
    begin: Callable[[str], None], tell: Callable[[str], None]
) -> tuple[Callable[[str], None], Callable[[str], None]]:
    """Both calls; the second does nothing for the voice it was last made with."""
    last = ""

    @wraps(begin)
    def begun(data: str) -> None:
        nonlocal last
        last = ""  # it reads its sounds anew, and the voice still points to those before
        begin(data)

    @wraps(tell)
    def told(voice: str) -> None:
        nonlocal last
        if voice != last:
            last = ""  # where espeak refuses, nobody knows which voice it has
            tell(voice)
            last = voice

    return begun, told
