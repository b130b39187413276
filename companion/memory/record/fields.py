"""What a memory is made of. A `Record` that exists can be written as XML and read back as it was.

Each part looks at itself when it is made: numbers are rounded to three places, times put in UTC
to the second, and a value that the schema (`memory.rng`) would refuse is refused. So every text
has to be `clean` before it comes here. Pure: no database or clock.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from companion.errors import BadData
from companion.memory.record.tree import canonical, tree
from companion.memory.record.words import clean

if TYPE_CHECKING:
    from typing import NoReturn

NAMESPACE = "urn:companion:memory:1"
TEXT_CHARACTERS = 400
QUOTE_CHARACTERS = 300
NAME_CHARACTERS = 80
DOCUMENT_CHARACTERS = 1 << 20
"""Longer documents are not looked at: one memory takes a thousand."""

KINDS = ("fact", "preference", "event", "promise", "relationship", "summary")
STATUSES = ("active", "superseded", "retracted", "expired", "quarantined")
ROLES = ("subject", "object", "other")
POLARITIES = ("+", "-")
MODALITIES = ("stated", "inferred", "hypothetical", "roleplay")
CARDINALITIES = ("", "one", "many")
SPEAKERS = ("user", "character", "import", "operator")
STATES = ("open", "done", "missed", "cancelled")
PRECISIONS = ("", "year", "month", "day", "minute")
SENSITIVITIES = ("normal", "private", "secret")

_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{12,26}")
_REF = re.compile(_ID.pattern + r"#[1-9][0-9]{0,17}")
_LANG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_ENTITY = re.compile(r"user|(char|person|place|thing):.+")
_SCOPE = re.compile(r"global|(character|session|profile):.+")
_NAME = re.compile(r"[A-Za-z0-9._:-]+")
_TURNS = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})?")
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?Z)?)?)?"
)
_MOST = 10**18
"""Greater numbers do not fit the journal."""


class Unfit(BadData):
    """A value that no memory can have."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something a memory is about.

    Attributes:
        role: "subject", "object" or "other".
        name: How it is called, 1 to 80 characters.
        id: "user", "char:<id>", "person:<x>", "place:<x>", "thing:<x>"; "" when it has none.
        type: What it is, one word ("food"); "" when nobody said.
    """

    role: str
    name: str
    id: str = ""
    type: str = ""

    def __post_init__(self) -> None:
        """Refuse what the schema would."""
        _one_of("role", self.role, ROLES)
        _text("name", self.name, NAME_CHARACTERS)
        _like("id of an entity", self.id, _ENTITY, empty=True)
        _like("type", self.type, _NAME, empty=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a memory says, for a machine.

    Attributes:
        predicate: One word of a small list ("lives_in").
        polarity: "+" or "-".
        modality: "stated", "inferred", "hypothetical" or "roleplay".
        cardinality: "one" when only one object can be true at a time, "many", or "".
    """

    predicate: str
    polarity: str = "+"
    modality: str = "stated"
    cardinality: str = ""

    def __post_init__(self) -> None:
        """Refuse what the schema would."""
        _like("predicate", self.predicate, _NAME)
        _one_of("polarity", self.polarity, POLARITIES)
        _one_of("modality", self.modality, MODALITIES)
        _one_of("cardinality", self.cardinality, CARDINALITIES)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words as they were said in line `turn` of the source's conversation; 1 to 300 characters."""

    turn: int
    text: str

    def __post_init__(self) -> None:
        """Refuse what the schema would."""
        _count("turn", self.turn)
        _text("quote", self.text, QUOTE_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a memory is from.

    Attributes:
        speaker: "user", "character", "import" or "operator".
        session: The conversation; any text for other sources.
        turns: Number of the line there, "14", or a range, "14-16"; "" for other sources.
        method: What made a memory of it ("verbatim", "rule:lives_in", "manual").
        confidence: 0 to 1, of the transcription.
        quotes: The words it rests on.
    """

    speaker: str
    session: str
    turns: str
    method: str
    confidence: float = 1.0
    quotes: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        """Round, and refuse what the schema would."""
        _one_of("speaker", self.speaker, SPEAKERS)
        _clean("session", self.session)
        _like("turns", self.turns, _TURNS, empty=True)
        _clean("method", self.method)
        object.__setattr__(self, "confidence", _unit("asr-conf", self.confidence))


@dataclass(frozen=True, slots=True)
class Due:
    """When a promise is due (a date or a moment in UTC), its state, and who gave it."""

    at: str
    state: str = "open"
    by: str = "user"

    def __post_init__(self) -> None:
        """Refuse what the schema would."""
        _date("at", self.at)
        _one_of("state", self.state, STATES)
        _one_of("by", self.by, ("user", "character"))


@dataclass(frozen=True, slots=True)
class Covered:
    """Lines that a summary condenses."""

    session: str
    turns: str

    def __post_init__(self) -> None:
        """Refuse what the schema would."""
        _clean("session", self.session)
        _like("turns", self.turns, _TURNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of one memory.

    Attributes:
        id: ULID, or its first 12 characters or more.
        v: Version, from 1.
        kind: "fact", "preference", "event", "promise", "relationship" or "summary".
        status: "active", "superseded", "retracted", "expired" or "quarantined".
        text: One sentence that stands alone, 1 to 400 characters; the only part a model sees.
        lang: Its language.
        about: Whom and what it is about, at least one.
        claim: The same for a machine, if it could be told.
        sources: What it rests on, at least one.
        observed: When it was said.
        valid_from: Since when it is true: year, month, day or minute in UTC; "" for not known.
        valid_to: Until when; "" for still true.
        precision: How exactly that is known; "" for not said.
        due: For a promise.
        covers: For a summary.
        importance: 0 to 1.
        confidence: 0 to 1, that it is so.
        recalls: How often it was used.
        last: When it was used last.
        pinned: Always worth telling.
        created_by: What made it ("rules/1").
        supersedes: `id#v` of what it takes the place of.
        superseded_by: `id#v` of what took its place.
        derived_from: `id#v` of what it was made from.
        scope: Who may see it: "character:<id>", "session:<id>", "profile:<id>" or "global".
        sensitivity: "normal", "private" or "secret".
        foreign: Elements of other namespaces, each as XML; kept as they are.
    """

    id: str
    v: int = 1
    kind: str = "fact"
    status: str = "active"
    text: str
    lang: str = "en"
    about: tuple[Entity, ...]
    claim: Claim | None = None
    sources: tuple[Source, ...]
    observed: datetime
    valid_from: str = ""
    valid_to: str = ""
    precision: str = ""
    due: Due | None = None
    covers: tuple[Covered, ...] = ()
    importance: float = 0.5
    confidence: float = 1.0
    recalls: int = 0
    last: datetime | None = None
    pinned: bool = False
    created_by: str
    supersedes: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    scope: str
    sensitivity: str = "normal"
    foreign: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Put numbers and times in their one form, and refuse what the schema would."""
        self._words()
        self._places()
        _count("version", self.v, least=1)
        _count("recalls", self.recalls)
        object.__setattr__(self, "importance", _unit("importance", self.importance))
        object.__setattr__(self, "confidence", _unit("confidence", self.confidence))
        object.__setattr__(self, "observed", _moment("observed", self.observed))
        if self.last is not None:
            object.__setattr__(self, "last", _moment("last", self.last))
        object.__setattr__(self, "foreign", tuple(map(_foreign, self.foreign)))

    def _words(self) -> None:
        _like("id", self.id, _ID)
        _one_of("kind", self.kind, KINDS)
        _one_of("status", self.status, STATUSES)
        _text("text", self.text, TEXT_CHARACTERS)
        _like("lang", self.lang, _LANG)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("sensitivity", self.sensitivity, SENSITIVITIES)
        _clean("created-by", self.created_by)
        _like("scope", self.scope, _SCOPE)

    def _places(self) -> None:
        for name, value in (("valid-from", self.valid_from), ("valid-to", self.valid_to)):
            if value:
                _date(name, value)
        for one in (*self.supersedes, *self.superseded_by, *self.derived_from):
            _like("reference", one, _REF)
        if not self.about:
            _wrong("about", "says nobody")
        if not self.sources:
            _wrong("source", "is missing")

    @property
    def ref(self) -> str:
        """This version, as other memories name it."""
        return f"{self.id}#{self.v}"

    @property
    def subject(self) -> str:
        """Id of the one it is about, or the name where there is none; "" for nobody."""
        return _first(self.about, "subject")

    @property
    def object(self) -> str:
        """The same of the object."""
        return _first(self.about, "object")


def _first(about: tuple[Entity, ...], role: str) -> str:
    return next((one.id or one.name for one in about if one.role == role), "")


# ── what a value may be ──────────────────────────────────────────────────────────────────────────


def _wrong(name: str, problem: str) -> NoReturn:
    raise Unfit(f"{name} of a memory {problem}.")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        _wrong(name, f"is {value!r}, not one of {', '.join(filter(None, known))}")


def _like(name: str, value: str, pattern: re.Pattern[str], *, empty: bool = False) -> None:
    if not (value or empty) or (value and not pattern.fullmatch(value)):
        _wrong(name, f"cannot be {value!r}")
    _clean(name, value)


def _clean(name: str, value: str) -> None:
    if clean(value) != value:
        _wrong(name, "has characters that cannot be said")


def _text(name: str, value: str, most: int) -> None:
    if not 1 <= len(value) <= most:
        _wrong(name, f"has {len(value)} characters, not 1 to {most}")
    _clean(name, value)


def _count(name: str, value: int, least: int = 0) -> None:
    if not least <= value < _MOST:
        _wrong(name, f"is {value}")


def _unit(name: str, value: float) -> float:
    if not (math.isfinite(value) and 0 <= value <= 1):
        _wrong(name, f"is {value}, not 0 to 1")
    return round(value, 3) + 0.0  # and no -0


def _moment(name: str, value: datetime) -> datetime:
    if value.tzinfo is None:
        _wrong(name, "has no time zone")
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        _wrong(name, "is out of all time")


def _date(name: str, value: str) -> None:
    parts = _DATE.fullmatch(value)
    if parts is None:
        _wrong(name, f"is {value!r}, not a date like 2026-03-02 or 2026-03-02T18:04Z")
    year, month, day, *clock = parts.groups()
    hour, minute, second = (int(one or 0) for one in clock)
    try:
        date(int(year), int(month or 1), int(day or 1))
        time(hour, minute, second)
    except ValueError:
        _wrong(name, f"is {value!r}, which is on no calendar")


def _foreign(xml: str) -> str:
    one = tree(xml, DOCUMENT_CHARACTERS)
    if one.space in ("", NAMESPACE):
        _wrong("extension", "has no namespace of its own")
    return canonical(one, "")
