"""What of a reply is read out, decided while the reply is still being written.

Stage directions, thinking, markdown, addresses and emoji stand in the text and are not spoken.
Every decision depends on the text alone, never on how it was cut into tokens, and reads no
further ahead than it must. Pure: no engine, thread or clock.
"""
# ruff: noqa: RUF001 - the marks that look alike are what this module is about

from __future__ import annotations

import re
import unicodedata
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

Actions = Literal["drop", "speak", "apart"]
"""What becomes of `*waves*`: left out, read like any other words, or read apart from them."""

LONGEST_PIECE = 400
LONGEST_ACTION = 200
LONGEST_TAG = 100
LONGEST_CODE = 80
"""Characters after which an opening mark that was not closed was no mark."""

THOUGHTS = {"think", "thinking", "thought", "thoughts", "reasoning", "reflection"}
ADDRESSES = ("http://", "https://", "www.")
CLOSERS = "\"'”’»)]"

_BULLETS = "•‣◦▪·●○■□"
_SIGNS = "°№℃℉℗©®™"
_CODE_WORDS = re.compile(r"[\w'’ -]+")
_FACE = re.compile(r"[:;=][-'o]?[()DPpO3/\\|*\[\]]")
_EMPTY_PAIR = re.compile(r"\(\s*\)|\"\s*\"")
_LOOSE_MARK = re.compile(r"\s+([,.;:!?…])(?!\w)")
_TITLE = re.compile(
    r"\b(Dr|Mrs?|Ms|Mx|Prof|St|Rev|Gen|Col|Sgt|Capt|Lt|Maj|Sen|Rep|Gov|Pres|Hon|Jan|Feb|Mar|Apr|Jun"
    r"|Jul|Aug|Sept?|Oct|Nov|Dec|Mt)\.(?= [A-Z\d])"
)
"""espeak would pause after these as at the end of a sentence."""
_LEADING = re.compile(r"^(?:[,;:!?…–—)\s]|[-.](?!\d))+")


@dataclass(frozen=True, slots=True)
class Piece:
    """The next bit of the reply, at most `LONGEST_PIECE` characters.

    Attributes:
        text: As the model wrote it.
        spoken: What of it is read out; no longer than `text`.
        thought: Whether the model is thinking here.
        aside: Whether it belongs to an action that is read apart.
    """

    text: str
    spoken: str
    thought: bool = False
    aside: bool = False


class Lookahead(Generic[T]):
    """An iterator that can be looked into without taking, and is pulled only when looked at."""

    def __init__(self, source: Iterable[T]) -> None:
        self._source = iter(source)
        self._seen: deque[T] = deque()

    def peek(self, index: int = 0) -> T | None:
        """The item `index` places ahead, or None behind the end."""
        while len(self._seen) <= index:
            try:
                self._seen.append(next(self._source))
            except StopIteration:
                return None
        return self._seen[index]

    def take(self) -> T:
        """The next item; there must be one."""
        self.peek()
        return self._seen.popleft()


def speakable(text: str, actions: Actions = "drop") -> str:
    """What is read out of a whole text; empty where nothing can be."""
    return tidy("".join(piece.spoken for piece in shape([text], actions)))


def tidy(spoken: str) -> str:
    """Close the gaps that left-out text leaves behind; empty without a letter or digit."""
    spoken = _EMPTY_PAIR.sub("", " ".join(spoken.split()))
    spoken = _LEADING.sub("", _TITLE.sub(r"\1", _LOOSE_MARK.sub(r"\1", spoken))).strip()
    return spoken if any(character.isalnum() for character in spoken) else ""


def shape(
    tokens: Iterable[str], actions: Actions = "drop", *, thinking: bool = False
) -> Iterator[Piece]:
    """Tell what of a reply is read out.

    Args:
        tokens: The reply, cut anywhere.
        actions: What becomes of `*waves*`.
        thinking: Whether the reply begins inside a thought that the prompt opened.
    """
    return _Reader(_thoughts_apart(tokens, thinking=thinking), actions).pieces()


def _thoughts_apart(tokens: Iterable[str], *, thinking: bool) -> Iterator[Piece]:
    """Single characters, and thoughts in long pieces; nothing else can reopen what they hold."""
    text = Lookahead(character for token in tokens for character in token)
    if thinking:
        yield from _thought(text)
    while (character := text.peek()) is not None:
        if character == "<" and _tag_name(text, 1) in THOUGHTS:
            yield from _thought(text)
        else:
            yield Piece(text.take(), "")


