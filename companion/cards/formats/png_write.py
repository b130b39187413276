"""Cards written into pictures: the texts of the card go in, every other chunk stays byte for byte.

No pixel is decoded, so that an animation, a colour profile and the picture itself stay as they are.
"""

from __future__ import annotations

import base64
import struct
import zlib

from companion.cards.formats.png import KEYWORDS, SIGNATURE, chunks, keyword, payload
from companion.errors import CardError

_ASSET = "chara-ext-asset_"
_BLANK = (400, 600)
"""Width and height of the picture of a character that has none, in pixels."""


def written(picture: bytes, cards: dict[str, bytes]) -> bytes:
    """A picture with these cards in it, and no others.

    A picture that was cut, or stops making sense, stays as it is from there on; the cards then
    stand before its pixels, where they are still found.

    Args:
        picture: A PNG or APNG file; what stands after its end is left out.
        cards: JSON by keyword, `chara` and `ccv3`.
    """
    found = list(chunks(picture))
    kept = [c for c in found if c.kind != b"IEND" and keyword(c) not in KEYWORDS]
    closed = bool(found) and found[-1].kind == b"IEND"
    rest = b"" if closed else picture[found[-1].end if found else len(SIGNATURE) :]
    parts = [picture[chunk.at : chunk.end] for chunk in kept]
    pixels = [n for n, chunk in enumerate(kept) if chunk.kind == b"IDAT"] if rest else []
    at = pixels[0] if pixels else len(parts)
    parts[at:at] = [
        _chunk(b"tEXt", word.encode() + b"\0" + base64.b64encode(text))
        for word, text in cards.items()
    ]
    return b"".join([SIGNATURE, *parts, rest or _chunk(b"IEND", b"")])


def assets(picture: bytes, name: str) -> dict[str, bytes]:
    """The files that older programs kept in chunks of their own, by their paths."""
    found: dict[str, bytes] = {}
    for chunk in chunks(picture):
        word = chunk.data.partition(b"\0")[0].decode("latin-1") if chunk.data else ""
        if word.startswith(_ASSET):
            path = word.removeprefix(_ASSET).removeprefix(":")  # some wrote it without the colon
            try:
                found[path] = payload(chunk, name)
            except CardError:
                continue  # a picture of the card that cannot be read is no reason to lose the card
    return found


def blank() -> bytes:
    """A plain picture, for a character that has none."""
    width, height = _BLANK
    row = b"\0" + bytes(range(0x30, 0x33)) * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(row * height, 9)
    return b"".join(
        [SIGNATURE, _chunk(b"IHDR", head), _chunk(b"IDAT", pixels), _chunk(b"IEND", b"")]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
