"""The demo: a whole spoken conversation from WAV files, in two runs a day apart.

Every engine is real. The owner's lines are recordings; the replies go to files. It works in a
temporary workspace, each run in its own process, and never touches the owner's memories.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.errors import EngineError, MissingInput
from companion.events import Remembered, Words
from companion.flow import Cancel
from companion.measure.wer import wer
from companion.pack.bundled import bundled
from companion.trace import Trace
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.compose import Parts
    from companion.config import Settings
    from companion.events import Event
    from companion.sound.wav import WavSpeaker

OWNER = "Sam"
"""Who speaks in the recordings."""
KNOWN = "What do you know about me?"
"""What is asked at the end: the memory itself answers, without the model."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may differ from the plain demo.

    Attributes:
        out: Folder of the replies.
        memory: Whether the character remembers.
        config: The workspace's `config.toml`.
    """

    out: Path
    memory: bool = True
    config: Path | None = None


def script() -> list[list[dict[str, str]]]:
    """The owner's lines by run: {"audio": absolute path, "text": what is spoken}."""
    folder = bundled("models") / "offline" / "demo"
    file = folder / "script.json"
    if not file.is_file():
        raise MissingInput(f"The demo's recordings are not at {folder}.", "Reinstall Companion.")
    runs: list[list[dict[str, str]]] = json.loads(file.read_text("utf-8"))["runs"]
    return [[{**line, "audio": str(folder / line["audio"])} for line in run] for run in runs]


def play(options: Options) -> Iterator[dict[str, Any]]:
    """Play the demo; gives each turn as it ends, in the form of the `--json` contract.

    At the end of each run comes {"known": what the character answers to `KNOWN`}.

    Raises:
        EngineError: A run failed; its own message is passed on.
    """
    with tempfile.TemporaryDirectory(prefix="companion-demo-") as home:
        for run in range(1, len(script()) + 1):
            yield from _run_apart(run, Path(home), options)


def _run_apart(run: int, home: Path, options: Options) -> Iterator[dict[str, Any]]:
    """One run in a process of its own: nothing but the memory on disk connects it to the last."""
    command = [sys.executable, "-m", "companion"]
    if options.config:
        command += ["--config", str(options.config)]
    command += ["demo", "--run", str(run), "--home", str(home), "--record", str(options.out)]
    command += ["--no-memory"] if not options.memory else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            yield json.loads(line)
    if process.returncode:
        raise EngineError("demo", f"Run {run} of the demo ended with code {process.returncode}.")


def run_here(
    settings: Settings, run: int, home: Path, options: Options
) -> Iterator[dict[str, Any]]:
    """One run in this process; the turns as they end."""
    from companion.compose import Wishes, compose, load_whisper
    from companion.sound.wav import WavSpeaker

    speaker = WavSpeaker(settings.audio.rate)
    wishes = Wishes(
        owner=OWNER,
        listen=False,
        loudspeaker=speaker,
        remember=options.memory,
        now=lambda: _day(run),
    )
    seen: dict[str, Any] = {}
    inside = settings.model_copy(
        update={
            "companion": settings.companion.model_copy(update={"memory": home / "memory_db"}),
            "memory": settings.memory.model_copy(update={"index": ""}),  # leaves nothing behind
            "llm": settings.llm.model_copy(update={"temperature": 0.0}),  # every time the same
        }
    )
    parts = compose(inside, wishes, lambda event: _note(event, seen))
    parts.companion.stt = load_whisper(settings)
    try:
        parts.warm()
        for number, line in enumerate(script()[run - 1], 1):
            yield _one_turn(parts, speaker, seen, Place(run, number, options.out), line)
            _tidy(parts)
        yield {"known": _known(parts)}
    finally:
        parts.close()


@dataclass(frozen=True, slots=True)
class Place:
    """Which turn this is, and where its reply goes."""

    run: int
    number: int
    out: Path

    @property
    def audio(self) -> Path:
        """The file of the reply."""
        return self.out / f"demo-{self.run}-{self.number:02}.wav"


def _one_turn(
    parts: Parts, speaker: WavSpeaker, seen: dict[str, Any], place: Place, line: dict[str, str]
) -> dict[str, Any]:
    from companion.sound.keep import save
    from companion.sound.wav import read_wav
    from companion.speech.shape import speakable
    from companion.turn import turn

    seen.clear()
    recording = read_wav(Path(line["audio"]))
    trace, before = Trace(), len(speaker.samples)
    said = turn(parts.companion, recording, Cancel(), trace)
    if said is not None and said.error is not None:
        raise said.error
    reply = said.text.strip() if said else ""
    facts: dict[str, object] = {"text": reply, "character": parts.card.id, "lines": trace.lines}
    save(place.audio, speaker.samples[before:], speaker.rate, facts)
    heard = seen.get("heard", "")
    return {
        "run": place.run,
        "audio_in": line["audio"],
        "spoken": line["text"],
        "heard": heard,
        "wer": round(wer(line["text"], heard), 3),
        "recalled": seen.get("recalled", []),
        "reply": reply,
        "said": speakable(reply),
        "audio_out": str(place.audio.resolve()),
        "seconds": round(said.seconds, 3) if said else 0.0,
        "tokens": trace.tokens,
        "ms": trace.ms,
    }


def _note(event: Event, seen: dict[str, Any]) -> None:
    match event:
        case Words(text, _):
            seen["heard"] = text
        case Remembered(notes):
            seen["recalled"] = [{"id": i, "who": who, "text": text} for i, who, text in notes]


def _tidy(parts: Parts) -> None:
    """What a conversation does in idle time."""
    if parts.memory is not None:
        for _ in parts.memory.idle():
            pass


def _known(parts: Parts) -> str:
    """What the character says that it knows of the owner; "" without a memory."""
    answer = parts.memory.obey(Heard(KNOWN)) if parts.memory is not None else None
    return answer.text if answer is not None else ""


def _day(run: int) -> datetime:
    """The last run happens today, each one before it a day earlier."""
    return datetime.now().astimezone() - timedelta(days=len(script()) - run)


def check_memory(turns: list[dict[str, Any]], card_text: str) -> list[str]:
    """Words of a later run's answer that only a memory can have brought.

    They stand in `recalled` and in neither the card, the history of that run nor the question.
    """
    found: list[str] = []
    history: dict[int, set[str]] = {}
    card = _content(card_text)
    for turn in turns:
        known = history.setdefault(turn["run"], set())
        asked = _content(turn["heard"]) | _content(turn["spoken"])
        recalled = set().union(*(_content(note["text"]) for note in turn["recalled"]), set())
        if turn["run"] > 1:
            found += sorted((_content(turn["reply"]) & recalled) - known - asked - card)
        known |= asked | _content(turn["reply"])
    return found


def _content(text: str) -> set[str]:
    """Words that carry meaning, as compared by the check."""
    from companion.measure.wer import words

    return {w for w in words(text) if len(w) > 3}  # noqa: PLR2004 - "and", "the", "you"
