"""Plays the scenes of the demo: real engines, recordings in, replies into files.

It works in a temporary workspace, each run in its own process, and never touches the owner's
memories.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.errors import CannotCreate, EngineError
from companion.events import Remembered, Words
from companion.flow import Cancel
from companion.measure.wer import wer
from companion.pack.bundled import bundled
from companion.pack.demo.scenes import chosen
from companion.trace import Trace
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards import Card
    from companion.compose import Parts
    from companion.config import Settings
    from companion.events import Event
    from companion.pack.demo.scenes import Line, Scene
    from companion.sound.wav import WavSpeaker
    from companion.values import Said, Samples

OWNER = "Sam"
"""Who speaks in the recordings."""
KNOWN = "What do you know about me?"
"""What is asked at the end: the memory itself answers, without the model."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may differ from the plain demo.

    Attributes:
        out: Folder of the replies: those of the first scene stand in it, those of another in a
            folder of its name.
        memory: Whether the character remembers.
        config: The workspace's `config.toml`.
        scene: Play this scene only; "" for all.
    """

    out: Path
    memory: bool = True
    config: Path | None = None
    scene: str = ""


def play(options: Options) -> Iterator[dict[str, Any]]:
    """Play the demo; gives each turn as it ends.

    A turn has the fields of the `--json` contract and besides `scene`, `kind`, `complete` (whether
    it was heard to its end), `lore` (what of the lorebook was told), `corrects` (the word that was
    put right) and `record` (its figures, as `Trace.record`). At the end of each run comes `known`:
    what the character answers to `KNOWN`.

    Raises:
        UsageError: There is no such scene.
        CannotCreate: The folder of the replies cannot be written.
        EngineError: A run failed; its own message is passed on.
    """
    wanted = chosen(options.scene)
    _ready(options.out)
    for scene in wanted:
        with tempfile.TemporaryDirectory(prefix="companion-demo-") as home:
            for run in range(1, len(scene.runs) + 1):
                yield from _run_apart(scene, run, Path(home), options)


def _ready(folder: Path) -> None:
    """The folder is there and takes files: said before anything is played."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotCreate(
            f"{folder} cannot be written ({error.strerror}).", "Name another folder: --record DIR"
        ) from error


def _run_apart(scene: Scene, run: int, home: Path, options: Options) -> Iterator[dict[str, Any]]:
    """One run in a process of its own: nothing but the memory on disk connects it to the last."""
    command = [sys.executable, "-m", "companion"]
    if options.config:
        command += ["--config", str(options.config)]
    command += ["demo", "--scene", scene.name, "--run", str(run), "--home", str(home)]
    command += ["--record", str(options.out)]
    command += ["--no-memory"] if not options.memory else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            yield {"scene": scene.name, **json.loads(line)}
    if process.returncode:
        raise EngineError("demo", f"Run {run} of the demo ended with code {process.returncode}.")


# ── one run, in this process ─────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Key:
    """The owner's key: pressed once so much of a reply was heard. It is the turn's own stop."""

    rate: int
    left: float = 0.0
    cancel: Cancel | None = None

    def arm(self, cancel: Cancel, seconds: float) -> None:
        """Press `cancel` after `seconds` of the next reply; never for 0."""
        self.cancel, self.left = (cancel, seconds) if seconds else (None, 0.0)

    def heard(self, block: Samples) -> None:
        """The loudspeaker played this much more."""
        self.left -= len(block) / self.rate
        if self.cancel is not None and self.left <= 0:
            self.cancel.set()


@dataclass(slots=True)
class Stage:
    """One run while it is played.

    Attributes:
        turns: How many turns of it are over: its clock goes by them.
        seen: What the turn that is going on told of itself.
    """

    scene: Scene
    run: int
    out: Path
    speaker: WavSpeaker
    key: Key
    turns: int = 0
    parts: Parts | None = None
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def audio(self) -> Path:
        """The file of the next reply."""
        folder = self.out if self.scene.more else self.out / self.scene.name
        return folder / f"demo-{self.run}-{self.turns + 1:02}.wav"

    def note(self, event: Event) -> None:
        """What the turn tells: the words, what the lorebook has to say to them, what came back."""
        match event:
            case Words(text, _):
                self.seen["heard"] = text
                self.seen["lore"] = self._lore(text)
            case Remembered(notes):
                self.seen["recalled"] = [{"id": i, "who": who, "text": t} for i, who, t in notes]

    def _lore(self, words: str) -> list[dict[str, str]]:
        c = self.parts.companion if self.parts else None
        if c is None or c.world is None:
            return []
        told = c.world.peek(c.persona, c.history, words).entries
        return [{"name": entry.name, "text": entry.text} for entry in told]