def _tag_name(text: Lookahead[str], start: int) -> str:
    name = ""
    while len(name) <= max(map(len, THOUGHTS)):
        character = text.peek(start + len(name))
        if character is None or not (character.isascii() and character.isalpha()):
            break
        name += character.lower()
    return name


def _thought(text: Lookahead[str]) -> Iterator[Piece]:
    taken: list[str] = []
    closing = False
    while (character := text.peek()) is not None:
        if character == "<" and text.peek(1) == "/":
            closing = _tag_name(text, 2) in THOUGHTS
        taken.append(text.take())
        ended = closing and character == ">"
        if ended or len(taken) == LONGEST_PIECE:
            yield Piece("".join(taken), "", thought=True)
            taken.clear()
        if ended:
            return
    if taken:
        yield Piece("".join(taken), "", thought=True)


class _Reader:
    """Reads characters and thoughts, and tells what of them is read out."""

    def __init__(self, source: Iterable[Piece], actions: Actions) -> None:
        self.source = Lookahead(source)
        self.actions = actions
        self.before = "\n"
        self.fresh = True  # nothing but space and list marks since the line began

    def pieces(self) -> Iterator[Piece]:
        """Everything, in order."""
        while (piece := self.source.peek()) is not None:
            if piece.thought:
                yield self.source.take()
                self.before, self.fresh = "\n", True
            elif piece.text in self.marks:
                yield from self.marks[piece.text](self)
            else:
                yield self._take(1, sound(piece.text))

    def _at(self, index: int) -> str:
        """The character `index` places ahead; a thought reads as the end of the line."""
        piece = self.source.peek(index)
        if piece is None:
            return ""
        return "\n" if piece.thought else piece.text

    def _take(self, count: int, spoken: str) -> Piece:
        text = "".join(self.source.take().text for _ in range(count))
        self.before = text[-1]
        if self.before == "\n":
            self.fresh = True
        elif spoken.strip():
            self.fresh = False
        return Piece(text, spoken)

    def _stars(self) -> Iterator[Piece]:
        """`**bold**` is read without its stars; one star opens an action."""
        if self._at(1) == "*":
            yield self._take(3 if self._at(2) == "*" else 2, "")
        elif self.actions == "drop" and self._opens():
            yield self._take(max(self._action(), 1), "")
        elif self.actions == "apart" and self._opens():
            yield from self._apart(max(self._action(), 1))
        else:
            yield self._take(1, "")

    def _apart(self, length: int) -> Iterator[Piece]:
        """An action character by character, so that it is cut like any other words."""
        for _ in range(length):
            piece = self._take(1, sound(self._at(0)))
            yield Piece(piece.text, piece.spoken, aside=length > 1)

    def _opens(self) -> bool:
        following = self._at(1)
        return not self.before.isalnum() and bool(following) and not following.isspace()

    def _action(self) -> int:
        """Characters of the action that begins here; 0 where it is none.

        An action that is never closed ends with its line, unless a sentence ends in it: then the
        star was a slip, and silence would be the worse mistake.
        """
        bold = sentence = False
        index = 1
        while index <= LONGEST_ACTION:
            character = self._at(index)
            if character in ("", "\n"):
                return 0 if sentence else index
            if character == "*":
                double = self._at(index + 1) == "*"
                if not double or not (bold or self._at(index - 1).isspace()):
                    return index + 1
                bold = not bold
                index += 1
            sentence = sentence or character in ".!?"
            index += 1
        return 0

    def _ticks(self) -> Iterator[Piece]:
        """A fenced block is left out; between single ticks, words are read."""
        if self._at(1) == "`":
            fenced = self._at(2) == "`"
            yield self._take(3 if fenced else 2, "")
            if fenced:
                yield from self._fenced()
            return
        length = self._until("`", LONGEST_CODE)
        inside = "".join(self._at(index) for index in range(1, length - 1))
        spoken = inside if _CODE_WORDS.fullmatch(inside) else ""
        yield self._take(max(length, 1), spoken)

    def _fenced(self) -> Iterator[Piece]:
        while self._at(0) and not self._thinks():
            if self._at(0) == self._at(1) == self._at(2) == "`":
                yield self._take(3, "")
                return
            yield self._take(1, "")

    def _thinks(self) -> bool:
        piece = self.source.peek()
        return piece is not None and piece.thought

    def _until(self, end: str, longest: int) -> int:
        """Characters from here to `end` within the line, both included; 0 without an end."""
        for index in range(1, longest):
            character = self._at(index)
            if character == end:
                return index + 1
            if character in ("", "\n", "<"):
                return 0
        return 0

    def _tag(self) -> Iterator[Piece]:
        following = self._at(1)
        if following == "3":
            yield self._take(2, "")  # a heart
            return
        named = following.isalpha() or following in ("/", "!", "|")
        length = self._until(">", LONGEST_TAG) if named else 0
        yield self._take(length, "") if length else self._take(1, self._between_spaces("<"))

    def _between_spaces(self, sign: str) -> str:
        return sign if self.before.isspace() and self._at(1).isspace() else ""

    def _remark(self) -> Iterator[Piece]:
        """`((words))` and `[OOC: words]` are between the people who play, and left out."""
        sign = self._at(0)
        double = sign == "(" == self._at(1)
        length = 0
        if double or (self._follows(f"{sign}ooc") and not self._at(4).isalpha()):
            length = self._until(")" if sign == "(" else "]", LONGEST_ACTION)
        if double and length:
            length = length + 1 if self._at(length) == ")" else 0
        yield self._take(max(length, 1), "" if length else sound(sign))

    def _link(self) -> Iterator[Piece]:
        """Of `[words](address)` the words are read."""
        if self._at(1) != "(":
            yield self._take(1, "")
            return
        yield self._take(2, "")
        while self._at(0) not in ("", "\n", ")"):
            yield self._take(1, "")
        if self._at(0) == ")":
            yield self._take(1, "")

    def _escape(self) -> Iterator[Piece]:
        following = self._at(1)
        if following and not following.isalnum() and not following.isspace():
            yield self._take(2, following if following in ".,!?-+()" else "")
        else:
            yield self._take(1, "")

    def _heading(self) -> Iterator[Piece]:
        yield self._take(1, "#" if self.before.isalnum() else "")

    def _quote(self) -> Iterator[Piece]:
        yield self._take(1, "" if self.fresh else self._between_spaces(">"))

    def _dash(self) -> Iterator[Piece]:
        """A list mark or a ruler is left out, a minus is not."""
        sign = self._at(0)
        mark = self.fresh and self._at(1) in ("", " ", "\t", "\n", sign)
        yield self._take(1, "" if mark else sign)

    def _face(self) -> Iterator[Piece]:
        length = self._face_length() if self.before.isspace() else 0
        yield self._take(length, "") if length else self._take(1, self._at(0))

    def _face_length(self) -> int:
        for length in (2, 3):
            if _FACE.fullmatch("".join(self._at(index) for index in range(length))):
                return 0 if self._at(length).isalnum() else length
        return 0

    def _address(self) -> Iterator[Piece]:
        if self.before.isalnum() or not any(map(self._follows, ADDRESSES)):
            yield self._take(1, self._at(0))
            return
        while not self._address_ends():
            yield self._take(1, "")

    def _follows(self, word: str) -> bool:
        return all(self._at(index).lower() == letter for index, letter in enumerate(word))

    def _address_ends(self) -> bool:
        """Punctuation behind an address belongs to the sentence."""
        if not self._in_address(0):
            return True
        return self._at(0) in ".,;:!?'…" and not self._in_address(1)

    def _in_address(self, index: int) -> bool:
        character = self._at(index)
        return bool(character) and not character.isspace() and character not in '<>"”)]}*`|。，！？'

    marks: ClassVar[dict[str, Callable[[_Reader], Iterator[Piece]]]] = {
        "*": _stars, "`": _ticks, "<": _tag, "]": _link,
        "(": _remark, "[": _remark,
        "\\": _escape, "#": _heading, ">": _quote,
        "-": _dash, "+": _dash, "=": _dash,
        ":": _face, ";": _face,
        "h": _address, "H": _address, "w": _address, "W": _address,
    }  # fmt: skip
    """Plain functions: a reader that holds its own methods holds the reply, too, until the garbage
    collector comes."""


@lru_cache(maxsize=4096)
def sound(character: str) -> str:
    """What one character without a meaning of its own adds to the spoken text."""
    if character == "\n" or character.isspace():
        return "\n" if character == "\n" else " "
    if character in "_|":
        return " "
    if character in "*`[]{}~^\\" or character in _BULLETS:
        return ""
    kind = unicodedata.category(character)
    if kind in ("So", "Sk") and character not in _SIGNS:
        return ""
    joins = character == "\u200c"  # keeps Persian words whole
    return "" if kind[0] == "C" and not joins else _without_selector(character)


def _without_selector(character: str) -> str:
    """Marks that only choose how an emoji looks are silent."""
    return "" if "\ufe00" <= character <= "\ufe0f" or character == "\u20e3" else character
