"""Companion's own side: the product's session with a replayed microphone.

    python companion_side.py        (started by side_by_side.py, which see)

Session, gate, turn, memory, prompt, model, voice and the cutting into blocks are the product's;
only the two ends are not devices. The microphone has what a real one would have: 0.3 s from before
the key, the recording at real-time pace, and after the release as much of the tail as it takes to
be quiet.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pace
import said
from lines import Lines

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.compose import Parts
    from companion.config import Settings
    from companion.flow import Cancel
    from companion.values import Recording, Said, Samples, Speech

QUIET_SECONDS, QUIET_DB, QUIET_BELOW_DB, POLL_SECONDS = 0.08, -60.0, 30.0, 0.01
"""When the product's microphone takes the tail for quiet (companion/sound/mic.py)."""


class Microphone:
    """A microphone into which a recording is spoken, at the pace of speech."""

    device_name = "replayed"

    def __init__(self, pre_roll: float, tail: float) -> None:
        self.tail = tail
        self.spoken: Samples = np.zeros(0, np.float32)
        self._last = 1
        self._before = np.zeros(round(pre_roll * 16_000), np.float32)
        self._kept = self._before
        self.began = self._released = 0.0

    def load(self, samples: Samples) -> None:
        """What will be spoken into it."""
        self.spoken = samples
        loud = np.flatnonzero(np.abs(samples) > pace.AUDIBLE)
        self._last = int(loud[-1]) + 1 if len(loud) else 1

    def press(self, *, keep_pre_roll: bool = True) -> None:
        """The key goes down, and the recording begins to be spoken."""
        self.began = time.monotonic()
        self._kept = self._before if keep_pre_roll else self._before[:0]

    def so_far(self) -> Recording:
        """What was heard since the press."""
        from companion.values import Recording

        length = round((time.monotonic() - self.began) * 16_000)
        heard = self.spoken[:length]
        said.share[0] = min(1.0, len(heard) / self._last)
        rest = np.zeros(max(0, length - len(heard)), np.float32)
        return Recording(np.concatenate([self._kept, heard, rest]), self.device_name)

    @property
    def level_db(self) -> float:
        """Level of the last tenth of a second."""
        return level_db(self.so_far().samples[-1_600:])

    def let_go(self) -> None:
        """The key comes up."""
        self._released = time.monotonic()

    def release(self) -> Recording:
        """What was heard, with its tail: until it is quiet, and a block has come since."""
        quiet = max(QUIET_DB, level_db(self.spoken, peak=True) - QUIET_BELOW_DB)
        fresh = self._released + pace.BLOCK_SECONDS
        while (now := time.monotonic()) < self._released + self.tail:
            last = self.so_far().samples[-round(QUIET_SECONDS * 16_000) :]
            if now >= fresh and level_db(last) < quiet:
                break
            time.sleep(POLL_SECONDS)
        return self.so_far()


def level_db(samples: Samples, *, peak: bool = False) -> float:
    """Level in dB of full scale."""
    if not len(samples):
        return -120.0
    level = np.abs(samples).max() if peak else np.sqrt(np.mean(np.square(samples)))
    return float(20 * np.log10(max(level, 1e-6)))


