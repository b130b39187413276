import re

import pytest
from turn_figures import SILENT, SPOKEN

from companion.measure.chart import Paper, bar, drawn
from companion.measure.waterfall import duration, ticks, waterfall


def test_the_steps_are_what_stood_between_the_release_and_the_first_sound():
    steps = [(step.stage, step.begin, step.end) for step in waterfall(SPOKEN).steps]
    assert steps == [
        ("tail", 0, 100),
        ("stt", 100, 300),
        ("hear", 300, 310),
        ("prefill", 310, 350),
        ("decode", 350, 400),
        ("synth", 400, 490),
        ("device", 490, 500),
    ]


def test_what_was_under_way_at_the_release_is_a_wait():
    spans = [{"stage": "hear", "n": 0, "begin": 150.0, "end": 160.0}]
    record = SILENT | {"ms": {"first_audio": 170.0, "total": 180.0}, "spans": spans}
    assert [(s.stage, s.length) for s in waterfall(record).steps] == [("wait", 150), ("hear", 10)]
    assert waterfall(SPOKEN).steps[0].stage == "tail"


def test_the_lanes_hold_all_that_was_done_and_the_owner_too():
    lanes = waterfall(SPOKEN).lanes
    assert [(bar.begin, bar.end) for bar in lanes["you"]] == [(-2000, 0), (0, 100)]
    assert [bar.begin for bar in lanes["ears"]] == [-900, 100]
    assert [bar.number for bar in lanes["model"]] == [0, 1, 2]


def test_silence_between_two_clauses_is_a_gap():
    fall = waterfall(SPOKEN)
    assert fall.gaps == 100
    assert [bar.stage for bar in fall.lanes["sound"]] == ["device", "play", "gap", "play"]


def test_what_was_done_before_the_release_is_counted():
    assert waterfall(SPOKEN).ahead == 300


def test_speech_that_was_long_does_not_fill_the_picture():
    assert waterfall(SPOKEN | {"heard_s": 50.0}).begin == -1600


def test_a_stage_that_nobody_knows_is_shown_all_the_same():
    new = {"stage": "wink", "n": 0, "begin": 1.0, "end": 2.0}
    assert [b.label for b in waterfall(SILENT | {"spans": [new]}).lanes["ears"]] == ["wink"]


def test_a_turn_without_sound_ends_with_its_end():
    fall = waterfall(SILENT)
    assert (fall.first_sound, fall.until, fall.steps) == (None, 90.0, ())
    assert drawn(fall, Paper())[0].startswith("The whole turn: 90 ms")


@pytest.mark.parametrize(
    ("begin", "end", "most", "found"),
    [
        (0, 56, 8, [0, 10, 20, 30, 40, 50]),
        (-2400, 6900, 8, [-2000, 0, 2000, 4000, 6000]),
        (0, 0.4, 8, [0]),
    ],
)
def test_an_axis_has_round_places(begin, end, most, found):
    assert ticks(begin, end, most) == found


@pytest.mark.parametrize(
    ("ms", "text"), [(0.44, "0.4 ms"), (12.3, "12 ms"), (999.0, "999 ms"), (1234.0, "1.23 s")]
)
def test_a_time_is_told_with_two_or_three_digits(ms, text):
    assert duration(ms) == text


def test_a_bar_is_an_eighth_of_a_column_fine():
    assert [bar(share, 10) for share in (0, 0.0375, 0.5, 1)] == ["▏", "▍", "█████", "█" * 10]


def test_bars_in_the_terminal_stand_one_after_the_other():
    lines = drawn(waterfall(SPOKEN), Paper(columns=84))
    rows = {line[:22].strip(): line[24:74] for line in lines}
    heard, rendered = rows["Whisper writes it down"], rows["the voice renders"]
    assert (heard.index("█"), heard.count("█")) == (10, 20)
    assert rendered.index("█") == 40
    assert rows["sound"].index("2") > rows["sound"].index("╌") > rows["sound"].index("1")


def test_a_gap_is_seen_however_short():
    late = [
        span | {"begin": 2030.0} if span["begin"] == 2100.0 else span for span in SPOKEN["spans"]
    ]
    assert any("╌" in line for line in drawn(waterfall(SPOKEN | {"spans": late}), Paper(60)))


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns):
    widest = max(len(line) for line in drawn(waterfall(SPOKEN), Paper(columns)))
    assert widest <= max(columns, 54)


def test_colours_change_no_width():
    plain = drawn(waterfall(SPOKEN), Paper(80))
    dyed = drawn(waterfall(SPOKEN), Paper(80, colours=True))
    assert [len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in dyed] == [len(p) for p in plain]
    assert dyed != plain
