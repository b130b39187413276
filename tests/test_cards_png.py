"""Cards in pictures: every chunk form is read, and no length in the file is believed."""

import base64
import json
import struct
import zlib

import pytest
from card_world import IDAT, chunk, picture, text
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cards import changed, load_card, save
from companion.cards.formats import read
from companion.errors import CardError

CARD = {"spec": "chara_card_v2", "data": {"name": "Ada", "description": "é 日本"}}
NEWER = {"spec": "chara_card_v3", "data": {"name": "Ada the Newer"}}


@pytest.mark.rule("5.png", "5.text", "5.keyword")
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("word", [b"chara", b"Chara", b"CCV3"])
def test_every_text_chunk_is_read_in_any_case_and_after_the_picture(kind, word):
    assert read(picture(IDAT, text(word, CARD, kind)), "a.png").raw == CARD


@pytest.mark.rule("5.text")
def test_compressed_international_text_is_read():
    packed = b"chara\0\x01\0\0\0" + zlib.compress(json.dumps(CARD).encode())
    assert read(picture(chunk(b"iTXt", packed)), "a.png").raw == CARD


@pytest.mark.rule("5.keyword")
def test_the_newer_of_two_cards_is_used_and_that_is_said():
    tree = read(picture(text(b"chara", CARD), text(b"ccv3", NEWER)), "a.png")
    assert tree.raw == NEWER
    assert tree.notes == ("2 cards are inside; 'ccv3' was used.",)


@pytest.mark.rule("5.keyword")
def test_a_broken_newer_card_leaves_the_older_one():
    broken = chunk(b"tEXt", b"ccv3\0" + base64.b64encode(b'{"name": '))
    tree = read(picture(broken, text(b"chara", CARD)), "a.png")
    assert tree.raw == CARD
    assert tree.repairs[0].code == "NEWER_CARD_BROKEN"


@pytest.mark.rule("5.base64")
def test_base64_may_be_wrapped_web_safe_and_unpadded():
    plain = json.dumps({"name": "Ada", "description": "??>>~~ÿÿ"}, ensure_ascii=False).encode()
    loose = base64.urlsafe_b64encode(plain).rstrip(b"=")
    wrapped = b"\n".join(loose[n : n + 16] for n in range(0, len(loose), 16))
    assert read(picture(chunk(b"tEXt", b"chara\0" + wrapped)), "a.png").raw == json.loads(plain)


@pytest.mark.rule("5.crc")
def test_a_wrong_checksum_is_noted_and_the_card_used():
    data = bytearray(picture(text(b"chara", CARD)))
    data[-13] ^= 1  # the last byte of the text chunk's checksum
    tree = read(bytes(data), "a.png")
    assert (tree.raw, tree.repairs[0].code) == (CARD, "BAD_CRC")
    assert tree.repairs[0].said == "The checksum of the text at byte 33 is wrong."


def test_a_damaged_text_names_the_byte():
    data = bytearray(picture(text(b"chara", CARD)))
    data[50] = 0
    with pytest.raises(CardError, match=r"damaged at byte 33 \(checksum of chunk tEXt is wrong\)"):
        read(bytes(data), "a.png")


@pytest.mark.rule("5.truncated")
def test_bytes_after_the_end_are_ignored():
    assert read(picture(text(b"chara", CARD)) + text(b"ccv3", NEWER), "a.png").raw == CARD


@pytest.mark.rule("5.truncated")
def test_a_cut_file_with_its_card_complete_is_read():
    whole = picture(text(b"chara", CARD), IDAT)
    assert read(whole[: -len(IDAT) - 4], "a.png").raw == CARD


def test_a_cut_file_without_its_card_says_where_it_ends():
    with pytest.raises(CardError, match="damaged at byte 33"):
        read(picture(text(b"chara", CARD))[:60], "a.png")


def test_a_picture_without_a_card_says_so():
    with pytest.raises(CardError, match="carries no character data"):
        read(picture(IDAT), "a.png")


@pytest.mark.rule("5.limits")
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (chunk(b"tEXt", b"chara\0!!!"), "neither JSON nor base64"),
        (chunk(b"tEXt", b"chara\0A"), "neither JSON nor base64"),
        (chunk(b"zTXt", b"chara\0\0nonsense"), "compressed card text is damaged"),
        (chunk(b"iTXt", b"chara\0\0\0en"), "has no text"),
        (chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"A" * 20_000_000)), "unpacks to more than"),
        (chunk(b"tEXt", b"chara\0" + b"A" * 12_000_000), "the limit is"),
        (chunk(b"tEXt", b"chara\0[1]"), "neither JSON nor base64"),
        (text(b"chara", [1]), "found a list"),
    ],
    ids=["word", "letter", "zlib", "itxt", "bomb", "large", "list", "array"],
)
def test_what_is_no_card_is_refused_by_name(data, says):
    with pytest.raises(CardError, match=r"a\.png") as caught:
        read(picture(data), "a.png")
    assert says in str(caught.value)


def test_a_length_beyond_the_file_is_not_believed():
    lie = struct.pack(">I4s", 0xFFFFFFFF, b"tEXt") + b"chara\0"
    with pytest.raises(CardError, match="damaged at byte 33"):
        read(picture(lie), "a.png")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_picture_is_read_or_refused_with_one_card_error(data):
    whole = bytearray(picture(text(b"ccv3", NEWER, b"iTXt"), text(b"chara", CARD, b"zTXt")))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        read(bytes(whole[:cut] if data.draw(st.booleans()) else whole), "a.png")
    except CardError as refused:
        said = str(refused)
    else:
        said = "a.png"
    assert "a.png" in said


def saved(tmp_path, data):
    """What becomes of a picture when its card is changed."""
    (tmp_path / "a.png").write_bytes(data)
    save(changed(load_card(tmp_path / "a.png"), "description", "another"), tmp_path / "a.png")
    assert load_card(tmp_path / "a.png").fields.description == "another"
    return (tmp_path / "a.png").read_bytes()


PIXELS = chunk(b"IDAT", zlib.compress(bytes(range(256)), 0))


@pytest.mark.parametrize("left", [4, 20, 100, len(PIXELS) - 1, len(PIXELS), len(PIXELS) + 5])
def test_a_picture_that_was_cut_keeps_all_that_is_left_of_it(tmp_path, left):
    whole = picture(text(b"chara", CARD), PIXELS)
    cut = whole[: whole.index(PIXELS) + left]
    assert saved(tmp_path, cut).count((PIXELS + chunk(b"IEND", b""))[:left]) == 1
    assert saved(tmp_path, cut) == saved(tmp_path, saved(tmp_path, cut))


def test_pixels_that_were_cut_in_their_second_part_stay_together(tmp_path):
    whole = picture(PIXELS, text(b"chara", CARD), PIXELS)
    assert PIXELS + PIXELS[:40] in saved(tmp_path, whole[:-240])


def test_a_picture_that_stops_making_sense_keeps_what_comes_after(tmp_path):
    odd = picture(text(b"chara", CARD), chunk(b"I\0\0T", b"odd"), PIXELS)
    assert saved(tmp_path, odd).endswith(odd[odd.index(b"\0\0\0\x03I\0\0T") :])
