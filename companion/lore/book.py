"""A lorebook: what it is, and how one is read from any of the forms in use.

Those are the `character_book` of a card, a `lorebook_v3` file and a world of SillyTavern. Reading
mends what it can and never refuses an entry: what was mended is said in a note. Knows no
conversation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from companion.lore import decorators
from companion.lore.decorators import Decorators
from companion.lore.wild import Tree, count, first, flag, number, option, text, texts, tree

MOST_ENTRIES = 10_000
"""Entries that are read of one book."""

MOST_KEYS = 500
"""Keys that are read of one entry."""

DEEPEST_SCAN = 1_000
"""Messages that are looked at, at most."""

PLACES = ("before_char", "after_char", "note", "note", "at_depth", "before_examples")
"""SillyTavern's numbers of places, from 0; 6 and 7 follow below."""
_PLACES = dict(enumerate((*PLACES, "after_examples", "outlet")))
NOTE_DEPTH = 4
"""There is no author's note here: what belongs around it is told at the note's usual depth."""

ROLES = ("system", "user", "assistant")
LOGIC = ("any", "not_all", "not_any", "all")
"""What the secondary keys must do, by SillyTavern's numbers."""

FIELDS = (
    *("persona_description", "character_description", "character_personality"),
    *("character_depth_prompt", "scenario", "creator_notes"),
)
"""Fields of a card in which SillyTavern can look for keys too, by its names."""

SILLYTAVERN = frozenset(
    (
        *("display_index", "exclude_recursion", "prevent_recursion", "useProbability"),
        *("selectiveLogic", "group_override", "automation_id", "vectorized"),
    )
)
"""Extension keys that only SillyTavern writes."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long an entry stays, rests and waits, in messages; 0 is not at all."""

    sticky: int = 0
    cooldown: int = 0
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Of the entries of an inclusion group one is told."""

    names: tuple[str, ...] = ()
    override: bool = False
    weight: float = 100.0
    scoring: bool = False


@dataclass(frozen=True, slots=True)
class Recursion:
    """What an entry has to do with the words of other entries.

    Attributes:
        exclude: They do not call it.
        prevent: Its own words call nobody.
        level: It waits until this many rounds of calling are over; 0 does not wait.
    """

    exclude: bool = False
    prevent: bool = False
    level: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is told; see `companion.values.Placed`."""

    name: str = "after_char"
    depth: int = 4
    role: str = "system"


@dataclass(frozen=True, slots=True)
class Filter:
    """Characters for whom an entry is meant, or (`exclude`) is not; none is everybody."""

    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exclude: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a lorebook.

    Attributes:
        uid: Unique within the book, and the same each time the book is read.
        name: What people call it.
        keys: Words of which one must have been said.
        content: What is told, decorators gone and macros not yet expanded.
        secondary: Words that are looked at too.
        logic: What these must do: "any", "not_all", "not_any" or "all".
        patterns: What keys are: "slashes" (`/pattern/flags` is one) or "bare" (each is one).
        case_sensitive: None is the book's way: any case.
        whole_words: None is the book's way.
        order: Told in rising order.
        priority: The lowest goes first when there is no room.
        probability: 0 to 100.
        unbudgeted: It takes no room of the others.
        triggers: Occasions it is for, by SillyTavern's names; none is all of them.
        also: Fields of the card in which its keys are looked for too.
        asks: What its decorators say.
        digest: Changes when the entry is edited.
    """

    uid: str
    name: str
    keys: tuple[str, ...]
    content: str
    secondary: tuple[str, ...] = ()
    logic: str = "any"
    patterns: str = "slashes"
    enabled: bool = True
    constant: bool = False
    case_sensitive: bool | None = None
    whole_words: bool | None = None
    scan_depth: int | None = None
    order: float = 100.0
    priority: float = 0.0
    probability: float = 100.0
    unbudgeted: bool = False
    triggers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)
    timing: Timing = field(default_factory=Timing)
    group: Group = field(default_factory=Group)
    recursion: Recursion = field(default_factory=Recursion)
    characters: Filter = field(default_factory=Filter)
    asks: Decorators = field(default_factory=Decorators)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A lorebook.

    Attributes:
        entries: In the order of the file.
        name: What people call it.
        scan_depth: Messages that are looked at; None is the application's way, and not 0.
        token_budget: Tokens its entries may take; None is the application's way.
        recursive: Whether the words of entries call others; None is not said.
        whole_words: Whether a single word must stand alone where its entry does not say.
        fuzzy: Whether a name may be misheard by one letter.
        sillytavern: Whether SillyTavern wrote it, so that its meaning counts.
    """

    entries: tuple[Entry, ...] = ()
    name: str = ""
    scan_depth: int | None = None
    token_budget: int | None = None
    recursive: bool | None = None
    whole_words: bool = True
    fuzzy: bool = False
    sillytavern: bool = False


