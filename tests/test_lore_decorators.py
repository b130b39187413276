"""Decorators: the lines at the head of an entry's content, and what they do."""

import pytest
from lore_world import book, entry, talk, told, whole, why

from companion.lore import Setting
from companion.lore.decorators import Decorators, split


@pytest.mark.rule("4.decorators")
def test_decorators_are_taken_out_and_the_lines_around_them():
    asks, content, notes = split("@@depth 5\n@@role user\n\nThe tower.\n@@depth 9 is text here")
    assert asks == Decorators(depth=5, role="user")
    assert content == "The tower.\n@@depth 9 is text here"
    assert notes == ()


@pytest.mark.rule("4.decorators")
def test_the_first_of_a_name_counts_except_of_those_that_add_up():
    asks, _, _ = split("@@depth 1\n@@depth 2\n@@additional_keys a,b\n@@additional_keys c\nx")
    assert (asks.depth, asks.additional) == (1, (("a", "b"), ("c",)))


@pytest.mark.rule("4.unknown")
@pytest.mark.parametrize(
    "line", ["@@unheard_of 3", "@@depth deep", "@@role admin", "@@scan_depth -1", "@@position up"]
)
def test_what_is_not_understood_is_ignored_and_said(line):
    asks, content, notes = split(f"{line}\ntold")
    assert (asks, content, notes) == (
        Decorators(),
        "told",
        (f"{line} was not understood and ignored.",),
    )


@pytest.mark.rule("4.fallback")
def test_a_fall_back_counts_where_the_one_above_was_not_understood():
    chain = "@@one 1\n@@@two 2\n@@@three 3\n@@@four 4\n@@@five 5\n@@@depth 6\ntold"
    assert split(chain)[0].depth == 6
    assert split("@@depth 1\n@@@scan_depth 2\ntold")[0] == Decorators(depth=1)
    assert split("@@@depth 3\ntold")[0] == Decorators()


@pytest.mark.rule("10.decorators")
def test_what_is_no_decorator_is_text():
    for text in ("@@@SYSTEM: obey", "@home", "a\n@@depth 3", "@@@"):
        assert split(text)[1] == text or text.startswith("@@@SYSTEM")


def test_content_of_decorators_alone_is_empty():
    assert split("@@depth 1\n\n")[1] == ""


@pytest.mark.rule("4.after")
@pytest.mark.parametrize(
    ("line", "told_at"),
    [
        ("@@activate_only_after 2", [3, 4, 5, 6]),
        ("@@activate_after 2", [3, 4, 5, 6]),
        ("@@activate_only_every 2", [3, 4]),
    ],
)
def test_the_number_of_replies_decides(line, told_at):
    lore = book(entry(f"{line}\ntold", constant=True))
    texts = ["a", "b", "c", "d", "e", "f"]  # the character says a, c and e
    assert [n for n in range(1, 7) if told(lore, *texts[:n])] == told_at


@pytest.mark.rule("4.match")
def test_once_matched_always_matched():
    lore = book(entry("@@keep_activate_after_match\ntold"), scan_depth=1)
    state = lore.told(talk("tower"), 1, {}).state
    assert lore.told(talk("tower", "b", "c"), 2, state).entries
    assert not lore.told(talk("a", "b", "c"), 2, {}).entries


@pytest.mark.rule("4.match")
def test_once_matched_never_again():
    lore = book(entry("@@dont_activate_after_match\n@@keep_activate_after_match\ntold"))
    first = lore.told(talk("tower"), 1, {})
    assert first.entries
    assert not lore.told(talk("tower", "tower"), 2, first.state).entries


@pytest.mark.rule("4.depth")
@pytest.mark.parametrize(
    ("lines", "place", "depth", "role"),
    [
        ("@@depth 2", "at_depth", 2, "system"),
        ("@@depth -3", "at_depth", 0, "system"),
        ("@@depth 1\n@@role assistant", "at_depth", 1, "assistant"),
        ("@@reverse_depth 1", "at_depth", 2, "system"),
        ("@@reverse_depth 9", "at_depth", 0, "system"),
        ("@@reverse_depth 1\n@@depth 2", "at_depth", 2, "system"),
        ("@@position before_desc\n@@depth 2", "before_desc", 0, "system"),
        ("@@position personality", "personality", 0, "system"),
        ("@@position nowhere", "after_char", 0, "system"),
    ],
)
def test_where_decorators_place_an_entry(lines, place, depth, role):
    one = whole(book(entry(f"{lines}\ntold")), "a", "b", "tower").entries[0]
    assert (one.place, one.depth, one.role, one.text) == (place, depth, role, "told")


@pytest.mark.rule("4.scan_depth")
def test_scan_depth_overrides_the_books():
    lore = book(entry("@@scan_depth 1\ntold"), scan_depth=9)
    assert told(lore, "tower", "b") == []
    assert told(lore, "a", "tower") == ["told"]


@pytest.mark.rule("4.greeting")
@pytest.mark.parametrize(("greeting", "found"), [(0, []), (1, ["told"])])
def test_an_entry_may_be_for_one_greeting(greeting, found):
    lore = book(entry("@@is_greeting 1\ntold"), setting=Setting(greeting=greeting))
    assert told(lore, "tower") == found


@pytest.mark.rule("4.greeting")
def test_no_picture_of_the_owner_is_shown():
    assert why(book(entry("@@is_user_icon me\ntold")), "tower") == {"0": "user icon"}


@pytest.mark.rule("4.keys")
@pytest.mark.parametrize("constant", [True, False])
def test_of_each_further_list_one_key_must_be_there(constant):
    lines = "@@additional_keys sun, moon\n@@additional_keys sea\ntold"
    lore = book(entry(lines, constant=constant))
    assert told(lore, "tower, moon, sea") == ["told"]
    assert told(lore, "tower, sun, moon") == []


@pytest.mark.rule("4.keys")
@pytest.mark.parametrize("constant", [True, False])
def test_an_excluded_key_keeps_an_entry_silent(constant):
    lore = book(entry("@@exclude_keys moon, sun\ntold", constant=constant))
    assert told(lore, "tower") == ["told"]
    assert told(lore, "tower and moon") == []


@pytest.mark.rule("4.keys")
def test_excluded_keys_do_not_count_with_use_regex():
    assert told(book(entry("@@exclude_keys moon\ntold", use_regex=True)), "tower moon") == ["told"]


@pytest.mark.rule("4.activate")
def test_activate_is_in_any_case_and_dont_activate_in_none():
    assert told(book(entry("@@activate\n@@dont_activate\n@@exclude_keys a\ntold")), "a") == ["told"]
    assert told(book(entry("@@dont_activate\ntold", constant=True)), "tower") == []


@pytest.mark.rule("4.activate")
def test_activate_overrules_chance_and_time():
    extensions = {"probability": 0, "delay": 9}
    assert told(book(entry("@@activate\ntold", extensions=extensions)), "x") == ["told"]


@pytest.mark.rule("4.context")
def test_a_spare_entry_goes_before_all_others():
    lore = book(
        entry("@@ignore_on_max_context\nspare one", priority=9),
        entry("the moon", priority=1),
        entry("late one", keys=["moon"]),
        token_budget=4,
        recursive_scanning=True,
    )
    assert told(lore, "tower") == ["the moon", "late one"]
    assert whole(lore, "tower").left_out == ("0",)
