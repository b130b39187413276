import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from turn_figures import NOW, made

from companion import config
from companion.cli.app import run
from companion.cli.calibrate import off_by
from companion.errors import EngineError
from companion.measure import calibrate
from companion.measure.calibrate import Found, Others, candidates, cores, proposed, recordings
from companion.measure.choice import BASE_BYTES, choices, recommended, scaled
from companion.measure.prediction import (
    UNDERSTOOD_EARLY,
    USUAL,
    Line,
    Prediction,
    Rates,
    Threads,
    compared,
    foretold,
    keep,
    kept,
    rest_of,
)
from companion.pack.bundled import bundled
from companion.pack.manifest import load_manifest

RATES = Rates(
    hear=Line(0.05, 0.05),
    read=200.0,
    write=50.0,
    beside=40.0,
    clause_tokens=10,
    clause_seconds=0.1,
    voice=0.2,
    rest=0.13,
)
FOUND = Found(
    hearing={1: Line(0.4, 0), 2: Line(0.2, 0), 4: Line(0.19, 0)},
    reading={1: 100, 2: 190, 4: 360},
    writing={1: 20, 2: 40, 4: 60},
    beside={1: 20, 2: 35, 4: 10},
    clause={1: 0.2, 2: 0.1, 4: 0.01},
    voice={1: 0.3, 2: 0.2, 4: 0.1},
    tokens=9,
)


def test_a_line_goes_through_what_was_measured_and_never_falls():
    assert Line.through((2.0, 0.3), (4.0, 0.5)).of(3.0) == pytest.approx(0.4)
    assert Line.through((2.0, 0.3), (4.0, 0.2)) == Line(0.3, 0.0)


def test_no_more_threads_are_proposed_than_help():
    assert proposed(FOUND) == Threads(hear=2, read=4, write=2, speak=2)


def test_the_voice_gets_what_the_model_leaves():
    alone = replace(FOUND, beside={1: 20, 2: 21, 4: 60})
    assert proposed(alone) == Threads(hear=2, read=4, write=4, speak=1)


def test_threads_are_tried_up_to_the_processors_there_are():
    assert [candidates(n) for n in (1, 2, 4, 64)] == [[1], [1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 6, 8]]
    assert cores() >= 1


def test_the_first_sound_is_foretold_stage_by_stage():
    assert foretold(RATES, USUAL) == pytest.approx(
        {"stt": 200, "prefill": 300, "decode": 200, "synth": 100, "rest": 130}
    )


def test_what_was_understood_early_need_not_be_heard_or_read():
    early = foretold(RATES, UNDERSTOOD_EARLY)
    assert (early["stt"], early["prefill"]) == (0, 5)


def test_a_model_that_writes_slower_than_speech_will_have_gaps():
    assert RATES.fluent
    assert not replace(RATES, beside=5.0).fluent
    assert not replace(RATES, voice=0.9).fluent


def test_a_prediction_is_compared_with_the_turns_that_followed_on_its_rig():
    before, other = made(100.0, ago=timedelta(hours=2)), made(100.0, rig=2)
    prediction = Prediction(at=NOW - timedelta(hours=1), rig=1, rates=RATES)
    found = compared(prediction, [before, other, made(700.0), made(720.0)])
    # 2 s of speech, 41 tokens: 150 + 205 + 200 + 100 + 130
    assert (found.turns, found.foretold, found.measured) == (2, pytest.approx(785), 710)
    assert found.stages["stt"] == (pytest.approx(150), 200)
    assert "-10%" in off_by(found)


def test_before_a_turn_there_is_nothing_to_compare():
    prediction = Prediction(at=NOW, rig=1, rates=RATES)
    assert compared(prediction, [made(ago=timedelta(days=1))]) is None


def early(hit, *begins):
    turn = made()
    spans = [{"stage": "stt", "n": 0, "begin": begin, "end": begin + 50} for begin in begins]
    turn.record.update(early={"hit": hit}, spans=spans)
    return turn


def test_of_what_was_understood_early_only_the_end_of_the_hearing_is_foretold():
    prediction = Prediction(at=NOW - timedelta(days=1), rig=1, rates=RATES)
    # two seconds of speech take 150 ms
    assert prediction.of(early("all", -900.0, -200.0))["stt"] == 0
    assert prediction.of(early("all", -900.0, -100.0))["stt"] == pytest.approx(50)
    assert prediction.of(early("", -900.0))["stt"] == pytest.approx(150)


