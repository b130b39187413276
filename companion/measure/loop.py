"""The loop closed: how much of what the demo's character says is understood by our own ear.

The replies are played into files and transcribed as if somebody had spoken them into the
microphone. What goes in is the text that the voice was given, what comes out is what Whisper
wrote. A reply that was interrupted is left out: it ends in the middle of a word.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.flow import Cancel
from companion.measure.wer import distance, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from companion.config import Settings
    from companion.stages import Ear


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply that was spoken and heard.

    Attributes:
        scene: Its scene.
        run: Its run in it.
        said: What the voice was given.
        heard: What was understood.
        seconds: How long it is.
    """

    scene: str
    run: int
    said: str
    heard: str
    seconds: float

    @property
    def words(self) -> int:
        """Words that were said."""
        return len(words(self.said))

    @property
    def errors(self) -> int:
        """Words that were understood wrongly, left out or put in."""
        return distance(words(self.said), words(self.heard))


def measure(
    settings: Settings, scene: str, config: Path | None, say: Callable[[str], None]
) -> tuple[list[Reply], int]:
    """Play the demo and hear it; the replies, and how many were left out.

    Args:
        settings: Whose Whisper listens.
        scene: The scene to play; "" for all.
        config: The workspace's `config.toml`.
        say: Told what takes long.
    """
    from companion.compose import load_whisper
    from companion.pack.demo import Options, play

    ear = load_whisper(settings)
    with tempfile.TemporaryDirectory(prefix="companion-loop-") as folder:
        say("Playing the demo …")
        options = Options(Path(folder), config=config, scene=scene)
        turns = [turn for turn in play(options) if "known" not in turn]
        whole = [turn for turn in turns if turn["complete"] and turn["seconds"]]
        say(f"Hearing {len(whole)} replies …")
        return list(_heard(whole, ear)), len(turns) - len(whole)


def _heard(turns: Iterable[dict[str, Any]], ear: Ear) -> Iterable[Reply]:
    from companion.sound.wav import read_wav

    for turn in turns:
        found = ear.transcribe(read_wav(Path(turn["audio_out"])), Cancel())
        heard = found.text if found else ""
        yield Reply(turn["scene"], turn["run"], turn["said"], heard, turn["seconds"])


def report(replies: Sequence[Reply], left_out: int) -> dict[str, Any]:
    """All figures, as `companion eval loop --json` gives them."""
    names = dict.fromkeys(reply.scene for reply in replies)
    by_scene = {name: _figures([r for r in replies if r.scene == name]) for name in names}
    return {
        **_figures(replies),
        "left_out": left_out,
        "by_scene": by_scene,
        "replies": [{**asdict(r), "words": r.words, "errors": r.errors} for r in replies],
    }


def _figures(replies: Sequence[Reply]) -> dict[str, Any]:
    said, errors = sum(r.words for r in replies), sum(r.errors for r in replies)
    wrong = round(errors / said, 4) if said else float(errors > 0)
    return {"n": len(replies), "words": said, "errors": errors, "wer": wrong}
