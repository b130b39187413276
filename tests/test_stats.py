import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from turn_figures import NOW, made

from companion import config
from companion.cli.app import run
from companion.cli.stats import new_prediction_told, said
from companion.figures import Figures
from companion.measure.prediction import Line, Prediction, Rates, keep
from companion.measure.stats import Drift, Early, Spread, drift, periods, spread, summary
from companion.measure.trend import draw_trend


def days(n):
    return timedelta(days=n)


def test_a_spread_is_the_median_and_what_nineteen_of_twenty_stay_below():
    assert spread([None, *range(1, 102)]) == Spread(101, 51, 96)
    assert spread([None]) is None


def test_a_summary_tells_of_spoken_turns_and_counts_the_typed():
    found = summary([made(400.0), made(600.0), made(9.0, kind="typed")])
    assert (found.turns, found.typed, found.first_sound.p50) == (3, 1, 500)
    assert found.stages["tail"].p50 == 100
    assert found.tokens["evaluated"].p50 == 41
    assert found.gaps == pytest.approx(2000)  # 100 ms in each 3 s


def test_a_stage_that_most_turns_did_without_took_them_no_time():
    without = [replace(made()) for _ in range(3)]
    for turn in without:
        turn.record["spans"] = [s for s in turn.record["spans"] if s["stage"] != "stt"]
    found = summary([made(), *without])
    assert found.stages["stt"].p50 == 0
    assert "stt" not in summary(without).stages
    assert "stt" not in periods([made(), *without])[1].stages


def test_what_was_understood_early_is_summed_up():
    one, other = made(), made()
    one.record["early"] = {"hit": "all", "saved_s": 0.4, "cpu_s": 0.5, "wasted_s": 0.1}
    other.record["early"] = {"hit": "", "saved_s": 0.0, "cpu_s": 0.3, "wasted_s": 0.3}
    assert summary([one, other, made()]).early == Early(2, 0.5, 0.2, 0.2)
    assert summary([made()]).early is None


def test_turns_of_many_days_are_told_by_day():
    turns = [made(100.0 * n, ago=days(9 - n)) for n in range(1, 9)]
    assert [p.name for p in periods(turns)][:2] == ["13 Nov", "14 Nov"]
    assert [p.first_sound.p50 for p in periods(turns)][:2] == [100, 200]


def test_turns_of_one_hour_are_told_one_by_one():
    turns = [made(ago=timedelta(minutes=n)) for n in (3, 2, 1)]
    assert len(periods(turns)) == 3


def test_a_week_that_was_slower_than_the_weeks_before_is_a_drift():
    before = [made(500.0 + n, ago=days(10 + n)) for n in range(10)]
    now = [made(600.0 + n, ago=days(n % 6), scale=1.4) for n in range(10)]
    found = drift([*before, *now], NOW)
    assert found.changed
    assert found.ratio == pytest.approx(1.2, abs=0.01)
    assert found.stage == "stt"
    assert "20% slower" in said(found)


def test_turns_that_scatter_as_they_did_are_no_drift():
    values = [400.0, 450.0, 500.0, 550.0, 600.0] * 3
    before = [made(ms, ago=days(10)) for ms in values]
    found = drift([*before, *(made(ms) for ms in values)], NOW)
    assert not found.changed
    assert said(found).startswith("No drift")


def test_another_rig_is_not_compared_with():
    before = [made(100.0, ago=days(10), rig=2) for _ in range(20)]
    found = drift([*before, *(made(500.0) for _ in range(20))], NOW)
    assert (found.older, found.ratio) == (0, None)
    assert "cannot be told yet" in said(found)


def test_a_little_is_no_drift_however_sure():
    assert not Drift(50, 50, 1.03, 1.02, 1.04).changed


@pytest.mark.parametrize("count", [1, 2, 30])
def test_the_picture_of_many_turns_is_drawn_for_few_and_many(count):
    found = periods([made(400.0 + n, ago=days(count - n)) for n in range(count)])
    texts = [shape.text for shape in draw_trend(found, "").shapes if hasattr(shape, "text")]
    assert texts[0] == f"First sound after {400 + count - 1} ms"


