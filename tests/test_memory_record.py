"""One memory as XML: valid, canonical, and read back as it was, whatever the words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_world import Clock, tell

from companion.errors import BadData
from companion.memory import Memory
from companion.memory.record import (
    Entity,
    Quote,
    Record,
    Source,
    clean,
    parse,
    scope_of,
    serialise,
    shortened,
)
from companion.memory.ulid import LENGTH, Ulids
from companion.values import Heard, Said

if TYPE_CHECKING:
    from pathlib import Path

RECORD = Record(
    id="01JA7Q6ZK3T8QWERTYVBNM1234",
    text="Sam can't stand coriander.",
    about=(Entity("subject", "Sam", "user"),),
    sources=(
        Source("user", "one", "14", "rule:dislikes", 0.93, (Quote(14, "I hate coriander."),)),
    ),
    observed=datetime(2026, 3, 2, 18, 9, 40, tzinfo=UTC),
    created_by="rules/1",
    scope="character:mira",
)
XML = serialise(RECORD)


def words(most: int) -> st.SearchStrategy[str]:
    """Texts of a memory, from all of Unicode."""
    return st.text(max_size=most).map(clean).filter(lambda text: 0 < len(text) <= most)


@given(text=words(400), quote=words(300), who=words(80), confidence=st.integers(0, 1000))
def test_any_words_survive_the_round_trip(text: str, quote: str, who: str, confidence: int) -> None:
    source = Source("user", "one", "14", "rule:x", confidence / 1000, (Quote(14, quote),))
    about = (Entity("subject", who, "user"),)
    record = replace(RECORD, text=text, sources=(source,), about=about)
    assert parse(serialise(record)) == record


@given(character=words(99), session=words(99))
def test_any_names_survive_in_attributes(character: str, session: str) -> None:
    source = Source("character", session, "14", "rule:x")
    record = replace(RECORD, scope=scope_of(character), sources=(source,))
    assert parse(serialise(record)) == record


def test_the_same_record_is_the_same_text() -> None:
    assert serialise(parse(XML)) == XML


def test_a_line_is_a_valid_memory(testdata: Path, tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    schema = testdata.parent / "schema" / "memory.rng"
    if not schema.is_file():
        pytest.skip("no schema beside the test data")
    valid = etree.RelaxNG(etree.parse(str(schema)))
    memory = Memory(tmp_path, "Sam \u202e", "mira \n x", now=Clock())
    names = [
        *tell(memory, "I have a dog & a <cat>.", "a" * 5000, "word " * 300, "日本語 🎉 \u0301"),
        memory.hear(Heard("Mumble.", confidence=0.123456)),
        memory.say(Said("It is called Biscuit.")),
    ]
    documents = [memory.to_xml(name) for name in names]
    memory.close()
    for document in documents:
        assert valid.validate(etree.fromstring(document.encode())), valid.error_log


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE memory [<!ENTITY a "aaaa">]>' + XML,
        '<!DOCTYPE memory SYSTEM "file:///etc/passwd">' + XML,
        "<?xml-stylesheet href='http://example.org'?>" + XML,
        XML.replace("coriander", "&a;"),
        XML.replace("coriander", "\x01"),
        XML.replace("coriander", "\ud800"),
        XML.replace("coriander", "\x85"),
        XML * 2,
        XML.replace("urn:companion:memory:1", "urn:other"),
        XML.replace('kind="fact"', 'kind="rumour"'),
        XML.replace("<use ", '<claim predicate="likes"/><use '),
        XML.replace("</quote>", "</quote><quote>More.</quote>"),
        XML.replace("<quote", "stray words<quote"),
        XML.replace("<time observed", "<time seen"),
        XML.replace('turns="14"', 'turns="many"'),
        XML.replace('asr-conf="0.93"', 'asr-conf="nan"'),
        XML.replace("2026-03-02T18:09:40Z", "0001-01-01T00:00:00+14:00"),
        XML.replace("Sam can't stand coriander.", ""),
        XML.replace('<text lang="en">Sam can\'t stand coriander.</text>', ""),
        XML[:-20],
        "",
        "x" * (2 << 20),
    ],
)
def test_what_would_be_lost_or_is_dangerous_is_refused(hostile: str) -> None:
    with pytest.raises(BadData):
        parse(hostile)


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(BadData, match="line 5"):
        parse(XML.replace("2026-03-02T18:09:40Z", "last March"))


def test_a_text_is_cut_at_a_word() -> None:
    assert shortened("one two three", 10, "…") == "one two…"
    assert shortened("abcdefghij", 5) == "abcde"
    assert shortened("short", 5) == "short"


def test_ids_rise_even_when_the_clock_does_not() -> None:
    ulids = Ulids()
    made = [ulids.new(ms) for ms in (1000, 1000, 999, 0, 2000, 1999)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {LENGTH}


def test_an_id_holds_its_moment() -> None:
    assert Ulids().new(1469918176385).startswith("01ARYZ6S41")
