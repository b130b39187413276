"""One memory as XML: valid, canonical, and read back as it was, whatever the words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_records import names, records, words

from companion.errors import BadData
from companion.memory.record import (
    Claim,
    Due,
    Entity,
    Quote,
    Record,
    Source,
    clean,
    parse,
    parse_book,
    scope_of,
    serialise,
    serialise_book,
    shortened,
)
from companion.memory.store.ulid import LENGTH, Ulids

NOW = datetime(2026, 3, 2, 18, 9, 40, tzinfo=UTC)
RECORD = Record(
    id="01JA7Q6ZK3T8QWERTYVBNM1234",
    text="Sam can't stand coriander.",
    about=(Entity("subject", "Sam", "user"),),
    sources=(
        Source("user", "one", "14", "rule:dislikes", 0.93, (Quote(14, "I hate coriander."),)),
    ),
    observed=NOW,
    created_by="rules/1",
    scope="character:mira",
)
XML = serialise(RECORD)
MOOD = '<z:mood xmlns:z="urn:other" z:a="1" b="&#10;2"> <z:b xmlns="">t<c/> </z:b></z:mood>'


# ── there and back ───────────────────────────────────────────────────────────────────────────────


@given(record=records())
def test_any_record_survives_the_round_trip(record: Record) -> None:
    written = serialise(record)
    assert parse(written) == record
    assert serialise(parse(written)) == written


@given(st.lists(records(), max_size=4))
def test_any_book_survives_the_round_trip(several: list[Record]) -> None:
    book = serialise_book(several, NOW)
    assert parse_book(book) == tuple(several)
    assert serialise_book(parse_book(book), NOW) == book


def test_a_memory_alone_is_a_book_too() -> None:
    assert parse_book(XML) == (RECORD,)


def test_the_same_record_is_the_same_bytes_however_it_was_made() -> None:
    there = timezone(timedelta(hours=2))
    same = replace(
        RECORD,
        observed=NOW.astimezone(there).replace(microsecond=7),
        importance=0.5000001,
        confidence=1,
    )
    assert (same, serialise(same)) == (RECORD, XML)


def test_a_record_is_written_one_part_on_a_line() -> None:
    head = f'<memory xmlns="urn:companion:memory:1" id="{RECORD.id}" v="1" kind="fact"'
    assert XML.splitlines()[:3] == [
        f'{head} status="active">',
        '  <text lang="en">Sam can\'t stand coriander.</text>',
        '  <about><entity role="subject" id="user">Sam</entity></about>',
    ]


def test_numbers_and_times_may_be_written_in_other_ways() -> None:
    other = (
        XML.replace('"0.93"', '".930"')
        .replace('pinned="false"', 'pinned="0"')
        .replace("18:09:40Z", "20:09:40.25+02:00")
        .replace("\n", "\r\n\t<!-- as it was -->")
    )
    assert parse(other) == RECORD


# ── what others add ──────────────────────────────────────────────────────────────────────────────


def test_what_others_add_is_kept() -> None:
    extended = parse(XML.replace("</memory>", f"{MOOD}</memory>"))
    assert parse(serialise(extended)) == extended
    assert _same(ET.fromstring(serialise(extended))[-1], ET.fromstring(MOOD))


def _same(one: ET.Element, other: ET.Element) -> bool:
    alike = (one.tag, one.attrib, one.text or "") == (other.tag, other.attrib, other.text or "")
    tails = [child.tail or "" for child in one] == [child.tail or "" for child in other]
    return alike and tails and all(map(_same, one, other))


def test_what_others_add_has_one_form_whatever_its_prefixes() -> None:
    head = '<mood b="&#xA;2" xmlns="urn:other" xmlns:q="urn:other" q:a="1">'
    same = f'{head} <b>t<c xmlns=""/> </b></mood>'
    assert replace(RECORD, foreign=(same,)) == replace(RECORD, foreign=(MOOD,))


@st.composite
def extensions(draw: st.DrawFn, depth: int = 3) -> str:
    """Elements of any namespace inside one that is not ours."""
    element = ET.Element(f"{{urn:{draw(st.sampled_from('ab'))}}}e")
    _fill(draw, element, depth)
    return ET.tostring(element, encoding="unicode")


def _fill(draw: st.DrawFn, element: ET.Element, depth: int) -> None:
    spaces = st.sampled_from(("", "{urn:a}", "{urn:b}", "{urn:companion:memory:1}"))
    sayable = st.text(max_size=5).map(clean)
    element.text = draw(sayable)
    for space in draw(st.lists(spaces, max_size=2, unique=True)):
        element.set(f"{space}x", draw(sayable))
    for space in draw(st.lists(spaces, max_size=2 if depth else 0)):
        child = ET.SubElement(element, f"{space}e")
        child.tail = draw(sayable)
        _fill(draw, child, depth - 1)


@given(extensions())
def test_any_extension_survives_the_round_trip(xml: str) -> None:
    record = replace(RECORD, foreign=(xml,))
    assert parse(serialise(record)) == record
    assert _same(ET.fromstring(serialise(record))[-1], ET.fromstring(xml))


@pytest.mark.parametrize("xml", ["<a/>", '<a xmlns="urn:companion:memory:1"/>', "<a", ""])
def test_an_extension_has_a_namespace_of_its_own(xml: str) -> None:
    with pytest.raises(BadData):
        replace(RECORD, foreign=(xml,))


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE memory [<!ENTITY a "aaaa">]>' + XML,
        '<!DOCTYPE memory SYSTEM "file:///etc/passwd">' + XML,
        '<!DOCTYPE m [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>' + XML.replace("coriander", "&b;"),
        "<?xml-stylesheet href='http://example.org'?>" + XML,
        XML.replace("coriander", "<?php echo 1 ?>"),
        XML.replace("coriander", "&a;"),
        XML.replace("coriander", "\x01"),
        XML.replace("coriander", "&#1;"),
        XML.replace("coriander", "\ud800"),
        XML.replace("coriander", "\x85"),
        XML.replace("coriander", "\ufdd0"),
        XML.replace("coriander", "e\u0301"),
        XML * 2,
        XML.replace("urn:companion:memory:1", "urn:other"),
        XML.replace('kind="fact"', 'kind="rumour"'),
        XML.replace("<use ", '<claim predicate="likes"/><use '),
        XML.replace("</quote>", "</quote><quote>More.</quote>"),
        XML.replace("<quote", "stray words<quote"),
        XML.replace("<time observed", "<time seen"),
        XML.replace("<use ", '<use mood="good" '),
        XML.replace('turns="14"', 'turns="many"'),
        XML.replace('turns="14"', 'turns=""'),
        XML.replace('turn="14"', 'turn="\u0661"'),
        XML.replace('asr-conf="0.93"', 'asr-conf="nan"'),
        XML.replace('asr-conf="0.93"', 'asr-conf="1.01"'),
        XML.replace('asr-conf="0.93"', 'asr-conf="1e-1"'),
        XML.replace("2026-03-02T18:09:40Z", "0001-01-01T00:00:00+14:00"),
        XML.replace("2026-03-02T18:09:40Z", "2026-02-30T18:09:40Z"),
        XML.replace("2026-03-02T18:09:40Z", "2026-03-02T18:09:40"),
        XML.replace("Sam can't stand coriander.", ""),
        XML.replace('<text lang="en">Sam can\'t stand coriander.</text>', ""),
        XML.replace("<privacy", "<privacy xmlns=''"),
        XML.replace("</memory>", "<mood/></memory>"),
        XML.replace("</memory>", f"{MOOD}<use/></memory>"),
        XML.replace("</memory>", "<a xmlns='u'>" * 70 + "</a>" * 70 + "</memory>"),
        XML.replace("coriander", "x" * 401),
        XML[:-20],
        "",
        "x" * (2 << 20),
        XML.replace("coriander", "x" * (10 << 20)),
    ],
    ids=range(40),
)
def test_what_would_be_lost_or_is_dangerous_is_refused(hostile: str) -> None:
    with pytest.raises(BadData):
        parse(hostile)


@pytest.mark.parametrize(
    "book",
    [
        '<memories xmlns="urn:companion:memory:1" version="2"/>',
        '<memories xmlns="urn:companion:memory:1"/>',
        '<memories xmlns="urn:companion:memory:1" version="1"><note/></memories>',
        '<memories xmlns="urn:companion:memory:1" version="1" exported="now"/>',
        '<memories xmlns="urn:other" version="1"/>',
        "<memories>",
    ],
)
def test_a_book_of_another_kind_is_refused(book: str) -> None:
    with pytest.raises(BadData):
        parse_book(book)


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(BadData, match="line 5: observed"):
        parse(XML.replace("2026-03-02T18:09:40Z", "last March"))
    with pytest.raises(BadData, match="line 4: quote of a memory has 301 characters, not 1 to 300"):
        parse(XML.replace("I hate coriander.", "x" * 301))


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "abc"},
        {"v": 0},
        {"status": "live"},
        {"text": ""},
        {"text": " x"},
        {"text": "\x00"},
        {"text": "x" * 401},
        {"lang": "English!"},
        {"about": ()},
        {"sources": ()},
        {"observed": NOW.replace(tzinfo=None)},
        {"observed": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))},
        {"valid_from": "last March"},
        {"valid_to": "2026-02-30"},
        {"valid_to": "2026-03-02T24:00Z"},
        {"valid_from": "0000"},
        {"importance": 1.001},
        {"confidence": float("nan")},
        {"recalls": -1},
        {"supersedes": ("01JA7Q6ZK3T8",)},
        {"scope": "character:"},
        {"scope": "everybody"},
        {"scope": "character:a\nb"},
        {"sensitivity": "high"},
    ],
)
def test_a_record_that_could_not_be_written_is_not_made(odd: dict[str, object]) -> None:
    with pytest.raises(BadData):
        replace(RECORD, **odd)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "values"),
    [
        (Entity, ("hero", "Sam")),
        (Entity, ("subject", "")),
        (Entity, ("subject", "Sam", "sam")),
        (Entity, ("subject", "Sam", "user", "two words")),
        (Claim, ("lives in",)),
        (Claim, ("lives_in", "?")),
        (Source, ("nobody", "one", "1", "x")),
        (Source, ("user", "one", "one", "x")),
        (Quote, (-1, "x")),
        (Due, ("soon",)),
        (Due, ("2026", "late")),
    ],
)
def test_a_part_that_could_not_be_written_is_not_made(part: type, values: tuple[str, ...]) -> None:
    with pytest.raises(BadData):
        part(*values)


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@given(names(), words(80))
def test_the_scope_of_any_character_can_be_written(character: str, name: str) -> None:
    assert parse(serialise(replace(RECORD, scope=scope_of(character)))).scope == scope_of(character)
    assert replace(RECORD, scope=scope_of(f"x{name}y")).scope.startswith("character:x")


@given(st.text(min_size=1).map(clean).filter(bool), st.integers(1, 50))
def test_a_shortened_text_can_be_said(text: str, most: int) -> None:
    short = shortened(text, most)
    assert 1 <= len(short) <= most
    assert clean(short) == short


def test_a_text_is_cut_at_a_word() -> None:
    assert shortened("one two three", 10, "…") == "one two…"
    assert shortened("abcdefghij", 5) == "abcde"
    assert shortened("short", 5) == "short"


def test_a_record_names_its_version_and_whom_it_is_about() -> None:
    record = replace(RECORD, v=3, about=(Entity("object", "Rex"), *RECORD.about))
    assert (record.ref, record.subject, record.object) == (f"{RECORD.id}#3", "user", "Rex")


def test_ids_rise_even_when_the_clock_does_not() -> None:
    ulids = Ulids()
    made = [ulids.new(ms) for ms in (1000, 1000, 999, 0, 2000, 1999)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {LENGTH}


def test_an_id_holds_its_moment() -> None:
    assert Ulids().new(1469918176385).startswith("01ARYZ6S41")