def test_a_turn_of_which_a_part_was_understood_early_is_not_compared():
    prediction = Prediction(at=NOW - timedelta(days=1), rig=1, rates=RATES)
    assert compared(prediction, [early("part", -900.0)]) is None


def test_what_no_engine_took_is_learnt_from_past_turns():
    # 500 ms, of which 200 hearing, 40 reading, 50 writing and 90 speaking
    assert rest_of([made(500.0)], 0.5) == pytest.approx(0.12)
    assert rest_of([], 0.5) == 0.5


def test_a_prediction_is_kept_and_a_damaged_one_is_none(tmp_path):
    settings = config.Settings(root=tmp_path)
    assert kept(settings) is None
    prediction = Prediction(at=datetime(2026, 11, 21, tzinfo=UTC), rig=5, rates=RATES)
    keep(settings, prediction)
    assert kept(settings) == prediction
    next((tmp_path / "models").rglob("*.json")).write_text("{")
    assert kept(settings) is None


def test_larger_models_take_as_many_times_longer():
    other = scaled(RATES, llm=4.0, stt=2.0)
    assert (other.read, other.beside, other.hear.of(1)) == (50, 10, pytest.approx(0.2))
    assert other.clause_seconds == RATES.clause_seconds
    assert scaled(RATES, 0.0, 0.0) == RATES


def test_every_preset_is_estimated_and_the_largest_that_runs_well_recommended(tmp_path):
    manifest = load_manifest(bundled("models") / "manifest.toml")
    quick = replace(RATES, read=2000.0, write=400.0, beside=300.0)
    found = list(choices(manifest, quick, 350_000_000, tmp_path, None))
    assert {one.name for one in found} == set(manifest.presets)
    assert recommended(found) == max(found, key=lambda one: one.size)
    assert not any(one.here for one in found)
    assert recommended(list(choices(manifest, quick, 350_000_000, tmp_path, 10**9))) is None
    slow = list(choices(manifest, replace(RATES, beside=30.0), 350_000_000, tmp_path, None))
    assert [one.fluent for one in sorted(slow, key=lambda one: one.size)] == [True, False]


def test_a_model_that_lets_people_wait_is_not_recommended(tmp_path):
    manifest = load_manifest(bundled("models") / "manifest.toml")
    quick = replace(RATES, read=2000.0, write=400.0, beside=300.0)
    one = next(choices(manifest, quick, 350_000_000, tmp_path, None))
    assert one.good
    assert one.early < one.first_sound
    assert not replace(one, early=2500.0).good
    assert not replace(one, first_sound=4500.0).good


def test_the_size_of_whisper_base_is_that_of_the_manifest():
    manifest = load_manifest(bundled("models") / "manifest.toml")
    assert BASE_BYTES in {file.size for file in manifest.parts["whisper-base.en"].files}


def test_the_share_of_other_programs_lies_between_none_and_all():
    assert 0 <= Others().share <= 1


def test_a_short_and_a_long_recording_ship():
    short, long = recordings()
    assert 1 < short.seconds < 0.5 * long.seconds


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    monkeypatch.chdir(tmp_path / "ws")
    return tmp_path / "ws"


def test_the_engines_that_ship_are_measured_and_their_threads_written(workspace, capsys):
    assert run(["--quiet", "calibrate", "--write", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    measured = found["measured"]
    assert all(rate > 0 for rate in measured["reading"].values())
    assert all(rate > 0 for rate in measured["beside"].values())
    assert sum(found["foretold_ms"].values()) > sum(found["foretold_understood_early_ms"].values())
    settings = config.load(workspace / "config.toml", environment={})
    assert settings.llm.threads == found["proposed"]["write"]
    assert settings.stt.threads == found["proposed"]["hear"]
    assert "# threads for transcription" in (workspace / "config.toml").read_text()
    assert kept(settings).rates.clause_tokens == measured["tokens"]


def test_a_model_that_answers_nothing_is_told_of():
    silent = SimpleNamespace(
        chat=SimpleNamespace(frame=lambda _: ("<", ">")),
        encode=lambda text, special: [ord(letter) for letter in text],  # noqa: ARG005
        stream=lambda _prompt, _cancel: iter(()),
    )
    with pytest.raises(EngineError, match="answers nothing") as caught:
        calibrate._writing(silent)
    assert "models pull" in caught.value.hint
