"""The words in which dates are spoken, in English and German: tables, and how they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def _numbered(words: str, first: int = 1) -> dict[str, int]:
    """Words in order, from a number on; `a|b` are two words for one number."""
    return {
        word: number
        for number, group in enumerate(words.split(), first)
        for word in group.split("|")
    }


@dataclass(frozen=True, slots=True)
class Calendar:
    """The words of dates in one language; patterns are in `companion.memory.write.dates`.

    Attributes:
        numbers: Words for 1 to 31 and more.
        ordinals: Words for first to thirty-first.
        months: Names of months, also short ones.
        weekdays: Names of weekdays; Monday is 0.
        days: Words that are a day by themselves, as days from today.
        units: Words for a length of time, by what they are.
        periods: Words for last, this and next, as -1, 0, 1.
        names: Months as they are written in a memory.
    """

    numbers: dict[str, int]
    ordinals: dict[str, int]
    months: dict[str, int]
    weekdays: dict[str, int]
    days: dict[str, int]
    units: dict[str, str]
    periods: dict[str, int]
    names: tuple[str, ...]


ENGLISH_NUMBERS = (
    _numbered(
        "one|a|an two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty"
    )
    | {"a couple of": 2, "thirty": 30, "forty": 40, "forty-five": 45, "ninety": 90}
    | {f"twenty{dash}{word}": 20 + n for dash in "- " for word, n in _numbered(
        "one two three four five six seven eight nine"
    ).items()}
    | {"thirty-one": 31, "thirty one": 31}
)  # fmt: skip
ENGLISH = Calendar(
    numbers=ENGLISH_NUMBERS,
    ordinals=_numbered(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
        " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
    )
    | {f"twenty{dash}{word}": 20 + n for dash in "- " for word, n in _numbered(
        "first second third fourth fifth sixth seventh eighth ninth"
    ).items()}
    | {"thirtieth": 30, "thirty-first": 31, "thirty first": 31},
    months=_numbered(
        "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug"
        " september|sep|sept october|oct november|nov december|dec"
    ),
    weekdays=_numbered(
        "monday tuesday wednesday thursday friday saturday sunday", 0
    ),
    days={"the day after tomorrow": 2, "day after tomorrow": 2, "the day before yesterday": -2}
    | {"day before yesterday": -2, "tomorrow": 1, "yesterday": -1, "today": 0, "tonight": 0}
    | {"last night": -1, "this morning": 0, "this afternoon": 0, "this evening": 0},
    units={"minute": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month"}
    | {"year": "year", "minutes": "minute", "hours": "hour", "days": "day", "weeks": "week"}
    | {"months": "month", "years": "year", "weekend": "weekend"},
    periods={"last": -1, "past": -1, "this": 0, "next": 1},
    names=(*("January", "February", "March", "April", "May", "June", "July", "August"),
           *("September", "October", "November", "December")),
)  # fmt: skip

_GERMAN_ORDINALS = _numbered(
    "erst zweit dritt viert fünft sechst siebt|siebent acht neunt zehnt elft zwölft dreizehnt"
    " vierzehnt fünfzehnt sechzehnt siebzehnt achtzehnt neunzehnt zwanzigst einundzwanzigst"
    " zweiundzwanzigst dreiundzwanzigst vierundzwanzigst fünfundzwanzigst sechsundzwanzigst"
    " siebenundzwanzigst achtundzwanzigst neunundzwanzigst dreißigst einunddreißigst"
)
GERMAN = Calendar(
    numbers=_numbered(
        "ein|eine|einem|einer|einen|eins zwei drei vier fünf sechs sieben acht neun zehn elf"
        " zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig"
        " einundzwanzig zweiundzwanzig dreiundzwanzig vierundzwanzig fünfundzwanzig"
        " sechsundzwanzig siebenundzwanzig achtundzwanzig neunundzwanzig dreißig einunddreißig"
    )
    | {"vierzig": 40, "fünfundvierzig": 45},
    ordinals={f"{stem}e{end}": n for stem, n in _GERMAN_ORDINALS.items() for end in ("n", "r", "")},
    months=_numbered(
        "januar|jänner|jan februar|feb märz april|apr mai juni|jun juli|jul august|aug"
        " september|sept oktober|okt november|nov dezember|dez"
    ),
    weekdays=_numbered(
        "montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag", 0
    ),
    days={"übermorgen": 2, "vorgestern": -2, "morgen": 1, "gestern": -1, "heute": 0},
    units={"minute": "minute", "minuten": "minute", "stunde": "hour", "stunden": "hour"}
    | {"tag": "day", "tage": "day", "tagen": "day", "woche": "week", "wochen": "week"}
    | {"monat": "month", "monate": "month", "monaten": "month", "jahr": "year", "jahre": "year"}
    | {"jahren": "year", "wochenende": "weekend"},
    periods={
        f"{stem}{end}": n
        for stem, n in (("letzt", -1), ("vergangen", -1), ("dies", 0), ("nächst", 1),
                        ("kommend", 1))
        for end in ("e", "en", "em", "er", "es")
    },
    names=(*("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August"),
           *("September", "Oktober", "November", "Dezember")),
)  # fmt: skip
CALENDARS = {"en": ENGLISH, "de": GERMAN}


def any_of(words: Iterable[str]) -> str:
    """Any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def plain(word: str) -> str:
    """A word as the tables have it."""
    return re.sub(r"\s+", " ", word.lower())


def number_of(word: str, words: Calendar) -> int:
    """The number that a word or some digits are; "9th" is 9."""
    known = plain(word)
    digits = re.match(r"\d+", known)
    if digits:
        return int(digits[0])
    return words.numbers.get(known) or words.ordinals[known]
