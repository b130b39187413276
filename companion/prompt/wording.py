"""The wording of the prompts: versioned template files, checked when they are loaded.

Knows nothing of tokens, models or budgets.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from companion.errors import ConfigError
from companion.prompt.marked import mark, parts, stripped, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.prompt.marked import Parts
    from companion.values import Note, Persona, Placed

REQUIRED = {"system": {"name", "user", "description", "system"}, "volatile": {"now"}}
"""What a wording may not leave out: without it nobody would know who talks, or when."""
OPTIONAL = {
    "system": {"lead", "personality", "scenario", "examples", "opening", "post_history", "lore"},
    "volatile": {"notes", "days", "lore", "examples", "aside", "post_history"},
}
PLACES = (
    *("before_char", "before_desc", "after_desc", "personality", "scenario", "after_char"),
    *("before_examples", "after_examples"),
)
"""Where in the card's part an entry of a lorebook can stand."""
NOTE_CHARACTERS = 240
"""A recalled note is cut at a word before this length: one talkative memory must not push the
others out."""
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=False,
    autoescape=False,
)


@functools.cache
def load(name: str, version: str = "v1") -> jinja2.Template:
    """Load the template `NAME.VERSION.j2` and check the variables it asks for.

    Raises:
        ConfigError: There is no such version, or it leaves out or invents a variable.
    """
    folder = files("companion.prompt") / "templates"
    path = folder / f"{name}.{version}.j2"
    if not path.is_file():
        found = sorted(p.name for p in folder.iterdir() if p.name.startswith(f"{name}."))
        raise ConfigError(
            f"There is no prompt template {name}.{version}.",
            f"Set [prompt] {name} to one of: {', '.join(found)}.",
        )
    return check(path.read_text("utf-8"), name)


def check(source: str, name: str) -> jinja2.Template:
    """Compile a template text and check its variables against what `name` offers.

    Raises:
        ConfigError: A required variable is missing, or an unknown one is used.
    """
    try:
        asked = jinja2.meta.find_undeclared_variables(_ENVIRONMENT.parse(source))
        compiled = _ENVIRONMENT.from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(
            f"Prompt template {name}, line {error.lineno}: {error.message}."
        ) from error
    missing = REQUIRED[name] - asked
    unknown = asked - REQUIRED[name] - OPTIONAL[name]
    problems = [
        f"{problem} {sorted(names)}"
        for problem, names in (("does not use", missing), ("uses unknown", unknown))
        if names
    ]
    if problems:
        raise ConfigError(f"Prompt template {name} {' and '.join(problems)}.")
    return compiled


@dataclass(frozen=True, slots=True)
class Aside:
    """What goes before the newest words of one turn, besides memories and time.

    Attributes:
        lore: Entries of the lorebook that the words called for.
        examples: The example dialogue that fits the words, where not all stand in the card's part.
        notes: Notes that stand near the newest message.
        post_history: The card's instructions after the history.
    """

    lore: tuple[Placed, ...] = ()
    examples: tuple[str, ...] = ()
    notes: tuple[Placed, ...] = ()
    post_history: str = ""


def system_text(persona: Persona, opening: str = "", version: str = "v1") -> str:
    """The stable part of the prompt: who the character is."""
    return whole(system_parts(persona, opening, (), version))


def system_parts(
    persona: Persona, opening: str, lore: Sequence[Placed], version: str = "v1"
) -> Parts:
    """The stable part of the prompt, by what it is made of.

    Args:
        persona: The character.
        opening: Its greeting, where the chat template has no room for it as a message.
        lore: Entries of the lorebook that stand in every prompt of the conversation.
        version: Version of the wording.
    """
    texts = {
        name: mark(name.replace("_", " "), getattr(persona, name))
        for name in ("lead", "system", "description", "personality", "scenario", "post_history")
    }
    examples = [mark(f"example {n}", text) for n, text in enumerate(persona.examples, 1)]
    rendered = load("system", version).render(
        name=persona.name,
        user=persona.user,
        examples=examples,
        opening=mark("greeting", opening),
        lore={place: [_lore(e) for e in lore if _place(e) == place] for place in PLACES},
        **texts,
    )
    return stripped(parts(rendered, "instructions"))


def _place(entry: Placed) -> str:
    return entry.place if entry.place in PLACES else "after_char"


def _lore(entry: Placed) -> str:
    return mark(f"lore {entry.uid}".strip(), entry.text)


