"""A lorebook beside a conversation: what was said calls it up, and it is in the prompt."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from lore_world import entry

from companion import worlds
from companion.cards import Card
from companion.cards.formats.tree import Tree
from companion.cards.model import from_tree
from companion.config import Settings
from companion.errors import MissingInput
from companion.events import Notice
from companion.flow import Cancel
from companion.prompt import Assembler, Now, Room
from companion.testing import NOON, Frames, Letters, scripted
from companion.trace import Trace
from companion.turn import Companion, turn
from companion.values import Exchange, Heard, Persona


def card(*entries: dict[str, object], **book: object) -> Card:
    data = {
        "name": "Mira",
        "description": "Mira keeps a lighthouse.",
        "first_mes": "Hello.",
        "character_book": {"entries": list(entries), **book},
    }
    return from_tree(Tree({"spec": "chara_card_v2", "data": data}), Path("mira.json"))


def talking(mira: Card, *replies: str) -> tuple[Companion, list]:
    """A companion with the world of this card, and the events it tells."""
    companion, events = scripted(list(replies) or ["Yes."] * 9)
    companion.persona = mira.persona("Sam")
    companion.world = worlds.world(Settings(), mira, "Sam", companion)
    return companion, events


def say(companion: Companion, *texts: str) -> None:
    for text in texts:
        turn(companion, Heard(text), Cancel(), Trace())


def prompts(companion: Companion) -> list[str]:
    return [
        "".join(chr(t) if t < 1_000_000 else "¦" for t in prompt.tokens)
        for prompt in companion.llm.prompts
    ]


def test_what_was_said_calls_an_entry_into_the_prompt_of_the_reply():
    companion, _ = talking(card(entry("The tower of {{char}} is blue.")), "It is blue.")
    say(companion, "What colour is the tower?")
    assert "The tower of Mira is blue." in prompts(companion)[0]


def test_what_was_not_said_calls_nothing():
    companion, _ = talking(card(entry("The tower is blue.")))
    say(companion, "Good morning.")
    assert "blue" not in prompts(companion)[0]


def test_a_card_without_a_book_has_no_world():
    companion, _ = scripted(["Yes."])
    bare = from_tree(Tree({"name": "Kit", "description": "Kit."}), Path("kit.json"))
    assert worlds.world(Settings(), bare, "Sam", companion) is None
    assert worlds.world(Settings(), card(), "Sam", companion) is None


def test_a_sticky_entry_stays_for_the_turns_it_says():
    companion, _ = talking(card(entry("blue", extensions={"sticky": 2}), scan_depth=1))
    say(companion, "the tower", "and then", "and then")
    assert ["blue" in text for text in prompts(companion)] == [True, True, False]


def test_a_turn_that_was_taken_back_left_no_trace():
    companion, _ = talking(card(entry("blue", extensions={"cooldown": 9}), scan_depth=1))
    say(companion, "the tower")
    companion.history.pop()
    say(companion, "the tower")
    assert ["blue" in text for text in prompts(companion)] == [True, True]


@pytest.mark.rule("12.8")
def test_the_stable_part_of_the_prompt_survives_entries_that_come_and_go():
    mira = card(
        entry("The sea is near.", constant=True, position="before_char"),
        entry("The tower is blue.", position="before_char"),
        entry("The moon is full.", keys=["moon"], position="after_char"),
    )
    companion, _ = talking(mira)
    say(companion, "hello", "the tower", "x", "x", "x", "the moon")
    stable = companion.prompt.start(companion.persona, companion.world.constants())
    assert "The sea is near." in "".join(map(chr, (t for t in stable if t < 1_000_000)))
    assert all(prompt.tokens[: len(stable)] == stable for prompt in companion.llm.prompts)


@pytest.mark.rule("12.8")
def test_what_an_entry_told_leaves_the_context_with_the_notes():
    companion, _ = talking(card(entry("The tower is blue.")), "Yes.", "No.")
    say(companion, "the tower")
    first = companion.llm.prompts[0]
    start, length = first.volatile
    bare = first.tokens[:start] + first.tokens[start + length :]
    next_one = companion.prompt.assemble(
        companion.persona, [Exchange("the tower", "Yes.")], Now("bye", (), NOON + timedelta(1))
    )
    assert "blue" in "".join(chr(t) for t in first.tokens[start : start + length])
    assert next_one.tokens[: len(bare)] == bare


@pytest.mark.rule("10.regex")
def test_a_pattern_that_does_not_end_is_named_and_the_turn_goes_on():
    companion, events = talking(card(entry(keys=["/(a|aa)+$/"]), entry("The tower is blue.")))
    say(companion, "the tower " + "a" * 300 + "!")
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any("/(a|aa)+$/" in text for text in notices)
    assert "blue" in prompts(companion)[0]


def test_a_book_of_five_thousand_entries_leaves_persona_and_words_and_says_what_was_left_out():
    entries = [entry(f"Fact {n} about the tower: it is old.") for n in range(5000)]
    companion, _ = talking(card(*entries))
    say(companion, "What about the tower?")
    prompt = companion.llm.prompts[0]
    text = prompts(companion)[0]
    assert "Mira keeps a lighthouse." in text
    assert "What about the tower?" in text
    assert any("more" in name for name in prompt.dropped)


@pytest.mark.rule("10.leak")
def test_a_book_belongs_to_its_character_and_conversation():
    told = card(entry("blue", extensions={"cooldown": 9}))
    first, _ = talking(told)
    say(first, "the tower")
    second, _ = talking(told)
    say(second, "the tower")
    assert "blue" in prompts(second)[0]


@pytest.mark.rule("8.where")
def test_what_people_said_is_not_expanded_in_keys_or_content():
    companion, _ = talking(card(entry("{{user}} asked.", keys=["{{user}}"])))
    companion.persona = Persona("Mira", "Sam")
    say(companion, "I am {{user}}", "I am Sam")
    assert ["Sam asked." in text for text in prompts(companion)] == [False, True]


@pytest.mark.rule("8.where")
def test_macros_in_keys_and_content_are_expanded():
    companion, _ = talking(card(entry("{{char}} hums.", keys=["{{char}}'s song"])))
    say(companion, "Sing Mira's song")
    assert "Mira hums." in prompts(companion)[0]


def test_an_edited_book_counts_and_what_was_told_stays_told():
    old = card(entry("blue", extensions={"cooldown": 9}), scan_depth=1)
    companion, _ = talking(old)
    say(companion, "the tower")
    edited = card(
        entry("blue", extensions={"cooldown": 9}), entry("new", keys=["tower"]), scan_depth=1
    )
    companion.world = worlds.world(Settings(), edited, "Sam", companion)
    say(companion, "the tower")
    assert "new" in prompts(companion)[1]
    assert "blue" not in prompts(companion)[1]


@pytest.mark.rule("7.budget")
def test_entries_take_a_fifth_of_the_context():
    settings = Settings()
    companion, _ = talking(card(entry("a")))
    assert companion.world.lorebook.limit == settings.llm.context // 5


def test_names_and_notes_of_a_book_are_never_in_a_prompt():
    mira = card(entry("told", name="SECRET", comment="SECRET", id="SECRET"), name="SECRET")
    companion, _ = talking(mira)
    say(companion, "the tower")
    assert "told" in prompts(companion)[0]
    assert "SECRET" not in prompts(companion)[0]


def test_an_assembler_counts_what_it_would_put_in():
    assert Assembler(Letters(), Frames(), Room(4096, 64, 512)).count("abc") == 3


def beside(tmp_path, *entries):
    """Settings with a lorebook that every character knows."""
    path = tmp_path / "world.json"
    path.write_text(json.dumps({"spec": "lorebook_v3", "data": {"entries": list(entries)}}))
    return Settings(lore={"world": str(path)}, root=tmp_path)


@pytest.mark.rule("13.precedence")
def test_the_owners_lorebook_stands_beside_the_cards_and_order_decides_the_place(tmp_path):
    settings = beside(tmp_path, entry("first", insertion_order=1, constant=True))
    companion, _ = talking(card(entry("second", insertion_order=2)))
    companion.world = worlds.world(
        settings, card(entry("second", insertion_order=2)), "Sam", companion
    )
    lore = companion.world.tell(companion.persona, (), "the tower")
    assert [(one.text, one.uid, one.constant) for one in lore.entries] == [
        ("first", "world 0", False),
        ("second", "0", False),
    ]


@pytest.mark.rule("13.precedence")
def test_the_cards_entries_come_first_where_there_is_little_room(tmp_path):
    long = "a" * 300  # letters are tokens here
    settings = beside(tmp_path, entry(f"world {long}", priority=99))
    companion, events = talking(card())
    companion.world = worlds.world(settings, card(entry(f"card {long}")), "Sam", companion)
    say(companion, "the tower")
    assert f"card {long}" in prompts(companion)[0]
    assert f"world {long}" not in prompts(companion)[0]
    assert any("Left out: 0." in e.text for e in events if isinstance(e, Notice))


def test_a_character_without_a_book_knows_the_owners(tmp_path):
    companion, _ = talking(card())
    companion.world = worlds.world(beside(tmp_path, entry("blue")), card(), "Sam", companion)
    say(companion, "the tower")
    assert "blue" in prompts(companion)[0]


def test_an_owners_lorebook_that_is_not_there_is_said(tmp_path):
    companion, _ = talking(card())
    with pytest.raises(MissingInput, match="There is no lorebook at"):
        worlds.world(Settings(lore={"world": "no.json"}, root=tmp_path), card(), "Sam", companion)


def test_that_there_is_no_room_is_said_once_in_a_conversation():
    companion, events = talking(card(*(entry("a" * 300, name=f"E{n}") for n in range(9))))
    say(companion, "the tower", "the tower")
    notices = [e.text for e in events if isinstance(e, Notice)]
    assert len(notices) == 1
    assert notices[0].endswith("([lore] share). Left out: E1, E2, E3 and 5 more.")


def tells(companion: Companion, words: str = "The tower.") -> list[str]:
    lore = companion.world.tell(companion.persona, (), words)
    return [one.text for one in lore.entries]


COUNTS = entry("Visit {{incvar::n}}.")


@pytest.mark.parametrize("book", [{"recursive_scanning": True}, {}], ids=["recursive", "flat"])
def test_a_macro_that_counts_does_so_once_in_a_turn(book):
    companion, _ = talking(card(COUNTS, entry("Never.", keys=["nobody"]), **book))
    said = [tells(companion) for _ in range(3)]
    assert said == [["Visit 1."], ["Visit 2."], ["Visit 3."]]


def test_a_turn_that_is_only_looked_at_counts_for_no_macro(tmp_path):
    companion, _ = talking(card(COUNTS, entry("@@activate\n{{incvar::other}}")))
    (tmp_path / "w.json").write_text(json.dumps({"entries": [COUNTS]}))
    settings = Settings.model_validate({"lore": {"world": str(tmp_path / "w.json")}})
    companion.world = worlds.world(settings, card(COUNTS), "Sam", companion)
    for _ in range(3):
        companion.world.peek(companion.persona, (), "The tower.")
        companion.world.constants()
    assert tells(companion) == ["Visit 1.", "Visit 1."]


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("{{hidden_key:{{char}} castle}}", True),
        ("{{hidden_key::castle}}", True),
        ("{{Hidden_Key: the {{user}}'s castle}}", True),
        ("{{if {{char}}}}{{hidden_key:castle}}{{/if}}", True),
        ("{{if 0}}{{hidden_key:castle}}{{/if}}", False),
        ("{{// {{hidden_key:castle}} }}", False),
        ("{{comment: {{char}} castle}}", False),
    ],
)
def test_a_hidden_key_is_heard_by_other_entries_and_never_told(words, heard):
    book = (entry(f"Told {words} here."), entry("By castle.", keys=["castle"]))
    companion, _ = talking(card(*book, recursive_scanning=True))
    first, *others = tells(companion)
    assert first.split() == ["Told", "here."]
    assert others == (["By castle."] if heard else [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Told {{random: one{{hidden_key: p, q}}, one}}", "Told one"),
        ("Told {{hidden_key:p {{hidden_key:q}} r}}", "Told"),
        ("Told {{reverse:ab{{hidden_key:pq}}dc}}", "Told cdba"),
        ("Told {{setvar::v::{{hidden_key::p}}q}}{{getvar::v}}", "Told q"),
        ("A \u2756\u27e7 stray \u27e6\u2756", "A  stray"),
    ],
)
def test_of_a_hidden_key_inside_another_macro_no_mark_is_told(words, said):
    companion, _ = talking(card(*(entry(words) for _ in range(9))))
    assert set(tells(companion)) == {said}


def test_a_hidden_key_after_braces_that_nothing_closes_is_heard():
    book = (entry("Told {{a {{hidden_key::castle}}"), entry("By castle.", keys=["castle"]))
    companion, _ = talking(card(*book, recursive_scanning=True))
    assert tells(companion) == ["Told {{a", "By castle."]


def test_braces_that_nothing_closes_hide_nothing():
    companion, _ = talking(card(entry("Told {{hidden_key:castle and more.")))
    assert tells(companion) == ["Told {{hidden_key:castle and more."]
