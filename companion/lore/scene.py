"""A conversation as a lorebook looks at it: so many messages, the newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from companion.lore.keys import Hay, alone_in, even, hay

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes:
        role: "user" or "assistant".
        name: Who said it.
        text: The words.
    """

    role: str
    name: str
    text: str


@dataclass(slots=True)
class Scene:
    """What was said, and what entries told since.

    Attributes:
        messages: Oldest first.
        fields: Texts of the card, by the names in `companion.lore.book.FIELDS`.
        names: Whether who said it counts as words, and patterns see all messages in one: as in
            SillyTavern.
        recursing: Whether the words of entries are looked at now.
        words: These words.
    """

    messages: tuple[Message, ...]
    names: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    recursing: bool = False
    words: list[str] = field(default_factory=list)
    _hays: dict[tuple[int, tuple[str, ...]], Hay] = field(default_factory=dict)

    def hay(self, depth: int, also: tuple[str, ...] = ()) -> Hay:
        """The newest `depth` messages, these fields of the card, and the words of entries."""
        look = (min(depth, len(self.messages)), also)
        if look not in self._hays:
            fields = (even(self.fields.get(name, "")) for name in also)
            texts = [*self._newest(look[0]), *fields, *self.words]
            self._hays[look] = hay(texts, whole=self.names)
        return self._hays[look]

    def add(self, words: list[str]) -> None:
        """Entries told this; it is looked at from now on."""
        self.words += [even(text) for text in words]
        self._hays.clear()

    def replies(self) -> int:
        """How many messages of the character there are."""
        return sum(message.role == "assistant" for message in self.messages)

    def where(self, words: str, depth: int) -> int | None:
        """Which message some words are in: -1 is the newest; None for the words of entries."""
        plain = even(words).casefold()
        texts = [text.casefold() for text in self._newest(min(depth, len(self.messages)))]
        alone = (-back for back, text in enumerate(texts, 1) if alone_in(plain, text))
        inside = (-back for back, text in enumerate(texts, 1) if plain in text)
        return next(alone, next(inside, None))

    def _newest(self, depth: int) -> list[str]:
        chosen = self.messages[len(self.messages) - depth :][::-1]
        return [
            even(f"{one.name}: {one.text}" if self.names and one.name else one.text).strip()
            for one in chosen
        ]
