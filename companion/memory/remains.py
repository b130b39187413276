"""Whether words remain in the bytes of files, in any of the forms they are written in.

Reads files; knows nothing of the memory.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LEAST = 6
"""Letters of a word that is looked for alone; shorter ones stand in any large file by chance."""
MOST = 200
"""Words and pairs of words that are looked for."""
BLOCK = 1 << 22
"""Bytes read at once."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Found:
    """A file in which words remain.

    Attributes:
        path: The file.
        count: How many of the words looked for stand in it.
    """

    path: Path
    count: int


def telling(texts: Iterable[str], kept: Iterable[str], most: int = MOST) -> list[str]:
    """What to look for, the longest first: long words; of a text without, pairs of words.

    What also stands in a text that is kept is left out: it may be found.
    """
    rest = "\n".join(kept).casefold()
    known = set(_WORD.findall(rest))
    wanted: set[str] = set()
    for text in texts:
        places = [one.span() for one in _WORD.finditer(text)]
        long = {text[start:end] for start, end in places if end - start >= LEAST}
        pairs = {text[start:end] for (start, _), (_, end) in pairwise(places)}
        wanted |= {one for one in long if one.casefold() not in known} or {*pairs, text.strip()}
    found = (one for one in sorted(wanted, key=lambda one: (-len(one), one)) if len(one) >= LEAST)
    return list(islice((one for one in found if one.casefold() not in rest), most))


def forms(text: str) -> set[bytes]:
    """The text as it may be written: UTF-8, UTF-16, JSON, XML, an address; without accents."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    spelled = {
        *(text, html.escape(text), html.escape(text, quote=False), quote(text)),
        *(json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]),
        *(plain, unicodedata.normalize("NFC", text), bare),
        *(text.lower(), text.upper(), text.casefold()),
        text.encode("ascii", "xmlcharrefreplace").decode(),
    }
    made = {one.encode("utf-8", "replace").lower() for one in spelled}
    # Of ASCII, the one order of bytes is the other without its first: both hold this.
    made |= {one.encode("utf-16-le", "replace")[:-1].lower() for one in spelled}
    return made | {
        one.encode("utf-16-be", "replace").lower() for one in spelled if not one.isascii()
    }


def search(files: Iterable[Path], texts: Iterable[str]) -> list[Found]:
    """The files in which any of `texts` remains, in any form, in large or small letters."""
    needles = {text: forms(text) for text in texts}
    found = []
    for path in files:
        left = dict(needles)
        for block in _blocks(path, max((len(f) for fs in needles.values() for f in fs), default=1)):
            for text in [text for text, each in left.items() if any(f in block for f in each)]:
                del left[text]
        if len(left) < len(needles):
            found.append(Found(path, len(needles) - len(left)))
    return found


def _blocks(path: Path, overlap: int) -> Iterator[bytes]:
    """The bytes of a file in small letters, each block with the end of the one before."""
    tail = b""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield tail + block.lower()
                tail = (tail + block.lower())[-overlap:]
    except FileNotFoundError:
        return
