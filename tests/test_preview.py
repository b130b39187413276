"""`companion characters preview`: the exact prompt, by section."""

import json

import pytest

from companion.cli.app import run
from companion.prompt import Assembler, Now, Room
from companion.prompt.preview import shares
from companion.testing import NOON, Frames, Letters
from companion.values import Exchange, Note, Persona, Placed

JUNO = Persona(
    "Juno",
    "Sam",
    description="A keeper.",
    scenario="A keeper.",
    examples=("Sam: Hi.\nJuno: A keeper.",),
    greeting="Ahoy!",
    post_history="Rhyme.",
)


def call(capsys, *arguments):
    code = run(["characters", "preview", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("system", [True, False])
@pytest.mark.parametrize("exact", [True, False])
def test_the_parts_together_are_the_prompt_and_its_tokens(system, exact):
    build = Assembler(Letters(), Frames(takes_system=system), Room(4096, 64, 200), exact=exact)
    lore = (Placed("Gulls.", uid="1"), Placed("Deep.", "at_depth", 3, uid="2"))
    notes = (Note("n", "Tea.", "Sam", NOON), Note("m", "Rain.", "Sam", NOON))
    prompt = build.assemble(JUNO, [Exchange("hi", "yes")], Now("and?", notes, NOON, lore))
    parts = shares(prompt.sections, build.count)
    assert "".join(p.text for p in parts) == "".join(s.text for s in prompt.sections)
    assert sum(p.tokens for p in parts) == len(prompt.tokens)
    assert next(p.text for p in parts if p.part == "description") == "A keeper.\n"


def test_a_shipped_character_is_shown_as_the_model_reads_it(workspace, capsys):
    code, out, _ = call(capsys, "juno", "--as", "Sam", "--words", "How is Pepper?", "--json")
    found = json.loads(out)
    parts = {part["part"]: part for part in found["sections"]}
    assert code == 0
    assert parts["words"]["text"].endswith("How is Pepper?")
    assert parts["personality"]["text"].startswith("Personality: warm")
    assert sum(part["tokens"] for part in found["sections"]) == found["tokens"]
    assert found["tokens"] < found["context"]


def test_the_preview_is_text_for_people(workspace, capsys):
    code, out, _ = call(capsys, "juno", "--as", "Sam")
    assert code == 0
    assert "── card · description · " in out
    assert "tokens, " in out.splitlines()[-1]


def test_a_card_is_shown_by_its_path_with_what_its_book_says(workspace, capsys, tmp_path):
    entries = [
        {"keys": ["gull"], "content": "Gulls steal {{user}}'s bread.", "enabled": True},
        {"keys": ["whale"], "content": "Whales sing.", "enabled": True},
    ]
    data = {"name": "Ada", "description": "A poet.", "character_book": {"entries": entries}}
    card = tmp_path / "ada.json"
    card.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}))
    _, out, _ = call(capsys, card, "--as", "Sam", "--words", "A gull!")
    assert "Gulls steal Sam's bread." in out
    assert "Whales" not in out


def test_a_greeting_that_there_is_not_is_missing(workspace, capsys):
    code, out, err = call(capsys, "juno", "--greeting", "99")
    assert (code, out) == (66, "")
    assert "juno has no greeting 99" in err


def test_what_was_left_out_is_said(workspace, capsys, tmp_path):
    card = tmp_path / "ada.json"
    card.write_text(json.dumps({"name": "Ada", "description": "Ada writes poems. " * 4000}))
    code, out, _ = call(capsys, card)
    assert code == 0
    assert "Left out: description: " in out.splitlines()[-1]
    assert "Hello." in out


def test_without_a_model_it_says_what_to_do(workspace, capsys, monkeypatch):
    monkeypatch.setenv("COMPANION_LLM__MODEL", "nothing.gguf")
    code, _, err = call(capsys, "juno")
    assert code == 66
    assert "companion models pull" in err
