"""The fields of a card that we understand, checked where they come in.

One shape for V1, V2, V3, our YAML and two older forms: where the fields stand differs, what they
mean does not. What is unknown here is not an error; it stays in the card's raw tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from companion.cards.formats.tree import kind
from companion.errors import CardError

if TYPE_CHECKING:
    from companion.cards.formats.tree import Json


def _text(value: object) -> str:
    """Text; nothing becomes empty, and a number is what was typed."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise PydanticCustomError("text", "must be text, found {found}", {"found": kind(value)})


def _texts(value: object) -> list[str]:
    """A list of texts; a lone text is a list of one, which real cards have."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [_text(item) for item in items]


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class Fields(BaseModel):
    """The texts of a card as written, by their V2 names."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Text
    nickname: Text = ""
    description: Text = ""
    personality: Text = ""
    scenario: Text = ""
    first_mes: Text = ""
    mes_example: Text = ""
    creator_notes: Text = ""
    system_prompt: Text = ""
    post_history_instructions: Text = ""
    alternate_greetings: Texts = ()
    tags: Texts = ()
    creator: Text = ""
    character_version: Text = ""


class VoiceSettings(BaseModel):
    """How a character sounds: `extensions.companion.voice` of its card.

    Attributes:
        model: Name of a voice in `voices/`, or a path; None for the configured one.
        speaker: Number of the speaker in a voice that has several.
        speed: 1 is the voice's own; more is faster.
        gain: 1 is the voice's own; more is louder.
        language: Language spoken, as a two-letter code.
        actions: What happens to `*stage directions*`: they are dropped.
        greet: Whether the greeting is spoken when a conversation opens.
        seconds: How long one reply may be; None for the configured length.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    model: str | None = Field(default=None, max_length=500)
    speaker: int | None = Field(default=None, ge=0, le=9999)
    speed: float = Field(default=1.0, ge=0.5, le=2.0, allow_inf_nan=False)
    gain: float = Field(default=1.0, ge=0.1, le=4.0, allow_inf_nan=False)
    language: str = Field(default="en", max_length=35)
    actions: Literal["drop"] = "drop"
    greet: bool = True
    seconds: float | None = Field(default=None, ge=1, le=300, allow_inf_nan=False)


_OLDER = (
    # Gradio, then oobabooga: what they call the fields of a V1 card
    {
        "char_name": "name",
        "char_persona": "description",
        "char_greeting": "first_mes",
        "world_scenario": "scenario",
        "example_dialogue": "mes_example",
    },
    {"context": "description", "greeting": "first_mes", "example_dialogue": "mes_example"},
)
TELLING = (
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "system_prompt",
    "extensions",
)
"""A file with a name and none of these is about something else."""

_SPECS = {"chara_card_v2", "chara_card_v3"}


def parse(raw: dict[str, Json], file: str) -> tuple[Fields, VoiceSettings, tuple[str, ...]]:
    """The fields, the voice and notes on what was decided.

    Raises:
        CardError: A needed field is missing, or one is of the wrong kind; names file and field.
    """
    data, prefix, notes = _located(raw, file)
    if "name" not in data:
        raise CardError(f"{file}: {prefix}name is missing; a card needs at least a name.")
    try:
        fields = Fields.model_validate(data)
    except ValidationError as error:
        raise _problem(error, file, prefix) from error
    voice, more = _voice(data, file, f"{prefix}extensions.companion.voice")
    return fields, voice, (*notes, *more)


def _located(raw: dict[str, Json], file: str) -> tuple[dict[str, Json], str, tuple[str, ...]]:
    """Where the fields stand, what that place is called, and a note on an unknown version."""
    data = raw.get("data")
    spec = raw.get("spec")
    if spec is None and not isinstance(data, dict):
        return _renamed(raw, file), "", ()
    if not isinstance(data, dict):
        raise CardError(f"{file}: data must be an object, found {kind(data)}.")
    if spec == "lorebook_v3":
        raise CardError(f"{file}: this is a lorebook, not a character.")
    if spec in _SPECS:
        return data, "data.", ()
    return data, "data.", (f"The card says spec {spec!r}; it was read as the versions we know.",)


def _renamed(raw: dict[str, Json], file: str) -> dict[str, Json]:
    """A card without envelope, older field names turned into today's."""
    for names in _OLDER:
        if any(old in raw for old in names) and "first_mes" not in raw:
            return {names.get(key, key): value for key, value in raw.items()}
    if "name" in raw and not set(TELLING) & set(raw):
        raise CardError(
            f"{file}: this has a name but none of a character's other fields.",
            f"A card has at least one of {', '.join(TELLING)}.",
        )
    return raw


def _voice(data: dict[str, Json], file: str, place: str) -> tuple[VoiceSettings, tuple[str, ...]]:
    """The voice settings, and a note for each one we do not know."""
    found: Json = data.get("extensions")
    for word in ("companion", "voice"):
        found = found.get(word) if isinstance(found, dict) else None
    if found is None:
        return VoiceSettings(), ()
    if not isinstance(found, dict):
        raise CardError(f"{file}: {place} must be an object, found {kind(found)}.")
    try:
        voice = VoiceSettings.model_validate(found)
    except ValidationError as error:
        raise _problem(error, file, f"{place}.") from error
    unknown = [key for key in found if key not in VoiceSettings.model_fields]
    return voice, tuple(f"{place}.{key} is no setting we know; it was kept." for key in unknown)


def _problem(error: ValidationError, file: str, prefix: str) -> CardError:
    """The first thing pydantic complains of, in our words and with its place."""
    first = error.errors(include_url=False)[0]
    place = prefix + ".".join(str(part) for part in first["loc"])
    said = first["msg"]
    said = said if first["type"] == "text" else f"is wrong: {said[:1].lower()}{said[1:]}"
    return CardError(f"{file}: {place} {said}.", "Mend that field; nothing was changed.")
