"""The bench: the method by which it compares, what it calls met, and rows that are counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from companion import config
from companion.cli.app import run
from companion.errors import CannotCreate, MissingInput
from companion.measure.bench import clauses, sound, turn
from companion.measure.bench.bare import Floor
from companion.measure.bench.beside import peers_of
from companion.measure.bench.catalogue import GROUPS, default_groups, group
from companion.measure.bench.compare import Cost, in_turn, interval, percentile, ratio
from companion.measure.bench.page import write
from companion.measure.bench.rig import Sink, Turn, utterance
from companion.measure.bench.row import Figure, Row, judged, of, told
from companion.measure.bench.run import companion, merged
from companion.measure.bench.shown import number

if TYPE_CHECKING:
    from pathlib import Path


def test_two_ways_are_measured_in_turn_and_the_first_pairs_do_not_count() -> None:
    order: list[str] = []

    def way(name: str) -> Cost:
        order.append(name)
        return Cost(len(order), 1.0)

    found = in_turn(lambda: way("a"), lambda: way("b"), pairs=2, warm_ups=2)
    assert "".join(order) == "abbaabba"
    assert found == [(Cost(5, 1.0), Cost(6, 1.0)), (Cost(8, 1.0), Cost(7, 1.0))]


def test_the_figure_is_the_median_of_the_paired_ratios() -> None:
    found = ratio([(Cost(2, 3), Cost(1, 1)), (Cost(30, 3), Cost(10, 1)), (Cost(4, 3), Cost(1, 1))])
    assert found.middle == 3
    assert found.cpu == 3
    assert (found.first, found.second) == (4, 1)
    assert found.low <= found.middle <= found.high


def test_the_interval_of_equal_values_has_no_width() -> None:
    assert interval([2.0] * 7) == (2.0, 2.0)


def test_the_interval_of_scattered_values_holds_their_median() -> None:
    low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert 1.0 <= low < 3.0 < high <= 5.0


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile([1.0], 0.5) == 1.0


@pytest.mark.parametrize(
    ("ours", "ci", "says"),
    [(0.9, None, "yes"), (1.1, None, "no"), (1.1, (0.9, 1.2), "unclear"), (1.3, (1.2, 1.4), "no")],
)
def test_a_target_is_missed_when_chance_cannot_have_done_it(
    ours: float, ci: tuple[float, float] | None, says: str
) -> None:
    row = Row("P0", "nothing", 1.0)
    assert judged(row, Figure(ours, ci)) == says
    assert told(row, Figure(ours, ci), "companion bench")["met"] is (says == "yes")


def test_a_ratio_brings_the_seconds_behind_it() -> None:
    figure = of(ratio([(Cost(2, 1), Cost(1, 1))]), why="so", more={"times": 3})
    assert figure.more == {"seconds": 2, "floor_seconds": 1, "pairs": 1, "times": 3}
    assert figure.why == "so"


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_the_rows_of_the_catalogue(name: str) -> None:
    assert tuple(row.id for row in group(name).rows) == GROUPS[name]
    assert group(name).name == name


def test_a_row_is_found_by_its_number() -> None:
    assert group("p13") is group("clauses")
    assert "clauses" in default_groups()


def test_an_unknown_row_is_answered_with_those_there_are() -> None:
    with pytest.raises(MissingInput, match="no benchmark P99") as caught:
        group("P99")
    assert "P13" in caught.value.hint


def test_a_row_measured_apart_has_the_settings_that_were_chosen(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[companion]\n")
    chosen = companion(config.load(file, environment={}))
    assert chosen[-2:] == ["--config", str(file)]


def test_rows_of_several_results_stand_in_order_and_the_last_counts() -> None:
    results = [
        {"machine": {}, "rows": [{"id": "P10", "ours": 1}, {"id": "P2", "ours": 1}]},
        {"machine": {"cores": 2}, "rows": [{"id": "P10", "ours": 2}]},
    ]
    found = merged(results)
    assert found["rows"] == [{"id": "P2", "ours": 1}, {"id": "P10", "ours": 2}]
    assert found["machine"] == {"cores": 2}


def test_the_voice_starts_after_few_more_tokens_than_it_needs() -> None:
    tokens = clauses.TOKEN.findall("Yes, I do. And you?")
    assert clauses.first_clause(tokens) == (5, 6)
    assert clauses.first_sentence(tokens) == 6


def test_the_bench_shows_a_row_and_whether_it_is_met(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--quiet", "bench", "P13"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("P13 ")
    assert "target 1.10   met" in shown


def test_the_bench_tells_everything_as_json(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--quiet", "bench", "P13", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["machine"]["cores"] >= 1
    assert found["rows"][0]["id"] == "P13"
    assert found["rows"][0]["met"] is True


def test_the_page_has_our_figure_the_peers_and_the_reason(workspace: Path) -> None:
    (workspace / "other.json").write_text(json.dumps(_PEER))
    (workspace / "naive.json").write_text(
        json.dumps({**_PEER, "peer": "naive", "figures": {"first_sound_s": [8.0]}})
    )
    rows = [
        told(Row("P1s", "first sound", 0.75), Figure(0.5, (0.4, 0.6), why="because"), "x"),
        told(Row("P2", "of defaults", 0.35), Figure(0.4, (0.3, 0.5)), "x"),
        told(Row("P4", "frames", 1.7, counted=True), Figure(1.64), "x"),
    ]
    found = {"machine": _MACHINE, "rows": [row | {"dirty": False} for row in rows]}
    write(workspace / "page.md", found, workspace)
    text = (workspace / "page.md").read_text()
    assert "| P1s | first sound | 0.50 [0.40, 0.60] |  |  | 2.00 | ≤ 0.75 | yes |" in text
    assert "| P2 | of defaults | 0.40 [0.30, 0.50] |  |  | 0.25 | ≤ 0.35 | unclear |" in text
    assert "| P4 | frames (counted) | 1.64 |  |  | 7.50 | ≤ 1.70 | yes |" in text
    assert "**P1s** because. `x`" in text
    assert "| other 1.2 | 2.00 | 0.50 | 0.25 [0.20, 0.30] |  |  |  |  |  | 3.00 | beam 1 |" in text


def test_what_two_runs_tell_of_one_peer_is_put_together(tmp_path: Path) -> None:
    late = {**_PEER, "figures": {"first_sound_s": [], "first_sound_late_release_s": [4.0]}}
    (tmp_path / "b").mkdir()
    (tmp_path / "a.json").write_text(json.dumps(_PEER))
    (tmp_path / "b" / "a.json").write_text(json.dumps(late))
    (tmp_path / "list.json").write_text("[]")
    (one,) = peers_of(tmp_path)
    assert one.middle("figures", "first_sound_s") == 2.0
    assert one.middle("figures", "first_sound_late_release_s") == 4.0


_PEER = {
    "peer": "other",
    "version": "1.2",
    "settings": {"beam": 1},
    "models": ["whisper-tiny", "qwen-0.5b-q4_0.gguf"],
    "figures": {"first_sound_s": [3.0, 1.0, 2.0], "first_sound_default_endpoint_s": [3.0]},
    "ours": {"first_sound_s": [0.5]},
    "ratio_explicit": {"median": 0.25, "ci": [0.2, 0.3], "n": 3},
}

_MACHINE = {
    "processor": "some",
    "cores": 2,
    "memory_gb": 8,
    "system": "Linux",
    "python": "3.11",
    "libraries": {"numpy": "2"},
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (1234.5, "1234"), (12.34, "12.3"), (1.0, "1.00"), (0.0015, "0.0015"), (0, "0")],
)
def test_figures_are_shown_with_the_digits_that_matter(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_a_turn_is_set_against_its_floor_and_against_the_naive_script() -> None:
    early = {"early": {"saved_s": 0.4, "wasted_s": 0.1, "hit": "all"}}
    one = {
        "plain": Turn(1.0, 2.0, 3.0),
        "ahead": Turn(0.5, 1.0, 4.0, early),
        "floor": Floor({"stt": 0.25, "recall": 0.0, "llm": 0.5, "voice": 0.25}, 2.0),
        "naive": Cost(4.0, 6.0),
    }
    found = {row: figure.ours for row, figure in turn.figures([one] * 3).items()}
    first = {"P1": 1.0, "P1s": 0.5, "P2": 0.125, "P2p": 0.25}
    assert found == first | {"P29": 1.5, "P29s": 2.0, "P30": 0.25, "P30h": 0.0}


def test_an_utterance_ends_with_the_pause_before_the_key_comes_up() -> None:
    recording = utterance(4.0)
    assert recording.seconds == pytest.approx(4.3)
    assert not recording.samples[-1000:].any()
    assert recording.samples[:16_000].any()


def _block(sink: Sink, level: float) -> None:
    sink.write(np.full(441, level, np.float32))


def test_the_first_sound_is_the_first_that_is_not_silent() -> None:
    sink = Sink()
    _block(sink, 0.0)
    assert sink.first == 0.0
    _block(sink, 0.5)
    assert sink.first > 0.0


def test_a_sink_at_the_pace_of_sound_notes_when_it_ran_dry() -> None:
    sink = Sink(pace=1000.0)
    _block(sink, 0.5)
    sink.last -= 2.0  # as if that had been long ago
    _block(sink, 0.5)
    assert sink.gaps == pytest.approx(2.0, abs=0.5)


@pytest.mark.parametrize("block", [1, 2, 7, 40])
def test_a_press_is_followed_by_less_than_two_blocks_of_sound(block: int) -> None:
    assert 0.0 < sound.blocks_after(block) <= 2.0


@pytest.mark.parametrize(
    ("text", "code"), [(None, 66), ("{", 66), ("[1]", 65), ('{"rows": []}', 65)]
)
def test_an_earlier_result_that_is_none_is_told_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, code: int
) -> None:
    file = tmp_path / "result.json"
    if text is not None:
        file.write_text(text)
    assert run(["bench", "--from", str(file)]) == code
    told = capsys.readouterr().err
    assert str(file) in told
    assert "companion bench --json" in told


@pytest.mark.parametrize("name", ["nowhere/page.md", "memory_db"])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_measured(
    workspace: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    page = workspace / name
    assert run(["bench", "tax", "--page", str(page)]) == CannotCreate.code
    told = capsys.readouterr().err
    assert "without engines" not in told
    assert str(page) in told
