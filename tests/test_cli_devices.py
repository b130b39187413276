"""`companion devices list` and `test`, with a virtual microphone and loudspeaker."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from live import ROOT
from test_sound_files import tone
from virtual_sound import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def companion(sound, *words) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "companion", *words],
        cwd=ROOT, env=sound.environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def result(sound) -> dict:
    done = companion(sound, "devices", "test", "--seconds", "1", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_list_tells_the_sound_servers_devices_by_the_names_that_stay(sound):
    rows = json.loads(companion(sound, "devices", "list", "--json").stdout)["devices"]
    assert {"mic", "spk"} <= {row["node"] for row in rows}
    told = companion(sound, "devices", "list").stdout
    assert "* microphone   Remapped Monitor of Null Output (mic)  (48000 Hz, 1 channels" in told


def test_what_is_spoken_is_measured_and_played_back(sound):
    sound.say(tone(48_000, 20, 500), 48_000)
    tape = sound.listen()
    found = result(sound)
    assert found["microphone"]["level_db"] == pytest.approx(-9, abs=0.5)
    assert found["microphone"]["seconds"] == pytest.approx(1.0, abs=0.3)
    assert found["microphone"]["faults"] == []
    assert (found["microphone"]["rate"], found["loudspeaker"]["rate"]) == (48_000, 48_000)
    assert len(tape.sound()) > 0.9 * tape.rate


def test_once_around_is_measured(sound):
    sound.hear_the_loudspeaker()
    loop = result(sound)["loop_ms"]
    assert 30 < loop < 500


def test_a_loudspeaker_that_is_not_heard_is_told(sound):
    done = companion(sound, "devices", "test", "--seconds", "0.6")
    assert "did not hear the loudspeaker" in done.stdout


def test_a_muted_microphone_is_told(sound):
    sound.mute_microphone()
    assert "muted in the sound settings" in result(sound)["microphone"]["faults"][0]


def test_a_device_that_is_not_there_ends_it_with_those_that_are(sound):
    done = companion(sound, "devices", "test", "--microphone", "Nessie")
    assert done.returncode == 69
    assert "'Remapped Monitor of Null Output (mic)'" in done.stderr


def test_a_server_that_hangs_ends_it_in_time(sound):
    sound.stop_server()
    done = companion(sound, "devices", "test")
    sound.go_on()
    assert done.returncode == 69
    assert "does not answer" in done.stderr
