"""Dates as people say them, from the day and the zone in which they were said."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.memory.record.fields import Due
from companion.memory.write.dates import find, first_day, last_day, without, worded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

SAID = datetime(2026, 3, 4, 18, 4, tzinfo=timezone(timedelta(hours=1)))  # a Wednesday


@pytest.fixture
def berlin() -> Iterator[None]:
    """This machine stands in Berlin; its rule is given in full, for one that has no zones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


def is_foreseen(zone: tzinfo) -> None:
    """Said on the Saturday before summer time begins in Berlin."""
    said = datetime(2026, 3, 28, 12, 0, tzinfo=zone)
    monday, soon = find("monday at 9", said, "en"), find("in 20 hours", said, "en")
    assert monday is not None
    assert soon is not None
    assert (monday.value, soon.value) == ("2026-03-30T07:00Z", "2026-03-29T07:00Z")
    assert worded(monday, "en") == "on 30 March 2026 at 09:00"
    assert worded(soon, "en") == "on 29 March 2026 at 09:00"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yesterday", "2026-03-03"),
        ("the day after tomorrow", "2026-03-06"),
        ("on friday", "2026-03-06"),
        ("next friday", "2026-03-13"),
        ("last friday", "2026-02-27"),
        ("on wednesday", "2026-03-11"),
        ("in two weeks", "2026-03-18"),
        ("three days ago", "2026-03-01"),
        ("last month", "2026-02"),
        ("next year", "2027"),
        ("last march", "2025-03"),
        ("in may", "2026-05"),
        ("in february", "2027-02"),
        ("since february", "2026-02"),
        ("in 2019", "2019"),
        ("on the ninth of june", "2026-06-09"),
        ("june 9th", "2026-06-09"),
        ("on the twenty first of july 2027", "2027-07-21"),
        ("2026-04-01", "2026-04-01"),
        ("tomorrow at five", "2026-03-05T16:00Z"),
        ("at 17:30", "2026-03-05T16:30Z"),
        ("at 19:30", "2026-03-04T18:30Z"),
        ("on friday at half past six in the morning", "2026-03-06T05:30Z"),
        ("in two hours", "2026-03-04T19:04Z"),
        ("tomorrow evening at eight", "2026-03-05T19:00Z"),
        ("tomorrow morning at 7", "2026-03-05T06:00Z"),
        ("at 6 tomorrow morning", "2026-03-05T05:00Z"),
        ("in the morning at six", "2026-03-05T05:00Z"),
        ("tomorrow at seven", "2026-03-05T06:00Z"),
        ("tomorrow at two", "2026-03-05T13:00Z"),
        ("tomorrow at 3 o'clock", "2026-03-05T14:00Z"),
        ("tomorrow at 3 o'clock in the morning", "2026-03-05T02:00Z"),
        ("tomorrow at 12 am", "2026-03-04T23:00Z"),
        ("tomorrow at 12 a.m.", "2026-03-04T23:00Z"),
        ("tomorrow at 6 AM", "2026-03-05T05:00Z"),
        ("tomorrow at 12 A.M.", "2026-03-04T23:00Z"),
        ("tomorrow at 12 pm", "2026-03-05T11:00Z"),
        ("tomorrow at noon", "2026-03-05T11:00Z"),
        ("tonight at midnight", "2026-03-04T23:00Z"),
        ("tomorrow night at 8", "2026-03-05T19:00Z"),
        ("tonight at two", "2026-03-05T01:00Z"),
        ("at seven", "2026-03-04T18:00Z"),
        ("today at 8", "2026-03-04T19:00Z"),
        ("at nine", "2026-03-05T08:00Z"),
        ("at six", "2026-03-05T17:00Z"),
    ],
)
def test_english(text: str, value: str) -> None:
    found = find(f"well {text} then", SAID, "en")
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gestern", "2026-03-03"),
        ("übermorgen", "2026-03-06"),
        ("am dienstag", "2026-03-10"),
        ("nächsten Freitag", "2026-03-13"),
        ("letzten Freitag", "2026-02-27"),
        ("in zwei wochen", "2026-03-18"),
        ("vor drei Tagen", "2026-03-01"),
        ("letzten monat", "2026-02"),
        ("im Mai", "2026-05"),
        ("seit Januar", "2026-01"),
        ("am 9. Juni", "2026-06-09"),
        ("am neunten juni", "2026-06-09"),
        ("morgen um halb sieben", "2026-03-05T17:30Z"),
        ("heute abend um acht", "2026-03-04T19:00Z"),
        ("morgen früh um 7", "2026-03-05T06:00Z"),
        ("am Freitagmorgen um 6", "2026-03-06T05:00Z"),
        ("am Freitag Vormittag um 6", "2026-03-06T05:00Z"),
        ("morgen um 7 Uhr", "2026-03-05T06:00Z"),
        ("übermorgen um 5", "2026-03-06T16:00Z"),
        ("morgen um 6 uhr morgens", "2026-03-05T05:00Z"),
        ("am morgen um sechs", "2026-03-05T05:00Z"),
        ("in der Früh um 6", "2026-03-05T05:00Z"),
        ("abends um 8", "2026-03-04T19:00Z"),
        ("am Sonnabend um 7", "2026-03-07T06:00Z"),
        ("um 3 uhr nachts", "2026-03-05T02:00Z"),
        ("um 11 uhr nachts", "2026-03-04T22:00Z"),
        ("um 0 Uhr", "2026-03-04T23:00Z"),
        ("um 7 Uhr", "2026-03-04T18:00Z"),
    ],
)
def test_german(text: str, value: str) -> None:
    found = find(f"also {text} dann", SAID, "de")
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "text",
    ["i may go", "the 31st of april", "in 9999 years", "at a party", "a few weeks ago", "one two"],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert find(text, SAID, "en") is None


