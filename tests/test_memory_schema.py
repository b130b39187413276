"""The schema that ships (`companion/memory/memory.rng`), the reader and the writer say the same."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_records import NOW, records
from memory_world import Clock, tell

from companion.errors import BadData
from companion.memory import Memory
from companion.memory.record import Record, parse, parse_book, serialise, serialise_book
from companion.values import Heard, Said

if TYPE_CHECKING:
    from pathlib import Path

etree = pytest.importorskip("lxml.etree", reason="lxml checks the schema")
SHIPPED = etree.RelaxNG(
    etree.fromstring(files("companion.memory").joinpath("memory.rng").read_bytes())
)
EXTENSION = '<z:mood xmlns:z="urn:other" z:a="1"><z:b>t</z:b></z:mood>'
VALUES = ("", "x", "1", "-1", "2", "true", "+", "active", "2026", "2026-13", "2026-03-02T18:04Z")


def valid(document: str, schema: Any = SHIPPED) -> bool:
    return bool(schema.validate(etree.fromstring(document.encode())))


@given(records((EXTENSION,)))
def test_any_record_is_valid(record: Record) -> None:
    assert valid(serialise(record)), SHIPPED.error_log


@given(st.lists(records(), max_size=3))
def test_any_book_is_valid(several: list[Record]) -> None:
    assert valid(serialise_book(several, NOW)), SHIPPED.error_log


def test_any_line_is_a_valid_memory(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam \u202e", "mira \n x", now=Clock())
    names = [
        *tell(memory, "I have a dog & a <cat>.", "a" * 5000, "word\n" * 300, "日本語 🎉 \u0301"),
        memory.hear(Heard("Mumble.", confidence=0.123456)),
        memory.say(Said("It is called Biscuit.")),
    ]
    documents = [memory.to_xml(name) for name in names]
    memory.close()
    for document in documents:
        assert valid(document), SHIPPED.error_log
        assert serialise(parse(document)) == document


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A memory in which one thing was changed by somebody."""
    root = etree.fromstring(serialise(draw(records((EXTENSION,)))).encode())
    elements = [one for one in root.iter() if "other" not in one.tag]
    one = draw(st.sampled_from(elements))
    change = draw(st.sampled_from(("value", "without", "extra", "gone", "twice", "words", "order")))
    if change == "value" and one.attrib:
        one.set(draw(st.sampled_from(sorted(one.attrib))), draw(st.sampled_from(VALUES)))
    elif change == "without" and one.attrib:
        del one.attrib[draw(st.sampled_from(sorted(one.attrib)))]
    elif change == "extra":
        one.set(draw(st.sampled_from(("mood", "{urn:other}mood", "turns", "id"))), "1")
    elif change == "gone" and one is not root:
        one.getparent().remove(one)
    elif change == "twice" and one is not root:
        one.addnext(deepcopy(one))
    elif change == "words":
        one.text = draw(st.sampled_from(VALUES))
    elif change == "order" and len(one) > 1:
        one.append(one[0])
    return str(etree.tostring(root, encoding="unicode"))


def refusal(document: str) -> str:
    """What the reader says against a document; "" when it reads it."""
    try:
        record = parse(document)
    except BadData as error:
        return str(error)
    assert parse(serialise(record)) == record
    return ""


@given(damaged())
def test_the_reader_takes_nothing_that_the_schema_refuses(document: str) -> None:
    assert refusal(document) or valid(document), SHIPPED.error_log


@given(damaged())
def test_what_is_valid_and_on_the_calendar_is_read(document: str) -> None:
    problem = refusal(document)
    assert not problem or not valid(document) or "calendar" in problem


@given(damaged())
def test_the_schema_that_ships_is_the_one_that_was_agreed(testdata: Path, document: str) -> None:
    agreed = testdata.parent / "schema" / "memory.rng"
    if not agreed.is_file():
        pytest.skip("no schema beside the test data")
    reference = _schema(agreed)
    book = serialise_book([], NOW).replace("\n", document, 1)
    assert valid(document) == valid(document, reference)
    assert valid(book) == valid(book, reference)


@cache
def _schema(path: Path) -> Any:
    return etree.RelaxNG(etree.parse(str(path)))


def test_the_example_that_was_agreed_is_read(testdata: Path) -> None:
    example = testdata.parent / "schema" / "good.xml"
    if not example.is_file():
        pytest.skip("no schema beside the test data")
    (record,) = parse_book(example.read_text())
    assert record.claim is not None
    assert (record.claim.predicate, record.v, record.recalls) == ("dislikes", 2, 3)
    assert valid(serialise(record))
