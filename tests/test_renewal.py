"""A card edited while somebody talks."""

import os

import pytest

from companion import casting
from companion.cards.folder import load_card
from companion.config import Settings
from companion.events import Notice
from companion.renewal import Renewal
from companion.session import Session
from companion.testing import scripted

ADA = "name: Ada\ndescription: Ada keeps bees.\nfirst_mes: Hello there.\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ada.yaml"
    path.write_text(ADA)
    return path


@pytest.fixture
def talk(file):
    """(companion, what was told, who looks at the card)."""
    companion, events = scripted(["Yes."] * 5)
    card = load_card(file)
    casting.dress(companion, Settings(), card, "Sam", None)
    companion.renew = Renewal(Settings(), "Sam", card, companion, None)
    return companion, events


def edit(file, text):
    """Write, and let the clock of the file system move on."""
    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 10_000_000, before + 10_000_000))


def notices(events):
    return [event.text for event in events if isinstance(event, Notice)]


def test_an_edited_card_counts_from_the_next_turn_on(talk, file):
    companion, events = talk
    edit(file, ADA.replace("keeps bees", "keeps goats"))
    companion.renew()
    assert companion.persona.description == "Ada keeps goats."
    assert notices(events) == ["Ada was edited, and is as the card says from now on."]


def test_the_session_looks_before_each_turn(talk, file):
    companion, _ = talk
    session = Session(companion, None)
    session.start(greeting=False)
    edit(file, ADA.replace("keeps bees", "keeps goats"))
    session.type("hello")
    assert session.wait(5)
    assert session.close()
    assert companion.persona.description == "Ada keeps goats."
    assert len(companion.history) == 1


def test_a_broken_edit_is_said_once_with_its_place_and_the_old_card_stays(talk, file):
    companion, events = talk
    edit(file, ADA + "personality: [\n")
    companion.renew()
    companion.renew()
    (said,) = notices(events)
    assert "line 5, column 1" in said
    assert "Ada stays as before" in said
    assert companion.persona.description == "Ada keeps bees."


def test_a_mended_edit_counts_again(talk, file):
    companion, _ = talk
    edit(file, "name: [\n")
    companion.renew()
    edit(file, ADA.replace("bees", "goats"))
    companion.renew()
    assert companion.persona.description == "Ada keeps goats."


def test_a_card_that_is_only_written_again_is_not_mentioned(talk, file):
    companion, events = talk
    edit(file, "# a comment\n" + ADA)
    companion.renew()
    assert not notices(events)


def test_a_card_that_went_away_is_said_and_the_character_stays(talk, file):
    companion, events = talk
    file.unlink()
    companion.renew()
    companion.renew()
    assert len(notices(events)) == 1
    assert companion.persona.name == "Ada"


def test_a_greeting_that_was_said_stays_said(talk, file):
    companion, _ = talk
    edit(file, ADA.replace("Hello there", "Go away").replace("bees", "goats"))
    companion.renew()
    assert companion.persona.greeting == "Hello there."


def test_a_lorebook_comes_and_goes_with_the_card(talk, file):
    companion, _ = talk
    edit(file, ADA + "character_book: {entries: [{keys: [fog], content: The horn is Bess.}]}\n")
    companion.renew()
    heard = companion.world.tell(companion.persona, [], "There is fog.")
    assert [placed.text for placed in heard.entries] == ["The horn is Bess."]
    edit(file, ADA)
    companion.renew()
    assert companion.world is None


def test_a_voice_is_loaded_anew_where_the_card_wants_another(file):
    companion, _ = scripted(["Yes."])
    card = load_card(file)
    voice = casting.load_voice(Settings(), card)
    casting.dress(companion, Settings(), card, "Sam", voice)
    companion.renew = Renewal(Settings(), "Sam", card, companion, voice)
    assert companion.voice is voice
    edit(file, ADA + "extensions: {companion: {voice: {model: en_US-tam-low, seconds: 4}}}\n")
    companion.renew()
    assert companion.voice.name == "en_US-tam-low"
    assert companion.longest == 4


def test_a_voice_that_is_not_there_leaves_the_old_one(file):
    companion, events = scripted(["Yes."])
    card = load_card(file)
    voice = casting.load_voice(Settings(), card)
    companion.renew = Renewal(Settings(), "Sam", card, companion, voice)
    companion.voice = voice
    edit(file, ADA + "extensions: {companion: {voice: {model: nobody}}}\n")
    companion.renew()
    assert companion.voice is voice
    assert "nobody" in notices(events)[0]


def test_an_edit_beside_a_broken_lorebook_leaves_the_character_wholly_as_before(file):
    book = file.parent / "world.json"
    book.write_text('{"entries": {"0": {"uid": 0, "key": ["bee"], "content": "Bees hum."}}}')
    settings = Settings.model_validate({"lore": {"world": str(book)}})
    companion, events = scripted(["Yes."])
    card = load_card(file)
    voice = casting.load_voice(settings, card)
    casting.dress(companion, settings, card, "Sam", voice)
    companion.renew = Renewal(settings, "Sam", card, companion, voice)
    before = (companion.voice, companion.persona, companion.world, companion.longest)
    book.write_text("{broken")
    wish = "extensions: {companion: {voice: {model: en_US-tam-low, seconds: 4}}}\n"
    edit(file, ADA.replace("bees", "goats").replace("Hello there", "Go away") + wish)
    companion.renew()
    assert (companion.voice, companion.persona, companion.world, companion.longest) == before
    (said,) = notices(events)
    assert "Ada stays as before" in said
