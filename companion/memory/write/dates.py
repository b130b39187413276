"""Dates as people say them, resolved from the day on which they were said. Pure: no clock.

"next friday", "in two weeks", "the ninth of june", "am dienstag", "letzten monat": what is found
is a date, a month or a year, or a minute where a time of day is said, and where in the text it
stands. The day and the clock come from the line itself; this machine lends its summer time.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING

from companion.memory.write import hours
from companion.memory.write.calendars import CALENDARS, any_of, number_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from companion.memory.write.calendars import Calendar

SUNDAY_TO_MONDAY = 7
MONTHS = 12
LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class When:
    """A date found in a text.

    Attributes:
        value: `2026`, `2026-03`, `2026-03-05`, or `2026-03-05T16:30Z` in UTC.
        precision: "year", "month", "day" or "minute".
        spans: Where its words stand in the text.
        week: It is the week or weekend that begins there.
        local: The moment in the zone of the line, where a time of day was said.
    """

    value: str
    precision: str
    spans: tuple[tuple[int, int], ...] = ()
    week: bool = False
    local: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a pattern is read with."""

    said: datetime
    words: Calendar
    past: bool

    @property
    def today(self) -> date:
        return self.said.date()


def find(text: str, said: datetime, lang: str, *, past: bool = False) -> When | None:
    """The first date in a text; None without one.

    Args:
        text: What was said.
        said: When it was said, with its zone.
        lang: "en" or "de".
        past: It tells of the past: "on monday" is the last one then.
    """
    asked = _Asked(said, CALENDARS[lang], past)
    day = _first(text, _patterns(lang), asked)
    clock = hours.find(text, lang)
    if clock is None or (day is not None and day.precision != "day"):
        return day
    return _at(day, asked, clock, hours.meant(clock, text[slice(*day.spans[0])] if day else ""))


def without(text: str, when: When) -> str:
    """The text with the words of a date taken out."""
    for start, end in sorted(when.spans, reverse=True):
        text = f"{text[:start].rstrip(' ,')} {text[end:].lstrip(' ,')}"
    return text.strip()


def worded(when: When, lang: str) -> str:
    """The date as it stands in a memory: "on 5 March 2026", "im März 2026"."""
    names = CALENDARS[lang].names
    parts = [int(part) for part in re.findall(r"\d+", when.value)[:3]]
    if when.local is not None:
        parts = [when.local.year, when.local.month, when.local.day]
    year, month, day = (*parts, 0, 0)[:3]
    if not month:
        return f"in {year}" if lang == "en" else f"im Jahr {year}"
    if not day:
        return f"{'in' if lang == 'en' else 'im'} {names[month - 1]} {year}"
    dot, on, week = ("", "on", "in the week of") if lang == "en" else (".", "am", "ab dem")
    words = f"{week if when.week else on} {day}{dot} {names[month - 1]} {year}"
    if when.local is None:
        return words
    return f"{words} {'at' if lang == 'en' else 'um'} {when.local:%H:%M}"


def day_and_month(text: str, said: datetime, lang: str) -> str:
    """The day of a birthday as it is kept, "9 June" or "9. Juni"; "" where none is said."""
    found = find(text, said, lang)
    if found is None or found.precision != "day":
        return ""
    on = date.fromisoformat(found.value)
    dot = "" if lang == "en" else "."
    return f"{on.day}{dot} {CALENDARS[lang].names[on.month - 1]}"


# ── times of day ─────────────────────────────────────────────────────────────────────────────


def _at(day: When | None, asked: _Asked, clock: hours.Clock, hour: tuple[int, ...]) -> When:
    """The first of these hours on that day that is still to come, else the first of them."""
    base = date.fromisoformat(day.value) if day else asked.today
    today = base == asked.today and not asked.past
    midnight, zone = datetime.combine(base, time()), _zone(asked.said)  # a wall's, of no zone yet
    walls = [midnight + timedelta(hours=one, minutes=clock.minute) for one in hour]
    if today and day is None:
        walls.append(walls[0] + timedelta(days=1))
    moments = [one.replace(tzinfo=zone) if zone else one.astimezone() for one in walls]
    ahead = [one for one in moments if one > asked.said] if today else []
    return _minute((ahead or moments)[0], (*(day.spans if day else ()), clock.span))


