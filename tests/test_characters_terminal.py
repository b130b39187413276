"""Characters are edited in a real terminal, with a real editor, also while somebody talks."""

import re
from pathlib import Path

import pytest
from tmux import Terminal, why_not

from companion.cards import history, load_card
from companion.cli.app import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


@pytest.fixture
def workspace(tmp_path):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    return tmp_path / "ws"


@pytest.fixture
def card(workspace):
    return workspace / "characters" / "juno.yaml"


@pytest.fixture
def terminal(tmp_path, workspace):
    with Terminal(tmp_path, workspace) as opened:
        yield opened


def replace_in_vi(terminal, old, new):
    terminal.type(f":%s/{old}/{new}/")
    terminal.press("Enter")
    terminal.wait_for(new.replace("\\", ""))
    terminal.type(":wq")
    terminal.press("Enter")


def test_a_slip_is_shown_with_its_place_and_mended_where_it_is(terminal, card):
    before = card.read_bytes()
    terminal.companion("characters edit juno")
    terminal.wait_for("# Juno, lighthouse keeper.")
    replace_in_vi(terminal, "^personality: .*", "personality: [warm")
    shown = terminal.wait_for("Open it again, at that line?")
    assert re.search(r"not valid YAML at line \d+, column \d+", shown)
    assert f"What you typed is kept in {history.draft_of(card)}" in shown
    assert card.read_bytes() == before
    terminal.press("Enter")
    terminal.wait_for("personality: [warm")
    replace_in_vi(terminal, "\\[warm", "warm")
    terminal.wait_for("is as you wrote it")
    assert load_card(card).fields.personality == "warm"
    assert history.versions(card)[0].path.read_bytes() == before
    assert not history.draft_of(card).exists()


def test_what_was_typed_survives_a_refusal_and_is_opened_again(terminal, card):
    terminal.companion("characters edit juno")
    terminal.wait_for("# Juno, lighthouse keeper.")
    replace_in_vi(terminal, "^personality: .*", "personality: [windhover")
    terminal.wait_for("Open it again, at that line?")
    terminal.type("n")
    terminal.press("Enter")
    terminal.wait_for("`companion characters edit juno` opens it again")
    assert "windhover" in history.draft_of(card).read_text()
    terminal.companion("characters edit juno")
    terminal.wait_for("personality: [windhover")
    replace_in_vi(terminal, "\\[windhover", "windhover")
    terminal.wait_for("is as you wrote it")
    assert load_card(card).fields.personality == "windhover"


def test_a_terminal_that_is_closed_in_the_middle_loses_nothing_that_was_saved(
    terminal, card, tmp_path, workspace
):
    before = card.read_bytes()
    with Terminal(tmp_path, workspace, "two") as other:
        other.companion("characters edit juno")
        other.wait_for("# Juno, lighthouse keeper.")
        other.type(":%s/^personality: .*/personality: windhover/")
        other.press("Enter")
        other.type(":w")
        other.press("Enter")
        other.wait_for("written")
    assert card.read_bytes() == before
    terminal.companion("characters edit juno")
    terminal.wait_for("personality: windhover")
    terminal.type(":wq")
    terminal.press("Enter")
    terminal.wait_for("is as you wrote it")
    assert load_card(card).fields.personality == "windhover"


def test_a_card_edited_while_one_talks_counts_from_the_next_turn(
    terminal, card, tmp_path, workspace
):
    terminal.companion("talk --text --as Sam juno")
    terminal.wait_for("Juno: Good evening, Sam.")
    with Terminal(tmp_path, workspace, "two") as other:
        other.companion("characters edit juno")
        other.wait_for("# Juno, lighthouse keeper.")
        replace_in_vi(other, "^personality: .*", "personality: gruff")
        other.wait_for("is as you wrote it")
    terminal.type("hello")
    terminal.press("Enter")
    terminal.wait_for("Juno was edited, and is as the card says from now on.", "Sam: hello")
    card.write_text(card.read_text() + "tags: [\n")
    terminal.type("good evening")
    terminal.press("Enter")
    shown = terminal.wait_for("stays as before", "Sam: good evening")
    assert re.search(r"not valid YAML at line \d+, column \d+", shown)
    terminal.type("/quit")
    terminal.press("Enter")


def test_a_character_is_asked_for_and_made(terminal, workspace):
    terminal.companion("characters new")
    for question, answer in (
        ("What is the character called?", "Ada"),
        ("Who is Ada?", "Ada keeps bees: many of them."),
        ("How is Ada?", "warm"),
        ("Where are you when you talk?", ""),
        ("What does Ada say first?", "Hello, {{user}}."),
        ("Whose voice, of en_US-juno-low, en_US-tam-low, en_US-wren-low", "en_US-tam-low"),
    ):
        terminal.wait_for(question)
        terminal.type(answer)
        terminal.press("Enter")
    terminal.wait_for("companion talk ada")
    made = load_card(Path(workspace) / "characters" / "ada.yaml")
    assert made.fields.description == "Ada keeps bees: many of them."
    assert made.voice.model == "en_US-tam-low"