def parse_book(raw: object, *, sillytavern: bool = False) -> tuple[Book, tuple[str, ...]]:
    """Read a lorebook in any form.

    Args:
        raw: A `character_book`, a `lorebook_v3` file, a world of SillyTavern, or None.
        sillytavern: Whether SillyTavern wrote the file the book is in.

    Returns:
        The book, which is empty where there is none, and a note on each thing that was mended
        or left out.
    """
    whole = _book_in(raw)
    listed, notes = _listed(first(whole, "entries", "entryList"))
    world = any("keysecondary" in entry or "disable" in entry for _, entry in listed)
    own = tree(tree(whole.get("extensions")).get("companion"))
    sillytavern = sillytavern or world
    entries: dict[str, Entry] = {}
    for place, entry in listed:
        read, more = _entry(entry, place, sillytavern=sillytavern, world=world)
        notes += [f"{place}: {note}" for note in more]
        entries[_free(read.uid, entries)] = read
    book = Book(
        entries=tuple(_renamed(uid, entry) for uid, entry in entries.items()),
        name=text(whole.get("name")),
        scan_depth=_scan_depth(first(whole, "scan_depth", "scanDepth")),
        token_budget=count(first(whole, "token_budget", "tokenBudget")),
        recursive=flag(first(whole, "recursive_scanning", "recursiveScanning")),
        whole_words=flag(own.get("whole_words")) is not False,
        fuzzy=flag(own.get("fuzzy")) is True,
        sillytavern=sillytavern,
    )
    return book, tuple(notes)


def _book_in(raw: object) -> Tree:
    """The object with the entries: the tree itself, or what it has as its data."""
    data = tree(raw).get("data")
    places = (raw, data, *(data if isinstance(data, list) else ()))
    books = (tree(one) for one in places)
    return next((one for one in books if "entries" in one or "entryList" in one), {})


def _listed(value: object) -> tuple[list[tuple[str, Tree]], list[str]]:
    """The entries with their places, from a list or from an object in the order shown."""
    notes: list[str] = []
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: _shown_at(pair[1]))
        items = [(f"/entries/{key}", entry) for key, entry in pairs]
    else:
        listed = value if isinstance(value, list) else []
        items = [(f"/entries/{n}", entry) for n, entry in enumerate(listed)]
    if len(items) > MOST_ENTRIES:
        notes.append(f"/entries: {len(items):,} entries; the first {MOST_ENTRIES:,} were read.")
    found = []
    for place, entry in items[:MOST_ENTRIES]:
        if isinstance(entry, dict):
            found.append((place, entry))
        else:
            notes.append(f"{place}: no object, and left out.")
    return found, notes


def _shown_at(entry: object) -> float:
    return number(option(tree(entry), "display_index", "uid"), 0)


def _free(uid: str, taken: dict[str, Entry]) -> str:
    """An id that nobody has; the second of the same is `id-2`."""
    name, number_of_it = uid, 2
    while name in taken:
        name, number_of_it = f"{uid}-{number_of_it}", number_of_it + 1
    return name


def _renamed(uid: str, entry: Entry) -> Entry:
    return entry if entry.uid == uid else replace(entry, uid=uid)


def _entry(
    raw: Tree, place: str, *, sillytavern: bool, world: bool
) -> tuple[Entry, tuple[str, ...]]:
    """One entry; notes on what of it was not understood."""
    from_st = sillytavern or bool(SILLYTAVERN & tree(raw.get("extensions")).keys())
    asks, content, notes = decorators.split(text(first(raw, "content", "entry", "text")))
    keys = texts(first(raw, "keys", "key", "keywords"))[:MOST_KEYS]
    secondary = texts(first(raw, "secondary_keys", "keysecondary", "secondkey"))[:MOST_KEYS]
    selective = flag(raw.get("selective"))
    uid = text(first(raw, "id", "uid", "entry_id")) or place.rpartition("/")[2]
    entry = Entry(
        uid=uid,
        name=text(first(raw, "name", "comment", "displayName")).strip() or uid,
        keys=keys,
        content=content,
        secondary=secondary if selective or (world and selective is None) else (),
        logic=_logic(raw),
        patterns=_patterns(raw, sillytavern=from_st),
        enabled=flag(raw.get("enabled")) is not False and not flag(raw.get("disable")),
        constant=bool(flag(first(raw, "constant", "alwaysActive"))),
        case_sensitive=_case(raw, sillytavern=from_st),
        whole_words=flag(option(raw, "match_whole_words", "whole_words_only")),
        scan_depth=_scan_depth(option(raw, "scan_depth")),
        order=number(first(raw, "insertion_order", "order", "insertorder"), 100),
        priority=number(raw.get("priority"), 0),
        probability=_probability(raw),
        unbudgeted=bool(flag(option(raw, "ignore_budget"))),
        triggers=texts(option(raw, "triggers")),
        also=tuple(name for name in FIELDS if flag(option(raw, f"match_{name}"))),
        place=_place(raw),
        timing=_timing(raw),
        group=_group(raw),
        recursion=_recursion(raw),
        characters=_filter(raw),
        asks=asks,
        digest=_digest(repr((keys, secondary, content))),
    )
    return entry, notes