def _zone(said: datetime) -> tzinfo | None:
    """The zone in which a line was said; None: the one of this machine.

    A line keeps how far it was from UTC, not where, and that changes twice a year: where this
    machine's clock agrees with it, the line was said by this machine's clock.
    """
    fixed = isinstance(said.tzinfo, timezone)
    return None if fixed and said.astimezone().utcoffset() == said.utcoffset() else said.tzinfo


def _minute(moment: datetime, spans: tuple[tuple[int, int], ...]) -> When:
    value = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}Z"
    return When(value, "minute", spans, local=moment)


# ── days ─────────────────────────────────────────────────────────────────────────────────────

_Reader = "Callable[[re.Match[str], _Asked], When | None]"


def _first(
    text: str, patterns: tuple[tuple[re.Pattern[str], Callable[..., When | None]], ...], on: _Asked
) -> When | None:
    """The date that stands first; of those that begin together, the one of the earlier pattern."""
    found: list[tuple[int, int, When]] = []
    for order, (pattern, read) in enumerate(patterns):
        for match in pattern.finditer(text):
            try:
                when = read(match, on)
            except (ValueError, OverflowError):
                continue  # the 31st of April, in a million years
            if when is not None:
                found.append((match.start(), order, replace(when, spans=(match.span(),))))
                break
    return min(found, default=(0, 0, None), key=lambda one: one[:2])[2]


def _day(on: date, precision: str = "day", *, week: bool = False) -> When:
    value = on.isoformat()
    return When(value[:7] if precision == "month" else value, precision, week=week)


def _read_day(match: re.Match[str], on: _Asked) -> When | None:
    offset = on.words.days[plain(match["day"])]
    return _day(on.today + timedelta(days=offset))


def _read_distance(match: re.Match[str], on: _Asked) -> When | None:
    sign = -1 if match["ago"] else 1
    count = sign * number_of(match["count"], on.words)
    return _moved(on, on.words.units[plain(match["unit"])], count)


def _moved(on: _Asked, unit: str, count: int) -> When | None:
    if unit in {"minute", "hour"}:
        moment = on.said.astimezone(UTC) + timedelta(**{f"{unit}s": count})
        return _minute(moment.astimezone(_zone(on.said)), ())
    if unit == "day":
        return _day(on.today + timedelta(days=count))
    if unit in {"week", "weekend"}:
        return _day(on.today + timedelta(weeks=count))
    if unit == "month":
        year, month = divmod(on.today.year * MONTHS + on.today.month - 1 + count, MONTHS)
        return _day(date(year, month + 1, 1), "month")
    year = on.today.year + count
    return When(f"{year:04}", "year") if 0 < year <= LAST_YEAR else None


def _read_period(match: re.Match[str], on: _Asked) -> When | None:
    step = on.words.periods[plain(match["period"])]
    unit = on.words.units[plain(match["unit"])]
    if unit in {"week", "weekend"}:
        monday = on.today - timedelta(days=on.today.weekday()) + timedelta(weeks=step)
        return _day(monday + timedelta(days=5 if unit == "weekend" else 0), week=True)
    return _moved(on, unit, step) if unit in {"month", "year"} else None


def _read_weekday(match: re.Match[str], on: _Asked) -> When | None:
    period = (match["period"] or "").lower().split(" ")[-1]
    step = on.words.periods.get(period)
    ahead = (on.words.weekdays[plain(match["weekday"])] - on.today.weekday()) % 7
    if step == -1 or (on.past and step is None):
        return _day(on.today + timedelta(days=ahead - SUNDAY_TO_MONDAY))
    if step == 1 and not period.startswith("kommend"):
        monday = on.today - timedelta(days=on.today.weekday() - SUNDAY_TO_MONDAY)
        return _day(monday + timedelta(days=on.words.weekdays[plain(match["weekday"])]))
    return _day(on.today + timedelta(days=ahead or SUNDAY_TO_MONDAY))


def _read_date(match: re.Match[str], on: _Asked) -> When | None:
    day = number_of(match["day"], on.words)
    month = on.words.months[plain(match["month"])]
    if match["year"]:
        return _day(date(int(match["year"]), month, day))
    nearest = date(on.today.year, month, day)
    if not on.past and nearest < on.today:
        nearest = date(on.today.year + 1, month, day)
    if on.past and nearest > on.today:
        nearest = date(on.today.year - 1, month, day)
    return _day(nearest)


def _read_iso(match: re.Match[str], _: _Asked) -> When | None:
    return _day(date(int(match["year"]), int(match["month"]), int(match["day"])))


