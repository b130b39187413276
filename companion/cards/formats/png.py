"""Cards inside pictures: PNG and APNG text chunks, walked without decoding a pixel.

Reads `ccv3` before `chara`, in tEXt, zTXt and iTXt, in any case and after the picture too. Every
length in the file is checked against the file before it is believed.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.cards.formats import json
from companion.cards.formats.tree import TEXT_LIMIT, Repair, Tree, too_large
from companion.errors import CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORDS = ("ccv3", "chara")
"""The newer form first."""

_HEAD = struct.Struct(">I4s")
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_PACKED_LIMIT = TEXT_LIMIT * 4 // 3 + 1024  # base64 makes four characters of three bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: where in the file it starts and ends, and whether its checksum is right."""

    kind: bytes
    data: bytes
    at: int
    end: int
    whole: bool


def read(data: bytes, name: str) -> Tree:
    """Read the card out of a picture.

    Raises:
        CardError: The picture carries no card, or what it carries cannot be read.
    """
    found: dict[str, list[Chunk]] = {word: [] for word in KEYWORDS}
    end = len(SIGNATURE)
    closed = False
    for chunk in chunks(data):
        end = chunk.end
        closed = chunk.kind == b"IEND"
        word = keyword(chunk)
        if word in found:
            found[word].append(chunk)
    candidates = [(word, chunk) for word in KEYWORDS for chunk in found[word]]
    if not candidates:
        raise _nothing(name, end, closed=closed)
    return _first_good(candidates, name)


def chunks(data: bytes) -> Iterator[Chunk]:
    """Chunks up to the end of the picture, or up to where the file stops making sense."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = _HEAD.unpack_from(data, at)
        if at + 12 + length > len(data) or not kind.isalpha():
            return
        believed = min(length, _PACKED_LIMIT + 200)  # more is refused, and need not be copied
        body = data[at + 8 : at + 8 + believed] if kind in _TEXTS else b""
        (written,) = struct.unpack_from(">I", data, at + 8 + length)
        whole = len(body) < length or zlib.crc32(body, zlib.crc32(kind)) == written
        yield Chunk(kind, body, at, at + 12 + length, whole)
        if kind == b"IEND":
            return
        at += 12 + length


def keyword(chunk: Chunk) -> str:
    """The chunk's keyword in lower case; empty for what carries no text."""
    word, zero, _ = chunk.data[:80].partition(b"\0")
    return word.decode("latin-1").lower() if zero else ""


def _nothing(name: str, end: int, *, closed: bool) -> CardError:
    if not closed:
        return CardError(
            f"{name}: damaged at byte {end:,}; the picture ends or stops making sense there, "
            "and no card stands before that.",
            "Download it again.",
            "BAD_PNG",
        )
    return CardError(
        f"{name}: this picture carries no character data (no 'chara' or 'ccv3' text).",
        "Export it again from where it was made; many sites strip it from previews.",
        "NO_CARD_DATA",
    )


def _first_good(candidates: list[tuple[str, Chunk]], name: str) -> Tree:
    """The newest card that can be read, with a note on what was passed over."""
    errors: list[CardError] = []
    for word, chunk in candidates:
        try:
            tree = json.read(payload(chunk, name), f"{name} ('{word}')")
        except CardError as error:
            errors.append(_with_damage(error, chunk, name))
            continue
        passed = [
            Repair("NEWER_CARD_BROKEN", "", f"A newer card inside could not be read: {error}")
            for error in errors
        ]
        if not chunk.whole:
            said = f"The checksum of the text at byte {chunk.at:,} is wrong."
            passed.append(Repair("BAD_CRC", "", said))
        others = f"{len(candidates)} cards are inside; '{word}' was used."
        notes = (others,) if len(candidates) > 1 else ()
        return replace(tree, notes=tree.notes + notes, repairs=(*passed, *tree.repairs))
    raise errors[0]


def _with_damage(error: CardError, chunk: Chunk, name: str) -> CardError:
    """The error, or the reason behind it where the chunk's checksum gives one."""
    if chunk.whole:
        return error
    kind = chunk.kind.decode("ascii")
    return CardError(
        f"{name}: damaged at byte {chunk.at:,} (checksum of chunk {kind} is wrong).",
        "Download it again.",
        "BAD_PNG",
    )


def payload(chunk: Chunk, name: str) -> bytes:
    """The JSON text in a chunk, unpacked and decoded."""
    packed, text = _unwrapped(chunk, name)
    if packed:
        text = _inflated(text, name)
    if len(text) > _PACKED_LIMIT:
        raise too_large(name, len(text), _PACKED_LIMIT)
    text = text.strip(b" \t\r\n\0")
    return text if text[:1] in {b"{", b"\xef"} else _unbased(text, name)


def _unwrapped(chunk: Chunk, name: str) -> tuple[bool, bytes]:
    """Whether the text is compressed, and its bytes."""
    _, _, rest = chunk.data.partition(b"\0")
    if chunk.kind == b"tEXt":
        return False, rest
    if chunk.kind == b"zTXt":
        return True, rest[1:]
    parts = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    if len(parts) < 3:  # noqa: PLR2004 - the three named above
        raise CardError(
            f"{name}: damaged at byte {chunk.at:,} (chunk iTXt has no text).",
            "Download it again.",
            "BAD_PNG",
        )
    return rest[:1] == b"\x01", parts[2]


def _inflated(text: bytes, name: str) -> bytes:
    """Decompress, reading no further than the limit."""
    unpacker = zlib.decompressobj()
    try:
        out = unpacker.decompress(text, _PACKED_LIMIT)
    except zlib.error as error:
        raise CardError(
            f"{name}: the compressed card text is damaged.", "Export it again.", "BAD_PNG"
        ) from error
    if unpacker.unconsumed_tail:
        raise CardError(
            f"{name}: the card text unpacks to more than {_PACKED_LIMIT:,} bytes.",
            "That is no character card.",
            "TOO_LARGE",
        )
    return out


def _unbased(text: bytes, name: str) -> bytes:
    """Decode base64 as found in the wild: wrapped, web-safe, unpadded."""
    joined = b"".join(text.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(joined + b"=" * (-len(joined) % 4), validate=True)
    except binascii.Error as error:
        raise CardError(
            f"{name}: the card text is neither JSON nor base64.", "Export it again.", "NOT_JSON"
        ) from error
