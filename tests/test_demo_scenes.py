"""The scenes of the demo: what they show with real engines, and the files they become."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import soundfile

from companion.errors import BadData, CannotCreate, UsageError
from companion.measure.cascade import Row, draw_scene
from companion.measure.picture import Words
from companion.measure.waterfall import STAGES, waterfall
from companion.measure.wer import words
from companion.pack.demo.captions import Cue, webvtt
from companion.pack.demo.checks import check_corrected, check_lore
from companion.pack.demo.scenes import chosen, scenes
from companion.sound.ogg import write_opus

ROOT = Path(__file__).parents[1]
NAMES = ["return", "secret", "interruption"]
STEPS = list(enumerate(name for name in STAGES if name not in {"play", "device"}))
TIME = r"(\d\d):(\d\d):(\d\d)\.(\d\d\d)"


def demo(*options):
    command = [sys.executable, "-m", "companion", "demo", *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The interruption, recorded: its folder, and what was told of it."""
    folder = tmp_path_factory.mktemp("scenes")
    done = demo("--json", "--scene", "interruption", "--record", str(folder))
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def cues(text):
    """Begin, end and text of each caption, in seconds."""
    found = re.findall(rf"^{TIME} --> {TIME}\n(.+)$", text, re.MULTILINE)
    numbers = [([int(n) for n in cue[:8]], cue[8]) for cue in found]
    return [(clock(*n[:4]), clock(*n[4:]), text) for n, text in numbers]


def clock(hours, minutes, seconds, ms):
    return 3600 * hours + 60 * minutes + seconds + ms / 1000


# ── the scripts ──────────────────────────────────────────────────────────────────────────────


def test_there_are_three_scenes_and_all_their_recordings():
    assert [scene.name for scene in scenes()] == NAMES
    for scene in scenes():
        lines = [line for run in scene.runs for line in run]
        assert lines
        assert all(scene.recording(line).is_file() for line in lines)


def test_the_clock_of_a_scene_is_the_same_every_time():
    scene = scenes()[0]
    assert scene.moment(1, 0).hour == 20
    assert (scene.moment(2, 3) - scene.moment(2, 0)).total_seconds() == 60


def test_an_unknown_scene_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"no scene 'nope'.*return, secret, interruption"):
        chosen("nope")


def test_a_script_with_a_run_too_many_is_refused(tmp_path):
    script = {"schema": 1, "name": "x", "title": "X", "days": [], "runs": [[]]}
    (tmp_path / "script.json").write_text(json.dumps(script))
    with pytest.raises(BadData, match="1 runs and 0 days"):
        scenes(tmp_path)


# ── what they show ───────────────────────────────────────────────────────────────────────────


def test_a_press_stops_the_reply_and_only_what_was_heard_is_kept(recorded):
    _, report = recorded
    (scene,) = report["scenes"]
    lines = [line for run in chosen("interruption")[0].runs for line in run]
    presses = {n: line.interrupts for n, line in enumerate(lines[1:]) if line.interrupts}
    cut = {n: turn for n, turn in enumerate(scene["turns"]) if not turn["complete"]}
    assert set(cut) == set(presses) != set()
    for number, turn in cut.items():
        assert turn["seconds"] == pytest.approx(presses[number], abs=0.1)
        assert 0 < len(words(turn["reply"])) <= 6 * turn["seconds"]
    assert scene["shows"]["interrupted"] == [turn["reply"] for turn in cut.values()]


def test_what_was_put_right_is_used_afterwards(recorded):
    assert recorded[1]["scenes"][0]["shows"]["corrected"] == ["mara"]


def test_the_word_of_the_secret_calls_its_entry_and_nothing_does_before(tmp_path):
    done = demo("--json", "--scene", "secret", "--record", str(tmp_path))
    told = [[e["text"] for e in t["lore"]] for t in json.loads(done.stdout)["scenes"][0]["turns"]]
    spoken = [line.text for line in chosen("secret")[0].runs[0]]
    named = next(n for n, text in enumerate(spoken) if "foghorn" in text)
    assert told[:named] == [[]] * named
    assert any("Bess" in text for text in told[named])


def test_a_scene_alone_keeps_the_fields_of_the_whole(recorded):
    _, report = recorded
    assert report["turns"] == []
    assert report["memory_words"] == []
    assert report["schema"] == 1


def turn(reply, *, lore=(), heard="", corrects=""):
    told = [{"name": "", "text": text} for text in lore]
    return {"heard": heard, "spoken": heard, "reply": reply, "lore": told, "corrects": corrects}


def test_only_words_that_the_lorebook_alone_can_have_brought_count():
    bess = ["The foghorn is called Bess."]
    assert check_lore([turn("Bess!", lore=bess)], "Juno has a foghorn.") == ["bess"]
    assert check_lore([turn("Bess!", lore=bess)], "Juno knows Bess.") == []
    assert check_lore([turn("The foghorn!", lore=bess)], "Juno has a foghorn.") == []
    assert check_lore([turn("Bess!")], "") == []
    assert check_lore([turn("Bess?"), turn("Bess!", lore=bess)], "") == []


