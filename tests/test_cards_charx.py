"""Archives: what is in them is checked before a byte of it is unpacked."""

import io
import json
import stat
import struct
import zipfile

import pytest
from card_world import IDAT, V3, archive, picture, text

from companion.cards import load_card, lost, save
from companion.cards.formats import charx, read
from companion.errors import CardError

rule = pytest.mark.rule
CARD = json.dumps(V3)


def refused(data: bytes) -> CardError:
    with pytest.raises(CardError, match=r"a\.charx") as caught:
        read(data, "a.charx")
    return caught.value


def with_member(info: zipfile.ZipInfo, data: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("card.json", CARD)
        made.writestr(info, data)
    return out.getvalue()


@rule("5.charx")
@pytest.mark.parametrize("before", [b"", b"\xff\xd8\xff\xe0 a picture"], ids=["zip", "jpeg"])
def test_a_card_in_an_archive_is_read_also_behind_a_jpeg(before):
    assert read(archive({"card.json": CARD}, before), "a.charx").raw == V3


@rule("5.charx")
def test_a_card_deeper_inside_is_read_and_that_is_said():
    tree = read(archive({"__MACOSX/card.json": "x", "ada/card.json": CARD}), "a.charx")
    assert tree.raw == V3
    assert [repair.code for repair in tree.repairs] == ["CARD_NESTED"]


def test_of_two_cards_the_one_at_the_root_is_read():
    tree = read(archive({"old/card.json": "{}", "card.json": CARD}), "a.charx")
    assert tree.raw == V3
    assert [repair.code for repair in tree.repairs] == ["SECOND_CARD"]


@rule("5.zip")
@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/x", "C:\\x", "C:/x", "..\\x", "\\x", "a\\..\\..\\x"],
)
def test_an_entry_that_points_outside_is_refused(path):
    error = refused(archive({"card.json": CARD, path: "x"}))
    assert error.reason == "UNSAFE_PATH"
    assert "Nothing was written" in str(error)


@rule("5.zip")
def test_a_link_is_refused():
    link = zipfile.ZipInfo("a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert refused(with_member(link, b"/etc/passwd")).reason == "UNSAFE_PATH"


@rule("5.zip")
def test_an_encrypted_entry_is_refused():
    data = bytearray(archive({"card.json": CARD}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in str(refused(bytes(data)))


@rule("5.zip", "5.limits")
def test_a_bomb_is_refused_before_it_is_unpacked():
    error = refused(archive({"card.json": CARD, "b": b"\0" * 100_000_000}))
    assert (error.reason, "would unpack to 100,000,000" in str(error)) == ("TOO_LARGE", True)


@rule("5.limits")
def test_a_card_larger_than_any_card_is_refused():
    error = refused(archive({"card.json": '{"a":"' + "xy" * 5_000_000 + '"}'}))
    assert error.reason == "TOO_LARGE"


@rule("5.limits")
def test_an_archive_of_too_many_files_is_refused(monkeypatch):
    monkeypatch.setattr(charx, "MOST", 3)
    error = refused(archive({"card.json": CARD, "a": "", "b": "", "c": ""}))
    assert error.reason == "TOO_LARGE"


@rule("5.limits")
def test_a_giant_table_of_contents_is_never_read():
    data = archive({"card.json": CARD})
    at = data.rindex(b"PK\x05\x06")
    lie = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, 0x7FFFFFFF, 0, 0)
    assert "table of contents" in str(refused(data[:at] + lie))


def test_an_entry_before_the_file_begins_is_refused():
    data = bytearray(archive({"b": "x", "card.json": CARD}))
    at = data.rindex(b"PK\x05\x06")
    for place in (
        at + 16,
        data.rindex(b"PK\x01\x02") + 42,
    ):  # where all begins, where the card does
        (offset,) = struct.unpack_from("<I", data, place)
        struct.pack_into("<I", data, place, offset + 5)
    assert refused(bytes(data)).reason == "BAD_ZIP"


def test_a_64_bit_archive_is_refused():
    data = archive({"card.json": CARD})
    at = data.rindex(b"PK\x05\x06")
    assert "zip64" in str(refused(data[:at] + b"PK\x06\x07" + b"\0" * 16 + data[at:]))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xd8\xff\xe0 only a picture", "NO_CARD_DATA"),
        (archive({"other.json": CARD}), "NO_CARD_DATA"),
        (archive({"card.json": CARD})[:-30], "BAD_ZIP"),
        (b"PK\x03\x04", "BAD_ZIP"),
        (archive({"card.json": "{"}), "NOT_JSON"),
    ],
    ids=["jpeg", "no card", "cut", "start", "json"],
)
def test_what_is_no_card_is_refused_by_name(data, reason):
    assert refused(data).reason == reason


