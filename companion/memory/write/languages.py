"""The languages in which memories are written, and which of them a text is in."""

# ruff: noqa: SIM905  (lists of words are read as text)

from __future__ import annotations

import re

from companion.memory.write.english import ENGLISH
from companion.memory.write.german import GERMAN

LANGUAGES = {one.code: one for one in (ENGLISH, GERMAN)}
_TELLING = {
    "de": frozenset(
        """
        ich bin habe mein meine nicht und der die das ist ein eine den mir mich dich du wir wohne
        heiße am nach mit für zu auf im kein keine sie er es dass wie wo was wenn erinnere merk
        heißt liebe mag daran nenn seine ihre wohnt arbeitet arbeite unser unsere gestern morgen
        zwei nein
        """.split()
    ),
    "en": frozenset(
        """
        i i'm am my the is a an and not to of me you we on have has it that what where was for
        with i've don't remember love like
        """.split()
    ),
}


def language_of(text: str) -> str:
    """Code of the language a text is in; English where nothing tells."""
    words = re.findall(r"[^\W\d_]+(?:'\w+)?", text.lower().replace("\u2019", "'"))
    counts = {code: sum(word in telling for word in words) for code, telling in _TELLING.items()}
    counts["de"] += bool(re.search("[äöüß]", text.lower()))
    return "de" if counts["de"] > counts["en"] else "en"
