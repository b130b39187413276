"""The figures of past turns on disk: one line each in `turns.jsonl`, not a word of what was said.

A forgotten line is looked for in every file of the memory, word by word; so the names in here are
too short to be taken for one. Knows no stage and no engine.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - pydantic reads annotations when it runs
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from companion.errors import StoreError
from companion.events import Answered, Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from companion.config import Settings
    from companion.events import Event

NAME, OLDER = "turns.jsonl", "turns.1.jsonl"
MOST = 4_000_000
"""Bytes after which a new file begins; the one before it is kept, older ones are not. Some three
thousand turns each."""

SHORT = {
    "first_audio": "sound",
    "first_token": "token",
    "prefill": "read",
    "recall": "mem",
    "prompt": "form",
    "decode": "write",
    "evaluated": "fresh",
    "reused": "held",
    "read_ahead": "early",
    "generated": "made",
    "saved_s": "saved",
    "wasted_s": "lost",
    "cpu_s": "cpu",
    "spoken": "voice",
    "command": "order",
    "greeting": "hello",
}
_LONG = {short: name for name, short in SHORT.items()}
KEPT = ("spoken", "typed", "command")
"""A greeting, or the last reply once more, is no turn."""
LONGEST = 5
"""Letters of a name in the file, at most: forgetting looks for words of six and more."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One past turn.

    Attributes:
        at: When it ended.
        rig: A number for the engines, their threads and the machine: turns of one rig compare.
        complete: False where the reply was cut short.
        record: Its figures, as `Trace.record` gives them.
    """

    at: datetime
    rig: int
    complete: bool
    record: dict[str, Any]

    @property
    def kind(self) -> str:
        """What began it."""
        return str(self.record["kind"])

    @property
    def first_sound(self) -> float | None:
        """Milliseconds from the release of the key to the first sound."""
        return self.ms("first_audio")

    def ms(self, name: str) -> float | None:
        """One of its times in milliseconds; None where it did not happen."""
        value = self.record["ms"].get(name)
        return None if value is None else float(value)


class _Line(BaseModel, extra="ignore", frozen=True):
    """What a line of the file must hold."""

    at: datetime
    rig: int = 0
    kind: str = "voice"
    whole: bool = True
    said: float = 0.0
    reply: float = 0.0
    cpu: float = 0.0
    ms: dict[str, float | None] = field(default_factory=dict)
    tok: dict[str, int] = field(default_factory=dict)
    ahead: dict[str, float | str] = field(default_factory=dict)
    spans: list[tuple[str, int, float, float]] = field(default_factory=list)


class Figures:
    """Notes each turn after it was heard.

    Args:
        folder: The memory folder.
        rig: A number for what the turns run on; see `rig`.
        now: The clock.
        most: Bytes after which a new file begins.
    """

    def __init__(
        self, folder: Path, rig: int, now: Callable[[], datetime], most: int = MOST
    ) -> None:
        self._folder = folder
        self._rig, self._now, self._most = rig, now, most

    def after(self, tell: Callable[[Event], None]) -> Callable[[Event], None]:
        """`tell`, and then the turn is noted; where that fails, it is told once."""
        failed = False

        def told(event: Event) -> None:
            nonlocal failed
            tell(event)
            if failed or not isinstance(event, Answered) or not _is_kept(event.record):
                return
            try:
                self.add(event.record, complete=event.complete)
            except StoreError as error:
                failed = True
                tell(Notice(str(error)))

        return told

    def add(self, record: dict[str, Any], *, complete: bool = True) -> None:
        """Append one turn.

        Raises:
            StoreError: It cannot be written.
        """
        at = self._now().isoformat(timespec="seconds")
        line = json.dumps(_shortened(record, at, self._rig, whole=complete), separators=(",", ":"))
        path = self._folder / NAME
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size >= self._most:
                path.replace(self._folder / OLDER)
            _append(path, line)
        except OSError as error:
            raise StoreError(
                f"The figures of this turn were not noted in {path}: {error.strerror}.",
                "Make room there; or set [stats] keep = false.",
            ) from error


def _is_kept(record: Mapping[str, Any]) -> bool:
    return record["kind"] in KEPT and not record["private"]


def _append(path: Path, line: str) -> None:
    """One write: a line that was cut short by a crash spoils no other."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path, flags, 0o600)
    try:
        size = os.fstat(file).st_size
        torn = size and os.pread(file, 1, size - 1) != b"\n"
        os.write(file, ("\n" if torn else "").encode() + f"{line}\n".encode())
    finally:
        os.close(file)


def _brief(name: str) -> str:
    return SHORT.get(name, name[:LONGEST])


def _shortened(record: dict[str, Any], at: str, rig: int, *, whole: bool) -> dict[str, Any]:
    """A turn's record as it stands in the file."""
    return {
        "at": at,
        "rig": rig,
        "kind": _brief(record["kind"]),
        "whole": whole,
        "said": record["heard_s"],
        "reply": record["seconds"],
        "cpu": record["cpu_s"],
        "ms": {_brief(name): value for name, value in record["ms"].items()},
        "tok": {_brief(name): value for name, value in record["tokens"].items()},
        "ahead": {_brief(name): value for name, value in record["early"].items()},
        "spans": [[_brief(s["stage"]), s["n"], s["begin"], s["end"]] for s in record["spans"]],
    }


def _full(line: _Line) -> Turn:
    """A turn from its line in the file."""

    def named(values: Mapping[str, Any]) -> dict[str, Any]:
        return {_LONG.get(name, name): value for name, value in values.items()}

    record = {
        "kind": _LONG.get(line.kind, line.kind),
        "heard_s": line.said,
        "ms": named(line.ms),
        "tokens": named(line.tok),
        "early": named(line.ahead),
        "seconds": line.reply,
        "cpu_s": line.cpu,
        "spans": [
            {"stage": _LONG.get(stage, stage), "n": n, "begin": begin, "end": end}
            for stage, n, begin, end in line.spans
        ],
    }
    return Turn(line.at, line.rig, line.whole, record)


def read_turns(folder: Path) -> tuple[list[Turn], int]:
    """All turns that are kept, the oldest first, and how many lines could not be read.

    Raises:
        StoreError: A file is there and the disk does not give it.
    """
    turns: list[Turn] = []
    broken = 0
    for name in (OLDER, NAME):
        try:
            lines = (folder / name).read_bytes().splitlines()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"{folder / name} cannot be read: {error.strerror}.") from error
        for line in filter(bytes.strip, lines):
            try:
                turns.append(_full(_Line.model_validate_json(line)))
            except ValidationError:
                broken += 1
    return turns, broken


def rig(settings: Settings, voice: str) -> int:
    """A number for engines, threads and machine; no name can be read out of it.

    Args:
        settings: Which engines, and their threads.
        voice: Name of the voice; "" where replies are text.
    """
    stt, llm = settings.stt, settings.llm
    engines = (stt.model, stt.threads, llm.model, llm.context, llm.threads, llm.threads_read)
    machine = (platform.node(), platform.machine(), os.cpu_count())
    whole = repr((engines, voice, settings.voice.threads, machine))
    return int.from_bytes(hashlib.sha256(whole.encode()).digest()[:4])
