from pathlib import Path

import pytest

from companion import casting
from companion.cards.folder import load_card
from companion.config import Settings, Stt
from companion.errors import ModelMissing
from companion.speech.cast import Cast
from companion.speech.piper import Piper
from companion.stt import Whisper
from companion.testing import scripted

SETTINGS = Settings()


def card(tmp_path, says="Hello.", **voice):
    wishes = "".join(f"      {name}: {value}\n" for name, value in voice.items())
    file = tmp_path / "ada.yaml"
    file.write_text(
        f"name: Ada\ndescription: Ada keeps bees.\nfirst_mes: {says!r}\n"
        f"extensions:\n  companion:\n    voice:\n      speed: 1\n{wishes}"
    )
    return load_card(file)


def voice(tmp_path, **wishes):
    ada = card(tmp_path, **wishes)
    return casting.with_asides(SETTINGS, ada, casting.load_voice(SETTINGS, ada))


def test_a_card_whose_voice_is_not_there_speaks_with_the_configured_one(tmp_path):
    notices = []
    found = casting.voice_for(SETTINGS, card(tmp_path, model="nobody", speaker=3), notices)
    assert found.name == SETTINGS.voice.model
    assert "nobody" in notices[0]
    assert f"Ada speaks with {found.name}" in notices[0]


def test_a_voice_that_is_there_needs_no_word(tmp_path):
    notices = []
    assert casting.voice_for(SETTINGS, card(tmp_path, model="en_US-tam-low"), notices)
    assert notices == []


def test_where_the_configured_voice_is_missing_as_well_there_is_none(tmp_path):
    nothing = SETTINGS.model_copy(
        update={"voice": SETTINGS.voice.model_copy(update={"model": "no one"})}
    )
    for wish in ({}, {"model": "nobody"}, {"model": "no one"}):
        with pytest.raises(ModelMissing, match=r"no one\.onnx"):
            casting.voice_for(nothing, card(tmp_path, **wish), [])


LONG = (
    "Good evening, {{user}}. The lamp is lit and the kettle is on, and the cat is asleep. "
    "The wind has turned since noon and there will be rain. Sit down and tell me about your day."
)


def test_a_full_greeting_is_all_of_it(tmp_path):
    ada = card(tmp_path, LONG)
    assert casting.persona(ada, "Sam").greeting == ada.persona("Sam").greeting


def test_a_short_greeting_is_its_first_sentences(tmp_path):
    said = casting.persona(card(tmp_path, LONG, greeting="short"), "Sam")
    assert said.greeting.startswith("Good evening, Sam.")
    assert said.greeting.endswith("the cat is asleep.")


@pytest.mark.parametrize("wish", [{"greeting": "none"}, {"greet": "false"}])
def test_no_greeting_is_silence_in_the_prompt_as_well(tmp_path, wish):
    assert not casting.persona(card(tmp_path, LONG, **wish), "Sam").greeting


def test_a_voice_of_its_own_says_the_stage_directions(tmp_path):
    cast = voice(tmp_path, actions="voice", model="en_US-juno-low", actions_voice="en_US-tam-low")
    assert isinstance(cast, Cast)
    assert cast.words.name == "en_US-juno-low"
    assert cast.asides.name == "en_US-tam-low"


def test_slow_stage_directions_share_the_engine(tmp_path):
    cast = voice(tmp_path, actions="slow")
    assert cast.asides._voice is cast.words._voice
    assert cast.asides._length_scale > cast.words._length_scale


@pytest.mark.parametrize("wish", ["drop", "speak"])
def test_one_voice_is_enough_otherwise(tmp_path, wish):
    assert isinstance(voice(tmp_path, actions=wish), Piper)
    assert casting.actions(card(tmp_path, actions=wish)) == wish


def test_names_of_the_character_the_owner_and_the_lore_are_expected(tmp_path):
    file = tmp_path / "ada.yaml"
    file.write_text(
        "name: Ada\ndescription: x\ncharacter_book:\n  entries:\n"
        "  - {keys: [Caelith, honey, Mount Orr], content: x}\n"
        "  - {keys: [Nobody], content: x, enabled: false}\n"
    )
    assert casting.words_to_expect(load_card(file), "Sam") == "Ada, Sam, Caelith, Mount Orr"


def test_no_more_words_are_expected_than_a_transcriber_can_read(tmp_path):
    file = tmp_path / "ada.yaml"
    keys = ", ".join(f"Caelith{'x' * (n % 9)}" for n in range(500))
    file.write_text(f"name: Ada\ndescription: x\ncharacter_book: {{entries: [{{keys: [{keys}]}}]}}")
    assert len(casting.words_to_expect(load_card(file), "Sam")) <= casting.LONGEST_BIAS


@pytest.fixture(scope="module")
def whisper():
    folder = Path(__file__).parents[1] / "models" / "offline" / "whisper"
    return Whisper(folder, threads=1)


def test_a_model_that_names_would_ruin_is_not_told_them(whisper):
    before = list(whisper._prompt)
    casting.expect_names(whisper, "auto", "Ada, Sam")
    casting.expect_names(whisper, "never", "Ada, Sam")
    assert whisper._prompt == before


def test_names_are_told_where_they_help(whisper):
    casting.expect_names(whisper, "always", "Ada, Sam")
    assert "ada" in whisper._tokens.decode(whisper._prompt).lower()


def test_an_edited_card_brings_its_own_names(tmp_path, whisper):
    companion, _ = scripted(["Yes."])
    companion.stt = whisper
    settings = SETTINGS.model_copy(update={"stt": Stt(names="always")})
    casting.dress(companion, settings, card(tmp_path), "Sam", None)
    assert whisper._tokens.decode(whisper._prompt).lower().count("ada") == 1


def test_a_second_voice_that_is_not_there_is_said_and_the_first_one_speaks_slower(tmp_path):
    companion, _ = scripted(["Yes."])
    ada = card(tmp_path, actions="voice", actions_voice="nobody")
    one = casting.load_voice(SETTINGS, ada)
    (said,) = casting.dress(companion, SETTINGS, ada, "Sam", one)
    assert "nobody" in said
    assert companion.voice.asides._voice is one._voice
    assert companion.actions == "apart"


def dressed(card):
    companion, _ = scripted([])
    return companion, casting.dress(companion, SETTINGS, card, "Sam", None)


def test_what_a_card_leaves_to_chance_and_time_stays_for_the_conversation(tmp_path):
    ada = card(tmp_path, "It is {{time}}. {{random::a::b::c::d}}{{roll:1000000}}")
    companion, _ = dressed(ada)
    first = companion.persona.greeting
    casting.dress(companion, SETTINGS, ada, "Sam", None)
    assert first.startswith("It is 12:00 PM.")
    assert companion.persona.greeting == first


def test_a_card_that_the_model_cannot_hold_is_told_of(tmp_path):
    file = tmp_path / "ada.yaml"
    file.write_text(f"name: Ada\ndescription: {'Ada keeps bees. ' * 4000}\n")
    _, notices = dressed(load_card(file))
    assert "left out of it: description: " in notices[0]
