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
    from companion.cards.flavour import Located
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
        actions: What happens to `*stage directions*`: they are dropped, spoken like any other
            words, spoken slower, or spoken by a second voice.
        actions_voice: That second voice; None for another speaker of the first one.
        actions_speaker: Its speaker.
        actions_speed: How much slower they are spoken, or how fast by the second voice.
        greeting: What of the greeting is spoken when a conversation opens: all of it, its
            first sentences, or nothing.
        greet: An older way to say the last: false is no greeting.
        seconds: How long one reply may be; None for the configured length.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    model: str | None = Field(default=None, max_length=500)
    speaker: int | None = Field(default=None, ge=0, le=9999)
    speed: float = Field(default=1.0, ge=0.5, le=2.0, allow_inf_nan=False)
    gain: float = Field(default=1.0, ge=0.1, le=4.0, allow_inf_nan=False)
    language: str = Field(default="en", max_length=35)
    actions: Literal["drop", "speak", "slow", "voice"] = "drop"
    actions_voice: str | None = Field(default=None, max_length=500)
    actions_speaker: int | None = Field(default=None, ge=0, le=9999)
    actions_speed: float = Field(default=0.85, ge=0.5, le=2.0, allow_inf_nan=False)
    greeting: Literal["full", "short", "none"] = "full"
    greet: bool = True
    seconds: float | None = Field(default=None, ge=1, le=300, allow_inf_nan=False)

    @property
    def opening(self) -> Literal["full", "short", "none"]:
        """What of the greeting is spoken, however the card says it."""
        return self.greeting if self.greet else "none"


def parse(
    data: dict[str, Json], found: Located, file: str
) -> tuple[Fields, VoiceSettings, tuple[str, ...]]:
    """The fields, the voice and notes on what was decided.

    Args:
        data: The fields by their V2 names, mended.
        found: Where they stand in the file.
        file: What the file is called, for errors.

    Raises:
        CardError: A needed field is missing, or one is of the wrong kind; names file and field.
    """
    if "name" not in data:
        raise CardError(
            f"{file}: {found.dotted}name is missing; a card needs at least a name.",
            reason="NO_NAME",
            place=found.place("name"),
        )
    try:
        fields = Fields.model_validate(data)
    except ValidationError as error:
        raise _problem(error, file, found, ()) from error
    voice, notes = _voice(data, file, found)
    return fields, voice, notes


_VOICE = ("extensions", "companion", "voice")


def _voice(
    data: dict[str, Json], file: str, found: Located
) -> tuple[VoiceSettings, tuple[str, ...]]:
    """The voice settings, and a note for each one we do not know."""
    inner: Json = data
    for word in _VOICE:
        inner = inner.get(word) if isinstance(inner, dict) else None
    if inner is None:
        return VoiceSettings(), ()
    place = found.dotted + ".".join(_VOICE)
    if not isinstance(inner, dict):
        raise CardError(
            f"{file}: {place} must be an object, found {kind(inner)}.",
            "Mend that field; nothing was changed.",
            place=found.place(*_VOICE),
        )
    try:
        voice = VoiceSettings.model_validate(inner)
    except ValidationError as error:
        raise _problem(error, file, found, _VOICE) from error
    unknown = [key for key in inner if key not in VoiceSettings.model_fields]
    return voice, tuple(f"{place}.{key} is no setting we know; it was kept." for key in unknown)


def _problem(
    error: ValidationError, file: str, found: Located, above: tuple[str, ...]
) -> CardError:
    """The first thing pydantic complains of, in our words and with its place."""
    first = error.errors(include_url=False)[0]
    parts = (*above, *first["loc"])
    said = first["msg"]
    said = said if first["type"] == "text" else f"is wrong: {said[:1].lower()}{said[1:]}"
    return CardError(
        f"{file}: {found.dotted}{'.'.join(map(str, parts))} {said}.",
        "Mend that field; nothing was changed.",
        place=found.place(*parts),
    )
