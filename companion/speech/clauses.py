"""Cut a reply into the pieces that are spoken in one go, while it is still being written.

The first clause is short, so that the voice starts early: a sentence, or less where it has a
pause. Then come whole sentences, which sound better. Where a clause ends depends on the text
alone, never on how it was cut into tokens; only where a `Tempo` says that the sound runs dry, a
sentence is cut at a pause, or before a word that begins a phrase. Pure: no engine, thread or clock.
"""
# ruff: noqa: RUF001 - the marks that look alike are what this module is about
# ruff: noqa: SIM905 - a page of words reads better than a page of quotation marks

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from companion.speech.shape import CLOSERS, Actions, Lookahead, Piece, shape, tidy
from companion.values import Clause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_WORDS = 3
FIRST_CHARACTERS = 12
"""The first clause may end at a pause when it has so many words, or so many characters."""

LONG = 160
"""Characters after which a sentence is cut at its next comma: ten seconds of speech."""

LONGEST = 400
"""Characters that a clause never exceeds; more in one call stalls the voice (M11)."""

PAUSES = ",;:—–"
WIDE_PAUSES = "，；：、،؛"
WIDE_ENDS = "。！？｡．।॥؟۔"
LISTED = 4
"""A number with fewer digits, alone at the start of a line, counts a list."""

REST = 60
PHRASE = 40
"""Characters to be expected from a pause to the end of its sentence, and from phrase to phrase."""

NEAR = 64
"""Characters that are looked ahead at most, so that no text costs more than its length."""

TITLES = frozenset(
    "mr mrs ms mx dr prof st sr sra srta jr rev gen col sgt capt cpt lt cmdr adm maj sen rep gov "
    "hon pres supt mt ft messrs mme mlle hr fr dipl ing vs viz cf approx ca bzw e.g i.e f.e z.b "
    "d.h u.a p.ex al ed eds btw rs डॉ д ул г".split()
)
"""Abbreviations that never end a sentence."""

NUMBERED = frozenset("no nos nr p pp fig figs sec eq vol ch art apt fn ext op n° núm".split())
"""Abbreviations only where a number follows."""

OPEN = frozenset(
    "etc inc ltd co corp bros dept est univ assn ave blvd rd jan feb mar apr jun jul aug sep sept "
    "oct nov dec mon tue tues wed thu thur thurs fri sat sun usw ind wash calif mass".split()
)
"""Abbreviations that may end a sentence: they do where the next word begins one."""

BEGINNERS = frozenset(
    "a an and are as at but can could did do does for he her here his how i i'm i've i'll i'd if "
    "in is it it's its let let's my no not now of oh on one or our perhaps please she so some that "
    "that's the their then there these they they're this those to was we we're well were what "
    "what's when where which while who why will with would yes you you're your".split()
)

PHRASES = frozenset(
    "about after although and as at because before but by during for from if in into like or since "
    "so than that though through to until when where whether which while who with without "
    "aber als auf aus bei bevor bis damit dann dass denn doch durch für gegen mit nach nachdem ob "
    "oder ohne seit sondern und von vor weil wenn wie wo zu zum zur".split()
)
"""Words before which a speaker may breathe where there is no mark."""


class Tempo(Protocol):
    """What is known of the speed of the model and the voice."""

    @property
    def keeps_up(self) -> bool:
        """Whether the model writes faster than the voice speaks."""

    def runs_dry(self, held: int, more: int) -> bool:
        """Whether the sound is over before `held` and `more` characters are ready as a clause."""

    def begins_too_soon(self, held: int, more: int) -> bool:
        """Whether a reply that begins with `held` runs dry before `more` characters are ready."""


def split_clauses(
    tokens: Iterable[str],
    first_words: int = FIRST_WORDS,
    first_characters: int = FIRST_CHARACTERS,
    actions: Actions = "drop",
    *,
    thinking: bool = False,
    tempo: Tempo | None = None,
) -> Iterator[Clause]:
    """Cut a reply into clauses; joined together their texts are the reply.

    No token is asked for before everything that is ready has been given out.

    Args:
        tokens: The reply, cut anywhere.
        first_words: Words after which the first clause may end at a pause.
        first_characters: Characters after which it may end as well.
        actions: What becomes of `*waves*`.
        thinking: Whether the reply begins inside a thought that the prompt opened.
        tempo: Tells when sentences have to be cut, so that the sound goes on.

    Yields:
        Clauses of at most `LONGEST` characters. What is never read out has an empty `spoken`;
        a thought is a clause of its own.
    """
    pieces = shape(tokens, actions, thinking=thinking)
    return _Splitter(pieces, first_words, first_characters, tempo).clauses()


