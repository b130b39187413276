"""What the tests of writing memories share: lines of one owner, and a writer that reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from memory_world import Clock

from companion.memory.store.journal import Journal
from companion.memory.store.line import Line, Spoken
from companion.memory.store.ulid import Ulids
from companion.memory.store.versions import Versions
from companion.memory.write import Writer
from companion.memory.write.gate import judge
from companion.memory.write.rules import About, read

if TYPE_CHECKING:
    from pathlib import Path

    from companion.memory.record import Record
    from companion.memory.write.candidate import Candidate, Extractor

SAID = datetime(2026, 3, 4, 18, 4, tzinfo=UTC)  # a Wednesday
ABOUT = About("Sam", "Juno")


def line(text: str, said: datetime = SAID, **more: object) -> Line:
    """A line of the owner, on its own."""
    fields = {"speaker": "user", "confidence": 1.0, "n": 1} | more
    return Line(
        seq=1, ulid="01JA7Q6ZK3T8QQQQQQQQQQQQQQ", session="S", owner="Sam", character="juno",
        who="Sam", text=text, said=said, **fields,
    )  # fmt: skip


def kept(text: str, said: datetime = SAID, about: About = ABOUT) -> list[Candidate]:
    """What of a line gets through the gate."""
    one = line(text, said)
    return [c for c in read(one, about) if judge(c, one, about).status == "active"]


@dataclass
class World:
    """A journal in a folder, and a writer that can be thrown away and made again."""

    folder: Path
    clock: Clock = field(default_factory=lambda: Clock(SAID))
    extractor: Extractor | None = None

    def __post_init__(self) -> None:
        self.ulids = Ulids()
        self.session = self.ulids.new(1)
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.folder / "journal.sqlite3", "Sam", "juno")
        self.versions = Versions(self.journal)
        self.writer = Writer(self.journal, self.versions, "Juno", self.clock, self.extractor)

    def restart(self) -> None:
        self.journal.close()
        self.open()

    def say(self, text: str, *, speaker: str = "user", confidence: float = 1.0) -> Line:
        who = "Sam" if speaker == "user" else "Juno"
        ulid = self.ulids.new(int(self.clock().timestamp() * 1000))
        spoken = Spoken(speaker, who, text, confidence, self.clock())
        made = self.journal.add(self.session, ulid, spoken)
        self.clock.time += timedelta(seconds=20)
        return made

    def tell(self, *texts: str) -> None:
        """Say these lines, and have them read."""
        for text in texts:
            self.say(text)
        self.work()

    def work(self) -> None:
        for _ in self.writer.steps():
            pass

    def later(self, **parts: float) -> None:
        """Time passes, and another conversation begins."""
        self.clock.time += timedelta(**parts)
        self.session = self.ulids.new(int(self.clock().timestamp() * 1000))

    def active(self, **wanted: str) -> list[Record]:
        return self.versions.active(**wanted)

    def texts(self) -> list[str]:
        return [one.text for one in self.active() if one.kind != "summary"]

    def all(self) -> list[Record]:
        """Everything that is kept, whatever its status."""
        names = {
            name
            for session, *_ in self.journal.sessions()
            for one in self.journal.session(session)
            for name in self.versions.sources_of(one.ulid)
        }
        found = [self.versions.get(name) for name in names]
        return sorted((one for one in found if one), key=lambda one: one.observed)
