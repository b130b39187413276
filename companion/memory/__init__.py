"""The memory: every line is kept, and what fits is found again.

    memory = Memory(folder, owner="Sam", character="mira", embedder=MiniLM(cache), now=clock)
    memory.hear(heard)               the owner's words, committed before this returns
    notes = memory.recall(heard)     what fits them from earlier conversations, best last
    memory.say(said)                 what was heard of the reply
    for _ in memory.idle(): ...      small steps of the work that can wait

The journal is the truth, the dense index is disposable, and everything works without an embedder
and without the index. One owner and one character; never another's lines. One thread at a time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from companion.errors import UsageError
from companion.memory import folder as folder_of_memories
from companion.memory.chroma import place_of
from companion.memory.dense import Dense
from companion.memory.hand import Conversation, Hand, as_note
from companion.memory.index import Index
from companion.memory.journal import Journal
from companion.memory.line import Spoken
from companion.memory.lock import FolderLock
from companion.memory.lore import Imported, Lore, People
from companion.memory.obey import Wishes
from companion.memory.read import abstain, rank
from companion.memory.read.pack import MOST, packed
from companion.memory.read.words import asks
from companion.memory.record import clean
from companion.memory.search import Found, Search, Span, with_part
from companion.memory.ulid import Ulids
from companion.memory.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.memory.embed import Embedder
    from companion.values import Answer, Heard, Note, Prompt, Said

SILENCE = timedelta(minutes=30)
"""After so much silence a new conversation begins."""
LOOKED_AT = 40
"""Lines that `recall` weighs, by words and by meaning each."""


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


class More(TypedDict, total=False):
    """What is seldom said of a memory.

    Attributes:
        fresh: Recall nothing from earlier conversations.
        name: The character's display name, if it is not its id.
        role: What this process is, as another one that wants the memory is told.
        index: Address of a Chroma server; "": the dense index is in the folder.
        notes: Most notes that one recall gives.
    """

    fresh: bool
    name: str
    role: str
    index: str
    notes: int


class Memory:
    """What one character remembers of one owner.

    Args:
        folder: Where the memories are; made if it is not there.
        owner: Name of the owner.
        character: Id of the character's card.
        embedder: Makes vectors of lines; None: words alone decide.
        now: The clock.
        more: What is seldom said, see `More`.

    Raises:
        StoreBusy: Another process holds the folder.
        StoreDamaged: The journal is damaged or of a newer version; nothing was changed.
        StoreError: It cannot be read or written.
        CannotCreate: The folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        owner: str,
        character: str,
        embedder: Embedder | None = None,
        now: Callable[[], datetime] = _now,
        **more: Unpack[More],
    ) -> None:
        self.folder = Path(folder)
        self.owner = clean(owner)
        self.character = clean(character)
        self.name = clean(more.get("name", "")) or self.character
        self._fresh = more.get("fresh", False)
        self._most = more.get("notes", MOST)
        self._now = now
        self._ulids = Ulids()
        self._session = ""
        self._last: datetime | None = None
        folder_of_memories.make(self.folder)
        self._lock = FolderLock(self.folder, more.get("role", "companion"))
        try:
            self._journal = Journal(self.folder / "journal.sqlite3", self.owner, self.character)
        except BaseException:
            self._lock.close()
            raise
        self._index = (
            Index(
                place_of(self.folder, more.get("index", "")),
                self._journal,
                embedder.name,
                embedder.dim,
            )
            if embedder
            else None
        )
        self.lore = Lore(self._journal, People(self.name, self.owner), self._stamp)
        self._dense = (
            Dense(self._journal, Versions(self._journal), self.lore, self._index, embedder)
            if self._index and embedder
            else None
        )
        self._search = self._searching()
        self._hand = Hand(self._journal)
        self._wishes = Wishes(self)
        self.private = False  # while it is set, nothing of what is said is kept
        self._started_after = self._journal.last()

    def close(self) -> None:
        """Give everything back; safe to repeat."""
        self._search.close()
        if self._index is not None:
            self._index.close()
        self._journal.close()
        self._lock.close()

    # ── a turn ───────────────────────────────────────────────────────────────────────────────

    def hear(self, heard: Heard) -> str:
        """Keep what the owner said; returns the line's id once it is on the disk."""
        return self._keep("user", self.owner, heard.text, heard.confidence)

    def say(self, said: Said) -> str:
        """Keep what was heard of the reply; returns its id, or "" when nothing was heard."""
        return self._keep("character", self.name, said.text, 1.0)

    def obey(self, heard: Heard) -> Answer | None:
        """Do what the words ask of the memory itself, and answer; None where they are talk."""
        return self._wishes.obey(heard)

    def witness(self, prompt: Prompt, said: Said) -> None:
        """Note with the turn what of the recalled notes the prompt held and the reply used."""

    def recall(self, heard: Heard, skip: int | None = None) -> tuple[Note, ...]:
        """What earlier conversations hold that answers `heard`: least fitting first, best last.

        Nothing for words that ask nothing ("yes", "ok"), and nothing rather than something that
        does not fit.

        Args:
            heard: The words just heard.
            skip: Lines of this conversation that the prompt still holds, counted from its end;
                None: all of them.
        """
        if not asks(heard.text):
            return ()
        found = self._search.find(clean(heard.text), self._moment(), self._span(skip), LOOKED_AT)
        if not abstain.worth_telling(found.coverage, found.cosine):
            return ()
        chosen = packed(rank.answering(found.ranked, heard.text), self._most)
        return tuple(
            self._note(found, with_part(one, "coverage", found.coverage)) for one in chosen
        )

    def undo(self) -> int:
        """Take the last turn of this conversation back everywhere; returns how many lines went."""
        lines = self._journal.session(self._session)
        first = max((line.n for line in lines if line.speaker == "user"), default=None)
        if first is None:
            return 0
        gone = self._journal.remove(self._session, first)
        if self._index is not None:
            self._index.remove([line.id for line in gone])
        return len(gone)

    def idle(self) -> Iterator[None]:
        """The work that can wait, in small steps; it may be left at any of them.

        Opens the dense index, embeds the lines that are not yet, and hands them to the index.
        """
        for embedded in self._dense.steps() if self._dense else ():
            if embedded:
                self._search.learned()
            yield

    def reindex(self, progress: Callable[[float], None]) -> int:
        """Embed everything anew and build the dense index anew; returns how much that was.

        Args:
            progress: Told the share that is done, 0 to 1.

        Raises:
            UsageError: There is no embedder.
        """
        if self._dense is None:
            raise UsageError(
                "There is nothing to build anew: words alone are searched.",
                "Set [memory] embedder first.",
            )
        made = self._dense.reindex(progress)
        self._search.close()
        self._search = self._searching()
        return made

    def take_in(self, path: Path, progress: Callable[[float], None]) -> Imported:
        """Take in a document about the character's world; its passages are recalled like lines.

        Args:
            path: A text, Markdown, PDF or XML file, or a lorebook in JSON.
            progress: Told the share that is done, 0 to 1.

        Raises:
            MissingInput: There is no such file.
            Forbidden: It may not be read.
            BadData: It cannot be read as what it says it is; the message says where.
        """
        return self.lore.take_in(path, progress)

    def notices(self) -> tuple[str, ...]:
        """What the owner should be told about the memory since this was last asked."""
        told = tuple(self._index.notices) if self._index else ()
        if self._index is not None:
            self._index.notices.clear()
        return told

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    @property
    def session(self) -> str:
        """Id of the conversation that goes on; "" before its first line."""
        return self._session

    def search(self, text: str, limit: int = 10) -> tuple[Note, ...]:
        """What fits `text`, from everything, best first."""
        found = self._search.find(clean(text), self._moment(), Span())
        return tuple(self._note(found, one) for one in found.ranked[:limit])

    def memories(self, limit: int = 50) -> tuple[Note, ...]:
        """The newest lines, newest first."""
        return self._hand.newest(limit)

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, oldest first."""
        return self._hand.conversations()

    def lines(self, session: str) -> tuple[Note, ...]:
        """The lines of one conversation, in order."""
        return tuple(as_note(line) for line in self._journal.session(session))

    def get(self, name: str) -> Note:
        """The line with this id: `<session>:<n>`, a ULID, or the last four of one.

        Raises:
            MissingInput: There is none.
            UsageError: There are several; they are named.
        """
        return as_note(self._hand.line(name))

    def to_xml(self, name: str) -> str:
        """What has this id, as XML (`urn:companion:memory:1`). Raises as `get` does."""
        return self._hand.to_xml(name)

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _keep(self, speaker: str, who: str, words: str, confidence: float) -> str:
        text = clean(words)
        if self.private or not text:
            return ""
        said = self._moment()
        session = self._session_at(said)
        ulid = self._ulids.new(_milliseconds(said))
        line = self._journal.add(session, ulid, Spoken(speaker, who, text, confidence, said))
        self._session, self._last = session, said
        return line.id

    def _searching(self) -> Search:
        embedder = self._dense.embedder if self._dense else None
        return Search(self._journal, self._index if embedder else None, embedder, self.lore)

    def _moment(self) -> datetime:
        """The time, with its zone; a clock without one is a local clock."""
        moment = self._now()
        return moment if moment.tzinfo else moment.astimezone()

    def _stamp(self) -> tuple[str, datetime]:
        """A new id, and the time."""
        moment = self._moment()
        return self._ulids.new(_milliseconds(moment)), moment

    def _session_at(self, moment: datetime) -> str:
        """The conversation a line of this moment belongs to."""
        if self._last is None or moment - self._last > SILENCE:
            self._started_after = self._journal.last()
            return self._ulids.new(_milliseconds(moment))
        return self._session

    def _span(self, skip: int | None) -> Span:
        after = self._started_after if self._fresh else 0
        if skip is None:
            return Span(after, self._started_after + 1)
        lines = self._journal.session(self._session) if self._session else []
        kept = lines[len(lines) - skip :] if skip < len(lines) else lines
        return Span(after, kept[0].seq if skip and kept else 1 << 62)

    def _note(self, found: Found, one: rank.Candidate) -> Note:
        if one.key in found.passages:
            return found.passages[one.key].as_note(one.score, one.parts)
        return as_note(found.lines[one.key], one.score, one.parts)


def _milliseconds(moment: datetime) -> int:
    return max(int(moment.timestamp() * 1000), 0)
