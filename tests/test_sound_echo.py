"""Without the loudspeaker's echo: the character's voice begins no turn, and the owner's does."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from companion.flow import Cancel
from companion.key.free import Rules, Turns
from companion.sound.gate import Gate
from companion.sound.playback import play_to
from companion.sound.wav import read_wav
from companion.values import Clause, Speech

pytest.importorskip("pywebrtc_audio", reason="needs the extra aec: pip install pywebrtc-audio")
from companion.sound.echo import Echo

DEMO = Path(__file__).resolve().parents[1] / "models" / "offline" / "demo"
LINES = [read_wav(path).samples for path in sorted(DEMO.glob("*.wav"))]
SECONDS, RATE, LOOK = 5, 16_000, 512


class Outlet:
    """A loudspeaker; the microphone hears it after 50 ms."""

    rate = RATE

    def __init__(self):
        self.heard = [np.zeros(RATE // 20, np.float32)]

    def write(self, block):
        self.heard.append(block)

    def cut(self, _):
        return 0

    def finish(self):
        """All was heard."""


@pytest.fixture(scope="module")
def gate():
    return Gate()


def reply(first):
    return np.concatenate([LINES[(first + n) % 15] for n in range(3)])[: SECONDS * RATE]


def heard(spoken, own, gain, echo=None):
    """What the microphone hears of a reply, and what is left of it without its echo."""
    out, echo = Outlet(), echo or Echo()
    loud = echo.overhear(out)
    for at in range(0, len(spoken), 320):
        loud.write(spoken[at : at + 320])
    air = gain * np.concatenate(out.heard)[: len(spoken)] + own[: len(spoken)]
    clean = np.concatenate([echo.clean(air[at : at + LOOK]) for at in range(0, len(air), LOOK)])
    loud.finish()
    return air, clean


def begins(gate, samples):
    """Seconds after which somebody interrupts; None where nobody does."""
    turns = Turns(Rules())
    for n, likely in enumerate(gate.ear().hear(samples.astype(np.float32))):
        if turns.hear_over(likely) == "press":
            return n * 512 / RATE
    return None


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0])
def test_without_its_echo_no_reply_interrupts_itself_and_with_it_every_one_does(gate, gain):
    hush = 1e-4 * np.random.default_rng(0).standard_normal(SECONDS * RATE).astype(np.float32)
    both = [heard(reply(n), hush, gain) for n in range(6)]
    assert [begins(gate, raw) is not None for raw, _ in both] == [True] * 6
    assert [begins(gate, clean) for _, clean in both] == [None] * 6


def test_the_reply_after_an_interrupted_one_does_not_interrupt_itself(gate):
    own, hush = np.zeros(SECONDS * RATE, np.float32), np.zeros(SECONDS * RATE, np.float32)
    own[8_000 : 8_000 + len(LINES[2])] = LINES[2]
    for n in range(6):
        echo = Echo()
        heard(reply(n), own, 0.5, echo)
        assert begins(gate, heard(reply(n + 3), hush, 0.5, echo)[1]) is None


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0])
def test_a_voice_over_the_reply_interrupts_it(gate, gain):
    starts = []
    for n in range(6):
        own = np.zeros(SECONDS * RATE, np.float32)
        line = LINES[(n + 7) % 15]
        own[24_000 : 24_000 + len(line)] = line[: len(own) - 24_000]
        starts.append(begins(gate, heard(reply(n), own, gain)[1]))
    assert all(start is not None and start >= 1.5 for start in starts)


def test_it_listens_to_a_reply_from_its_first_block_to_its_end():
    echo, seen = Echo(), []
    out = Outlet()
    out.write = lambda _: seen.append(echo.playing)
    speech = [Speech(Clause("Hello.", ""), LINES[0], RATE)]
    play_to(echo.overhear(out), speech, Cancel(), lambda: 1.0)
    assert (set(seen), echo.playing) == ({True}, False)


def test_without_its_package_it_says_what_to_install():
    script = (
        "import sys; sys.modules['pywebrtc_audio'] = None\n"
        "from companion.sound.echo import Echo\n"
        "try:\n    Echo()\nexcept Exception as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pip install pywebrtc-audio" in done.stdout
