"""Lorebooks of every form, read as what they were meant to be."""

import pytest

from companion.lore import parse_book
from companion.lore.book import Entry, Place, Timing


def entry_of(*, sillytavern: bool = False, **raw: object) -> Entry:
    raw = {"keys": ["tower"], "content": "It is old."} | raw
    book, _ = parse_book({"entries": [raw]}, sillytavern=sillytavern)
    return book.entries[0]


@pytest.mark.rule("10.book null")
def test_no_book_is_an_empty_book():
    assert parse_book(None) == parse_book([]) == parse_book({})
    assert parse_book(None)[0].entries == ()


@pytest.mark.rule("7.scan_depth absent", "10.scan depth", "13.scan_depth absent")
@pytest.mark.parametrize("raw", [{}, {"scan_depth": None}, {"scan_depth": ""}, {"scan_depth": -1}])
def test_an_absent_scan_depth_is_not_0(raw):
    assert parse_book({"entries": [], **raw})[0].scan_depth is None


def test_a_scan_depth_of_0_is_0():
    assert parse_book({"entries": [], "scan_depth": 0})[0].scan_depth == 0


@pytest.mark.rule("7.books")
def test_a_stand_alone_lorebook_of_version_3_is_read():
    raw = {"spec": "lorebook_v3", "data": {"name": "W", "entries": [{"keys": ["a"]}]}}
    book, _ = parse_book(raw)
    assert (book.name, book.entries[0].keys) == ("W", ("a",))


@pytest.mark.rule("7.books")
def test_a_world_of_sillytavern_is_read():
    raw = {
        "entries": {
            "0": {
                "uid": 0,
                "key": ["a"],
                "keysecondary": ["b"],
                "comment": "n",
                "order": 7,
                "position": 4,
                "depth": 2,
                "role": 1,
                "disable": True,
                "selectiveLogic": 3,
                "matchWholeWords": True,
                "sticky": 3,
            }
        }
    }
    book, _ = parse_book(raw)
    entry = book.entries[0]
    assert book.sillytavern
    assert (entry.keys, entry.secondary, entry.logic) == (("a",), ("b",), "all")
    assert (entry.order, entry.enabled, entry.whole_words) == (7, False, True)
    assert (entry.place, entry.timing) == (Place("at_depth", 2, "user"), Timing(sticky=3))


@pytest.mark.rule("7.books")
def test_a_book_in_a_list_of_books_is_read():
    raw = {"data": [{"name": "W", "entryList": [{"keywords": ["a"], "content": "b"}]}]}
    assert parse_book(raw)[0].entries[0].keys == ("a",)


@pytest.mark.rule("10.map")
def test_entries_as_an_object_stand_in_the_order_shown():
    raw = {"entries": {"9": {"content": "c", "uid": 9}, "2": {"content": "a", "uid": 2}}}
    assert [entry.content for entry in parse_book(raw)[0].entries] == ["a", "c"]


@pytest.mark.rule("7.use_regex")
@pytest.mark.parametrize(
    ("raw", "patterns"),
    [
        ({}, "slashes"),
        ({"use_regex": True}, "bare"),
        ({"use_regex": False}, "slashes"),
        ({"use_regex": True, "extensions": {"display_index": 0}}, "slashes"),
        ({"use_regex": True, "sillytavern": True}, "slashes"),
    ],
)
def test_use_regex_is_what_its_writer_meant(raw, patterns):
    assert entry_of(**raw).patterns == patterns


@pytest.mark.rule("13.position")
@pytest.mark.parametrize("position", [None, "", "elsewhere", 1, "after_char_defs"])
def test_an_unknown_position_is_after_the_character(position):
    assert entry_of(position=position).place.name == "after_char"


@pytest.mark.rule("10.depth")
@pytest.mark.parametrize("depth", ["", None, "deep", [], -3])
def test_a_depth_that_is_no_number_is_the_default(depth):
    assert entry_of(extensions={"position": 4, "depth": depth}).place.depth == 4


@pytest.mark.rule("10.null")
def test_numbers_may_be_text_and_anything_may_be_null():
    entry = entry_of(insertion_order="7", probability=None, keys="a, b", extensions=None, name=None)
    assert (entry.order, entry.probability, entry.keys) == (7, 100, ("a", "b"))


@pytest.mark.rule("7.keys")
def test_empty_keys_are_no_keys():
    assert entry_of(keys=["", "  ", None, "a"]).keys == ("a",)


@pytest.mark.rule("7.sillytavern")
def test_the_extension_keys_of_sillytavern_are_read():
    entry = entry_of(
        extensions={
            "probability": 40,
            "group": "g,h",
            "group_weight": 5,
            "cooldown": "2",
            "prevent_recursion": True,
            "delay_until_recursion": True,
            "position": 0,
            "case_sensitive": True,
            "display_index": 3,
        }
    )
    assert (entry.probability, entry.group.names, entry.group.weight) == (40, ("g", "h"), 5)
    assert (entry.recursion.prevent, entry.recursion.level) == (True, 1)
    assert (entry.timing.cooldown, entry.place.name, entry.case_sensitive) == (
        2,
        "before_char",
        True,
    )


def test_entries_of_one_id_are_told_apart():
    book, _ = parse_book({"entries": [{"id": 1}, {"id": 1}, {}]})
    assert [entry.uid for entry in book.entries] == ["1", "1-2", "2"]


def test_what_is_no_entry_is_left_out_and_said():
    book, notes = parse_book({"entries": [5, {"content": "a"}]})
    assert (len(book.entries), notes) == (1, ("/entries/0: no object, and left out.",))