def test_good_morning_is_not_tomorrow() -> None:
    assert find("guten morgen", SAID, "de") is None


def test_what_is_past_is_looked_for_backwards() -> None:
    back = find("on monday", SAID, "en", past=True)
    ahead = find("on monday", SAID, "en")
    assert back is not None
    assert ahead is not None
    assert (back.value, ahead.value) == ("2026-03-02", "2026-03-09")


def test_the_day_is_the_one_of_the_place() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    found = find("tomorrow", late, "en")
    assert found is not None
    assert found.value == "2026-03-05"


def test_an_hour_that_is_past_is_not_one_still_to_come() -> None:
    found = find("at seven", SAID, "en", past=True)
    assert found is not None
    assert found.value == "2026-03-04T06:00Z"


@pytest.mark.usefixtures("berlin")
def test_a_clock_that_is_put_forward_is_foreseen() -> None:
    is_foreseen(timezone(timedelta(hours=1)))


@pytest.mark.skipif("Europe/Berlin" not in available_timezones(), reason="no zones are installed")
def test_a_clock_that_is_put_forward_elsewhere_is_foreseen() -> None:
    is_foreseen(ZoneInfo("Europe/Berlin"))


@pytest.mark.usefixtures("berlin")
def test_of_a_far_zone_only_its_offset_is_known() -> None:
    said = datetime(2026, 3, 28, 12, 0, tzinfo=timezone(timedelta(hours=-8)))
    found = find("monday at 9", said, "en")
    assert found is not None
    assert found.value == "2026-03-30T17:00Z"


def test_a_date_is_written_out_and_taken_out() -> None:
    text = "call mum tomorrow at five please"
    found = find(text, SAID, "en")
    assert found is not None
    assert worded(found, "en") == "on 5 March 2026 at 17:00"
    assert without(text, found) == "call mum please"
    german = find("am Dienstag", SAID, "de")
    assert german is not None
    assert worded(german, "de") == "am 10. März 2026"


def test_a_month_has_a_first_and_a_last_day() -> None:
    assert (first_day("2028-02").isoformat(), last_day("2028-02").isoformat()) == (
        "2028-02-01",
        "2028-02-29",
    )


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9990, 1, 1)),  # noqa: DTZ001
    st.text(max_size=20),
    st.sampled_from(["in two weeks", "next friday", "am 31. juni", "in 99 jahren", "at 25"]),
    st.sampled_from(["en", "de"]),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_whatever_is_found_is_a_date(said: datetime, text: str, date: str, lang: str) -> None:
    moment = said.replace(tzinfo=timezone(timedelta(hours=2)))
    found = find(f"{text} {date}", moment, lang)
    if found is not None:
        assert Due(found.value).at == found.value
        assert worded(found, lang)
