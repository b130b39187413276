"""P27: what five hundred turns leave behind: memory, threads, files, sockets.

A conversation with the engines and models that are set, as fast as they go: a recording is spoken,
understood, remembered and answered, and the memory tidies up between two turns. What is remembered
grows, and is on the disk.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.measure.bench.recall import fill, lines_of_talk
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.memory import Memory
from companion.upkeep import TURNS as TURNS_TO_TIDY
from companion.upkeep import tidied, upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.compose import Parts
    from companion.config import Settings
    from companion.session import Session

TURNS = 500
SETTLED = 0.2
"""Share of the turns after which memory is looked at: what was not full beforehand is by then."""

REMEMBERED, INDEXED = 40_000, 10_000
"""Lines in a journal that is larger than SQLite's cache of its pages: without vectors, and with."""

MANY = 100
"""Turns from which on it is worth having caches full beforehand."""

LOOKS = 50
"""How often memory is looked at."""

MB = 1_000_000


@dataclass(slots=True)
class Left:
    """What was there, look by look.

    Attributes:
        turns: The number of the turn at each look.
        rss: Bytes of this process in memory, at each look.
        tasks: Its threads, native ones too, at each look.
        answered: How many turns were answered.
        opened: Files and sockets that were open before, while and after it ran.
    """

    turns: list[int] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)
    answered: int = 0
    opened: dict[str, list[str]] = field(default_factory=dict)

    def look(self, turn: int) -> None:
        """Note what is there now."""
        gc.collect()
        self.turns.append(turn)
        self.rss.append(resident())
        self.tasks.append(sum(1 for _ in Path("/proc/self/task").iterdir()))

    @property
    def slope(self) -> float:
        """Megabytes a hundred turns, after caches have filled."""
        return slope(self.turns, self.rss)

    @property
    def left(self) -> list[str]:
        """Files and sockets that are open now and were not before."""
        before = list(self.opened["before"])
        return [name for name in self.opened["after"] if not _taken(before, name)]


def _taken(names: list[str], name: str) -> bool:
    if name in names:
        names.remove(name)
        return True
    return False


def slope(turns: Sequence[int], rss: Sequence[int]) -> float:
    """Megabytes a hundred turns, by the straight line that fits best; without the beginning."""
    settled = [n for n, turn in enumerate(turns) if turn > SETTLED * turns[-1]]
    if len(settled) < 3:  # noqa: PLR2004 - a line through two points fits anything
        return 0.0
    x = np.array([turns[n] for n in settled], float)
    y = np.array([rss[n] for n in settled], float)
    return float(np.polyfit(x, y, 1)[0] * 100 / MB)


def resident() -> int:
    """Bytes of this process in memory that belong to it alone: files it maps do not count."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def opened() -> list[str]:
    """Files and sockets this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:  # the folder itself, that was just listed
            continue
    kinds = ("socket:", "pipe:", "anon_inode:")
    return [next((k for k in kinds if name.startswith(k)), name) for name in found]


def talk(settings: Settings, turns: int, progress: Callable[[str], None]) -> Left:
    """Talk for so many turns, and see what is left.

    Args:
        settings: Their memory folder is written to.
        turns: How many.
        progress: Told how far it is.
    """
    left = Left()
    if turns >= MANY:
        fill_journal(settings)
    _conversation(settings, 1, Left(), progress)  # what libraries load once stays loaded
    left.opened["before"] = opened()
    _conversation(settings, turns, left, progress)
    gc.collect()
    left.opened["after"] = opened()
    return left


def fill_journal(settings: Settings) -> None:
    """Remember so much that caches will be full, SQLite's and Chroma's, and do not count."""
    from companion.compose import load_minilm

    embedder = None if settings.memory.embedder == "none" else load_minilm(settings)
    folder = settings.path(settings.companion.memory)
    with closing(Memory(folder, "Sam", "juno", embedder)) as memory:
        fill(memory, lines_of_talk(INDEXED if embedder else REMEMBERED), embedder)