def test_a_word_that_was_put_right_counts_where_it_was_not_said_again():
    right = turn("Oh.", heard="No, Mara.", corrects="Mara")
    asked = turn("Mara.", heard="Who?")
    assert check_corrected([right, asked, asked]) == ["mara"]
    assert check_corrected([right, turn("Mara.", heard="Is it Mara?")]) == []
    assert check_corrected([turn("Mara."), right]) == []


# ── the files ────────────────────────────────────────────────────────────────────────────────


def test_a_recorded_scene_is_opus_as_long_as_its_captions(recorded):
    folder, report = recorded
    info = soundfile.info(folder / "interruption.ogg")
    sound, rate = soundfile.read(folder / "interruption.ogg")
    assert (info.format, info.subtype, info.channels) == ("OGG", "OPUS", 1)
    assert (folder / "interruption.ogg").stat().st_size <= 600_000
    spoken = sum(t["seconds"] + t["record"]["heard_s"] for t in report["scenes"][0]["turns"])
    end = cues((folder / "interruption.vtt").read_text())[-1][1]
    assert spoken < end < len(sound) / rate < end + 1


def test_captions_follow_each_other_within_the_sound(recorded):
    folder, report = recorded
    text = (folder / "interruption.vtt").read_text()
    found = cues(text)
    assert text.startswith("WEBVTT")
    assert len(found) == 2 * len(report["scenes"][0]["turns"])
    times = [time for begin, end, _ in found for time in (begin, end)]
    assert times == sorted(times)
    assert all(end > begin for begin, end, _ in found)


def test_each_reply_begins_when_its_first_sound_came(recorded):
    folder, report = recorded
    found = cues((folder / "interruption.vtt").read_text())
    for n, one in enumerate(report["scenes"][0]["turns"]):
        pause = found[2 * n + 1][0] - found[2 * n][1]
        assert pause == pytest.approx(one["ms"]["first_audio"] / 1000, abs=0.002)


def test_sound_is_there_when_a_caption_says_so(recorded):
    folder, _ = recorded
    sound, rate = soundfile.read(folder / "interruption.ogg", dtype="float32")
    for begin, end, _ in cues((folder / "interruption.vtt").read_text()):
        assert abs(sound[round(begin * rate) : round(end * rate)]).max() > 0.05


def test_the_picture_is_xml_with_a_row_for_each_turn(recorded):
    folder, report = recorded
    root = ET.fromstring((folder / "interruption.svg").read_text())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert root.tag.endswith("svg")
    assert texts.count("interrupted") == 2
    assert all(one["spoken"] in texts for one in report["scenes"][0]["turns"])


def test_every_stage_of_the_picture_is_named_within_it():
    spans = [{"stage": s, "begin": 10.0 * n, "end": 10.0 * n + 10, "n": 0} for n, s in STEPS]
    record = {"spans": spans, "ms": {"first_audio": 130.0, "total": 200.0}, "heard_s": 1.0}
    row = Row("word " * 20, (0.0, 1.0), (1.1, 3.0), True, waterfall(record))
    picture = draw_scene("Title", ("Sam", "Juno"), [row])
    named = {one.text: one for one in picture.shapes if isinstance(one, Words)}
    for _, stage in STEPS:
        word = named[STAGES[stage]]
        assert word.x + 0.56 * word.size * len(word.text) < picture.width
        assert word.y < picture.height


def test_captions_of_odd_words_stay_one_caption():
    text = webvtt([Cue("a < b\n\n& --> c", 0.0, 3661.5, "Sam")], "T\n1")
    assert text.splitlines()[0] == "WEBVTT - T 1"
    assert text.endswith("00:00:00.000 --> 01:01:01.500\n<v Sam>a &lt; b &amp; --&gt; c\n")


def test_a_folder_that_takes_no_files_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    done = demo("--record", str(tmp_path / "file" / "below"))
    assert done.returncode == 73
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2
    assert "cannot be written" in done.stderr


def test_sound_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(CannotCreate, match=r"nowhere/x\.ogg cannot be written"):
        write_opus(tmp_path / "nowhere" / "x.ogg", np.zeros(2400, np.float32))


def test_an_unknown_scene_ends_with_the_code_of_a_wrong_argument():
    done = demo("--scene", "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert "interruption" in done.stderr


# ── what is in the repository ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_the_recorded_scenes_of_the_pages_are_whole(name):
    folder = ROOT / "docs" / "demo"
    sound = folder / f"{name}.ogg"
    assert sound.stat().st_size <= 600_000
    found = cues((folder / f"{name}.vtt").read_text())
    assert found[-1][1] < soundfile.info(sound).duration
    ET.fromstring((folder / f"{name}.svg").read_text())
    spoken = [line.text for scene in chosen(name) for run in scene.runs for line in run]
    told = [text.removeprefix("<v Sam>") for *_, text in found if text.startswith("<v Sam>")]
    assert [words(text) for text in told] == [words(text) for text in spoken]


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_links_each_scene(name):
    text = (ROOT / "README.md").read_text()
    assert all(f"docs/demo/{name}{end}" in text for end in (".ogg", ".vtt", ".svg"))
