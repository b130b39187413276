"""The lorebook at work: what was said calls entries, these may call others, some are told.

    messages ─▶ keys ─▶ groups ─▶ chance ─▶ room ─▶ what is told
                 ▲                            │
                 └──── words of entries ◀─────┘

The meaning is that of character cards of version 2 and 3, and SillyTavern's where an entry uses
its extension keys (`docs/characters.md`). Pure: tokens, macros and the clock come in as functions,
and chance is a function of conversation, turn and entry.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from companion.lore import hidden, timed
from companion.lore.budget import Purse, Wish
from companion.lore.chance import roll
from companion.lore.compiled import compiled
from companion.lore.groups import Contender, losers
from companion.lore.keys import any_said
from companion.lore.patterns import Patience
from companion.lore.scene import Scene
from companion.lore.told import Told, Why
from companion.lore.verdict import Case, Setting, Verdict, judged
from companion.values import Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from companion.lore.book import Book, Entry
    from companion.lore.compiled import Ready
    from companion.lore.scene import Message
    from companion.lore.timed import Record, Timed

MOST_COUNTED = 4_096
"""Texts whose tokens are kept in mind."""

LONGEST = 65_536
"""Letters of an entry whose macros are expanded."""

ROUNDS = 3
"""How often the words of entries may call further ones in one turn."""


@dataclass(slots=True)
class _Round:
    """One turn while it is worked out."""

    scene: Scene
    turn: int
    state: Mapping[str, Record]
    purse: Purse
    patience: Patience
    everyone: bool
    level: int = 0
    rounds: int = 0
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    chosen: dict[int, str] = field(default_factory=dict)
    records: Timed = field(default_factory=dict)

    @property
    def length(self) -> int:
        return len(self.scene.messages)


class Lorebook:
    """A lorebook in one conversation.

    Args:
        book: The book.
        count_tokens: Tokens of a text.
        seed: Of chance: the same for the same conversation.
        setting: What the book needs to know of the character and the application.
    """

    def __init__(
        self,
        book: Book,
        count_tokens: Callable[[str], int],
        seed: str = "",
        setting: Setting | None = None,
    ) -> None:
        self.book = book
        self.setting = setting or Setting()
        self._count = functools.lru_cache(MOST_COUNTED)(count_tokens)
        self.seed = seed
        self._ready = compiled(book, self.setting.scan_depth, self.setting.expand)
        self._slow: set[str] = set()
        self._steady = {
            one.at: self._words(one.entry) for one in self._ready.entries if steady(one.entry)
        }

    def told(
        self,
        messages: Sequence[Message],
        turn: int,
        state: Mapping[str, Record],
        *,
        everyone: bool = False,
        spent: int = 0,
    ) -> Told:
        """What is told in one turn.

        Args:
            messages: The conversation, oldest first, the newest words last.
            turn: Number of the turn; a turn that is tried again has the same.
            state: What the turn before gave.
            spent: Tokens of the application's room that another book took.
            everyone: Say of each entry why it was not told, and not only of those called.
        """
        now = _Round(
            scene=Scene(tuple(messages), names=self.book.sillytavern, fields=self.setting.fields),
            turn=turn,
            state=state,
            purse=Purse(self._count, self._limit(spent)),
            patience=Patience(self.setting.clock, self._slow),
            everyone=everyone,
        )
        fresh = self._pass(now)
        if self.book.recursive:
            self._recurse(now, fresh)
        return self._result(now)

    @property
    def limit(self) -> int | None:
        """Tokens that entries may take: the smaller of the book's and the application's."""
        return self._limit(0)

    def _limit(self, spent: int) -> int | None:
        ours = None if self.setting.tokens is None else max(0, self.setting.tokens - spent)
        limits = (self.book.token_budget, ours)
        return min((limit for limit in limits if limit is not None), default=None)

    def constants(self) -> tuple[Placed, ...]:
        """What is told in every turn, word for word: it may stand in front of everything."""
        with self.as_it_was():
            found = self.told((), 0, {}).entries
        return tuple(one for one in found if one.constant)

    @contextlib.contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Afterwards macros remember what they remembered before."""
        variables = self.setting.variables
        before = dict(variables)
        try:
            yield
        finally:
            variables.clear()
            variables.update(before)

    # ── rounds ───────────────────────────────────────────────────────────────────────────────

    def _recurse(self, now: _Round, fresh: list[int]) -> None:
        """Let what is told call further entries, and open the levels of those that wait."""
        levels = list(self._ready.levels)
        now.level = levels.pop(0) if levels else 0
        now.scene.recursing = True
        while not now.purse.full:
            words = [
                hidden.heard(now.words[at]) for at in fresh if not self._entry(at).recursion.prevent
            ]
            if words and now.rounds < ROUNDS:
                now.rounds += 1
                now.scene.add(words)
            elif levels:
                now.level = levels.pop(0)
            else:
                return
            fresh = self._pass(now)

    def _pass(self, now: _Round) -> list[int]:
        """Look at everything once; the entries that are told because of it."""
        called = self._called(now)
        for at in called:
            now.verdicts[at] = called[at]
        matched = [at for at, verdict in called.items() if verdict.yes and at not in now.chosen]
        kept = [at for at in self._of_groups(now, matched) if self._lucky(now, at)]
        for at in kept:
            entry, standing = self._entry(at), self._standing(now, at)
            if record := timed.matched(entry, standing.record, now.length):
                now.records[entry.uid] = record
        return self._admitted(now, kept)

    def _called(self, now: _Round) -> dict[int, Verdict]:
        """Entries not yet told that are worth a look, each with what is to be said of it."""
        hits: dict[int, list[tuple[str, str]]] = {}
        for (depth, also, _), sweep in self._ready.sweeps.items():
            hits |= _joined(hits, sweep.found(now.scene.hay(depth, also)))
        looked_at = {*hits, *self._ready.always, *self._ready.patterned, *self._staying(now)}
        if now.everyone:
            looked_at |= set(range(len(self._ready.entries)))
        found = {}
        for at in sorted(looked_at - now.chosen.keys()):
            if now.scene.recursing and (old := now.verdicts.get(at)) and old.final:
                continue
            one = self._ready.entries[at]
            verdict = self._judged(now, one, hits.get(at, []))
            if verdict.reason != "deaf" or at not in now.verdicts:  # what it said before counts
                found[at] = verdict
        return found

    def _judged(self, now: _Round, one: Ready, hits: list[tuple[str, str]]) -> Verdict:
        return judged(
            Case(
                ready=one,
                hits=hits,
                scene=now.scene,
                standing=self._standing(now, one.at),
                setting=self.setting,
                level=now.level,
                said=lambda keys: any_said(
                    keys, now.scene.hay(one.depth, one.entry.also), now.patience
                ),
            )
        )

    def _staying(self, now: _Round) -> Iterable[int]:
        """Entries with something to remember: they may be told without a key."""
        return (self._ready.by_uid[uid] for uid in now.state if uid in self._ready.by_uid)

    def _standing(self, now: _Round, at: int) -> timed.Standing:
        if not now.state:
            return timed.NOTHING
        return timed.standing(self._entry(at), now.state, now.length)

    # ── who stays ────────────────────────────────────────────────────────────────────────────

    def _of_groups(self, now: _Round, matched: list[int]) -> list[int]:
        """Those that their groups let through."""
        contenders = [
            Contender(self._entry(at), now.verdicts[at].reason == "sticky", now.verdicts[at].score)
            for at in matched
        ]
        taken = frozenset(name for at in now.chosen for name in self._entry(at).group.names)
        out = losers(contenders, taken, (self.seed, now.turn))
        for at in matched:
            if (name := out.get(self._entry(at).uid)) is not None:
                now.verdicts[at] = Verdict(yes=False, reason="group", detail=name, final=True)
        return [at for at in matched if now.verdicts[at].yes]

    def _lucky(self, now: _Round, at: int) -> bool:
        """Whether chance is with an entry; what stays or is told in any case needs none."""
        entry = self._entry(at)
        if entry.probability >= 100 or now.verdicts[at].reason in {"sticky", "activate"}:  # noqa: PLR2004
            return True
        if 100 * roll(self.seed, now.turn, entry.uid) < entry.probability:
            return True
        now.verdicts[at] = Verdict(
            yes=False, reason="probability", detail=f"{entry.probability:g}", final=True
        )
        return False

    def _admitted(self, now: _Round, kept: list[int]) -> list[int]:
        """Those for which there is room; what is empty needs none and is not told."""
        now.words |= {at: self._text(at, now.turn) for at in kept}
        texts = {at: hidden.told(now.words[at]) for at in kept}
        for at, text in texts.items():
            if not text or self._entry(at).place.name == "outlet":
                reason = "outlet" if text else "empty"
                now.verdicts[at] = Verdict(yes=False, reason=reason, final=True)
        wishes = [self._wish(now, at, texts[at]) for at in kept if now.verdicts[at].yes]
        inside, out = now.purse.admit(wishes)
        for at in (self._ready.by_uid[uid] for uid in out):
            now.chosen.pop(at, None)
            now.verdicts[at] = Verdict(yes=False, reason="budget", final=True)
        fresh = [self._ready.by_uid[uid] for uid in inside]
        now.chosen |= {at: texts[at] for at in fresh}
        return fresh

    def _wish(self, now: _Round, at: int, text: str) -> Wish:
        entry = self._entry(at)
        standing = 0 if at in self._steady else 1 if now.verdicts[at].unasked else 2
        after = 3 if now.scene.recursing and standing > 1 else standing
        rank = (after, -entry.priority, -entry.order, at)
        return Wish(entry.uid, text, rank, entry.asks.spare, entry.unbudgeted)

    # ── what comes out ───────────────────────────────────────────────────────────────────────

    def _result(self, now: _Round) -> Told:
        told = sorted(now.chosen, key=lambda at: (self._entry(at).order, at))
        return Told(
            entries=tuple(self._placed(now, at) for at in told),
            state=self._state(now),
            why=tuple(self._why(now, at) for at in sorted(now.verdicts)),
            left_out=tuple(
                self._entry(at).name
                for at in sorted(now.verdicts)
                if now.verdicts[at].reason == "budget"
            ),
            notices=_notices(now.patience),
            tokens=now.purse.spent,
        )

    def _state(self, now: _Round) -> Timed:
        """The records of the next turn: what still holds, and what began now."""
        state: Timed = {}
        for uid in now.state:
            at = self._ready.by_uid.get(uid)
            if at is not None and (record := self._standing(now, at).record):
                state[uid] = record
        state |= now.records
        for at in now.chosen:
            entry = self._entry(at)
            if record := timed.told(entry, self._standing(now, at), now.length):
                state[entry.uid] = record
        return state

    def _placed(self, now: _Round, at: int) -> Placed:
        entry = self._entry(at)
        place, depth = entry.place.name, entry.place.depth
        asks = entry.asks
        if asks.place is not None:
            place = asks.place
        elif asks.depth is not None:
            place, depth = "at_depth", asks.depth
        elif asks.reverse_depth is not None:
            place, depth = "at_depth", max(0, now.length - asks.reverse_depth)
        return Placed(
            text=now.chosen[at],
            place=place,
            depth=depth if place == "at_depth" else 0,
            role=asks.role or entry.place.role,
            order=entry.order,
            uid=entry.uid,
            constant=at in self._steady and place != "at_depth",
            name=entry.name,
        )

    def _why(self, now: _Round, at: int) -> Why:
        entry, verdict = self._entry(at), now.verdicts[at]
        message = None
        if verdict.hit:
            one = self._ready.entries[at]
            message = now.scene.where(verdict.hit, one.depth)
        return Why(entry.uid, entry.name, at in now.chosen, verdict.reason, verdict.detail, message)

    def _entry(self, at: int) -> Entry:
        return self._ready.entries[at].entry

    def _text(self, at: int, turn: int) -> str:
        steady_text = self._steady.get(at)
        return self._words(self._entry(at), turn) if steady_text is None else steady_text

    def _words(self, entry: Entry, turn: int = 0) -> str:
        """The words of an entry, what is hidden in them marked."""
        words = hidden.marked(entry.content)
        if len(entry.content) > LONGEST:  # no prompt has room for it
            return words.strip()
        return self.setting.expand(words, turn).strip()


def steady(entry: Entry) -> bool:
    """Whether an entry is told in every turn, so that it may stand in the part that is kept."""
    asks = entry.asks
    conditions = (
        asks.after, asks.every, asks.once, asks.never, asks.additional, asks.exclude, asks.spare,
        asks.greeting is not None, asks.user_icon, entry.timing.cooldown, entry.timing.delay,
        entry.group.names, entry.recursion.level, entry.probability < 100,  # noqa: PLR2004
        entry.triggers, entry.place.name == "outlet",
    )  # fmt: skip
    return entry.enabled and entry.constant and not any(conditions)


def _joined(
    one: dict[int, list[tuple[str, str]]], other: dict[int, list[tuple[str, str]]]
) -> dict[int, list[tuple[str, str]]]:
    return {at: [*one.get(at, []), *found] for at, found in other.items()}


def _notices(patience: Patience) -> tuple[str, ...]:
    over = [
        f"The lorebook key {key[:80]} takes too long and is not tried again in this conversation."
        for key in patience.over
    ]
    if patience.untried:
        over.append(f"{len(patience.untried)} lorebook patterns were not tried, for want of time.")
    return tuple(over)
