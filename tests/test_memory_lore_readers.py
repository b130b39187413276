"""Documents are read with their headings, and what cannot be read is refused with its place."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_writer import encrypted, pdf

from companion.errors import BadData, MissingInput
from companion.memory.lore.block import Block, Contents, People
from companion.memory.lore.cut import MOST, cut, one_line, sentences
from companion.memory.lore.formats import MOST_BYTES, load, read
from companion.prompt.wording import NOTE_CHARACTERS

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = People("Mira", "Sam")


def contents(name: str, data: bytes | str) -> Contents:
    words = data.encode() if isinstance(data, str) else data
    return read(words, name, PEOPLE, [].append)


def told(name: str, data: bytes | str) -> list[tuple[str, str]]:
    """Headings and words of each block."""
    return [(" / ".join(one.path), one.text) for one in contents(name, data).blocks]


def refused(name: str, data: bytes | str) -> str:
    with pytest.raises(BadData) as caught:
        contents(name, data)
    return str(caught.value)


def survives(data: bytes, name: str = "a.pdf") -> bool:
    """Whether a file is read and cut, or refused by name; anything else is raised."""
    try:
        return list(cut(contents(name, data).blocks)) is not None
    except BadData as error:
        return name in str(error)


# ── text ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_file_is_read_by_paragraphs() -> None:
    assert told("a.txt", "One.\nStill one.\n\n\nTwo.") == [("", "One.\nStill one."), ("", "Two.")]


def test_chapters_and_underlined_lines_are_headings_of_a_text() -> None:
    text = "Kestrel\n=======\nA town.\n\nCHAPTER 2\n\nThe pier.\n\nBoats\n-----\nThree."
    assert told("a.txt", text) == [("", "A town."), ("CHAPTER 2", "The pier."), ("Boats", "Three.")]
    assert contents("a.txt", text).title == "Kestrel"


def test_a_short_paragraph_is_no_heading() -> None:
    assert told("a.txt", "Hello there\n\nOne.") == [("", "Hello there"), ("", "One.")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_read_in_the_encodings_that_people_have(encoding: str) -> None:
    assert told("a.txt", "Café – schön.".encode(encoding)) == [("", "Café – schön.")]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.json"])
def test_a_picture_with_the_name_of_a_text_is_refused(name: str) -> None:
    assert f"{name} is not text" in refused(name, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01")


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────


def test_markdown_keeps_its_title_and_headings() -> None:
    text = "# Kestrel\nA town.\n## Harbour\n### Pier\nOld.\n## Mayor\nTom."
    assert told("a.md", text) == [("", "A town."), ("Harbour / Pier", "Old."), ("Mayor", "Tom.")]
    assert contents("a.md", text).title == "Kestrel"


def test_markdown_loses_its_marks_and_addresses() -> None:
    text = "The **north** [pier](https://example.org) `is` old.<!-- secret -->"
    assert told("a.md", text) == [("", "The north pier is old.")]


def test_a_row_of_a_markdown_table_says_what_its_columns_are() -> None:
    text = "| Name | Age |\n|---|---|\n| Mira | 30 |\n| Tom | |"
    assert told("a.md", text) == [("", "Name: Mira; Age: 30."), ("", "Name: Tom.")]


def test_the_front_matter_of_markdown_gives_its_title_only() -> None:
    read_ = contents("a.md", '---\ntitle: "The Isles"\ntags: [x]\n---\nWords.')
    assert (read_.title, [one.text for one in read_.blocks]) == ("The Isles", ["Words."])


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_pdf_keeps_pages_and_the_headings_of_its_outline() -> None:
    pages = [["Harbour", "The pier was built in 1821."], ["Its lamp is red.", "Mayor", "Tom."]]
    read_ = contents("a.pdf", pdf(pages, [("Harbour", 0), ("Mayor", 1)], "Kestrel"))
    assert read_.title == "Kestrel"
    assert [(one.path, one.page, one.text) for one in read_.blocks] == [
        (("Harbour",), 1, "The pier was built in 1821."),
        (("Harbour",), 2, "Its lamp is red."),
        (("Mayor",), 2, "Tom."),
    ]


def test_a_heading_is_found_on_its_page_whether_its_number_is_in_the_outline_or_not() -> None:
    page = ["2.1 Harbour", "Old.", "", "Mayor", "Tom."]
    read_ = contents("a.pdf", pdf([page], [("Harbour", 0), ("2.2 Mayor", 0)]))
    assert [(one.path, one.text) for one in read_.blocks] == [
        (("Harbour",), "Old."),
        (("2.2 Mayor",), "Tom."),
    ]


def test_words_that_a_pdf_broke_at_the_end_of_a_line_are_whole_again() -> None:
    assert told("a.pdf", pdf([["The har-", "bour is old."]])) == [("", "The harbour is old.")]


def test_the_running_header_and_footer_of_a_pdf_are_left_out() -> None:
    pages = [["The Isles", f"Words {chr(97 + n)}.", f"Page {n}"] for n in range(4)]
    assert [one.text for one in contents("a.pdf", pdf(pages)).blocks] == [
        "Words a.",
        "Words b.",
        "Words c.",
        "Words d.",
    ]


def test_reading_a_pdf_tells_its_progress() -> None:
    shares: list[float] = []
    read(pdf([["One."], ["Two."]]), "a.pdf", PEOPLE, shares.append)
    assert shares == [0.5, 1.0]


def test_an_encrypted_pdf_is_refused_unless_it_needs_no_password() -> None:
    assert "a.pdf is encrypted. Save it without a password" in refused("a.pdf", encrypted("x"))
    assert told("a.pdf", encrypted("")) == [("", "Secret words.")]


def test_a_pdf_without_text_is_refused() -> None:
    assert "its 2 pages are pictures" in refused("a.pdf", pdf([[], []]))


@pytest.mark.parametrize("size", [0, 9, 100, 300, 600])
def test_half_a_pdf_is_refused_or_read_and_never_crashes(size: int) -> None:
    assert survives(pdf([["Words."]])[:size])


@given(st.binary(max_size=40), st.integers(0, 900))
def test_a_damaged_pdf_never_crashes(damage: bytes, place: int) -> None:
    data = pdf([["Words."], ["More."]], [("Head", 1)])
    assert survives(data[:place] + damage + data[place + len(damage) :])


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────

WORLD = """<?xml version="1.0"?>
<world name="Isles"><planet id="k2"><name>Kestrel Two</name><climate>cold</climate>
<people>300</people><p>Its <b>pier</b> is old.</p></planet>
<section><title>Harbour</title><h2>North</h2><p>Built in 1821.</p></section></world>"""


def test_xml_keeps_what_its_elements_are_called() -> None:
    assert told("a.xml", WORLD) == [
        ("Kestrel Two", "climate: cold; people: 300."),
        ("Kestrel Two", "Its pier is old."),
        ("Harbour / North", "Built in 1821."),
    ]
    assert contents("a.xml", WORLD).title == "Isles"


def test_attributes_of_xml_are_read_as_what_they_say() -> None:
    text = '<towns><town name="Kestrel" people="300"/></towns>'
    assert told("a.xml", text) == [("", "Kestrel: people: 300.")]


def test_broken_xml_is_refused_with_its_line() -> None:
    assert "a.xml, line 3: the XML is broken (mismatched tag)" in refused("a.xml", "<a>\n<b>\n</a>")


def test_a_doctype_is_refused_before_any_entity_is_looked_at() -> None:
    bomb = '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert "a.xml, line 2: a DOCTYPE or an entity" in refused("a.xml", bomb)


def test_xml_a_thousand_elements_deep_is_refused() -> None:
    assert "100 elements inside each other" in refused("a.xml", "<a>" * 1000 + "x" + "</a>" * 1000)


# ── lorebooks ────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_of_a_lorebook_keeps_its_name_and_keys() -> None:
    entry = {"uid": 0, "key": ["pier", "quay"], "comment": "The pier", "content": "{{char}} fell."}
    (block,) = contents("a.json", json.dumps({"entries": {"0": entry}})).blocks
    assert block == Block("Mira fell.", ("The pier",), 0, ("pier", "quay"))


def test_entries_that_are_switched_off_or_empty_are_told() -> None:
    entries = [{"content": "A.", "enabled": False, "name": "One"}, {"content": "", "name": "Two"}]
    read_ = contents(
        "a.json", json.dumps({"entries": [*entries, {"content": "C.", "keys": ["c"]}]})
    )
    assert read_.skipped == ("One: switched off", "Two: empty")
    assert read_.blocks == (Block("C.", ("c",), 0, ("c",)),)


def test_a_version_3_lorebook_is_read() -> None:
    book = {"name": "Isles", "entries": [{"keys": ["pier"], "content": "Old.", "enabled": True}]}
    read_ = contents("a.json", json.dumps({"spec": "lorebook_v3", "data": book}))
    assert (read_.title, read_.blocks[0].text) == ("Isles", "Old.")


def test_json_without_entries_is_refused() -> None:
    assert "holds no lorebook" in refused("a.json", '{"name": "x", "entries": []}')


def test_broken_json_is_refused_with_its_line() -> None:
    assert "a.json, line 2: the JSON is broken" in refused("a.json", '{\n"a" 1}')


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5_000])
def test_json_made_to_hurt_is_refused(text: str) -> None:
    assert "a.json" in refused("a.json", text)


BOOKS = {
    "cardforge_quack_lorebook.json": 3,
    "cardforge_v3_standard.json": 2,
    "tavernkit_ccv2_with_overrides.json": 2,
    "tavernkit_ccv3_st_export_like.json": 1,
    "tavernkit_full_v2_card.json": 1,
    "tavernkit_full_v3_card.json": 1,
    "tavernkit_with_lorebook.json": 2,
}


def test_lorebooks_that_others_made_are_read_whole(testdata: Path) -> None:
    for name, count in BOOKS.items():
        data = (testdata / "cards" / name).read_bytes()
        found = contents(name, data).blocks
        listed = re.findall(rb'"content"\s*:\s*"((?:[^"\\]|\\.)+)"', data)
        assert len(found) == count == len(listed), name
        assert all(one.path and not re.search(r"\{\{(char|user)\}\}", one.text) for one in found)


# ── what is refused before it is read ────────────────────────────────────────────────────────────


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="There is no file"):
        load(tmp_path / "a.txt")


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(BadData, match="is not a file"):
        load(tmp_path / "a.txt")


def test_other_kinds_of_file_are_refused_with_those_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(BadData, match=r"a\.docx is no document.*\.txt, .*\.pdf"):
        load(tmp_path / "a.docx")


def test_a_file_over_10_mb_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * (MOST_BYTES + 1))
    with pytest.raises(BadData, match="larger than 10 MB"):
        load(tmp_path / "a.txt")


def test_a_pdf_with_another_name_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(pdf([["Words."]]))
    with pytest.raises(BadData, match="is a PDF"):
        load(tmp_path / "a.txt")


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="cannot be read: File name too long"):
        load(tmp_path / f"{'a' * 300}.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.xml", "a.json"])
def test_a_file_without_words_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b" \n ")
    with pytest.raises(BadData, match="is empty"):
        load(tmp_path / name)


@given(
    st.sampled_from(["a.txt", "a.md", "a.xml", "a.json"]),
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda one: one.encode("utf-8"))),
)
def test_whatever_is_in_a_file_it_is_read_or_refused_by_name(name: str, data: bytes) -> None:
    assert survives(data, name)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["entries", "content", "keys", "name", "data", "type", "enabled"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_a_lorebook_of_any_shape_is_read_or_refused_by_name(value: object) -> None:
    assert survives(json.dumps(value).encode(), "a.json")


@pytest.mark.parametrize("keys", [True, 7, 0.5, {"a": "b"}])
def test_keys_that_are_no_words_are_none(keys: object) -> None:
    book = {"entries": [{"content": "The harbour is old.", "keys": keys}]}
    assert survives(json.dumps(book).encode(), "a.json")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "." * 1_000_000),
        ("a.txt", "x" * 1_000_000),
        ("a.txt", "a. " * 300_000),
        ("a.md", "<div>\n" + "<a" * 300_000),
        ("a.xml", "<r>" + "<title>x</title>" * 30_000 + "</r>"),
        ("a.json", json.dumps({"entries": [{"content": "{{//" * 200_000}]})),
    ],
)
def test_a_file_made_to_take_forever_takes_a_moment(name: str, text: str) -> None:
    begun = time.process_time()
    assert survives(text.encode(), name)
    assert time.process_time() - begun < 20  # some took hours before


# ── passages ─────────────────────────────────────────────────────────────────────────────────────


def test_a_passage_is_as_long_as_the_prompt_shows() -> None:
    assert MOST == NOTE_CHARACTERS


@given(st.lists(st.text(max_size=900), max_size=6))
def test_no_passage_is_too_long_and_no_word_is_lost(texts: list[str]) -> None:
    made = [one.text for one in cut([Block(text) for text in texts])]
    assert all(0 < len(one) <= MOST for one in made)
    bare = re.sub(r"[\s;]", "", "".join(one_line(text) for text in texts))
    assert re.sub(r"[\s;]", "", "".join(made)) == bare


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    made = list(cut([Block("The pier is old and made of oak. " * 20)]))
    assert all(one.text.endswith("oak.") for one in made)
    assert min(len(one.text) for one in made) > MOST / 3


def test_short_paragraphs_under_one_heading_share_a_passage() -> None:
    blocks = [Block("Boats", ("A",)), Block("Nets.", ("A",)), Block("Tom.", ("B",))]
    assert [one.text for one in cut(blocks)] == ["Boats; Nets.", "Tom."]


def test_a_title_before_a_name_ends_no_sentence() -> None:
    assert sentences("Dr. Ada came. J. R. left!") == ["Dr. Ada came.", "J. R. left!"]
