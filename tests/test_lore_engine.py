"""The lorebook at work: scan depth, recursion, groups, chance, room, order, time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lore_world import book, entry, talk, told, whole, why, words

from companion.lore import Lorebook, Placed, Setting, parse_book
from companion.lore.book import FIELDS


def st_entry(content: str = "told", **extensions: object) -> dict[str, object]:
    raw = {key: extensions.pop(key) for key in ("keys", "insertion_order") if key in extensions}
    return entry(content, extensions=extensions, **raw)


# ── what is looked at ────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("7.scan_depth absent", "13.scan_depth absent", "10.scan depth")
def test_without_a_scan_depth_the_settings_four_messages_are_looked_at():
    lore = book(entry())
    assert told(lore, "tower", "b", "c", "d") == ["told"]
    assert told(lore, "tower", "b", "c", "d", "e") == []


@pytest.mark.rule("7.scan_depth", "10.precedence")
@pytest.mark.parametrize(
    ("raw", "content", "extensions", "back"),
    [
        ({}, "told", {}, 4),
        ({"scan_depth": 1}, "told", {}, 1),
        ({"scan_depth": 1}, "told", {"scan_depth": 2}, 2),
        ({"scan_depth": 1}, "@@scan_depth 3\ntold", {"scan_depth": 2}, 3),
        ({"scan_depth": 1}, "told", {"scan_depth": None}, 1),
    ],
)
def test_decorator_entry_book_and_setting_say_how_far_in_this_order(raw, content, extensions, back):
    lore = book(entry(content, extensions=extensions), **raw)
    said = ["tower", *("x" * back)]
    assert told(lore, *said[:-1]) == ["told"]
    assert told(lore, *said) == []


@pytest.mark.rule("13.scan_depth 0")
def test_with_scan_depth_0_constants_and_recursion_still_work():
    lore = book(
        entry("the moon", constant=True), entry("called", keys=["moon"]), entry(),
        scan_depth=0, recursive_scanning=True,
    )  # fmt: skip
    assert told(lore, "tower") == ["the moon", "called"]


# ── recursion ────────────────────────────────────────────────────────────────────────────────────


def chain(length: int) -> list[dict[str, object]]:
    return [entry(f"word{n + 1}", keys=[f"word{n}"], insertion_order=n) for n in range(length)]


@pytest.mark.rule("7.recursion")
@pytest.mark.parametrize(("recursive", "count"), [(True, 4), (False, 1), (None, 1)])
def test_what_entries_say_calls_others_where_the_book_allows_it_three_deep(recursive, count):
    lore = book(*chain(8), recursive_scanning=recursive)
    assert len(told(lore, "word0")) == count


@pytest.mark.rule("7.recursion", "12.6")
def test_entries_that_call_each_other_are_told_once():
    lore = book(
        entry("moon", keys=["tower"]), entry("tower", keys=["moon"]), recursive_scanning=True
    )
    assert told(lore, "tower") == ["moon", "tower"]


@pytest.mark.rule("7.delay recursion")
def test_an_entry_may_be_deaf_to_others_or_mute():
    deaf = st_entry("deaf", keys=["moon"], exclude_recursion=True)
    mute = st_entry("moon", keys=["tower"], prevent_recursion=True)
    speaks = entry("moon", keys=["tower"])
    hears = entry("hears", keys=["moon"])
    assert told(book(speaks, deaf, recursive_scanning=True), "tower") == ["moon"]
    assert told(book(mute, hears, recursive_scanning=True), "tower") == ["moon"]


@pytest.mark.rule("7.delay recursion")
def test_an_entry_may_wait_for_the_words_of_others():
    waits = st_entry("late", keys=["tower", "moon"], delay_until_recursion=True)
    lore = book(waits, entry("the moon", keys=["sun"]), recursive_scanning=True)
    assert told(lore, "tower") == []
    assert why(lore, "tower")["0"] == "waits"
    assert told(lore, "sun") == ["late", "the moon"]


@pytest.mark.rule("7.delay recursion")
def test_levels_of_waiting_open_one_after_the_other():
    second = st_entry("second", keys=["first"], delay_until_recursion=2)
    first = st_entry("first", keys=["moon"], delay_until_recursion=1)
    lore = book(second, first, entry("moon"), recursive_scanning=True)
    assert told(lore, "tower") == ["second", "first", "moon"]


@pytest.mark.rule("8.v3")
def test_hidden_keys_are_heard_by_other_entries_and_remarks_are_not():
    speaks = entry("{{hidden_key:moon}}told{{// sun }}")
    lore = book(
        speaks, entry("by moon", keys=["moon"]), entry("by sun", keys=["sun"]),
        recursive_scanning=True,
    )  # fmt: skip
    assert [one.uid for one in whole(lore, "tower").entries] == ["0", "1"]


# ── chance and groups ────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("7.probability")
def test_chance_repeats_itself_and_is_about_what_was_asked_for():
    lore = book(st_entry(probability=30))
    turns = [bool(told(lore, "tower", turn=n)) for n in range(1000)]
    assert turns == [bool(told(lore, "tower", turn=n)) for n in range(1000)]
    assert 250 < sum(turns) < 350
    assert turns != [bool(told(book(st_entry(probability=30), seed="o"), "tower", turn=n))
                     for n in range(1000)]  # fmt: skip


@pytest.mark.rule("7.probability")
@pytest.mark.parametrize(
    ("extensions", "count"),
    [
        ({"probability": 0}, 0),
        ({"probability": 100}, 50),
        ({"probability": 0, "useProbability": False}, 50),
        ({"probability": None}, 50),
    ],
)
def test_the_ends_of_chance(extensions, count):
    lore = book(st_entry(**extensions))
    assert sum(bool(told(lore, "tower", turn=n)) for n in range(50)) == count


@pytest.mark.rule("7.groups")
def test_of_a_group_one_is_told_by_weight():
    lore = book(
        st_entry("a", group="g", group_weight=75), st_entry("b", group="g", group_weight=25)
    )
    found = [told(lore, "tower", turn=n) for n in range(400)]
    assert all(len(one) == 1 for one in found)
    assert 260 < sum(one == ["a"] for one in found) < 340


@pytest.mark.rule("7.groups")
def test_of_a_group_an_override_wins_and_of_several_the_highest_order():
    lore = book(
        st_entry("heavy", group="g", group_weight=10**6),
        st_entry("low", group="g", group_override=True, insertion_order=1),
        st_entry("high", group="g", group_override=True, insertion_order=2),
    )
    assert told(lore, "tower") == ["high"]


@pytest.mark.rule("7.groups")
def test_of_a_group_that_scores_the_best_called_wins():
    lore = book(
        st_entry("one", group="g", use_group_scoring=True, group_override=True),
        st_entry("two", group="g", use_group_scoring=True, keys=["tower", "moon"]),
    )
    assert told(lore, "tower and moon") == ["two"]


@pytest.mark.rule("7.groups")
def test_of_a_group_that_has_spoken_nobody_else_is_called():
    first = st_entry("moon", group="g")
    lore = book(first, st_entry("later", keys=["moon"], group="g"), recursive_scanning=True)
    assert told(lore, "tower") == ["moon"]
    assert why(lore, "tower")["1"] == "group"


@pytest.mark.rule("7.groups")
def test_of_a_group_who_stays_wins():
    lore = book(
        st_entry("stays", group="g", sticky=4, group_weight=1, keys=["sun"]),
        st_entry("new", group="g", group_override=True, keys=["moon"]),
    )
    state = lore.told(talk("sun"), 1, {}).state
    assert [one.text for one in lore.told(talk("x", "moon"), 2, state).entries] == ["stays"]


# ── time ─────────────────────────────────────────────────────────────────────────────────────────


def timeline(extensions: dict[str, object], length: int) -> list[str]:
    """Reason of the entry at each message, while its key is said all the time."""
    lore = book(st_entry(**extensions))
    state: dict = {}
    reasons = []
    for n in range(1, length + 1):
        one = lore.told(talk(*["tower"] * n), n, state, everyone=True)
        reasons.append(one.why[0].reason)
        state = one.state
    return reasons


@pytest.mark.rule("7.timeline", "12.6")
def test_the_reference_timeline():
    assert timeline({"sticky": 3, "cooldown": 2, "delay": 2}, 8) == [
        "delay", "key", "sticky", "sticky", "sticky", "cooldown", "cooldown", "key",
    ]  # fmt: skip


@pytest.mark.rule("7.sticky")
def test_a_sticky_entry_stays_without_its_key():
    lore = book(st_entry(sticky=2), scan_depth=1)
    state = lore.told(talk("tower"), 1, {}).state
    found = [bool(lore.told(talk("tower", *"abc"[:n]), n, state).entries) for n in (1, 2, 3)]
    assert found == [True, True, False]


@pytest.mark.rule("7.cooldown")
def test_an_entry_rests_for_as_many_messages_as_it_says():
    assert timeline({"cooldown": 2}, 5) == ["key", "cooldown", "cooldown", "key", "cooldown"]


@pytest.mark.rule("7.delay")
def test_an_entry_waits_for_as_many_messages_as_it_says():
    assert timeline({"delay": 3}, 4) == ["delay", "delay", "key", "key"]


@pytest.mark.rule("7.sticky")
def test_what_was_taken_back_did_not_happen():
    lore = book(st_entry(cooldown=5))
    state = lore.told(talk("a", "tower"), 1, {}).state
    assert told(lore, "tower") == ["told"]
    assert lore.told(talk("tower"), 1, state).entries
    assert not lore.told(talk("a", "b", "tower"), 2, state).entries


def test_an_entry_that_was_edited_begins_anew():
    state = book(st_entry("old", cooldown=5)).told(talk("tower"), 1, {}).state
    assert book(st_entry("new", cooldown=5)).told(talk("a", "tower"), 2, state).entries


def test_the_state_given_in_is_not_changed_and_is_plain_data():
    import json

    lore = book(st_entry(sticky=2, cooldown=1))
    state = lore.told(talk("tower"), 1, {}).state
    before = json.dumps(state)
    lore.told(talk(*["tower"] * 5), 2, state)
    assert json.dumps(state) == before


# ── room and order ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("7.order", "13.equal order")
def test_told_in_rising_order_and_equals_as_in_the_file():
    lore = book(
        entry("c", insertion_order=9), entry("a", insertion_order=-1), entry("b", insertion_order=9)
    )
    assert told(lore, "tower") == ["a", "c", "b"]


@pytest.mark.rule("7.budget", "12.6")
def test_the_lowest_priority_goes_first():
    some = [entry(f"two words{n}", priority=n) for n in (2, 1, 3)]
    lore = book(*some, token_budget=4)
    assert told(lore, "tower") == ["two words2", "two words3"]
    assert whole(lore, "tower").left_out == ("1",)


@pytest.mark.rule("7.budget")
def test_constants_come_first_then_what_was_called_then_what_those_called():
    lore = book(
        entry("by entry", keys=["moon"], priority=9),
        entry("the moon", priority=5),
        entry("always here", constant=True),
        recursive_scanning=True,
        token_budget=4,
    )
    assert told(lore, "tower") == ["the moon", "always here"]
    assert told(book(*[entry("the moon"), entry("always here", constant=True)], token_budget=2),
                "tower") == ["always here"]  # fmt: skip


@pytest.mark.rule("7.budget")
def test_without_priority_the_lowest_order_goes_first():
    lore = book(*(entry(f"w{n}", insertion_order=n) for n in (3, 1, 2)), token_budget=2)
    assert told(lore, "tower") == ["w2", "w3"]


@pytest.mark.rule("7.budget")
def test_an_entry_longer_than_all_the_room_lets_the_others_in():
    lore = book(entry("a b c d e", priority=9), entry("short"), token_budget=3)
    assert told(lore, "tower") == ["short"]


@pytest.mark.rule("7.budget")
def test_the_smaller_of_the_books_and_the_settings_room_counts():
    some = [entry("a"), entry("b"), entry("c")]
    assert len(told(book(*some, token_budget=100000, setting=Setting(tokens=2)), "tower")) == 2
    assert len(told(book(*some, token_budget=1, setting=Setting(tokens=2)), "tower")) == 1
    assert told(book(*some, token_budget=0), "tower") == []


@pytest.mark.rule("7.sillytavern")
def test_an_entry_may_take_no_room():
    lore = book(entry("full full"), st_entry("free of charge", ignore_budget=True), token_budget=2)
    assert told(lore, "tower") == ["full full", "free of charge"]


@pytest.mark.rule("7.sillytavern")
def test_an_entry_may_be_for_one_character():
    only = {"names": ["mira"], "isExclude": False}
    raw = {"entries": {"0": {"key": ["tower"], "content": "told", "characterFilter": only}}}
    read, _ = parse_book(raw)
    ours = Lorebook(read, words, "", Setting(character=("Mira",)))
    assert told(ours, "tower") == ["told"]
    assert told(Lorebook(read, words, "", Setting(character=("Kit",))), "tower") == []


@pytest.mark.rule("7.sillytavern")
@pytest.mark.parametrize("field", FIELDS)
def test_an_entry_may_look_at_a_field_of_the_card(field):
    setting = Setting(fields={field: "She lives in a tower."})
    looks = st_entry(**{f"match_{field}": True})
    assert told(book(looks, entry("other"), setting=setting), "hello") == ["told"]


@pytest.mark.rule("7.place")
@pytest.mark.parametrize(
    ("raw", "place", "depth", "role"),
    [
        ({"position": "before_char"}, "before_char", 0, "system"),
        ({"position": "after_char"}, "after_char", 0, "system"),
        ({"position": "before_char", "extensions": {"position": 1}}, "after_char", 0, "system"),
        ({"extensions": {"position": 4, "depth": 2, "role": 2}}, "at_depth", 2, "assistant"),
        ({"extensions": {"position": 2}}, "at_depth", 4, "system"),
        ({"extensions": {"position": 5}}, "before_examples", 0, "system"),
    ],
)
def test_where_an_entry_is_told(raw, place, depth, role):
    one = whole(book(entry(**raw)), "tower").entries[0]
    assert (one.place, one.depth, one.role) == (place, depth, role)


@pytest.mark.rule("12.8")
def test_only_what_is_told_in_every_turn_is_constant():
    lore = book(
        entry("a", constant=True), entry("b"),
        entry("c", constant=True, extensions={"probability": 99}),
        entry("@@activate_only_after 1\nd", constant=True),
        entry("e", constant=True, extensions={"position": 4}),
        entry("f", constant=True, extensions={"group": "g"}),
    )  # fmt: skip
    assert [one.text for one in whole(lore, "hi", "tower").entries if one.constant] == ["a"]
    assert [one.text for one in lore.constants()] == ["a"]


@pytest.mark.rule("12.8")
def test_what_is_constant_is_there_however_little_room_there_is():
    lore = book(
        entry("a b", constant=True, priority=1), entry("c d e", priority=9),
        entry("@@activate\nf g h", priority=9), token_budget=4,
    )  # fmt: skip
    kept = [lore.told(talk("tower"), n, {}).entries for n in range(5)]
    assert all([one.text for one in told if one.constant] == ["a b"] for told in kept)


def test_names_and_ids_of_entries_are_no_part_of_what_is_told():
    one = whole(book(entry(name="Secret", comment="note", id=77)), "tower").entries[0]
    assert one == Placed("told", uid="77", name="Secret", role="system")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_tree_is_read_as_some_book(tree):
    read, _ = parse_book({"entries": [tree, {"keys": tree, "content": tree, "extensions": tree}]})
    Lorebook(read, words).told(talk("tower", "moon"), 1, {})


def test_an_entry_as_long_as_a_book_is_left_out_without_being_read():
    counted = []
    read, _ = parse_book({"entries": [entry("{{char}} " * 100_000), entry("short")]})
    lore = Lorebook(read, lambda text: counted.append(text) or 1, "", Setting(tokens=400))
    assert told(lore, "tower") == ["short"]
    assert counted == ["short"]


def test_the_tokens_of_a_text_are_counted_once():
    counted = []
    read, _ = parse_book({"entries": [entry("a"), entry("b", constant=True)]})
    lore = Lorebook(read, lambda text: counted.append(text) or 1, "", Setting(tokens=400))
    for n in range(5):
        told(lore, "tower", turn=n)
    assert sorted(counted) == ["a", "b"]
