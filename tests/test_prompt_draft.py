"""What goes first when there is no room."""

from companion.prompt.draft import Draft, Now, reductions
from companion.prompt.wording import Aside
from companion.testing import NOON
from companion.values import Exchange, Note, Persona, Placed

FULL = Draft(
    Persona("Juno", "Sam", description="A keeper.", scenario="Evening.", examples=("a", "b")),
    (Exchange("one", "two"), Exchange("three", "four"), Exchange("five", "six")),
    Now("words", (Note("weak", "x", "Sam", NOON), Note("best", "y", "Sam", NOON)), NOON),
    (Placed("c", uid="constant"),),
    Aside((Placed("l", uid="1"), Placed("m", uid="2")), ("z",), (Placed("d"),), "Last."),
)


def test_things_go_in_the_order_that_is_written_down():
    *_, least = reductions(FULL)
    assert least.dropped == (
        *("2 turns", "1 turns", "example 2", "example 1", "example of the turn"),
        *("lore 1", "lore 2", "note weak", "note best", "scenario", "lore constant"),
        *("depth notes", "post history"),
    )


def test_what_is_left_in_the_end_is_who_it_is_and_the_words():
    *_, least = reductions(FULL)
    assert least.persona == Persona("Juno", "Sam", description="A keeper.")
    assert (least.turns, least.now.notes, least.lore, least.aside) == ((), (), (), Aside())
    assert least.now.words == "words"


def test_the_first_draft_is_all_of_it_and_each_one_is_smaller():
    first, *others = reductions(FULL)
    assert first is FULL
    assert [len(d.dropped) for d in others] == list(range(1, len(others) + 1))


def test_the_newest_turns_stay_longest():
    drafts = list(reductions(FULL))
    assert drafts[1].turns == (Exchange("five", "six"),)