def test_a_damaged_card_is_refused():
    data = bytearray(archive({"card.json": CARD}))
    data[60] ^= 0xFF
    assert refused(bytes(data)).reason == "BAD_ZIP"


@rule("10.large")
def test_a_large_archive_is_read_without_being_held_in_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "large.charx"
    block = bytes(range(256)) * 4096
    with zipfile.ZipFile(path, "w") as made:
        for n in range(420):
            made.writestr(f"assets/{n}.bin", block)
        made.writestr("card.json", CARD)
    tracemalloc.start()
    card = load_card(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert card.name == "Ada"
    assert path.stat().st_size > 400_000_000
    assert peak < 5_000_000


ASSETS = [
    {"type": "icon", "uri": "embeded://i.jpg", "name": "main", "ext": "jpg"},
    {"type": "emotion", "uri": "embedded://e.png", "name": "happy", "ext": "png"},
    {"type": "emotion", "uri": "https://e.example/s.png", "name": "sad", "ext": "png"},
]


def with_assets(tmp_path, icon=b"\xff\xd8\xff a photograph"):
    tree = {**V3, "data": {**V3["data"], "assets": ASSETS}}
    files = {"card.json": json.dumps(tree), "i.jpg": icon, "e.png": picture(IDAT)}
    (tmp_path / "a.charx").write_bytes(archive(files))
    return load_card(tmp_path / "a.charx")


def test_a_photograph_that_no_picture_file_can_show_is_said_to_be_lost(tmp_path):
    said = {repair.place: repair.said for repair in lost(with_assets(tmp_path), "png")}
    assert list(said) == ["/data/assets/1", "/data/assets/0"]
    assert "i.jpg is no PNG" in said["/data/assets/0"]


def test_a_picture_that_comes_along_is_not_said_to_be_lost(tmp_path):
    card = with_assets(tmp_path, picture(IDAT))
    assert [repair.place for repair in lost(card, "png")] == ["/data/assets/1"]
    save(card, tmp_path / "a.png")
    assert lost(load_card(tmp_path / "a.png"), "charx") == ()


@pytest.mark.parametrize("kind", ["json-v3", "json-v2", "yaml"])
def test_the_files_of_an_archive_that_a_text_cannot_hold_are_said(tmp_path, kind):
    found = [r.place for r in lost(with_assets(tmp_path), kind) if r.code == "ASSET_LEFT"]
    assert found == ["/data/assets/0", "/data/assets/1"]


def test_an_archive_keeps_its_files_and_a_text_has_none_to_lose(tmp_path):
    card = with_assets(tmp_path)
    assert lost(card, "charx") == ()
    save(card, tmp_path / "a.json", "json-v3")
    assert lost(load_card(tmp_path / "a.json"), "yaml") == ()


@pytest.mark.parametrize("kind", ["json-v3", "yaml"])
def test_a_picture_that_a_text_cannot_hold_is_said_with_the_files_in_it(tmp_path, kind):
    assets = [{"type": "emotion", "uri": "__asset:2", "name": "happy", "ext": "png"}, *ASSETS]
    tree = {**V3, "data": {**V3["data"], "assets": assets}}
    (tmp_path / "a.png").write_bytes(picture(text(b"ccv3", tree), IDAT))
    card = load_card(tmp_path / "a.png")
    said = [(repair.code, repair.place) for repair in lost(card, kind)]
    assert said == [("PICTURE_LEFT", ""), ("ASSET_LEFT", "/data/assets/0")]
    assert lost(card, "charx") == ()
