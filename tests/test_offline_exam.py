"""The two hundred probes of the offline chat model, their rules, and what its training is shown."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

pytest.importorskip("tokenizers", reason="training tools are not installed")
from training.llm import exam, forbidden, probes
from training.llm.cards import CardMaker
from training.llm.grammar import Grammar
from training.llm.scenes import SceneMaker
from training.llm.words import Pools

PROBES = exam.load()


def probe(kind: str, **changes: tuple[str, ...]) -> probes.Probe:
    return replace(next(p for p in PROBES if p.kind == kind), **changes)


@pytest.fixture(scope="module")
def scenes():
    pools = Pools(random.Random(5), ["pebble"], forbidden.banned_words())
    cards = CardMaker(pools, ["I like to sing."])
    maker = SceneMaker(pools, cards, [], forbidden.forbidden())
    maker.stray = lambda **_: "it was a long day"
    return [maker.make(12, 6) for _ in range(60)]


def test_there_are_forty_probes_of_each_class():
    assert [sum(p.kind == kind for p in PROBES) for kind in exam.CLASSES] == [40] * 5


def test_what_a_fact_probe_asks_for_stands_in_exactly_one_note():
    for p in (p for p in PROBES if p.kind == "fact"):
        assert sum(any(probes.holds(n.text, v) for v in p.expect) for n in p.notes) == 1, p.id


def test_what_a_correction_probe_asks_for_is_the_latest_thing_said():
    for p in (p for p in PROBES if p.kind == "correction"):
        told = [n.text for n in p.notes if n.who == p.persona.user]
        told = told or [turn.user for turn in p.history]
        now = [n for n, text in enumerate(told) if any(probes.holds(text, v) for v in p.expect)]
        assert now, p.id
        assert now[0] > 0, p.id


def test_what_a_persona_probe_asks_for_is_shown():
    for p in (p for p in PROBES if p.kind == "persona"):
        shown = f"{p.persona.description} {p.persona.user} {p.persona.name} "
        shown += " ".join(entry.text for entry in p.lore)
        assert any(probes.holds(shown, v) for v in p.expect), p.id


def test_no_probe_is_answered_by_its_own_question():
    told = (p for p in PROBES if p.kind in {"fact", "correction"})
    assert not [p.id for p in told if p.right(p.question)]


def test_other_notes_hold_no_expected_value():
    other = probes.swapped(PROBES)
    for p in (p for p in PROBES if p.kind == "fact"):
        assert not any(probes.holds(n.text, v) for n in other[p.id] for v in p.expect), p.id


def test_an_unknown_thing_must_be_said_to_be_unknown():
    p = probe("unknown", reject=("Jeeves",))
    assert p.right("I don't think you told me that.")
    assert not p.right("It is called Jeeves.")
    assert not p.right("I'm not sure, is it Jeeves?")


def test_a_corrected_value_counts_only_without_the_old_one():
    p = probe("correction", expect=("Bonn",), reject=("Rome",))
    assert p.right("You live in Bonn.")
    assert not p.right("In Rome. No, in Bonn.")


def test_another_name_or_a_machine_is_out_of_character():
    p = PROBES[0]
    assert exam.in_character(p, f"My name is {p.persona.name}.")
    assert not exam.in_character(p, "My name is Siri.")
    assert not exam.in_character(p, "I am a language model.")
    assert not exam.in_character(p, "...")


def test_the_words_of_the_owner_in_a_reply_are_found():
    p = PROBES[0]
    assert exam.speaks_for_user(p, f"Hello.\n{p.persona.user}: Hi.")
    assert not exam.speaks_for_user(p, f"Hello {p.persona.user}.")


def test_a_stuck_reply_repeats_itself():
    assert exam.repeats("my cat Captain my cat Captain")
    assert not exam.repeats("my cat is called Captain")
    assert exam.distinct(["a b c", "a b d"]) == pytest.approx(3 / 4)


def test_no_gap_stays_open_in_what_is_put_together():
    grammar = Grammar(Pools(random.Random(3), ["pebble"], frozenset()))
    for _ in range(300):
        row, card = grammar.row(), grammar.card_row()
        entry, pairs = grammar.lore()
        texts = [*row["say"], *row["ask"], *row["ind"], row["np"], *card["ask"], entry]
        texts += [text for pair in pairs for text in pair]
        left = [t for t in texts if re.search(r"[<>|]", t.replace("{v}", ""))]
        assert not left


def test_what_training_is_shown_holds_nothing_of_the_probes(scenes):
    banned, lines = forbidden.banned_words(), forbidden.forbidden()
    for scene in scenes:
        told = [n.text for n in scene.notes] + [t for pair in scene.branches for t in pair]
        told += [t for turn in scene.history for t in (turn.user, turn.reply)]
        for text in (*told, *scene.lore, scene.persona.description):
            assert not banned & set(probes.words(text)), text
            assert not lines.line(text), text


def test_a_note_that_ended_is_older_than_one_that_is_true(scenes):
    ended = [(s, n) for s in scenes for n in s.notes if n.until]
    assert ended
    for scene, note in ended:
        assert any(f"{n.said:%Y-%m-%d}" == note.until for n in scene.notes if not n.until)
