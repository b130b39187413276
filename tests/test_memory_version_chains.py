"""Whatever is done to memories, in whatever order: no version is lost, changed or seen early."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from memory_records import NOW, records

from companion.memory.record import Record, clean
from companion.memory.store.journal import Journal
from companion.memory.store.versions import Versions

SCOPE = "character:mira"
LIVE = ("active", "superseded", "expired")
ANY = records().map(lambda one: replace(one, scope=SCOPE))
WORDS = st.sampled_from(("tea", "coffee", "tea and coffee", "nothing"))


def some(chains: Chains) -> bool:
    return bool(chains.names())


def some_hidden(chains: Chains) -> bool:
    return bool(chains.names(hidden=True))


class Chains(RuleBasedStateMachine):
    """Memories in the journal beside the same in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, list[Record]] = {}
        self.hidden: set[str] = set()
        self.removed: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.folder / "journal.sqlite3", "Sam", "mira")
        self.journal.database.connection.execute("PRAGMA synchronous = OFF")
        self.versions = Versions(self.journal)

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)

    def pick(self, data: st.DataObject, *, hidden: bool = False) -> str:
        return data.draw(st.sampled_from(self.names(hidden=hidden)))

    def names(self, *, hidden: bool = False) -> list[str]:
        return [name for name in self.kept if (name in self.hidden) == hidden]

    def use(self, name: str, **values: object) -> None:
        self.kept[name] = [replace(one, **values) for one in self.kept[name]]  # type: ignore[arg-type]

    # ── what is done ─────────────────────────────────────────────────────────────────────────

    @rule(record=ANY, text=WORDS)
    def add(self, record: Record, text: str) -> None:
        assume(record.id not in self.kept and record.id not in self.removed)
        made = self.versions.add(replace(record, text=text))
        assert made == replace(record, text=text)
        self.kept[made.id] = [made]

    @precondition(some)
    @rule(data=st.data(), record=ANY, text=WORDS)
    def revise(self, data: st.DataObject, record: Record, text: str) -> None:
        name = self.pick(data)
        old = self.kept[name][-1]
        use = {"recalls": old.recalls, "last": old.last}
        new = replace(record, id=name, text=text, v=old.v + 1, **use)
        assert self.versions.revise(new) == new
        self.kept[name].append(new)
        self.use(name, pinned=new.pinned)

    @precondition(some)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        name = self.pick(data)
        old = data.draw(st.sampled_from(self.kept[name]))
        made = self.versions.restore(name, old.v)
        assert made == replace(old, v=self.kept[name][-1].v + 1)
        self.kept[name].append(made)

    @precondition(some)
    @rule(data=st.data())
    def hide(self, data: st.DataObject) -> None:
        name = self.pick(data)
        assert self.versions.hide([name]) == [name]
        self.hidden.add(name)

    @precondition(some_hidden)
    @rule(data=st.data())
    def unhide(self, data: st.DataObject) -> None:
        name = self.pick(data, hidden=True)
        assert self.versions.unhide([name]) == [name]
        self.hidden.discard(name)

    @precondition(some)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.drop(self.pick(data))

    @precondition(some_hidden)
    @rule(data=st.data())
    def remove_what_is_hidden(self, data: st.DataObject) -> None:
        self.drop(self.pick(data, hidden=True))

    def drop(self, name: str) -> None:
        assert self.versions.remove([name], NOW) == [name]
        self.hidden.discard(name)
        self.removed.add(name)
        del self.kept[name]

    @precondition(some)
    @rule(data=st.data(), days=st.integers(0, 9))
    def used(self, data: st.DataObject, days: int) -> None:
        name = self.pick(data)
        moment = NOW + timedelta(days=days)
        self.versions.used(name, moment)
        self.use(name, recalls=self.kept[name][-1].recalls + 1, last=moment)

    @rule()
    def start_again(self) -> None:
        self.journal.close()
        self.open()

    # ── what is true all the time ────────────────────────────────────────────────────────────

    @invariant()
    def every_version_is_there_as_it_was_written(self) -> None:
        if not hasattr(self, "versions"):
            return
        for name, chain in self.kept.items():
            seen = [] if name in self.hidden else chain
            assert self.versions.history(name) == seen
            assert self.versions.get(name) == (seen[-1] if seen else None)
        assert {one.id for one in self.versions.hidden()} == self.hidden

    @invariant()
    def what_is_found_is_what_can_be_found(self) -> None:
        if not hasattr(self, "versions"):
            return
        newest = [self.kept[name][-1] for name in self.kept if name not in self.hidden]
        live = [one for one in newest if one.status in LIVE]
        found = self.versions.match(["tea"], past=True)
        assert found.lines == len(live)
        texts = {one.id: one.text for one in live if "tea" in clean(one.text).split()}
        memos = self.versions.memos(found.seqs)
        assert {one.id: one.text for one in memos if one.id in texts} == texts
        now = {one.id for one in self.versions.memos(self.versions.match(["tea"]).seqs)}
        assert now == {one.id for one in memos if one.status == "active"}
        active = {one.id for one in newest if one.status == "active"}
        assert {one.id for one in self.versions.active()} == active

    @invariant()
    def no_word_of_what_cannot_be_found_is_in_the_full_text_index(self) -> None:
        if not hasattr(self, "versions"):
            return
        rows = self.journal.database.rows("SELECT rowid FROM memories_fts_1")
        assert len(rows) == self.versions.match([]).lines
        self.journal.database.rows(
            "INSERT INTO memories_fts_1(memories_fts_1) VALUES ('integrity-check')"
        )


TestChains = Chains.TestCase
TestChains.settings = settings(max_examples=settings().max_examples // 3, stateful_step_count=15)
