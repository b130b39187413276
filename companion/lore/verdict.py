"""Whether one entry matches now, by the rules in the order in which they overrule each other.

Switched off; told in any case; not told in any case; matched before; for whom; waiting, resting;
staying; greeting and counts; excluded keys; further keys; constant; keys; secondary keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from companion.lore.compiled import Ready
    from companion.lore.keys import Key
    from companion.lore.scene import Scene
    from companion.lore.timed import Standing


def _same(text: str, _turn: int) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Setting:
    """What a book needs to know of the character and the application.

    Attributes:
        tokens: Tokens that entries may take; None is no limit.
        scan_depth: Messages that are looked at where neither book nor entry says.
        expand: Puts what they stand for in the places of macros: of a text, in a turn.
        clock: Seconds that only rise, for patterns that take long.
        greeting: Number of the greeting that opened the conversation.
        character: Names the character goes by.
        tags: The card's tags.
        fields: Texts of the card, by the names in `companion.lore.book.FIELDS`.
        variables: What `expand` remembers from turn to turn.
    """

    tokens: int | None = None
    scan_depth: int = 4
    expand: Callable[[str, int], str] = _same
    clock: Callable[[], float] = float
    greeting: int = 0
    character: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of an entry.

    Attributes:
        yes: Whether it matches.
        reason: One word.
        detail: The key or the number that decided.
        score: How many of its keys were said.
        hit: The words that decided, as they were said.
        final: Whether nothing said later in this turn can change it.
    """

    yes: bool
    reason: str
    detail: str = ""
    score: int = 0
    hit: str = ""
    final: bool = False

    @property
    def unasked(self) -> bool:
        """Whether it matches without a key."""
        return self.reason in {"constant", "activate", "sticky", "kept"}


@dataclass(frozen=True, slots=True)
class Case:
    """One entry in one pass.

    Attributes:
        ready: The entry with its keys.
        hits: Its plain keys that were said, each with the word it was misheard as or "".
        scene: The conversation.
        standing: What the entry did earlier.
        setting: What is known of the character.
        level: The level of waiting entries that is open.
        said: Whether one of some keys was said where this entry looks.
    """

    ready: Ready
    hits: list[tuple[str, str]]
    scene: Scene
    standing: Standing
    setting: Setting
    level: int
    said: Callable[[Sequence[Key]], bool]


def judged(case: Case) -> Verdict:
    """Whether an entry matches, and why: the first rule that has an answer decides."""
    for rule in (_overruled, _meant, _timed, _waiting, _counted, _by_other_keys):
        if (answer := rule(case)) is not None:
            return answer
    if case.ready.entry.constant:
        return Verdict(yes=True, reason="constant")
    return _by_keys(case)


def _no(reason: str, detail: object = "") -> Verdict:
    """A no that nothing in this turn can change."""
    return Verdict(yes=False, reason=reason, detail=f"{detail}", final=True)


def _overruled(case: Case) -> Verdict | None:
    entry, asks = case.ready.entry, case.ready.entry.asks
    if not entry.enabled:
        return _no("disabled")
    if asks.activate:
        return Verdict(yes=True, reason="activate")
    if asks.never:
        return _no("never")
    if case.standing.matched and asks.once:
        return _no("once")
    return Verdict(yes=True, reason="kept") if case.standing.matched and asks.keep else None


def _meant(case: Case) -> Verdict | None:
    """Whether the entry is for this character, and for a conversation at all."""
    entry, setting = case.ready.entry, case.setting
    wanted = {name.casefold() for name in (*entry.characters.names, *entry.characters.tags)}
    if wanted:
        ours = {name.casefold() for name in (*setting.character, *setting.tags)}
        if bool(wanted & ours) == entry.characters.exclude:
            return _no("character")
    if entry.triggers and "normal" not in entry.triggers:
        return _no("trigger", ", ".join(entry.triggers))
    return None


def _timed(case: Case) -> Verdict | None:
    timing, standing = case.ready.entry.timing, case.standing
    if (length := len(case.scene.messages)) < timing.delay:
        return _no("delay", timing.delay - length)
    return _no("cooldown", standing.rests) if standing.rests and not standing.stays else None


def _waiting(case: Case) -> Verdict | None:
    """Whether it waits for other entries, or does not listen to them; staying overrules both."""
    recursion = case.ready.entry.recursion
    if case.standing.stays:
        return Verdict(yes=True, reason="sticky", detail=f"{case.standing.stays}")
    if recursion.level and (not case.scene.recursing or recursion.level > case.level):
        return Verdict(yes=False, reason="waits", detail=f"{recursion.level}")
    if recursion.exclude and case.scene.recursing:
        return Verdict(yes=False, reason="deaf")
    return None


def _counted(case: Case) -> Verdict | None:
    asks = case.ready.entry.asks
    if asks.greeting is not None and asks.greeting != case.setting.greeting:
        return _no("greeting", asks.greeting)
    if asks.user_icon is not None:
        return _no("user icon", asks.user_icon)
    replies = case.scene.replies() if asks.after or asks.every else 0
    if asks.after is not None and replies < asks.after:
        return _no("after", asks.after - replies)
    if asks.every is not None and replies % asks.every:
        return _no("every", asks.every)
    return None


def _by_other_keys(case: Case) -> Verdict | None:
    """Keys that must not be there, and lists of which one must be: they bind constants too."""
    for one in case.ready.exclude:
        if case.said([one]):
            return Verdict(yes=False, reason="excluded", detail=one.text)
    for some in case.ready.additional:
        if not case.said(some):
            named = ", ".join(one.text for one in some)
            return Verdict(yes=False, reason="additional", detail=named)
    return None


def _by_keys(case: Case) -> Verdict:
    ready = case.ready
    found = [*case.hits, *((one.text, "") for one in ready.patterns if case.said([one]))]
    if not found:
        return _unsaid(ready)
    key, misheard = found[0]
    hits = sum(case.said([one]) for one in ready.secondary) if ready.secondary else 0
    every, logic = len(ready.secondary), ready.entry.logic
    if every and not LOGIC[logic](hits, every):
        return Verdict(yes=False, reason=f"secondary {logic}", detail=key)
    more = hits if logic == "any" or (logic == "all" and hits == every) else 0
    return Verdict(
        yes=True,
        reason="misheard" if misheard else "key",
        detail=f"{key} ({misheard})" if misheard else key,
        score=len(found) + more,
        hit=misheard or key,
    )


def _unsaid(ready: Ready) -> Verdict:
    if ready.dead:
        return Verdict(yes=False, reason="dead key", detail=ready.dead[0].text)
    return Verdict(yes=False, reason="no key" if ready.entry.keys else "keyless")


LOGIC: dict[str, Callable[[int, int], bool]] = {
    "any": lambda hits, _: hits > 0,
    "not_all": lambda hits, every: hits < every,
    "not_any": lambda hits, _: hits == 0,
    "all": lambda hits, every: hits == every,
}
"""What the secondary keys must do: of so many hits among so many keys."""
