"""The macros of time. The time is handed in; nobody here looks at a clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(
    r"\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|A|a|LTS?|LL?"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_CODES = {
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "DD": "%d",
    "dddd": "%A",
    "ddd": "%a",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "A": "%p",
    "L": "%m/%d/%Y",
}
_FARTHEST = 14
_STEPS = (
    # (seconds up to which, seconds of one, its name): about, as people say it
    (45, 1, ""),
    (90, 60, "a minute"),
    (45 * 60, 60, "minutes"),
    (90 * 60, 3600, "an hour"),
    (22 * 3600, 3600, "hours"),
    (36 * 3600, 86400, "a day"),
    (26 * 86400, 86400, "days"),
    (45 * 86400, 30 * 86400, "a month"),
    (320 * 86400, 30 * 86400, "months"),
    (548 * 86400, 365 * 86400, "a year"),
)


def clock(now: datetime) -> str:
    """`2:05 PM`."""
    return f"{now.hour % 12 or 12}:{now:%M %p}"


def day(now: datetime) -> str:
    """`March 14, 2026`."""
    return f"{now:%B} {now.day}, {now.year}"


def elsewhere(now: datetime, offset: str) -> datetime | None:
    """The time at `UTC+2`; None where that is no offset."""
    match = _OFFSET.fullmatch(offset.strip())
    if match is None or int(match[2]) > _FARTHEST:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    shift = timedelta(minutes=-minutes if match[1] == "-" else minutes)
    aware = now if now.tzinfo else now.replace(tzinfo=UTC)
    return aware.astimezone(timezone(shift))


def formed(now: datetime, form: str) -> str:
    """The time in a form like `YYYY-MM-DD HH:mm`; what stands in brackets is text."""
    values = {
        "YYYY": f"{now.year:04}",
        "YY": f"{now:%y}",
        "M": str(now.month),
        "D": str(now.day),
        "H": str(now.hour),
        "h": str(now.hour % 12 or 12),
        "m": str(now.minute),
        "s": str(now.second),
        "a": f"{now:%p}".lower(),
        "LT": clock(now),
        "LTS": f"{now.hour % 12 or 12}:{now:%M:%S %p}",
        "LL": day(now),
    } | {name: now.strftime(code) for name, code in _CODES.items()}
    return _FORM.sub(lambda match: match[1] if match[1] is not None else values[match[0]], form)


def between(first: str, second: str) -> str:
    """How long from the second time to the first: `in 2 hours`, `3 days ago`; "" for no times."""
    try:
        one, other = (datetime.fromisoformat(text.strip()) for text in (first, second))
    except ValueError:
        return ""
    one, other = (time if time.tzinfo else time.replace(tzinfo=UTC) for time in (one, other))
    seconds = (one - other).total_seconds()
    return f"in {_about(seconds)}" if seconds > 0 else f"{_about(-seconds)} ago"


def _about(seconds: float) -> str:
    for most, unit, name in _STEPS:
        if seconds < most:
            several = name and " " not in name
            return f"{round(seconds / unit)} {name}" if several else name or "a few seconds"
    return f"{round(seconds / (365 * 86400))} years"