def run_here(
    settings: Settings, scene: Scene, run: int, home: Path, options: Options
) -> Iterator[dict[str, Any]]:
    """One run in this process; the turns as they end."""
    from companion.compose import Wishes, compose, load_whisper
    from companion.sound.wav import WavSpeaker

    key = Key(settings.audio.rate)
    speaker = WavSpeaker(settings.audio.rate, key.heard)
    stage = Stage(scene, run, options.out, speaker, key)
    wishes = Wishes(
        character=_card(scene),
        owner=OWNER,
        listen=False,
        loudspeaker=speaker,
        remember=options.memory,
        now=lambda: scene.moment(run, stage.turns),
    )
    parts = stage.parts = compose(_inside(settings, home), wishes, stage.note)
    parts.companion.stt = load_whisper(settings)
    lines = scene.runs[run - 1]
    try:
        parts.warm()
        for line, after in zip(lines, (*lines[1:], None), strict=True):
            yield _one_turn(parts, stage, line, after.interrupts if after else 0.0)
            stage.turns += 1
            _tidy(parts)
        yield {"known": _known(parts)}
    finally:
        parts.close()


def _card(scene: Scene) -> str:
    """The card of a scene as a path, since the workspace may hold others; "" for its own."""
    return str(bundled("characters") / f"{scene.character}.yaml") if scene.character else ""


def card_of(settings: Settings, scene: Scene) -> Card:
    """Who answers in a scene."""
    from companion import cards

    folder = settings.path(settings.companion.characters)
    folder = folder if folder.is_dir() else bundled("characters")
    return cards.find_card(folder, _card(scene) or settings.companion.character)


def _inside(settings: Settings, home: Path) -> Settings:
    """The settings of a run: nothing is left behind, and every time it goes the same."""
    return settings.model_copy(
        update={
            "companion": settings.companion.model_copy(update={"memory": home / "memory_db"}),
            "memory": settings.memory.model_copy(update={"index": ""}),
            "llm": settings.llm.model_copy(update={"temperature": 0.0}),
        }
    )


def _one_turn(parts: Parts, stage: Stage, line: Line, stop_after: float) -> dict[str, Any]:
    from companion.sound.keep import save
    from companion.sound.wav import read_wav
    from companion.turn import turn

    stage.seen.clear()
    speaker, audio, cancel = stage.speaker, stage.audio, Cancel()
    recording = read_wav(stage.scene.recording(line))
    trace, before = Trace(), len(speaker.samples)
    stage.key.arm(cancel, stop_after)
    said = turn(parts.companion, recording, cancel, trace)
    stage.key.arm(cancel, 0.0)
    if said is not None and said.error is not None:
        raise said.error
    reply = said.text.strip() if said else ""
    facts: dict[str, object] = {"text": reply, "character": parts.card.id, "lines": trace.lines}
    save(audio, speaker.samples[before:], speaker.rate, facts)
    return {
        "run": stage.run,
        "audio_in": str(stage.scene.recording(line)),
        "spoken": line.text,
        **_told(stage, line, said, trace),
        "audio_out": str(audio.resolve()),
    }


def _told(stage: Stage, line: Line, said: Said | None, trace: Trace) -> dict[str, Any]:
    """What a turn was, without its files."""
    from companion.speech.shape import speakable

    heard = stage.seen.get("heard", "")
    reply = said.text.strip() if said else ""
    seconds = said.seconds if said else 0.0
    return {
        "heard": heard,
        "wer": round(wer(line.text, heard), 3),
        "recalled": stage.seen.get("recalled", []),
        "reply": reply,
        "said": speakable(reply),
        "seconds": round(seconds, 3),
        "tokens": trace.tokens,
        "ms": trace.ms,
        "kind": trace.kind,
        "complete": said is None or said.complete,
        "lore": stage.seen.get("lore", []),
        "corrects": line.corrects,
        "record": trace.record(seconds),
    }


def _tidy(parts: Parts) -> None:
    """What a conversation does in idle time."""
    if parts.memory is not None:
        for _ in parts.memory.idle():
            pass


def _known(parts: Parts) -> str:
    """What the character says that it knows of the owner; "" without a memory."""
    answer = parts.memory.obey(Heard(KNOWN)) if parts.memory is not None else None
    return answer.text if answer is not None else ""
