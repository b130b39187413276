"""Spoken commands, carried out on a real memory: what is answered, and what is left afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, tell, texts

from companion.memory import Memory
from companion.values import Heard, Prompt, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path / "db", "Sam", "mira", now=Clock(), name="Mira")
    yield made
    made.close()


def ask(memory: Memory, words: str) -> str:
    answer = memory.obey(Heard(words))
    assert answer is not None, words
    return answer.text


def everything(memory: Memory) -> str:
    """All bytes in the memory folder."""
    files = [path for path in memory.folder.rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode("latin-1") for path in files)


def test_talk_is_no_command(memory: Memory) -> None:
    assert memory.obey(Heard("I remember that my dog was small.")) is None


def test_what_is_to_be_remembered_is_a_line_and_a_memory_of_it(memory: Memory) -> None:
    answer = memory.obey(Heard("Remember that my dog is called Rex.", 0.9))
    assert answer.text == "I will remember that: “my dog is called Rex”"
    assert memory.get(answer.kept).text == "my dog is called Rex"
    (kept,) = memory.memories(kind="relationship")
    assert kept.text == "Sam's dog is called Rex."
    assert '<quote turn="1">my dog is called Rex</quote>' in memory.to_xml(kept.id)


def test_neither_command_nor_answer_is_kept(memory: Memory) -> None:
    tell(memory, "I like the sea.")
    for words in ("forget about the moon", "what do you know about me", "why did you say that",
                  "this is private", "remember again", "forget everything", "no"):  # fmt: skip
        ask(memory, words)
    assert texts(memory.memories()) == ["Mhm.", "I like the sea."]


def test_remember_that_alone_means_what_was_said_last(memory: Memory) -> None:
    assert ask(memory, "remember that") == "There is nothing yet that I could remember."
    tell(memory, "My dog is called Rex.")
    assert ask(memory, "merk dir das") == "Das merke ich mir."
    assert texts(memory.memories(kind="fact")) == ["Sam's dog is called Rex."]


def test_forget_that_takes_the_last_turn_out_of_mind_and_asks(memory: Memory) -> None:
    tell(memory, "I like the sea.", "My secret word is xylograph.")
    answer = memory.obey(Heard("forget that"))
    assert "xylograph" in answer.text
    assert len(answer.forgotten) == 2
    assert memory.search("secret word") == ()
    assert texts(memory.forgotten()) == ["Mhm.", "My secret word is xylograph."]


def test_a_yes_deletes_it_for_good(memory: Memory) -> None:
    tell(memory, "I like the sea.", "My secret word is xylograph.")
    ask(memory, "forget that")
    answer = memory.obey(Heard("yes please"))
    assert answer.text == "Done: one memory deleted for good."
    assert memory.forgotten() == ()
    assert "xylograph" not in everything(memory)


@pytest.mark.parametrize("words", ["no", "what a day"])
def test_without_a_yes_it_can_be_restored(memory: Memory, words: str) -> None:
    tell(memory, "My secret word is xylograph.")
    ask(memory, "forget that")
    memory.obey(Heard(words))
    assert memory.obey(Heard("yes")) is None  # that question is over
    memory.restore(memory.forgotten()[-1].id)
    assert texts(memory.search("xylograph"))[0] == "My secret word is xylograph."


def test_forget_about_reads_back_and_asks_before_anything_goes(memory: Memory) -> None:
    tell(memory, "My dog Rex is old.", "The sea is calm.", "Rex likes the beach.", "Rex is brown.",
         "I walk Rex at noon.")  # fmt: skip
    answer = ask(memory, "forget about Rex")
    assert answer == (
        "I would forget 4 memories: I walk Rex at noon. Rex is brown. Rex likes the beach."
        " And 1 more. Shall I?"
    )
    assert len(memory.about("Rex")) == 4
    assert ask(memory, "no") == "All right, I keep it."
    assert len(memory.about("Rex")) == 4


def test_forget_about_and_yes_leaves_no_byte(memory: Memory) -> None:
    tell(memory, "My dog Xylograph is old.", "The sea is calm.", "I walk xylograph at noon.")
    ask(memory, "forget about Xylograph")
    assert "deleted for good" in ask(memory, "yes")
    assert texts(memory.memories()) == ["Mhm.", "The sea is calm."]
    assert "xylograph" not in everything(memory).lower()


def test_what_was_told_is_read_back_before_what_was_asked(memory: Memory) -> None:
    tell(memory, "My dog Rex is old.", "What does Rex eat?")
    assert [note.text for note in memory.about("Rex")] == [
        "My dog Rex is old.",
        "What does Rex eat?",
    ]


def test_nothing_is_forgotten_about_what_is_not_known(memory: Memory) -> None:
    tell(memory, "The sea is calm.")
    assert ask(memory, "vergiss alles über Maya") == "Über „Maya“ weiß ich nichts."


def test_forget_everything_asks_twice(memory: Memory) -> None:
    tell(memory, "My dog is called Xylograph.")
    assert "Shall I really" in ask(memory, "forget everything")
    assert ask(memory, "yes") == "It cannot be brought back. Are you sure?"
    assert len(memory.memories()) == 2
    assert "deleted for good" in ask(memory, "yes")
    assert memory.memories() == ()
    assert "Xylograph" not in everything(memory)


def test_what_is_known_about_the_owner_is_told(memory: Memory) -> None:
    assert ask(memory, "what do you know about me") == "I know nothing about you yet."
    memory.know("Sam lives in Leeds.")
    memory.know("Sam is allergic to nuts.", pinned=True)
    assert ask(memory, "what do you know about me") == (
        "This is what I know about you. Sam is allergic to nuts. Sam lives in Leeds."
    )


def test_what_is_private_leaves_no_trace(memory: Memory) -> None:
    assert memory.obey(Heard("this is private: my word is xylograph")) is None
    assert memory.private
    assert tell(memory, "My word is xylograph.") == [""]
    still = "I am not keeping anything. Say “remember again” when I may."
    assert ask(memory, "stop remembering") == still
    assert ask(memory, "remember that xylograph is my word") == still
    settle(memory)
    ask(memory, "remember again")
    assert not memory.private
    assert memory.memories() == ()
    assert "xylograph" not in everything(memory)


def test_why_cites_what_the_reply_used(memory: Memory) -> None:
    tell(memory, "My dog is called Rex.")
    memory._talk._now.pass_time(days=1)
    asked = Heard("What is my dog called?")
    memory.hear(asked)
    assert texts(memory.recall(asked)) == ["My dog is called Rex."]
    memory.say(Said("Your dog is Rex."))
    memory.witness(Prompt((1, 2, 3), 3, (1, 2)), Said("Your dog is Rex."))
    assert ask(memory, "why did you say that") == (
        "Because of this. On March 2 you said: “My dog is called Rex.”"
    )


def test_why_without_a_memory_says_so(memory: Memory) -> None:
    assert ask(memory, "why did you say that") == "I have not said anything yet."
    heard = Heard("What is my cat called?")
    memory.hear(heard)
    memory.recall(heard)
    memory.say(Said("I do not know."))
    memory.witness(Prompt((1,), 1), Said("I do not know."))
    assert ask(memory, "warum hast du das gesagt").startswith("Dazu hat mich keine Erinnerung")


def test_words_that_remain_somewhere_are_said(memory: Memory, tmp_path: Path) -> None:
    tell(memory, "My word is xylograph.")
    (memory.folder / "note.txt").write_text("xylograph")
    ask(memory, "forget about xylograph")
    assert ask(memory, "yes") == (
        f"Done: one memory deleted, but words of it are still in {memory.folder / 'note.txt'}."
    )
