"""Where the fields of a card stand, which differs from one age of cards to the next.

Today's cards keep them in `data`; the oldest have them at the root, two programs had names of
their own for them. What the fields mean is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from companion.cards.formats.tree import Repair, kind, pointer
from companion.errors import CardError

if TYPE_CHECKING:
    from companion.cards.formats.tree import Json

Flavour: TypeAlias = Literal["v1", "v2", "v3", "unwrapped", "gradio", "oobabooga", "unknown"]

OLDER: dict[Flavour, dict[str, str]] = {
    "gradio": {
        "char_name": "name",
        "char_persona": "description",
        "char_greeting": "first_mes",
        "world_scenario": "scenario",
        "example_dialogue": "mes_example",
    },
    "oobabooga": {
        "context": "description",
        "greeting": "first_mes",
        "example_dialogue": "mes_example",
    },
}
"""What they call the fields of a V1 card."""

V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
V2_FIELDS = (
    *V1_FIELDS,
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "alternate_greetings",
    "character_book",
    "tags",
    "creator",
    "character_version",
    "extensions",
)
V3_FIELDS = (
    "nickname",
    "creator_notes_multilingual",
    "source",
    "assets",
    "group_only_greetings",
    "creation_date",
    "modification_date",
)
"""What version 3 added."""

TELLING = (*V1_FIELDS[1:], "system_prompt", "extensions")
"""A file with a name and none of these is about something else."""

BOOKS = {"entries", "entryList"}
"""What the entries of a lorebook that stands alone are called."""

_SPECS: dict[str, Flavour] = {"chara_card_v2": "v2", "chara_card_v3": "v3"}


@dataclass(frozen=True, slots=True)
class Located:
    """Where a card keeps its fields.

    Attributes:
        flavour: Which age of cards it is of.
        fields: The object that holds them, as it stands in the file.
        renamed: Names in the file to today's names.
        repairs: What is odd about the envelope.
    """

    flavour: Flavour
    fields: dict[str, Json]
    renamed: dict[str, str]
    repairs: tuple[Repair, ...] = ()

    @property
    def wrapped(self) -> bool:
        """Whether the fields stand in `data`."""
        return self.flavour in {"v2", "v3", "unknown"}

    @property
    def dotted(self) -> str:
        """What stands before a field's name in a message."""
        return "data." if self.wrapped else ""

    def place(self, *parts: str | int) -> str:
        """JSON pointer of a field, by its name in the file."""
        return pointer(*(("data",) if self.wrapped else ()), *parts)


def located(raw: dict[str, Json], file: str) -> Located:
    """Where the fields of a card stand.

    Raises:
        CardError: There are none: this is another kind of file.
    """
    data, spec = raw.get("data"), raw.get("spec")
    if spec == "lorebook_v3" or (str(spec) not in _SPECS and book_in(raw)):
        raise CardError(
            f"{file}: this is a lorebook, not a character.",
            "Make it a character's book: companion characters import FILE --into CHARACTER",
            "FOREIGN_FORMAT",
        )
    if spec is None and not isinstance(data, dict):
        return _bare(raw, file)
    if not isinstance(data, dict):
        raise CardError(
            f"{file}: data must be an object, found {kind(data)}.",
            "Export the character again from where it was made.",
            place="/data",
        )
    return Located(_SPECS.get(str(spec), "unknown"), data, {}, tuple(_versions(raw)))


def book_in(raw: dict[str, Json]) -> tuple[str, dict[str, Json]] | None:
    """The lorebook that a file is, after its JSON pointer; None where it is something else.

    It is the file itself, what the file has as its data, or the first book in a list of them.
    """
    data = raw.get("data")
    places = [("", raw), ("/data", data)]
    places += [(f"/data/{n}", one) for n, one in enumerate(data if isinstance(data, list) else ())]
    for place, one in places:
        if isinstance(one, dict) and BOOKS & one.keys() and not set(TELLING) & one.keys():
            return place, one
    return None


def _versions(raw: dict[str, Json]) -> list[Repair]:
    """What is said of a version that we do not know."""
    spec, version = raw.get("spec"), raw.get("spec_version")
    if spec is None:
        return [Repair("SPEC_MISSING", "", "The card does not say which version it is of.")]
    if str(spec) not in _SPECS:
        said = f"The card says spec {spec!r}; it was read as the versions we know."
        return [Repair("SPEC_UNKNOWN", "/spec", said)]
    own = {"chara_card_v2": 2.0, "chara_card_v3": 3.0}[str(spec)]
    number = _number(version)
    if number == own:
        return []
    said = f"The card says spec_version {version!r}; it was read as {own}."
    newer = number is not None and number > own
    return [Repair("SPEC_NEWER" if newer else "SPEC_VERSION", "/spec_version", said)]


def _number(version: Json) -> float | None:
    try:
        return float(version) if isinstance(version, (str, int, float)) else None
    except (ValueError, OverflowError):
        return None


def _bare(raw: dict[str, Json], file: str) -> Located:
    """A card without envelope."""
    flavour = max(OLDER, key=lambda older: len(OLDER[older].keys() & raw.keys()))
    renamed = {old: new for old, new in OLDER[flavour].items() if old in raw}
    if renamed and "first_mes" not in raw:
        return Located(flavour, raw, renamed)
    if "name" in raw and not set(TELLING) & set(raw):
        raise CardError(
            f"{file}: this has a name but none of a character's other fields.",
            f"A card has at least one of {', '.join(TELLING)}.",
            "FOREIGN_FORMAT",
        )
    newer = set(V2_FIELDS[len(V1_FIELDS) :]) & set(raw)
    return Located("unwrapped" if newer else "v1", raw, {})
