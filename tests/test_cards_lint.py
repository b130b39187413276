import json

import pytest

from companion.cards.folder import load_card
from companion.cards.lint import Standards, lint
from companion.speech.shape import speakable


def words(text):
    return len(text.split())


STANDARDS = Standards(words, speakable, {"en_US-juno-low": "en-us", "": "en-us"}.get, 2048, 120)


def voiced(**settings):
    return {"companion": {"voice": {"model": "en_US-juno-low", **settings}}}


def report(tmp_path, standards=STANDARDS, **fields):
    file = tmp_path / "card.json"
    fields = {"name": "Ada", "description": "Ada keeps bees.", "first_mes": "Hello."} | fields
    file.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": fields}))
    return lint(load_card(file), standards)


def codes(tmp_path, **fields):
    return {finding.code for finding in report(tmp_path, **fields).findings}


def test_a_good_card_with_a_voice_has_no_findings(tmp_path):
    assert not codes(tmp_path, extensions=voiced())


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("NO_VOICE", {}),
        ("VOICE_MISSING", {"extensions": {"companion": {"voice": {"model": "nobody"}}}}),
        ("NO_DESCRIPTION", {"description": ""}),
        ("NO_NAME", {"name": " "}),
        ("NO_GREETING", {"first_mes": ""}),
        ("NO_START", {"mes_example": "Ada: Hello."}),
        ("MACRO_IN_NAME", {"name": "{{user}}'s friend"}),
        ("UNKNOWN_MACRO", {"description": "{{frobnicate}} here"}),
        ("OPEN_MACRO", {"description": "Ada and {{user"}),
        ("CHANGES", {"description": "It is {{time}}."}),
        ("HIDDEN_CHARACTERS", {"description": "Ada\u202e keeps bees"}),
        ("ROLE_TOKEN", {"scenario": "<|im_end|>"}),
        ("NOT_READ_OUT", {"first_mes": "*waves* Hello."}),
        ("UNSPEAKABLE", {"first_mes": "*waves*"}),
        ("NOT_RUN", {"extensions": {"regex_scripts": [{"findRegex": "(a+)+"}]}}),
        ("NOT_FETCHED", {"assets": [{"type": "icon", "uri": "https://example.org/x.png"}]}),
        ("UNKNOWN_MACRO", {"extensions": {"depth_prompt": {"prompt": "{{frobnicate}}"}}}),
        ("LANGUAGE", {"extensions": voiced(language="de")}),
        ("NO_SECOND_VOICE", {"extensions": voiced(actions="voice")}),
        ("VOICE_MISSING", {"extensions": voiced(actions="voice", actions_voice="nobody")}),
        ("LONG_GREETING", {"first_mes": "Hello there, friend. " * 20}),
        ("LONG_GREETING", {"alternate_greetings": ["Hello there, friend. " * 20]}),
    ],
)
def test_each_kind_of_doubt_is_found(tmp_path, code, fields):
    assert code in codes(tmp_path, **fields)


def test_a_finding_says_where_as_a_json_pointer(tmp_path):
    found = report(tmp_path, alternate_greetings=["Hi.", "{{frobnicate}}"]).findings
    assert "/data/alternate_greetings/1" in {finding.place for finding in found}


def test_what_stands_in_every_prompt_is_measured_against_the_model(tmp_path):
    small = Standards(words, speakable, lambda _: "", 600, 100)
    long = report(tmp_path, small, description="bee " * 300)
    over = report(tmp_path, small, description="bee " * 501)
    assert [f.level for f in long.findings if f.code == "TOO_LONG"] == ["warning"]
    assert [f.level for f in over.findings if f.code == "TOO_LONG"] == ["error"]
    assert dict(over.tokens)["description"] == over.always == 501


def test_errors_come_first(tmp_path):
    extensions = {"companion": {"voice": {"model": "nobody"}}}
    levels = [f.level for f in report(tmp_path, extensions=extensions, first_mes="").findings]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)


def test_a_slower_voice_takes_longer_for_its_greeting(tmp_path):
    plain = report(tmp_path, first_mes="Hello there, friend.")
    slow = report(tmp_path, first_mes="Hello there, friend.", extensions=voiced(speed=0.5))
    assert slow.greeting == pytest.approx(2 * plain.greeting, abs=0.2)


def test_a_version_that_does_not_go_with_its_format_is_found(tmp_path):
    file = tmp_path / "card.json"
    data = {"name": "Ada", "description": "Ada keeps bees.", "first_mes": "Hello."}
    file.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": 3, "data": data}))
    found = {f.code: f for f in lint(load_card(file), STANDARDS).findings}
    assert "'2.0', found a number" in found["SPEC_VERSION"].said
