"""Dates as people say them, from the day and the zone in which they were said."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.memory.record.fields import Due
from companion.memory.write.dates import find, first_day, last_day, without, worded

SAID = datetime(2026, 3, 4, 18, 4, tzinfo=timezone(timedelta(hours=1)))  # a Wednesday


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