class Outlet:
    """Takes the product's blocks as a device does, and plays them into a `pace.Loudspeaker`."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.sink = pace.Loudspeaker()

    def write(self, block: Samples) -> None:
        """Play `block` after what came before."""
        self.sink.play(block, self.rate)

    def cut(self, fade: Samples) -> int:
        """Fall silent."""
        self.write(fade)
        return 0

    def finish(self) -> None:
        """All was played."""


class Speaker:
    """A loudspeaker for the product: its own `play_to` on an `Outlet`."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.outlet = Outlet(rate)
        self.volume = 1.0

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play a reply and tell which of its words were heard."""
        from companion.sound.playback import play_to

        return play_to(self.outlet, speech, cancel, lambda: self.volume, started)

    def close(self) -> None:
        """There is no device."""


def settings_of(wish: dict[str, Any], home: str) -> Settings:
    """The settings of a fresh workspace, with the models of the comparison."""
    from companion.cli.app import run
    from companion.config import load

    run(["--quiet", "init", home])
    models: dict[str, dict[str, Any]] = {
        "stt": {"model": wish["whisper"], "threads": wish["threads"], **wish.get("stt", {})},
        "llm": {"model": wish["gguf"], "temperature": 0.0, "threads_read": wish["threads"]},
        "memory": {"enabled": wish.get("memory", True)},
    }
    return load(Path(home) / "config.toml", overrides=models)


def open_parts(wish: dict[str, Any], settings: Settings, tell: Callable[[object], None]) -> Parts:
    """The product, composed, between a replayed microphone and a counted loudspeaker."""
    from companion.compose import Wishes, compose, load_whisper
    from companion.speech.piper import Piper

    speaker = Speaker(wish["rate"])
    parts = compose(settings, Wishes(owner="Sam", listen=False, loudspeaker=speaker), tell)
    parts.companion.stt = parts.whisper = load_whisper(settings)
    if wish.get("other_voice"):
        parts.companion.voice = parts.voice = Piper(Path(wish["voice"]), settings.voice.threads)
    return parts


def card_text(parts: Parts, settings: Settings) -> str:
    """What the character is, as the product tells the model: the peers get the same."""
    from companion.prompt import wording
    from companion.prompt.marked import whole

    who = parts.companion.persona
    return whole(wording.system_parts(who, who.greeting, (), settings.prompt.system))


class Side:
    """The session, and what it tells."""

    def __init__(self, wish: dict[str, Any], home: str) -> None:
        from companion.early import Early
        from companion.session import Session
        from companion.sound.gate import Gate
        from companion.worth import Worth

        self.settings = settings_of(wish, home)
        self._done = threading.Event()
        self._seen: dict[str, Any] = {}
        self.parts = open_parts(wish, self.settings, self._note)
        self.parts.warm()
        companion, gate, self.microphone = self.parts.companion, Gate(), self._microphone()
        self.session = Session(companion, gate, microphone=self.microphone, tidy=self.parts.memory)
        worth = Worth(self.settings.stt.ahead)
        self.session.early = Early(companion, gate, self.microphone, worth)
        self.session.start(greeting=False)

    def _microphone(self) -> Microphone:
        return Microphone(self.settings.audio.pre_roll, self.settings.audio.tail)

    def _note(self, event: object) -> None:
        name = type(event).__name__
        if name == "Words":
            self._seen["heard"] = event.text  # type: ignore[attr-defined]
        elif name == "Answered":
            self._seen |= {"reply": event.text, "record": event.record}  # type: ignore[attr-defined]
            self._done.set()
        elif name in {"Notice", "NothingHeard"}:
            self._seen.setdefault("notices", []).append(str(event))
            if name == "NothingHeard":
                self._done.set()

    def turn(self, audio: str, meter: pace.Meter) -> dict[str, Any]:
        """Hold the key while the recording is spoken, release it, and listen."""
        samples, rate = pace.read(audio)
        if rate != 16_000:
            raise SystemExit(f"{audio} is not at 16 kHz.")
        self._seen, outlet = {}, self.parts.companion.speaker.outlet  # type: ignore[attr-defined]
        outlet.sink = sink = pace.Loudspeaker(meter)
        self._done.clear()
        self.microphone.load(samples.astype(np.float32) / 32_768)
        self.session.press()
        released = self.microphone.began + len(samples) / rate
        pace.sleep_until(released)
        meter.start()
        self.session.release()
        self._done.wait(60)
        self.session.wait(30)
        return {**sink.report(released), **self._seen}


def main() -> None:
    """Answer turn after turn."""
    lines = Lines()
    wish = lines.settings()
    said.apply()
    from companion import __version__

    with tempfile.TemporaryDirectory(prefix="companion-peers-") as home:
        side = Side(wish, home)
        card = card_text(side.parts, side.settings)
        lines.say({"ready": True, "version": __version__, "settings": "as shipped", "card": card})
        while (turn := lines.next()) is not None:
            lines.say(side.turn(turn["audio"], pace.Meter(turn["pids"])))
        side.session.close()
        side.parts.close()


if __name__ == "__main__":
    main()
