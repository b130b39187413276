"""Times of day as people say them: "at five", "um halb sieben", "at 12 am". Pure.

What is found is what was said; which hour of the day that is, `meant` says, from the words around.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from companion.memory.write.calendars import CALENDARS, any_of, number_of

NOON = 12
LATEST_AFTERNOON = 6
"""An hour up to this one, said alone, is meant after noon: "at five"; at seven the day begins."""
LATEST_EVENING = 8
"""Up to this one it may also be of the evening, where the morning is over."""
SMALL_HOURS = 5
"""In a night, an hour before this one comes after its midnight."""
_ONE = frozenset(["a", "an", "ein", "eine", "einem", "einer", "einen"])
_NIGHT = re.compile("night|nacht", re.IGNORECASE)
_LATE = re.compile(r"evening|afternoon|(?<!sonn)abend|nachmittag|\bp\.?m\b", re.IGNORECASE)
_EARLY = re.compile(
    "morning|früh|morgens|am morgen|vormittag|(?:tag|woch|abend|heute|gestern) ?morgen",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it was said.

    Attributes:
        hour: As said, so that seven may be one of two hours.
        minute: After it.
        part: The words said with it for a part of the day.
        exact: It can be that hour only.
        alone: No minutes were said.
        span: Where it stands in the text.
    """

    hour: int
    minute: int
    part: str
    exact: bool
    alone: bool
    span: tuple[int, int]


def meant(clock: Clock, day: str) -> tuple[int, ...]:
    """The hours that can be meant, the likeliest first; from 24 on they are of the next day.

    Args:
        clock: What was said.
        day: The words of the day it was said with.
    """
    hour, words = clock.hour % NOON, f"{clock.part} {day}"
    if clock.exact:
        return (clock.hour,)
    if _NIGHT.search(words):
        after = 2 * NOON if _NIGHT.search(day) else 0
        return (hour + (after if hour < SMALL_HOURS else NOON),)
    if _LATE.search(words):
        return (hour + NOON,)
    if clock.hour == NOON or _EARLY.search(words) or not clock.alone:
        return (clock.hour,)
    if hour > LATEST_EVENING:
        return (hour,)
    return (hour + NOON,) if hour <= LATEST_AFTERNOON else (hour, hour + NOON)


def find(text: str, lang: str) -> Clock | None:
    """The first time of day in a text; None without one."""
    match = _pattern(lang).search(text)
    if match is None:
        return None
    said, part = (match["fixed"] or "").lower(), f"{match['before'] or ''} {match['part'] or ''}"
    if said:
        noon = said in {"noon", "mittag"}
        return Clock(NOON, 0, "" if noon else "night", noon, alone=True, span=match.span())
    hour, minute = number_of(match["hour"], CALENDARS[lang]), int(match["minute"] or 0)
    half = (match["half"] or "").lower()
    if half == "half past":
        minute = 30
    elif half == "halb":
        hour, minute = hour - 1, 30
    if hour > 23 or minute > 59:  # noqa: PLR2004 - of a day
        return None
    exact = hour > NOON or match["hour"].startswith("0")
    if re.search(r"\ba\.?m\b", part.lower()) and lang == "en":
        hour, exact = 0 if hour == NOON else hour, True
    return Clock(hour, minute, part, exact, alone=not match["minute"], span=match.span())


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    number = rf"(?P<hour>\d{{1,2}}|{any_of(_up_to(CALENDARS[lang].numbers, 12))})"
    if lang == "en":
        parts = "in the (?:morning|afternoon|evening)|at night"
        form = (
            rf"\b(?:(?P<before>{parts}),? )?at (?:(?P<fixed>noon|midnight)"
            rf"|(?:(?P<half>half past) )?{number}(?:[:.](?P<minute>\d\d))?(?: o['\u2019]clock)?"
            rf"(?: ?(?P<part>a\.?m\.?|p\.?m\.?|{parts}))?)"
            r"(?!\w)(?! ?(?:years|%|people|percent))"
        )
    else:
        days = "morgens|(?:vor|nach)mittags|abends|nachts"
        parts = f"{days}|in der (?:früh|nacht)|am (?:morgen|vormittag|nachmittag|abend)"
        form = (
            rf"\b(?:(?P<before>{parts}),? )?um (?:(?P<fixed>mittag|mitternacht)"
            rf"|(?:(?P<half>halb) )?{number}(?:[:.](?P<minute>\d\d))?(?: uhr)?"
            rf"(?: (?P<part>{parts}|abend|nachmittag|früh))?)(?!\w)"
        )
    return re.compile(form, re.IGNORECASE)


def _up_to(numbers: dict[str, int], most: int) -> list[str]:
    return [word for word, number in numbers.items() if number <= most and word not in _ONE]