def _digest(words: str) -> str:
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _patterns(raw: Tree, *, sillytavern: bool) -> str:
    """What keys of an entry are: see `Entry.patterns`.

    SillyTavern exports `use_regex: true` for everything and means `/pattern/flags` alone. Where it
    is false it was mostly put in by a program that made version 3 of version 2, which knows no
    such field: a key between slashes means there what it meant before.
    """
    return "bare" if flag(raw.get("use_regex")) and not sillytavern else "slashes"


def _scan_depth(value: object) -> int | None:
    found = count(value)
    return None if found is None else min(found, DEEPEST_SCAN)


def _case(raw: Tree, *, sillytavern: bool) -> bool | None:
    """Whether case counts; SillyTavern looks at its own key only."""
    inside = tree(raw.get("extensions"))
    found = flag(inside.get("case_sensitive"))
    if found is None and not (sillytavern and "extensions" in raw):
        found = flag(first(raw, "case_sensitive", "caseSensitive"))
    return found


def _logic(raw: Tree) -> str:
    found = option(raw, "selectiveLogic", "selective_logic", "key_logic")
    if isinstance(found, str):
        word = found.strip().lower().replace("and_", "")
        return word if word in LOGIC else LOGIC[int(number(found, 0)) % len(LOGIC)]
    return LOGIC[int(number(found, 0)) % len(LOGIC)]


def _probability(raw: Tree) -> float:
    if flag(option(raw, "useProbability", "use_probability")) is False:
        return 100.0
    return max(0.0, min(number(option(raw, "probability"), 100), 100.0))


def _place(raw: Tree) -> Place:
    """The place of the extensions, else the word beside the content, else after the character."""
    found = first(tree(raw.get("extensions")), "position")
    if found is None or found == "":
        found = raw.get("position")
    if isinstance(found, str) and not found.strip().isdigit():
        before = found.strip().lower().startswith("before_char")
        name = "before_char" if before else "after_char"
        name = "at_depth" if found.strip().lower() in {"in_chat", "at_depth"} else name
    else:
        name = _PLACES.get(int(number(found, 1)), "after_char")
    depth = count(option(raw, "depth"))
    role = option(raw, "role")
    said = role if role in ROLES else ROLES[int(number(role, 0)) % len(ROLES)]
    if name == "note":
        return Place("at_depth", NOTE_DEPTH, "system")
    return Place(name, 4 if depth is None else depth, str(said))


def _timing(raw: Tree) -> Timing:
    return Timing(*(count(option(raw, name)) or 0 for name in ("sticky", "cooldown", "delay")))


def _group(raw: Tree) -> Group:
    names = option(raw, "group")
    return Group(
        names=texts(names),
        override=bool(flag(option(raw, "group_override"))),
        weight=max(0.0, number(option(raw, "group_weight"), 100)),
        scoring=bool(flag(option(raw, "use_group_scoring"))),
    )


def _recursion(raw: Tree) -> Recursion:
    wait = option(raw, "delay_until_recursion")
    level = int(wait) if isinstance(wait, bool) else int(number(wait, 0))
    return Recursion(
        exclude=bool(flag(option(raw, "exclude_recursion"))),
        prevent=bool(flag(option(raw, "prevent_recursion"))),
        level=max(0, level),
    )


def _filter(raw: Tree) -> Filter:
    found = tree(option(raw, "character_filter"))
    return Filter(
        names=texts(found.get("names")),
        tags=texts(found.get("tags")),
        exclude=bool(flag(found.get("isExclude"))),
    )
