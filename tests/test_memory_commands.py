"""What is a wish to the memory and what is talk, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.memory.commands import Command, Kind, command, consent

WISHES = [
    ("Remember that my dog is called Rex.", Kind.REMEMBER, "my dog is called Rex"),
    ("remember that i live in leeds now", Kind.REMEMBER, "i live in leeds now"),
    ("Hey Juno, can you please remember that I work nights?", Kind.REMEMBER, "I work nights"),
    ("don't forget that my sister is allergic to nuts", Kind.REMEMBER,
     "my sister is allergic to nuts"),
    ("Remember, I'm allergic to nuts.", Kind.REMEMBER, "I'm allergic to nuts"),
    ("okay remember my birthday is in june", Kind.REMEMBER, "my birthday is in june"),
    ("Please keep in mind that I hate cilantro", Kind.REMEMBER, "I hate cilantro"),
    ("remember that maya lives in köln", Kind.REMEMBER, "maya lives in köln"),
    ("remember that the boiler code is 4711", Kind.REMEMBER, "the boiler code is 4711"),
    ("remember that", Kind.REMEMBER, ""),
    ("Merk dir, dass mein Hund Rex heißt.", Kind.REMEMBER, "mein Hund Rex heißt"),
    ("bitte merke dir dass ich in köln wohne", Kind.REMEMBER, "ich in köln wohne"),
    ("merk dir mein hund heißt rex", Kind.REMEMBER, "mein hund heißt rex"),
    ("vergiss nicht dass ich nüsse nicht vertrage", Kind.REMEMBER, "ich nüsse nicht vertrage"),
    ("Merk dir das bitte.", Kind.REMEMBER, ""),
    ("forget that", Kind.FORGET_LAST, ""),
    ("No, forget that please.", Kind.FORGET_LAST, ""),
    ("Forget what I just said.", Kind.FORGET_LAST, ""),
    ("don't remember that", Kind.FORGET_LAST, ""),
    ("vergiss das wieder", Kind.FORGET_LAST, ""),
    ("Vergiss, was ich gerade gesagt habe!", Kind.FORGET_LAST, ""),
    ("Merk dir das nicht.", Kind.FORGET_LAST, ""),
    ("forget about my dog", Kind.FORGET_ABOUT, "my dog"),
    ("Forget everything I told you about Maya, please.", Kind.FORGET_ABOUT, "Maya"),
    ("could you forget all about the lisbon trip", Kind.FORGET_ABOUT, "the lisbon trip"),
    ("forget my birthday", Kind.FORGET_ABOUT, "my birthday"),
    ("forget that I like coriander", Kind.FORGET_ABOUT, "I like coriander"),
    ("vergiss alles über maya", Kind.FORGET_ABOUT, "maya"),
    ("Vergiss, was ich dir über Lissabon erzählt habe.", Kind.FORGET_ABOUT, "Lissabon"),
    ("vergiss dass ich koriander mag", Kind.FORGET_ABOUT, "ich koriander mag"),
    ("forget everything", Kind.FORGET_ALL, ""),
    ("Forget everything you know about me!", Kind.FORGET_ALL, ""),
    ("delete all your memories", Kind.FORGET_ALL, ""),
    ("vergiss alles", Kind.FORGET_ALL, ""),
    ("Vergiss alles, was du über mich weißt.", Kind.FORGET_ALL, ""),
    ("what do you know about me", Kind.KNOW, ""),
    ("Juno, tell me everything you know about me.", Kind.KNOW, ""),
    ("was weißt du über mich", Kind.KNOW, ""),
    ("was weisst du alles von mir", Kind.KNOW, ""),
    ("why did you say that", Kind.WHY, ""),
    ("How do you know that?", Kind.WHY, ""),
    ("Warum hast du das gesagt?", Kind.WHY, ""),
    ("woher weißt du das", Kind.WHY, ""),
    ("this is private", Kind.PRIVATE, ""),
    ("This is private: I lost my job.", Kind.PRIVATE, "I lost my job"),
    ("stop remembering", Kind.PRIVATE, ""),
    ("don't remember this", Kind.PRIVATE, ""),
    ("off the record", Kind.PRIVATE, ""),
    ("das ist privat", Kind.PRIVATE, ""),
    ("Merk dir jetzt nichts mehr.", Kind.PRIVATE, ""),
    ("das bleibt unter uns", Kind.PRIVATE, ""),
    ("remember again", Kind.OPEN, ""),
    ("You can start remembering again now.", Kind.OPEN, ""),
    ("du darfst dir wieder sachen merken", Kind.OPEN, ""),
    ("merk dir wieder alles", Kind.OPEN, ""),
]  # fmt: skip
TALK = [
    "do you remember that summer in lisbon", "Remember that time we went to the sea?",
    "i can't remember that", "Remember that?", "remember me", "i forgot about my dog",
    "forget it", "forget about it", "i will never forget that", "don't forget to call maya",
    "remember to buy milk", "remind me tomorrow", "this is private property",
    "what do you know about lisbon", "why did you say that the sea is blue", "remember when we met",
    "i remember that my dog was small", "she said forget everything", "everything is fine",
    "weißt du noch dass wir in köln waren", "ich vergesse das immer", "das ist mein hund",
    "vergiss nicht den müll", "was weißt du über lissabon", "", "...", "yes", "nein",
    "forget", "remember", "is this private", "that's private", "remember that villain in the movie",
    "And don't forget that bull Mystikal.", "Forget about it, without strong guards you lose.",
]  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "text"), WISHES, ids=[said for said, *_ in WISHES])
def test_a_wish_is_understood(said, kind, text):
    found = command(said, "Juno")
    assert found is not None
    assert (found.kind, found.text) == (kind, text)


@pytest.mark.parametrize("said", TALK)
def test_talk_goes_to_the_character(said):
    assert command(said, "Juno") is None


@pytest.mark.parametrize(("said", "kind", "text"), WISHES, ids=[said for said, *_ in WISHES])
def test_capitals_and_punctuation_do_not_matter(said, kind, text):
    bare = "".join(c for c in said.lower() if c.isalnum() or c in " '")
    found = command(bare, "Juno")
    assert (found.kind, found.text) == (kind, text.lower())


def test_the_answer_comes_in_the_language_of_the_wish():
    assert command("vergiss alles") == Command(Kind.FORGET_ALL, "", "de")
    assert command("forget everything") == Command(Kind.FORGET_ALL, "", "en")


def test_what_is_to_be_remembered_keeps_its_capitals():
    assert command("remember that Maya lives in Köln").text == "Maya lives in Köln"


@pytest.mark.parametrize(
    "said",
    ["yes", "Yes, please.", "yeah do it", "go ahead", "delete them", "ja", "ja bitte", "mach das",
     "of course", "yes I'm sure", "ok forget it"],
)  # fmt: skip
def test_a_yes(said):
    assert consent(said) is True


@pytest.mark.parametrize(
    "said",
    ["no", "No, don't!", "nope", "never mind", "keep it", "I'm not sure", "nein", "lass das",
     "yes no wait", "bitte nicht", "cancel"],
)  # fmt: skip
def test_a_no(said):
    assert consent(said) is False


@pytest.mark.parametrize(
    "said", ["yes my dog is lovely", "what is my name", "", "i want that", "no idea who maya is"]
)
def test_neither_yes_nor_no_is_talk(said):
    assert consent(said) is None


@given(st.text(max_size=60))
def test_any_words_are_understood_or_left_alone(said):
    assert command(said) is None or isinstance(command(said), Command)
    assert consent(said) in (True, False, None)
