"""Whether words remain in the bytes of files, in any of the forms they are written in.

Reads files; knows nothing of the memory.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

from companion.memory.forget.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LEAST = 6
"""Letters of a word that is looked for alone; shorter ones stand in any large file by chance."""
BLOCK = 1 << 22
"""Bytes read at once."""
_WORD = re.compile(r"\w+")
_LONG = re.compile(rf"\w{{{LEAST},}}")


@dataclass(frozen=True, slots=True)
class Found:
    """A file in which words remain.

    Attributes:
        path: The file.
        count: How many of the words looked for stand in it.
    """

    path: Path
    count: int


def telling(texts: Iterable[str], kept: Iterable[str]) -> list[str]:
    """What to look for, the longest first: long words; of a text without, pairs of words.

    What also stands in a text that is kept is left out: it may be found.
    """
    rest = "\n".join(kept).casefold()
    known = set(_LONG.findall(rest))
    wanted: set[str] = set()
    for text in texts:
        places = [one.span() for one in _WORD.finditer(text)]
        long = {text[start:end] for start, end in places if end - start >= LEAST}
        pairs = {text[start:end] for (start, _), (_, end) in pairwise(places)}
        wanted |= {one for one in long if one.casefold() not in known} or {*pairs, text.strip()}
    folded = {one: _bytes(one.casefold()) for one in wanted if len(one) >= LEAST}
    there = Sieve(folded.values()).found(_bytes(rest))
    return sorted((one for one in folded if folded[one] not in there), key=_longest_first)


def _longest_first(text: str) -> tuple[int, str]:
    return -len(text), text


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


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
    made |= {one.encode("utf-16-be", "replace").lower() for one in spelled if not one.isascii()}
    return made - {b""}  # accents alone, without them


def search(files: Iterable[Path], texts: Iterable[str]) -> list[Found]:
    """The files in which any of `texts` remains, in any form, in large or small letters."""
    owners: dict[bytes, list[str]] = {}
    for text in set(texts):
        for form in forms(text):
            owners.setdefault(form, []).append(text)
    sieve = Sieve(owners)
    found = []
    for path in files if owners else ():
        there: set[bytes] = set()
        for block in _blocks(path, sieve.longest):
            there |= sieve.found(block)
        if there:
            found.append(Found(path, len({text for form in there for text in owners[form]})))
    return found


def _blocks(path: Path, overlap: int) -> Iterator[bytes]:
    """The bytes of a file in small letters, each block with the end of the one before."""
    tail = b""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                whole = tail + block.lower()
                yield whole
                tail = whole[-overlap:]
    except FileNotFoundError:
        return
