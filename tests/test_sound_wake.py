"""The wake word: heard when it is said, and not in other speech."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from companion.errors import ConfigError
from companion.sound.wav import read_wav

pytest.importorskip("pymicro_wakeword", reason="needs the extra wake: pip install pymicro-wakeword")
from companion.sound.wake import Wake

DEMO = Path(__file__).resolve().parents[1] / "models" / "offline" / "demo"
needs_speech = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="needs espeak-ng to say the word"
)
HUSH = (1e-4 * np.random.default_rng(0).standard_normal(24_000)).astype(np.float32)


def spoken(words, folder):
    path = folder / "words.wav"
    subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "140", "-w", path, words], check=True)
    return np.concatenate([HUSH, read_wav(path).samples, HUSH])


def times_heard(wake, samples):
    return sum(wake.heard(samples[at : at + 500]) for at in range(0, len(samples), 500))


@needs_speech
@pytest.mark.parametrize(("word", "phrase"), [("okay_nabu", "Okay Nabu"), ("alexa", "Alexa")])
def test_the_word_is_heard_once(word, phrase, tmp_path):
    wake = Wake(word)
    assert wake.phrase == phrase
    assert times_heard(wake, spoken(phrase, tmp_path)) == 1


@needs_speech
def test_it_can_be_said_again(tmp_path):
    wake, said = Wake("alexa"), spoken("Alexa", tmp_path)
    assert [times_heard(wake, said), times_heard(wake, said)] == [1, 1]


def test_it_is_not_heard_in_other_speech():
    lines = np.concatenate([read_wav(path).samples for path in sorted(DEMO.glob("*.wav"))])
    assert times_heard(Wake("okay_nabu"), lines) == 0


def test_a_word_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(ConfigError, match="no wake word 'juno'") as error:
        Wake("juno")
    assert "okay_nabu" in str(error.value.hint)


def test_a_file_that_is_no_wake_word_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ConfigError, match="is no wake word"):
        Wake(str(tmp_path / "x.json"))


def test_without_its_package_it_says_what_to_install():
    script = (
        "import sys; sys.modules['pymicro_wakeword'] = None\n"
        "from companion.sound.wake import Wake\n"
        "try:\n    Wake('alexa')\nexcept Exception as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pip install pymicro-wakeword" in done.stdout