@pytest.fixture
def noted(tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("[companion]\n")
    monkeypatch.chdir(tmp_path)

    def note(*turns):
        for turn in turns:
            at = turn.at
            Figures(tmp_path / "memory_db", turn.rig, lambda at=at: at).add(turn.record)

    return note


def test_without_a_turn_it_says_where_none_is(noted, capsys):
    assert run(["stats"]) == 66
    assert "turns.jsonl" in capsys.readouterr().err


def test_all_turns_are_told_in_a_table(noted, capsys):
    noted(made(400.0, ago=days(1)), made(600.0), made(kind="typed"))
    assert run(["stats"]) == 0
    out = capsys.readouterr().out
    assert "3 turns, 1 of them typed" in out
    assert "500 ms" in next(line for line in out.splitlines() if "first sound" in line)
    assert "Whisper writes it down" in out


def test_only_turns_of_the_newest_rig_count_unless_all_are_wished(noted, capsys):
    noted(made(rig=2), made(rig=1))
    run(["stats"])
    assert capsys.readouterr().out.startswith("1 turn; 1 older or with")
    run(["stats", "--all"])
    assert capsys.readouterr().out.startswith("2 turns")


def test_the_last_turn_is_a_waterfall_and_one_before_it_too(noted, capsys):
    noted(made(400.0), made(500.0))
    assert run(["stats", "--last"]) == 0
    assert "to the first sound: 500 ms" in capsys.readouterr().out
    assert run(["stats", "--back", "1"]) == 0
    assert "to the first sound: 400 ms" in capsys.readouterr().out
    assert run(["stats", "--back", "2"]) == 66


def test_all_turns_as_csv_have_one_line_each(noted, capsys):
    noted(made(400.0), made(600.0))
    assert run(["stats", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["first_audio_ms"] for row in rows] == ["400.0", "600.0"]
    assert rows[0]["tokens_evaluated"] == "41"
    assert rows[0]["step_tail_ms"] == "100.0"


def test_json_holds_everything_with_its_schema(noted, capsys):
    noted(made(400.0), made(600.0))
    assert run(["stats", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["summary"]["first_sound"]["p50"] == 500
    assert found["drift"]["changed"] is False
    assert [turn["ms"]["first_audio"] for turn in found["turns"]] == [400, 600]
    assert run(["stats", "--last", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["turn"]["steps"]["tail"] == 100


def test_pictures_are_written_of_one_turn_and_of_all(noted, tmp_path, capsys):
    noted(made(400.0), made(600.0))
    for options, name in ((["--last"], "turn.svg"), ([], "all.svg")):
        assert run(["stats", *options, "--plot", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text().startswith("<svg")
    assert capsys.readouterr().out == ""


def foretold(folder, at):
    rates = Rates(Line(0.1, 0.1), 400.0, 100.0, 90.0, 10, 0.05, 0.1, 0.1)
    settings = config.load(folder / "config.toml", environment={})
    keep(settings, Prediction(at=at, rig=1, rates=rates))
    return settings


def test_how_far_off_a_prediction_was_is_told_after_the_turns(noted, tmp_path, capsys):
    foretold(tmp_path, NOW - timedelta(hours=1))
    noted(made(600.0), made(700.0))
    assert run(["stats"]) == 0
    assert "the 2 turns since took 650 ms" in capsys.readouterr().out
    assert run(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["prediction"]["turns"] == 2


def test_a_conversation_ends_with_it_while_it_is_new_and_turns_have_followed(noted, tmp_path):
    now = datetime.now(UTC)
    later = [replace(made(600.0), at=now + timedelta(minutes=n)) for n in range(3)]
    settings = foretold(tmp_path, now - timedelta(hours=1))
    assert new_prediction_told(settings) == ""
    noted(*later[:2])
    assert new_prediction_told(settings) == ""
    noted(later[2])
    assert "the 3 turns since took 600 ms" in new_prediction_told(settings)
    assert new_prediction_told(foretold(tmp_path, now - timedelta(days=5))) == ""


def test_lines_that_cannot_be_read_are_told(noted, tmp_path, capsys):
    noted(made())
    with (tmp_path / "memory_db" / "turns.jsonl").open("a") as file:
        file.write("{broken\n")
    assert run(["stats"]) == 0
    assert "1 lines could not be read" in capsys.readouterr().err
