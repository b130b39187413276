import struct
import sys
from xml.etree import ElementTree as ET

import pytest
from turn_figures import SILENT, SPOKEN

from companion.errors import CannotCreate, UsageError
from companion.measure.drawing import COLOURS, draw_turn
from companion.measure.picture import Box, Line, Picture, Words, svg
from companion.measure.waterfall import STAGES, waterfall


def texts(picture):
    return [shape.text for shape in picture.shapes if isinstance(shape, Words)]


def boxes(picture, stage):
    found = [s for s in picture.shapes if isinstance(s, Box) and s.fill == COLOURS[stage]]
    return [(round(box.x), round(box.width)) for box in found]


def test_the_picture_of_a_turn_tells_the_first_sound_and_names_every_stage():
    told = texts(draw_turn(waterfall(SPOKEN), "about it"))
    assert told[:2] == ["First sound after 500 ms", "about it"]
    assert {"end of the recording", "Whisper writes it down", "the voice renders"} <= set(told)
    assert any("100 ms of silence between clauses" in text for text in told)
    assert any("300 ms of work before the key came up" in text for text in told)


def test_a_stage_has_its_place_in_both_halves():
    above, below = boxes(draw_turn(waterfall(SPOKEN), ""), "prefill")
    assert above == (632, 56)  # 310 to 350 of 500 ms, between 196 and 900
    assert below[0] > 380  # after the speech and the release


def test_speech_that_does_not_fit_is_told_with_its_whole_length():
    told = texts(draw_turn(waterfall(SPOKEN | {"heard_s": 9.0}), ""))
    assert "… you speak, 9.00 s" in told
    assert "you speak, 0.80 s" not in told


def test_of_a_single_clause_no_numbers_are_explained():
    spans = [span for span in SPOKEN["spans"] if span["n"] < 2]
    told = texts(draw_turn(waterfall(SPOKEN | {"spans": spans}), ""))
    assert not any("numbers are clauses" in text for text in told)


def test_every_stage_has_a_colour():
    assert set(STAGES) <= set(COLOURS)


@pytest.mark.parametrize("record", [SPOKEN, SILENT])
def test_all_shapes_lie_within_the_picture(record):
    picture = draw_turn(waterfall(record), "")
    for shape in picture.shapes:
        if isinstance(shape, Box):
            assert 0 <= shape.x <= shape.x + shape.width <= picture.width
            assert 0 <= shape.y <= shape.y + shape.height <= picture.height
        if isinstance(shape, Words):
            assert 0 < shape.y < picture.height


def test_an_svg_is_well_formed_whatever_it_says():
    picture = Picture(100, 50, [Words(1, 2, "a < b & “c”"), Line(((0, 0), (9, 9)), "#000", 1, 3)])
    root = ET.fromstring(svg(picture))
    assert root.find("{http://www.w3.org/2000/svg}text").text == "a < b & “c”"


def test_a_png_has_two_dots_a_point(tmp_path):
    pytest.importorskip("PIL")
    picture = draw_turn(waterfall(SPOKEN), "about it")
    picture.save(tmp_path / "turn.png")
    data = (tmp_path / "turn.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == (2 * picture.width, 2 * picture.height)


def test_a_png_shows_the_colour_of_each_stage(tmp_path):
    image = pytest.importorskip("PIL.Image")
    draw_turn(waterfall(SPOKEN), "").save(tmp_path / "turn.png")
    with image.open(tmp_path / "turn.png") as opened:
        seen = {colour for _, colour in opened.getcolors(1 << 24)}
    for stage in ("tail", "stt", "prefill", "decode", "synth", "play"):
        value = COLOURS[stage].lstrip("#")
        assert tuple(bytes.fromhex(value)) in seen


def test_without_pillow_a_png_is_refused_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UsageError, match=r"pip install pillow"):
        Picture(10, 10).save(tmp_path / "turn.png")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"not '\.jpg'"):
        Picture(10, 10).save(tmp_path / "turn.jpg")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CannotCreate, match="nowhere"):
        Picture(10, 10).save(tmp_path / "nowhere" / "turn.svg")