def _conversation(
    settings: Settings, turns: int, left: Left, progress: Callable[[str], None]
) -> None:
    parts, session = _begun(settings, left)
    try:
        if parts.memory is not None:
            inside: Any = parts.memory
            inside._journal.database.rows("PRAGMA quick_check")  # noqa: SLF001 - reads every page
        for n in range(1, turns + 1):
            session.press()
            session.release()
            session.wait()
            for _ in (*upkeep(parts.companion), *(parts.memory.idle() if parts.memory else ())):
                pass
            tidied(parts.companion)
            if n % max(TURNS_TO_TIDY, turns // LOOKS) == 0:  # always when memory was given back
                left.look(n)
                progress(f"turn {n} of {turns}: {left.rss[-1] / MB:.0f} MB")
    finally:
        session.close()
        parts.close()


def _begun(settings: Settings, left: Left) -> tuple[Parts, Session]:
    from companion.compose import Wishes, compose, load_whisper
    from companion.events import Answered
    from companion.measure.bench.rig import Replay, Sink, utterance
    from companion.session import Session
    from companion.sound.gate import Gate

    def note(event: Any) -> None:  # noqa: ANN401 - any event
        left.answered += isinstance(event, Answered)

    wishes = Wishes(owner="Sam", listen=False, loudspeaker=Sink())
    parts = compose(settings, wishes, note)
    parts.companion.stt = parts.whisper = load_whisper(settings)
    parts.warm()
    session = Session(parts.companion, Gate(), microphone=Replay(utterance(2.0)))
    session.start(greeting=False)
    return parts, session


def run(bench: Bench) -> dict[str, Figure]:
    """Five hundred turns with the models that are set, with the index and without."""
    turns = bench.some(TURNS)
    words = talk(inside(bench.settings, bench.home / "a", "none"), turns, bench.progress)
    whole = talk(inside(bench.settings, bench.home / "b"), turns, bench.progress)
    why = (
        "without the first hundred turns, over 40,000 lines from before: caches are full; runs"
        " differ by up to 0.4 MB, for what was given back is not always the same"
    )
    index = (
        "as shipped, over 10,000 lines from before; Chroma keeps the vector of every line in"
        " memory, which alone are 0.3 MB"
    )
    return {
        "P27": Figure(words.slope, why=f"recall by words, {why}", more=_more(words)),
        "P27i": Figure(whole.slope, why=index, more=_more(whole)),
    }


def _more(found: Left) -> dict[str, Any]:
    return {
        "turns": found.answered,
        "mb_first": found.rss[0] / MB,
        "mb_last": found.rss[-1] / MB,
        "threads_first": found.tasks[0],
        "threads_last": found.tasks[-1],
        "files_and_sockets_left": len(found.left),
    }


def inside(settings: Settings, folder: Path, embedder: str = "") -> Settings:
    """The settings with a memory of their own.

    Args:
        settings: The workspace's.
        folder: Where its memory is.
        embedder: As in `[memory] embedder`; "" for the one that is set.
    """
    folders = settings.companion.model_copy(update={"memory": folder})
    update = {"embedder": embedder} if embedder else {}
    memory = settings.memory.model_copy(update=update)
    return settings.model_copy(update={"companion": folders, "memory": memory})


GROUP = Group(
    "endurance",
    (
        Row("P27", "memory that grows in 100 turns", 0.5, "MB", counted=True),
        Row("P27i", "the same with the index of what is remembered", 0.5, "MB", counted=True),
    ),
    run,
    default=False,
)


def main() -> None:
    """Talk for as many turns as asked for; what was found, as one JSON object."""
    import companion

    companion.prepare()
    from companion import config

    turns, embedder = int(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as home:
        settings = inside(config.load(), Path(home) / "memory_db", embedder)
        found = talk(settings, turns, lambda text: print(text, file=sys.stderr))  # noqa: T201
    told = {"slope": found.slope, "left": found.left, "answered": found.answered}
    told |= {"tasks": found.tasks, "rss": found.rss}
    print(json.dumps(told))  # noqa: T201 - for the test that started it


if __name__ == "__main__":
    main()
