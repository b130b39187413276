"""Keys of lorebooks: what was said calls entries."""

import itertools

import pytest
from lore_world import book, entry, told, whole, why

from companion.lore.misheard import nearly


def says(key: str, text: str, **raw: object) -> bool:
    return told(book(entry(keys=[key], **raw)), text) == ["told"]


@pytest.mark.rule("7.keys")
def test_any_key_that_was_said_calls_an_entry():
    lore = book(entry(keys=["moon", "tower"]))
    assert told(lore, "I saw the tower.") == told(lore, "The moon!") == ["told"]
    assert told(lore, "Nothing of it.") == []


@pytest.mark.rule("7.keys")
def test_an_empty_key_calls_nothing():
    assert told(book(entry(keys=["", " "])), "anything") == []


@pytest.mark.rule("7.empty")
def test_an_entry_is_told_once_however_many_keys_were_said():
    assert told(book(entry(keys=["moon", "tower"])), "tower, moon, tower") == ["told"]


@pytest.mark.rule("7.empty")
def test_an_entry_without_content_adds_nothing():
    lore = book(entry(""), entry("@@depth 2\n"))
    assert told(lore, "tower") == []
    assert set(why(lore, "tower").values()) == {"empty"}


@pytest.mark.rule("7.disabled")
@pytest.mark.parametrize("raw", [{}, {"constant": True}, {"content": "@@activate\ntold"}])
def test_a_disabled_entry_is_never_told(raw):
    assert told(book(entry(**{"enabled": False, **raw})), "tower") == []


@pytest.mark.rule("7.constant")
def test_a_constant_entry_is_told_without_a_key():
    assert told(book(entry(keys=[], constant=True)), "nothing") == ["told"]


@pytest.mark.rule("7.case")
def test_case_counts_only_where_the_entry_says_so():
    assert says("Tower", "a tower")
    assert not says("Tower", "a tower", case_sensitive=True)
    assert says("Tower", "the Tower", case_sensitive=True)


@pytest.mark.rule("7.case")
def test_sillytavern_looks_at_its_own_case_key():
    raw = {"case_sensitive": True, "extensions": {"display_index": 0, "case_sensitive": False}}
    assert says("Tower", "a tower", **raw)


@pytest.mark.rule("7.words")
@pytest.mark.parametrize(
    ("key", "text", "found"),
    [
        ("art", "let us start", False),
        ("art", "the art's value", True),
        ("дом", "старый дом.", True),
        ("дом", "домашний", False),
        ("black cat", "two black cats", True),
        ("龙", "我看见龙了", True),
        ("มังกร", "ฉันเห็นมังกรตัวใหญ่", True),
        ("café", "a cafe\u0301 in town", True),
        ("cafe", "a cafe\u0301 in town", False),
    ],
)
def test_a_word_ends_where_words_of_its_script_end(key, text, found):
    assert says(key, text) is found


@pytest.mark.rule("7.words")
def test_an_entry_may_ask_for_parts_of_words():
    raw = {"extensions": {"match_whole_words": False}}
    assert says("art", "let us start", **raw)


def test_a_book_may_ask_for_parts_of_words():
    lore = book(entry(keys=["art"]), extensions={"companion": {"whole_words": False}})
    assert told(lore, "let us start") == ["told"]


def test_quotes_of_every_shape_are_one():
    assert says("Mira's tower", "Mira’s tower")


def test_a_key_does_not_reach_from_one_message_into_the_next():
    assert told(book(entry(keys=["old tower"])), "so old", "tower") == []


@pytest.mark.rule("7.secondary")
@pytest.mark.parametrize(
    ("logic", "said"), list(itertools.product(range(4), [(), ("b",), ("c",), ("b", "c")]))
)
def test_the_sixteen_cases_of_secondary_logic(logic, said):
    raw = {"secondary_keys": ["b", "c"], "selective": True, "extensions": {"selectiveLogic": logic}}
    expected = {0: len(said) > 0, 1: len(said) < 2, 2: len(said) == 0, 3: len(said) == 2}[logic]
    assert says("a", " ".join(["a", *said]), **raw) is expected


@pytest.mark.rule("7.secondary")
def test_secondary_keys_count_only_where_selective():
    assert says("a", "a", secondary_keys=["b"], selective=False)
    assert not says("a", "b", secondary_keys=["b"], selective=True)


@pytest.mark.rule("13.selective")
def test_selective_without_secondary_keys_looks_at_the_primary_ones():
    assert says("a", "a", secondary_keys=[], selective=True)


@pytest.mark.rule("7.fuzzy")
def test_a_misheard_name_is_found_where_the_book_asks_for_it():
    asks = {"extensions": {"companion": {"fuzzy": True}}}
    lore = book(entry(keys=["Caelith"]), **asks)
    assert told(lore, "Who is Kaelith?") == ["told"]
    assert whole(lore, "Who is Kaelith?").why[0].detail == "Caelith (kaelith)"
    assert told(book(entry(keys=["Caelith"])), "Who is Kaelith?") == []


@pytest.mark.rule("7.fuzzy")
@pytest.mark.parametrize("said", ["rover", "the clover", "Twoer Hill"])
def test_common_and_short_words_are_not_misheard(said):
    asks = {"extensions": {"companion": {"fuzzy": True}}}
    assert told(book(entry(keys=["tower", "Over"]), **asks), said) == []


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("torin", "torin", True),
        ("torin", "toryn", True),
        ("torin", "trin", True),
        ("torin", "torrin", True),
        ("torin", "tornis", False),
        ("torin", "troin", True),
        ("torin", "niort", False),
        ("abcde", "bcdef", False),
    ],
)
def test_one_letter_apart(one, other, near):
    assert nearly(one, other) is nearly(other, one) is near


@pytest.mark.rule("7.sillytavern")
def test_sillytavern_looks_at_who_said_it_too():
    assert told(book(entry(keys=["Sam"]), sillytavern=True), "Hello", "Hi") == ["told"]
    assert told(book(entry(keys=["Sam"])), "Hello", "Hi") == []


@pytest.mark.parametrize("more", [{}, {"use_regex": True}], ids=["slashes", "bare"])
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("l\u2019arbre", "Voici l'arbre."),
        ("l'arbre", "Voici l\u2019arbre."),
        ("cafe\u0301", "The caf\u00e9."),
        ("caf\u00e9", "The cafe\u0301."),
        ("(the \u201cmoon\u201d|sun)", 'the "moon"'),
        ("[\u2019-\u201d]|moon", "the moon"),
    ],
)
def test_a_pattern_is_found_in_whichever_spelling_it_or_the_text_is(key, text, more):
    assert says(key if more else f"/{key}/i", text, **more)


@pytest.mark.parametrize("key", ["a|\u00ad", "[\u00ad]", "\u00ad?x"])
def test_a_pattern_with_a_soft_hyphen_in_it_is_not_found_in_everything(key):
    assert not says(f"/{key}/", "zzz")
    assert not says(key, "zzz", use_regex=True)