def _read_month(match: re.Match[str], on: _Asked) -> When | None:
    month = on.words.months[plain(match["month"])]
    if match["year"]:
        return When(f"{int(match['year']):04}-{month:02}", "month")
    past = on.past or plain(match[0]).startswith(("since", "seit"))
    step = on.words.periods.get(plain(match["period"] or ""), -1 if past else None)
    year = on.today.year
    if step == -1:
        year -= month >= on.today.month
    elif step == 1:
        year += month <= on.today.month
    elif step is None:
        year += month < on.today.month
    return When(f"{year:04}-{month:02}", "month")


def _read_year(match: re.Match[str], _: _Asked) -> When | None:
    return When(match["year"], "year")


@cache
def _patterns(lang: str) -> tuple[tuple[re.Pattern[str], Callable[..., When | None]], ...]:
    """How dates are said, and what reads each; the more particular ones first."""
    words = CALENDARS[lang]
    number = rf"(?P<count>\d{{1,4}}|{any_of(words.numbers)})"
    unit = rf"(?P<unit>{any_of(words.units)})"
    period = rf"(?P<period>{any_of(words.periods)})"
    month = rf"(?P<month>{any_of(words.months)})"
    ordinal = rf"(?P<day>{any_of(words.ordinals)}|\d{{1,2}}(?:st|nd|rd|th|\.)?)"
    weekday = rf"(?P<weekday>{any_of(words.weekdays)})"
    year = r"(?P<year>(?:19|20)\d\d)"
    days = rf"(?P<day>{any_of(words.days)})"
    iso = r"\b(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)\b"
    forms: list[tuple[str, Callable[..., When | None]]] = [(iso, _read_iso)]
    if lang == "en":
        coming = r"(?P<period>(?:this )?(?:coming|past)|last|this|next)"
        part = r"(?: (?:morning|afternoon|evening|night))?"
        forms += [
            (rf"\b{days}{part}\b", _read_day),
            (rf"\bin (?P<ago>(?!))?{number} {unit}(?:'?s? time)?\b", _read_distance),
            (rf"\b(?:about |around |almost |over )?{number} {unit} (?P<ago>ago)\b", _read_distance),
            (rf"\b{number} {unit} (?P<ago>(?!))?from (?:now|today)\b", _read_distance),
            (rf"\b(?:on )?(?:the )?{ordinal} (?:of )?{month}(?:,? {year})?\b", _read_date),
            (rf"\b(?:on )?{month} (?:the )?{ordinal}(?:,? {year})?\b", _read_date),
            (rf"\b(?:at )?(?:the )?{period} {unit}\b", _read_period),
            (rf"\b(?:on )?(?:{coming} )?{weekday}{part}\b", _read_weekday),
            (rf"\b(?:in )?{period} {month}(?P<year>(?!))?\b", _read_month),
            (rf"\b(?:in|since) (?P<period>(?!))?{month}(?:,? {year})?\b", _read_month),
            (rf"\b(?:in|since) {year}\b", _read_year),
        ]  # fmt: skip
    else:
        part = r"(?: ?(?:morgen|vormittag|mittag|nachmittag|abend|nacht)| früh)?"
        forms += [
            (rf"(?<!guten )(?<!am )\b{days}{part}\b", _read_day),
            (rf"\bin (?P<ago>(?!))?{number} {unit}\b", _read_distance),
            (rf"\b(?P<ago>vor) (?:etwa |fast |rund )?{number} {unit}\b", _read_distance),
            (rf"\b(?:am )?(?:dem )?{ordinal} {month}(?: {year})?\b", _read_date),
            (rf"\b(?:am )?{period} {unit}\b", _read_period),
            (rf"\b(?:am )?(?:{period} )?{weekday}{part}\b", _read_weekday),
            (rf"\b(?:im )?{period} {month}(?P<year>(?!))?\b", _read_month),
            (rf"\b(?:im|seit) (?P<period>(?!))?{month}(?: {year})?\b", _read_month),
            (rf"\b(?:seit|im jahr) {year}\b", _read_year),
        ]
    return tuple((re.compile(form, re.IGNORECASE), read) for form, read in forms)


def first_day(value: str) -> date:
    """The first day that a kept date covers."""
    year, month, day = (*_parts(value), 1, 1)[:3]
    return date(year, month, day)


def last_day(value: str) -> date:
    """The last day that a kept date covers."""
    year, month, day = (*_parts(value), 0, 0)[:3]
    month = month or MONTHS
    return date(year, month, day or calendar.monthrange(year, month)[1])


def _parts(value: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", value)[:3]]
