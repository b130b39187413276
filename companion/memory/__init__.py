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

from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from companion.errors import UsageError, undoing
from companion.memory.book import Book, Taken
from companion.memory.commands import command
from companion.memory.dense import Dense
from companion.memory.dense.chroma import place_of
from companion.memory.dense.index import Index
from companion.memory.forget import Forgetting, Forgotten
from companion.memory.forget.condemned import AT_ONCE, Condemned
from companion.memory.forget.purge import Places, Receipt, purge
from companion.memory.hand import Conversation, Hand, as_note
from companion.memory.lore import Imported, Lore, People
from companion.memory.obey import Wishes
from companion.memory.read.pack import MOST
from companion.memory.recall import Recall
from companion.memory.recall.search import Search
from companion.memory.recall.why import Witness
from companion.memory.record import Record, clean
from companion.memory.store import folder as folder_of_memories
from companion.memory.store.copies import Copy, opened
from companion.memory.store.lock import FolderLock
from companion.memory.store.memo import NAMED
from companion.memory.store.verify import Verdict, verify
from companion.memory.store.versions import Versions
from companion.memory.talk import Talk
from companion.memory.write import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from companion.memory.dense.embed import Embedder
    from companion.memory.more import More
    from companion.memory.recall.recalled import Why
    from companion.values import Answer, Heard, Note, Prompt, Said


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


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
        folder_of_memories.make(self.folder)
        self._lock = FolderLock(self.folder, more.get("role", "companion"))
        path = self.folder / "journal.sqlite3"
        with undoing(self._lock.close):
            self._journal, told = opened(path, self.owner, self.character)
        self._copy = Copy(path)
        self._notices = [told] if told else []
        self._index = self._indexed(embedder, more.get("index", ""))
        self._talk = Talk(self._journal, now, fresh=more.get("fresh", False))
        self._versions = Versions(self._journal)
        self.lore = Lore(self._journal, People(self.name, self.owner), self._talk.stamp)
        self._dense = (
            Dense(self._journal, self._versions, self.lore, self._index, embedder)
            if self._index and embedder
            else None
        )
        moment, extractor = self._talk.moment, more.get("extractor")
        self._writer = Writer(self._journal, self._versions, self.name, moment, extractor)
        self._hand = Hand(self._journal, self._versions, self.lore, self._talk.stamp)
        self._forgetting = Forgetting(self._journal, self._versions, self.lore, self._hand)
        self._witness = Witness(self._journal, self._hand, self._told)
        self._places = Places(self.folder, more.get("audio"))
        self._condemned = Condemned(self._journal)
        self._judge = more.get("judge")
        most = more.get("notes", MOST)
        self._recall = Recall(self._searching(), self._writer, self._hand, self._talk, most)
        self._wishes = Wishes(self, self._talk, self._journal, self._writer, self._witness)
        self._delete_condemned()  # what the last one was kept from

    def close(self) -> None:
        """Give everything back; safe to repeat."""
        if self._lock.held:
            self._delete_condemned()
        self._recall.search.close()
        if self._index is not None:
            self._index.close()
        self._journal.close()
        self._lock.close()

    # ── a turn ───────────────────────────────────────────────────────────────────────────────

    def hear(self, heard: Heard) -> str:
        """Keep what the owner said; returns the line's id once it is on the disk."""
        return self._talk.keep("user", self.owner, heard.text, heard.confidence)

    def say(self, said: Said) -> str:
        """Keep what was heard of the reply; returns its id, or "" when nothing was heard."""
        return self._talk.keep("character", self.name, said.text)

    @property
    def private(self) -> bool:
        """Whether nothing of what is said is kept."""
        return self._talk.private

    @private.setter
    def private(self, private: bool) -> None:
        self._talk.private = private

    def obey(self, heard: Heard) -> Answer | None:
        """Do what the words ask of the memory itself, and answer; None where they are talk."""
        return self._wishes.obey(heard)

    def witness(self, prompt: Prompt, said: Said) -> None:
        """Note with the turn what of the recalled notes the prompt held and the reply used."""
        self._witness.saw(self._talk.heard, prompt, said)

    def recall(self, heard: Heard, skip: int | None = None) -> tuple[Note, ...]:
        """What earlier conversations hold that answers `heard`: least fitting first, best last.

        Nothing for words that ask nothing ("yes", "ok"), and nothing rather than something that
        does not fit.

        Args:
            heard: The words just heard.
            skip: Lines of this conversation that the prompt still holds, counted from its end;
                None: all of them.
        """
        notes, told = self._recall.fitting(heard.text, skip)
        return self._witness.recalled(heard, notes, told)

    def peek(self, heard: Heard) -> tuple[Note, ...] | None:
        """What `recall` would give for words that may still change; nothing is noted.

        None where they ask something of the memory itself.
        """
        if command(heard.text, self.name) is not None:
            return None
        # On a copy: the next "yes" goes on with what was really recalled.
        return copy(self._recall).fitting(heard.text, None)[0]

    def undo(self, names: Sequence[str] = ()) -> int:
        """Take a turn back everywhere; returns how many lines went.

        Args:
            names: Ids of its lines; none: those of the last turn of this conversation.
        """
        turn = self._journal.by_id(names) if names else self._talk.last_turn()
        if not turn:
            return 0
        self._copy.drop()
        with self._versions.together():
            learned = self._writer.unlearn(turn)
            self._journal.remove(turn)
        self._journal.flush()
        if self._index is not None:
            self._index.remove([*(one.id for one in turn), *(f"{NAMED}{name}" for name in learned)])
        self._witness.forget()
        self._talk.forget([one.id for one in turn])
        return len(turn)

    def idle(self) -> Iterator[None]:
        """The work that can wait, in small steps; it may be left at any of them.

        Deletes what is to be deleted for good, reads the lines that nobody has read for what they
        leave behind, embeds what is not yet, and hands it to the dense index.
        """
        if self._delete_condemned():
            yield
        yield from self._writer.steps()
        for embedded in self._dense.steps() if self._dense else ():
            if embedded:
                self._recall.search.learned()
            yield
        self._recall.search.prepare()
        yield from self._copy.steps(self._journal)

    def reindex(self, progress: Callable[[float], None]) -> int:
        """Embed everything anew and build the dense index anew; returns how much that was.

        Raises:
            UsageError: There is no embedder.
        """
        if self._dense is None:
            raise UsageError(
                "There is nothing to build anew: words alone are searched.",
                "Set [memory] embedder first.",
            )
        made = self._dense.reindex(progress)
        self._recall.search.close()
        self._recall.search = self._searching()
        return made

    def verify(self) -> Verdict:
        """Look whether all of it is sound; changes nothing."""
        return verify(self._journal, self._index)

    def take_in(self, path: Path, progress: Callable[[float], None]) -> Imported:
        """Take in a document about the character's world; see `Lore.take_in`."""
        return self.lore.take_in(path, progress)

    def notices(self) -> tuple[str, ...]:
        """What the owner should be told about the memory since this was last asked."""
        sources = [self._notices, self._index.notices if self._index else []]
        told = tuple(text for source in sources for text in source)
        told += self._journal.database.left_out()
        for source in sources:
            source.clear()
        return told

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    @property
    def session(self) -> str:
        """Id of the conversation that goes on; "" before its first line."""
        return self._talk.session

    def search(self, text: str, limit: int = 10) -> tuple[Note, ...]:
        """What fits `text`, from everything, best first."""
        return self._recall.found(text, limit)

    def memories(self, limit: int = 50, kind: str = "") -> tuple[Note, ...]:
        """The newest lines and memories, newest first; only those of a kind."""
        return self._hand.newest(limit, kind)

    def profile(self) -> tuple[Note, ...]:
        """What is known about the owner, the most telling first."""
        return self._hand.profile()

    def about(self, topic: str) -> tuple[Note, ...]:
        """What speaks of a topic: memories first, then lines, newest first."""
        return self._forgetting.about(topic)

    def everything(self) -> tuple[str, ...]:
        """Ids of all lines and memories."""
        return self._forgetting.everything()

    def forgotten(self) -> tuple[Note, ...]:
        """What is forgotten and not yet deleted, newest first."""
        return self._forgetting.forgotten()

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, oldest first."""
        return self._hand.conversations()

    def lines(self, session: str) -> tuple[Note, ...]:
        """The lines of one conversation, in order."""
        return tuple(as_note(line) for line in self._journal.session(session))

    def get(self, name: str) -> Note:
        """The line, memory or document with this id: `<session>:<n>`, a ULID, or its last four.

        Raises:
            MissingInput: There is none.
            UsageError: There are several; they are named.
        """
        return self._hand.as_note(self._hand.find(name))

    def to_xml(self, name: str) -> str:
        """What has this id, as XML (`urn:companion:memory:1`). Raises as `get` does."""
        return self._hand.to_xml(name)

    def history(self, name: str) -> tuple[Record, ...]:
        """All versions of a memory, oldest first; a line has one. Raises as `get` does."""
        return self._hand.history(name)

    def why(self, name: str = "") -> Why | None:
        """What was recalled for the turn of a line, for the last turn without one."""
        return self._witness.why(name)

    # ── by hand ──────────────────────────────────────────────────────────────────────────────

    def know(self, text: str, kind: str = "fact", *, pinned: bool = False) -> Note:
        """Keep a sentence as a memory; see `Hand.know`."""
        return self._hand.know(text, kind, pinned=pinned)

    def edit(self, name: str, text: str) -> Note:
        """Put the words of a memory right, with its history; see `Hand.edit`."""
        return self._hand.edit(name, text)

    def forget(self, names: Sequence[str]) -> Forgotten:
        """Take out of mind what has these names, and what goes with it; see `Forgetting`."""
        self._copy.drop()  # it would bring this back
        gone = self._forgetting.forget(names)
        self._witness.forget()
        self._talk.forget(gone.ids)
        return gone

    def restore(self, name: str) -> tuple[Note, ...]:
        """Bring back what was forgotten, and what went with it; see `Forgetting`."""
        return self._forgetting.restore(name)

    def purge(self, names: Sequence[str] | None = None, audio: Path | None = None) -> Receipt:
        """Delete what is forgotten for good, everywhere: only these, or all; see `purge`."""
        ids = None if names is None else {name.removeprefix(NAMED) for name in names}
        places = replace(self._places, audio=audio or self._places.audio)
        return purge(self._journal, self._index, places, ids, self._talk.moment())

    def delete(self, names: Sequence[str]) -> Receipt | None:
        """Delete for good what is forgotten: at once where that is quick, else soon (None)."""
        if self._places.size() <= AT_ONCE:
            return self.purge(names)
        self._condemned.add({name.removeprefix(NAMED) for name in names})
        return None

    def export(self, *, redact: bool = False) -> str:
        """All memories as one XML document; see `Book`."""
        return Book(self._journal, self._versions).write(self._talk.moment(), redact=redact)

    def read(self, book: str, progress: Callable[[float], None]) -> Taken:
        """Take in what `export` wrote; see `Book`."""
        return Book(self._journal, self._versions).read(book, progress)

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _delete_condemned(self) -> bool:
        """Delete what is still to be deleted for good; whether there was any."""
        told = self._condemned.deleted(self._index, self._places, self._talk.moment())
        self._notices += told
        return bool(told)

    def _indexed(self, embedder: Embedder | None, address: str) -> Index | None:
        if embedder is None:
            return None
        place = place_of(self.folder, address)
        return Index(place, self._journal, embedder.name, embedder.dim)

    def _searching(self) -> Search:
        embedder = self._dense.embedder if self._dense else None
        index = self._index if embedder else None
        return Search(self._journal, index, embedder, self.lore, self._versions, self._judge)

    def _told(self, name: str) -> None:
        """Count that a reply used a memory; a promise that is due is told with that."""
        moment = self._talk.moment()
        if any(one.id == name for one in self._writer.due(moment)):
            self._writer.told(name, moment)
        else:
            self._versions.used(name, moment)