def volatile_text(
    notes: Sequence[Note], now: datetime, version: str = "v1", aside: Aside | None = None
) -> str:
    """The part that changes with each turn: recalled notes, least fitting first, and the time."""
    return whole(volatile_parts(notes, now, version, aside))


def volatile_parts(
    notes: Sequence[Note], now: datetime, version: str = "v1", aside: Aside | None = None
) -> Parts:
    """The part that changes with each turn, by what it is made of."""
    aside = aside or Aside()
    shown = [
        {"who": escape(n.who), "said": f"{n.said:%Y-%m-%d}", "text": mark("memories", _words(n))}
        for n in notes
    ]
    rendered = load("volatile", version).render(
        notes=shown,
        days=_days(notes),
        now=mark("time", f"{now:%A} {now:%Y-%m-%d %H:%M}"),
        lore=[_lore(entry) for entry in aside.lore],
        examples=[mark("example", text) for text in aside.examples],
        aside=[mark(note.name or f"lore {note.uid}", note.text) for note in aside.notes],
        post_history=mark("post history", aside.post_history),
    )
    return parts(rendered)


def _days(notes: Sequence[Note]) -> list[dict[str, object]]:
    """The notes day by day: the day of the best fitting note last, each day in its own order."""
    days: dict[str, list[Note]] = {}
    for note in reversed(notes):
        days.setdefault(f"{note.said:%Y-%m-%d}", []).append(note)
    return [
        {
            "said": day,
            "lines": [
                mark("memories", _told(n)) for n in sorted(days[day], key=lambda n: (n.said, n.id))
            ],
        }
        for day in reversed(days)
    ]


def _told(note: Note) -> str:
    """One note as one line, which always starts with our words and never with its own."""
    until = f" (until {escape(note.until)})" if note.until else ""
    if note.kind == "line":
        return f"{escape(note.who)}{until}: {escape(note.text)}"
    return f"{escape(note.source) or '-'}{until}: {escape(note.text)}"


def note_text(note: Note) -> str:
    """One note as it stands in the prompt, for counting what it costs."""
    return f'<m who="{escape(note.who)}" said="{note.said:%Y-%m-%d}">{_words(note)}</m>\n'


def _words(note: Note) -> str:
    """The words of a note, and until when they were true."""
    return escape(note.text) + (f" (until {escape(note.until)})" if note.until else "")


def notes_text(notes: Sequence[Note], version: str = "v1") -> str:
    """The block of the notes alone, tags included: "" for none."""
    whole = volatile_text(notes, _ANY_TIME, version)
    return whole[: whole.rindex("<now>")]


def fitting(notes: Sequence[Note], room: int, cost: Callable[[Sequence[Note]], int]) -> list[Note]:
    """The best fitting notes (they come last) that together cost no more than `room`.

    One that is too long is left out, and a worse but shorter one may take its place.
    """
    kept: list[Note] = []
    for note in reversed(notes):
        if cost([note, *kept]) <= room:
            kept.insert(0, note)
    return kept


_SPACE = re.compile(r"\s+")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_UNSEEN = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
).union(range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Letters and marks that nobody sees: variation selectors can carry a whole hidden text."""


def escape(text: str) -> str:
    """Turn any text into one line of data that can open no tag, role or instruction block.

    White space becomes single spaces; control, format, private and surrogate characters go (they
    hide text from people that a model still reads); `& < > "` are escaped; at most
    `NOTE_CHARACTERS`, cut at a word.
    """
    plain = unicodedata.normalize("NFC", _SPACE.sub(" ", text).strip())
    kept = "".join(c for c in plain if unicodedata.category(c)[0] != "C" and ord(c) not in _UNSEEN)
    if len(kept) > NOTE_CHARACTERS:
        head, _, _ = kept[:NOTE_CHARACTERS].rpartition(" ")
        kept = (head or kept[: NOTE_CHARACTERS - 1]) + "…"
    return kept.translate(_ESCAPES)


def plain(text: str) -> str:
    """Words of the owner without what nobody sees and a model reads: no hidden instructions."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT or _seen(c))


_KEPT = frozenset("\n\t\u200c\u200d")
"""Besides lines, the joiners: Persian and emoji are spelled with them."""


def _seen(c: str) -> bool:
    return unicodedata.category(c) not in _HIDDEN and ord(c) not in _SPELLING


_HIDDEN = frozenset(("Cc", "Cf", "Co", "Cs"))
_SPELLING = frozenset(range(0xE0100, 0xE01F0))