class _Splitter:
    """The clause being collected, and what follows it as far as it had to be looked at."""

    def __init__(
        self,
        pieces: Iterable[Piece],
        first_words: int,
        first_characters: int,
        tempo: Tempo | None,
    ) -> None:
        self.tempo = tempo
        self.source = Lookahead(pieces)
        self.first_words = first_words
        self.first_characters = first_characters
        self.first = True
        self.held: list[Piece] = []
        self._count()

    def clauses(self) -> Iterator[Clause]:
        """Everything, in order."""
        while (piece := self.source.peek()) is not None:
            turns = piece.thought or bool(self.held and self.held[-1].aside != piece.aside)
            if self.held and (turns or self.size + len(piece.text) > LONGEST):
                yield self._give(len(self.held) if turns else self._last_space())
            self._add(self.source.take())
            if piece.thought or (self._ends() and not self._too_soon()):
                yield self._give(len(self.held))
        if self.held:
            yield self._give(len(self.held))

    def _count(self) -> None:
        self.size = self.words = self.length = 0
        self.tail = ""  # the last spoken characters, to look back at
        held, self.held = self.held, []
        for piece in held:
            self._add(piece)

    def _add(self, piece: Piece) -> None:
        self.held.append(piece)
        self.size += len(piece.text)
        for character in piece.spoken:
            before = self.tail[-1:]
            if character.isalnum() and not (before.isalnum() or before in ("'", "’")):
                self.words += 1
            self.length += self.words > 0
            self.tail = (self.tail + character)[-NEAR:]

    def _give(self, count: int) -> Clause:
        given, self.held = self.held[:count], self.held[count:]
        self._count()
        text = "".join(piece.text for piece in given)
        spoken = tidy("".join(piece.spoken for piece in given))
        clause = Clause(text, spoken, aside=given[0].aside)
        self.first = self.first and not clause.spoken
        return clause

    def _last_space(self) -> int:
        """Where a clause that is too long is cut: before its last space, if that is not early."""
        for index in range(len(self.held) - 1, len(self.held) // 2, -1):
            if self.held[index].spoken.isspace():
                return index
        return len(self.held)

    def _ends(self) -> bool:
        """Whether the clause ends with the piece that was added last."""
        mark = self.held[-1].spoken
        if not self.words or len(mark) != 1 or mark.isalnum():
            return False
        if mark in WIDE_ENDS:
            return True
        if mark.isspace():
            return self._may_breathe() if mark == " " else not self._beyond_space().islower()
        if mark in PAUSES or mark in WIDE_PAUSES:
            return self._may_pause() and not self._in_number()
        if mark in "!?" and self.first:
            return True
        return mark in ".…!?" and self._ends_sentence(mark) and self._take_closers()

    def _may_pause(self) -> bool:
        if not self.first:
            return self.size >= LONG or self._runs_dry(REST)
        return self.words >= self.first_words or self.length >= self.first_characters

    def _may_breathe(self) -> bool:
        """Whether the next word begins a phrase, and the sound does not last until a mark comes.

        Where the model is slower than the voice there have to be gaps: then marks are their place.
        """
        if self.first or not self.tempo or not self._runs_dry(PHRASE):
            return False
        return self.tempo.keeps_up and self._word_ahead() in PHRASES

    def _too_soon(self) -> bool:
        """Whether a little more makes a beginning without a gap behind it."""
        if not self.first or self.tempo is None or not self.tempo.keeps_up:
            return False
        return self.tempo.begins_too_soon(self.length, PHRASE)

    def _runs_dry(self, more: int) -> bool:
        if self.tempo is None or self.words < self.first_words:
            return False
        return self.tempo.runs_dry(self.length, more)

    def _in_number(self) -> bool:
        return self.tail[-2:-1].isdigit() and self._ahead(0).isdigit()

    def _ahead(self, index: int) -> str:
        """The first character of the piece `index` places ahead; "" behind the end."""
        piece = self.source.peek(index)
        if piece is None:
            return ""
        return "\n" if piece.thought else piece.text[0]

    def _closers(self) -> int:
        count = 0
        while count < NEAR and self._ahead(count) and self._ahead(count) in CLOSERS:
            count += 1
        return count

    def _take_closers(self) -> bool:
        """Take the quotation marks and brackets that close with the sentence into it."""
        for _ in range(min(self._closers(), LONGEST - self.size)):
            self._add(self.source.take())
        return True

    def _beyond_space(self, start: int = 0) -> str:
        """The first character that follows and is no space."""
        for index in range(start, start + NEAR):
            if not self._ahead(index).isspace():
                return self._ahead(index)
        return "\n"

    def _ends_sentence(self, mark: str) -> bool:
        following = self._ahead(0)
        if following and following in ".…!?":
            return False  # the last one decides
        closers = self._closers()
        following = self._ahead(closers)
        if following and not following.isspace():
            return not following.isalnum() and following not in ",;:-/@&%'’"
        beyond = self._beyond_space(closers)
        if beyond.islower() and (closers or mark != ".") and self.size < LONG:
            return False  # "Leave me alone!" he said
        if beyond and beyond in ".-–—":
            return False  # a wide ellipsis, or an aside
        return mark != "." or self._full_stop(closers)

    def _full_stop(self, start: int) -> bool:
        if self.tail[-2:-1] in (".", " ", "\n"):  # an ellipsis, close or wide
            beyond = self._beyond_space(start)
            return not beyond.islower() and beyond not in (".", ",")
        line = self.tail[:-1].rpartition("\n")[2]
        name = line.split()[-1].lstrip("(\"'“‘[¿¡").lower()
        if line.strip().isdigit() and len(name) < LISTED:
            return False
        if name in TITLES:
            return False
        if name in NUMBERED:
            return not self._beyond_space(start).isdigit()
        if _abbreviated(name):
            return not self._beyond_space(start) or self._next_word(start) in BEGINNERS
        return True

    def _next_word(self, start: int) -> str:
        """The next word in lower case, or "" where it does not begin like a sentence."""
        index = start
        while self._ahead(index).isspace() and index < NEAR:
            index += 1
        word = self._word_ahead(index)
        return word.lower().replace("’", "'") if word[:1].isupper() else ""

    def _word_ahead(self, index: int = 0) -> str:
        """The word that begins `index` places ahead; "" where none does."""
        word = ""
        while len(word) < NEAR and (
            self._ahead(index).isalpha() or self._ahead(index) in ("'", "’")
        ):
            word += self._ahead(index)
            index += 1
        return word


def _abbreviated(name: str) -> bool:
    """Whether a word before a full stop can be an abbreviation: `etc`, `u.s`, `j`."""
    parts = name.split(".")
    return name in OPEN or all(
        part.isalpha() and len(part) <= 1 + (len(parts) > 1) for part in parts
    )
