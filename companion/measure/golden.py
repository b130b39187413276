"""Golden conversations: what a character is asked, and the rules its replies are held to.

A file is TOML, for people (`docs/characters.md` explains it). Its rules can be read and checked by
hand; nobody's taste and no other model is asked. Knows nothing of models.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from companion.errors import BadData, MissingInput
from companion.measure.language import KNOWN
from companion.values import Exchange, Note

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_PATTERN = 200
LARGEST = 1_000_000
"""Bytes of a file."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from error
    return text


def _language(code: str) -> str:
    if code and code not in KNOWN:
        raise ValueError(f"is none of {', '.join(KNOWN)}")
    return code


Phrases = tuple[Annotated[str, Field(min_length=1, max_length=300)], ...]
Pattern = Annotated[str, Field(max_length=LONGEST_PATTERN), AfterValidator(_pattern)]


class Rules(BaseModel, extra="forbid", frozen=True):
    """What a reply is held to.

    Attributes:
        any: It holds at least one of these phrases, as whole words.
        all: It holds each of them.
        never: It holds none of them.
        matches: A regular expression that is found in it, in any case.
        words: Fewest and most words.
        seconds: As long as it may take to say.
        language: The language it is in, as two letters.
        asks: It asks something.
        says_name: It says the character's own name.
        says_owner: It says the owner's name.
        told: Not of the reply: these entries of the lorebook were told to the model, by name.
    """

    any: Phrases = ()
    all: Phrases = ()
    never: Phrases = ()
    matches: Pattern = ""
    words: tuple[int, int] | None = None
    seconds: float | None = Field(None, gt=0)
    language: Annotated[str, AfterValidator(_language)] = ""
    asks: bool = False
    says_name: bool = False
    says_owner: bool = False
    told: Phrases = ()


class Turn(BaseModel, extra="forbid", frozen=True):
    """One line of the owner's, and the rules of the reply: in a file they stand side by side."""

    say: str = Field(min_length=1, max_length=1000)
    rules: Rules = Rules()  # type: ignore[call-arg]

    @model_validator(mode="before")
    @classmethod
    def _side_by_side(cls, data: object) -> object:
        if not isinstance(data, dict) or "rules" in data:
            return data
        return {
            "say": data.get("say"),
            "rules": {key: value for key, value in data.items() if key != "say"},
        }

    def with_always(self, always: Rules) -> Rules:
        """These rules and those that count everywhere; where both name a limit, these."""
        named = {name: getattr(self.rules, name) for name in self.rules.model_fields_set}
        return always.model_copy(update={**named, "never": always.never + self.rules.never})


class Remembered(BaseModel, extra="forbid", frozen=True):
    """A line that the memory would bring."""

    text: str = Field(min_length=1, max_length=500)
    who: str = ""
    days: int = Field(1, ge=0)


class Conversation(BaseModel, extra="forbid", frozen=True):
    """A short conversation; it begins with the greeting and knows nothing of the others.

    Attributes:
        id: Name within the file.
        kind: What it is about: the report counts by it.
        notes: What the memory brings in each of its turns.
        before: What was said before: [owner, character], word for word.
        turn: What is said now; each reply is a probe.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)
    kind: str = Field(pattern=r"^[a-z]+$", max_length=20)
    notes: tuple[Remembered, ...] = ()
    before: tuple[tuple[str, str], ...] = ()
    turn: Annotated[tuple[Turn, ...], Field(min_length=1)]

    def history(self) -> list[Exchange]:
        """What was said before, as the prompt takes it."""
        return [Exchange(owner, reply) for owner, reply in self.before]

    def recalled(self, owner: str, now: datetime) -> tuple[Note, ...]:
        """What the memory brings."""
        return tuple(
            Note(f"{self.id}:{n}", one.text, one.who or owner, now - timedelta(days=one.days))
            for n, one in enumerate(self.notes)
        )


class Golden(BaseModel, extra="forbid", frozen=True):
    """A file of golden conversations.

    Attributes:
        owner: Who talks.
        now: The time of day in every prompt.
        always: Rules of every reply.
    """

    owner: str = Field("Sam", min_length=1, max_length=60)
    now: datetime = datetime(2026, 3, 14, 20, 0, tzinfo=UTC)
    always: Rules = Rules()  # type: ignore[call-arg]
    conversation: Annotated[tuple[Conversation, ...], Field(min_length=1)]


def load(path: Path) -> Golden:
    """Read golden conversations.

    Raises:
        MissingInput: There is no such file.
        BadData: It is no TOML, or something in it is wrong; says where.
    """
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise BadData(f"{path.name} is larger than {LARGEST:,} bytes.")
        golden = Golden.model_validate(tomllib.loads(data.decode("utf-8")))
    except FileNotFoundError as error:
        raise MissingInput(
            f"There are no golden conversations at {path}.",
            "Write some (docs/characters.md says how), or name a file: --golden FILE",
        ) from error
    except ValidationError as error:
        raise BadData(f"{path.name}: {_explained(error)}") from error
    except (OSError, ValueError) as error:
        raise BadData(f"{path.name} is no TOML file: {error}.") from error
    ids = [one.id for one in golden.conversation]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise BadData(f"{path.name}: two conversations are called {twice[0]}.")
    return golden


def _explained(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place} {first['msg'].removeprefix('Value error, ')}"
