"""Card files made by hand, and a reader of pictures that shares no line with ours."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib

from companion.cards.formats import png

V2 = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Ada",
        "description": "é 日本 {{char}}",
        "personality": "",
        "scenario": "",
        "first_mes": "Hello.",
        "mes_example": "",
        "creator_notes": "n",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": ["Hi"],
        "tags": ["t"],
        "creator": "c",
        "character_version": "1",
        "extensions": {"zoo/x": {"deep": [1, 2.5, None, True, {"a": "b"}]}},
        "z_unknown": {"kept": [0]},
    },
    "a_root_key": [{"kept": "too"}],
}
V3 = {
    **V2,
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        **V2["data"],
        "group_only_greetings": [],
        "nickname": "Countess",
        "character_book": {
            "name": "b",
            "extensions": {},
            "entries": [
                {
                    "keys": ["sea"],
                    "content": "@@depth 2\n@@role user\n@@activate\nThe sea is near.",
                    "extensions": {"x": 1},
                    "enabled": True,
                    "insertion_order": 5,
                    "use_regex": False,
                }
            ],
        },
    },
}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text(word: bytes, card: object, kind: bytes = b"tEXt") -> bytes:
    plain = json.dumps(card).encode()
    payload = {
        b"tEXt": b"\0" + base64.b64encode(plain),
        b"zTXt": b"\0\0" + zlib.compress(base64.b64encode(plain)),
        b"iTXt": b"\0\0\0en\0Card\0" + plain,
    }[kind]
    return chunk(kind, word + payload)


IDAT = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))


def picture(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"".join([png.SIGNATURE, head, *chunks, chunk(b"IEND", b"")])


def archive(files: dict[str, bytes | str], before: bytes = b"") -> bytes:
    out = io.BytesIO()
    out.write(before)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for path, data in files.items():
            made.writestr(path, data)
    return out.getvalue()


def seen_by_others(data: bytes) -> tuple[dict[str, object], list[bytes]]:
    """The cards in a picture by keyword, and its other chunks, read without our code."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    cards: dict[str, object] = {}
    others: list[bytes] = []
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        word, _, value = body.partition(b"\0")
        if kind == b"tEXt" and word in {b"chara", b"ccv3"}:
            cards[word.decode()] = json.loads(base64.b64decode(value, validate=True))
        else:
            others.append(data[at : at + 12 + length])
        at += 12 + length
    return cards, others
