"""Golden conversations: their files, their rules, the paired tests, and three characters."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from companion import cards
from companion.cli.app import run
from companion.errors import BadData, MissingInput
from companion.measure import character, golden, paired
from companion.measure.language import languages
from companion.measure.rules import Spoken, Who, judge
from companion.testing import scripted
from companion.values import Lore, Placed

ROOT = Path(__file__).resolve().parents[1]
OURS = ("juno", "tam", "wren")
BASELINES = ROOT / "tests" / "golden" / "characters"
JUNO = Who("Juno", "Sam")
SMALL = """
owner = "Sam"
[always]
words = [1, 9]
[[conversation]]
id = "light"
kind = "facts"
notes = [{ text = "I like tea." }]
[[conversation.turn]]
say = "Where do you live?"
any = ["lighthouse"]
[[conversation.turn]]
say = "And who am I?"
says_owner = true
[[conversation]]
id = "bye"
kind = "talk"
before = [["Hello.", "Hello, Sam."]]
[[conversation.turn]]
say = "Good night."
words = [2, 3]
"""


@dataclass(slots=True)
class Book:
    """A lorebook that tells what it is given, turn by turn."""

    turns: list[Lore]

    def tell(self, persona, history, words):  # noqa: ARG002
        return self.turns.pop(0)

    def constants(self):
        return ()


def _broken(reply: str, *, said: str = "Who?", earlier: tuple[str, ...] = (), **rules) -> set[str]:
    verdicts = judge(Spoken(reply, said, earlier), golden.Rules(**rules), JUNO)
    return {verdict.rule for verdict in verdicts if not verdict.held}


def _file(folder: Path, text: str) -> Path:
    path = folder / "golden.toml"
    path.write_text(text, "utf-8")
    return path


# ── the rules ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rules", "right", "wrong", "rule"),
    [
        ({"any": ["Gull Island", "a tower"]}, "On Gull island!", "On Gulls island.", "facts"),
        ({"all": ["cat", "Pepper"]}, "Pepper is a cat.", "He is a cat.", "facts"),
        ({"never": ["my dog"]}, "My dogma is tea.", "It is My Dog.", "forbidden"),
        ({"says_name": True}, "I am Juno.", "I am June.", "name"),
        ({"says_owner": True}, "You are Sam.", "You are Samuel.", "name"),
        ({"matches": r"\bfifty.one\b"}, "Fifty-one.", "Fifty.", "pattern"),
        ({"words": [2, 3]}, "Two words.", "One.", "length"),
        ({"seconds": 1}, "Short one.", "This one takes a little longer.", "length"),
        ({"language": "en"}, "The light is on for you.", "Das Licht ist für dich an.", "language"),
        ({"asks": True}, "And you?", "And you.", "style"),
        ({}, "I am here.", "*waves* I am here.", "style"),
        ({}, "I am here.", "I am here because of", "style"),
        ({}, "My name is Juno.", "My name is Eve.", "name"),
        ({}, "Tea, Sam?", "Tea.\nSam: Yes, please.", "owner"),
        ({}, "I do!", "who", "fresh"),
    ],
)
def test_a_reply_is_held_to_its_rules(rules, right, wrong, rule):
    assert _broken(right, **rules) == set()
    assert rule in _broken(wrong, **rules)


def test_a_reply_that_was_given_before_is_not_fresh():
    assert _broken("I bake bread.", earlier=("Oh, I bake bread!", "I bake bread?")) == {"fresh"}


def test_what_the_checker_of_the_talk_sees_counts(tmp_path):
    some = _asked(tmp_path, "As an AI I have no lighthouse.", "You are Sam.", "Sleep well.")
    assert {rule.rule for rule in some[0].rules if not rule.held} == {"checker"}


def test_a_verdict_says_what_was_wanted_and_what_was_found():
    found = judge(Spoken("My dog.", "?"), golden.Rules(never=["my dog"]), JUNO)[0]
    assert (found.held, found.wanted, found.found) == (False, "none of my dog", "my dog")


def test_too_few_words_are_in_no_language():
    assert "en" in languages("Pepper.")
    assert languages("Ich bin nicht in der Stadt.") == ("de",)


def test_rules_of_a_turn_come_before_those_of_the_file():
    always = golden.Rules(words=(1, 40), never=("robot",))
    mixed = golden.Turn(say="Hi", rules=golden.Rules(words=(1, 5), never=("dog",))).with_always(
        always
    )
    assert (mixed.words, mixed.never) == ((1, 5), ("robot", "dog"))


# ── the files ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('any = ["lighthouse"]', "anny = []", "anny"),
        ('any = ["lighthouse"]', 'matches = "("', "is no pattern"),
        ("words = [1, 9]", 'language = "xx"', "is none of en, de"),
        ('id = "bye"', 'id = "light"', "two conversations"),
        ("owner =", "owner", "no TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, old, new, said):
    with pytest.raises(BadData, match=said):
        golden.load(_file(tmp_path, SMALL.replace(old, new)))


def test_a_card_without_golden_conversations_says_how_to_get_some(tmp_path):
    with pytest.raises(MissingInput, match="golden"):
        golden.load(tmp_path / "none.toml")


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def _asked(tmp_path: Path, *replies: str) -> list[character.Probe]:
    companion, _ = scripted(list(replies))
    calls = itertools.count()
    some = list(character.ask(companion, golden.load(_file(tmp_path, SMALL)), lambda: next(calls)))
    assert next(calls) == 2
    return some


def test_each_reply_is_a_probe_and_each_conversation_starts_afresh(tmp_path):
    some = _asked(tmp_path, "In the lighthouse.", "You are Max.", "Good night.")
    assert [(one.id, one.right) for one in some] == [
        ("light.1", True),
        ("light.2", False),
        ("bye.1", False),  # it says the question again
    ]


def test_the_prompt_holds_the_notes_and_the_history_of_the_file(tmp_path):
    companion, _ = scripted(["In the lighthouse.", "You are Sam.", "Sleep well."])
    list(character.ask(companion, golden.load(_file(tmp_path, SMALL)), lambda: None))
    texts = ["".join(map(chr, (t for t in p.tokens if t < 1e6))) for p in companion.llm.prompts]
    assert ["I like tea." in text for text in texts] == [True, True, False]
    assert ["Hello, Sam." in text for text in texts] == [False, False, True]


def test_figures_are_counted_by_kind_and_by_rule(tmp_path):
    some = _asked(tmp_path, "In the lighthouse.", "You are Max.", "Sleep well.")
    figures = character.report(some, {})
    assert (figures["n"], figures["right"]) == (3, 2)
    assert figures["by_kind"] == {"facts": {"n": 2, "right": 1}, "talk": {"n": 1, "right": 1}}
    assert figures["by_rule"]["facts"] == {"n": 1, "right": 1}


def test_an_entry_that_was_not_told_is_missed(tmp_path):
    lore = SMALL.replace('any = ["lighthouse"]', 'told = ["the light"]')
    companion, _ = scripted(["In the lighthouse.", "You are Sam.", "Sleep well."])
    told = [Lore((Placed("It is bright.", name="the light"),)), Lore(), Lore()]
    companion.world = Book(told)
    some = list(character.ask(companion, golden.load(_file(tmp_path, lore)), lambda: None))
    assert [(one.told, one.right) for one in some][:2] == [(("the light",), True), ((), True)]
    companion.llm.script += ["In the lighthouse.", "You are Sam.", "Sleep well."]
    companion.world = Book([Lore()] * 3)
    some = list(character.ask(companion, golden.load(_file(tmp_path, lore)), lambda: None))
    assert [rule.rule for rule in some[0].rules if not rule.held] == ["told"]


# ── comparing ────────────────────────────────────────────────────────────────────────────────


def _probes(rights: str) -> dict[str, dict[str, object]]:
    return {f"p{n}": {"right": r == "+", "held": int(r == "+"), "of": 1, "reply": r}
            for n, r in enumerate(rights)}  # fmt: skip


def test_the_chance_is_the_exact_one():
    found = paired.compare(_probes("++--------"), _probes("-+++++++++"))
    chance = 2 * (math.comb(9, 0) + math.comb(9, 1)) / 2**9
    assert (found["mended"], found["broken"]) == ([f"p{n}" for n in range(2, 10)], ["p0"])
    assert found["tests"][0]["p"] == pytest.approx(chance)
    assert "2 x (C(9,0) + C(9,1)) / 2^9) = 0.03906: more than chance" in found["tests"][0]["says"]


def test_few_differences_can_be_chance():
    says = paired.compare(_probes("-----"), _probes("+++++"))["tests"][0]["says"]
    assert "p = min(1, 2 x (C(5,0)) / 2^5) = 0.0625: chance can do that" in says


def test_held_rules_are_compared_only_where_the_rules_are_the_same():
    one_more = {"p0": {**_probes("-")["p0"], "of": 2, "held": 1}}
    for after, same_rules in ((_probes("-"), False), (one_more, True)):
        tests = paired.compare(_probes("-"), after, same_rules=same_rules)["tests"]
        assert [test["name"].split()[1] for test in tests] == ["McNemar"]


def test_equal_reports_differ_in_nothing():
    found = paired.compare(_probes("+-"), _probes("+-"))
    assert (found["mended"], found["broken"], found["tests"][0]["p"]) == ([], [], 1.0)


def test_probes_of_one_report_only_do_not_count():
    found = paired.compare(_probes("++"), _probes("+"))
    assert (found["n"], found["only_before"], found["only_after"]) == (1, ["p1"], [])


@pytest.mark.parametrize("text", ["[]", "{}", '{"probes": [{"id": "a"}]}', "no"])
def test_what_is_no_baseline_is_refused(tmp_path, text):
    path = _file(tmp_path, text)
    with pytest.raises(BadData, match="no report"):
        character.load_baseline(path)


def test_what_is_kept_is_a_baseline_of_a_line_a_probe(tmp_path):
    figures = character.report(_asked(tmp_path, "In the lighthouse.", "You are Max.", "Bye."), {})
    path = tmp_path / "kept.json"
    character.keep(figures, path)
    kept = character.load_baseline(path)
    same = paired.compare(character.by_id(kept), character.by_id(figures))
    assert (same["n"], same["broken"], same["mended"], same["changed"]) == (3, [], [], [])
    assert [line.count('"id"') for line in path.read_text().splitlines()].count(1) == 3


# ── three characters and the offline model ───────────────────────────────────────────────────


@pytest.fixture
def in_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def _report(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    code = run(["--quiet", "eval", "character", *options, "--json"])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("who", OURS)
def test_each_has_a_lorebook_a_voice_and_golden_conversations(who):
    card = cards.find_card(ROOT / "characters", who)
    assert len(card.raw["character_book"]["entries"]) >= 7
    assert (ROOT / "voices" / f"{card.voice.model}.onnx").is_file()
    kinds = {one.kind for one in golden.load(character.golden_path(card)).conversation}
    assert kinds >= {"name", "facts", "lore", "memory", "forbidden", "style", "talk"}


@pytest.mark.parametrize("who", OURS)
def test_the_offline_model_says_what_it_could_say_before(who, in_workspace, capsys):
    _, text = _report(capsys, who, "--baseline", str(BASELINES / f"{who}.json"))
    figures = json.loads(text)
    assert not {"card", "golden", "model"} & set(figures["baseline"]["about"])  # the same files
    # another processor may decide a close call the other way; more than two are a change
    assert len(figures["baseline"]["broken"]) <= 2, figures["baseline"]["broken"]


def test_the_same_twice_is_the_same_word_for_word(in_workspace, capsys, tmp_path):
    some = ["wren", "--golden", str(_file(tmp_path, SMALL))]
    assert _report(capsys, *some) == _report(capsys, *some)


def test_a_broken_probe_ends_with_code_1(in_workspace, capsys, tmp_path):
    hard = SMALL.replace('"lighthouse"', '"Xanadu"')
    code, text = _report(capsys, "juno", "--golden", str(_file(tmp_path, hard)))
    kept = json.loads(text)
    assert code == 0  # a measurement is no failure
    for probe in kept["probes"]:
        probe["right"] = True
    file = tmp_path / "kept.json"
    character.keep(kept, file)
    command = ["juno", "--golden", str(_file(tmp_path, hard)), "--baseline", str(file)]
    code, text = _report(capsys, *command)
    assert code == 1
    assert "light.1" in json.loads(text)["baseline"]["broken"]


def test_another_wording_is_compared_pair_by_pair(in_workspace, capsys, tmp_path):
    file = str(_file(tmp_path, SMALL))
    _, text = _report(capsys, "juno", "--golden", file, "--compare", "prompt.volatile=v2")
    found = json.loads(text)["compare"]
    assert (found["n"], found["with"]) == (3, ["prompt.volatile=v2"])
    assert [test["name"].split()[1] for test in found["tests"]] == ["McNemar", "sign"]


def test_several_characters_count_together(in_workspace, capsys, tmp_path):
    file = str(_file(tmp_path, SMALL))
    kept = tmp_path / "kept.json"
    both = ["juno", "wren", "--golden", file]
    code, text = _report(capsys, *both, "--keep", str(kept))
    figures = json.loads(text)
    assert (code, figures["character"], figures["n"]) == (0, ["juno", "wren"], 6)
    assert [probe["id"] for probe in figures["probes"]][2:4] == ["juno/bye.1", "wren/light.1"]
    assert sum(one["n"] for one in figures["by_kind"].values()) == 6
    _, text = _report(capsys, *both, "--baseline", str(kept))
    assert json.loads(text)["baseline"]["n"] == 6


def test_a_setting_that_is_none_is_refused(in_workspace, capsys):
    assert run(["eval", "character", "juno", "--compare", "prompt"]) == 2
    assert "SECTION.KEY=VALUE" in capsys.readouterr().err


def test_people_get_the_replies_and_the_rules_they_broke(in_workspace, capsys, tmp_path):
    hard = SMALL.replace('"lighthouse"', '"Xanadu"')
    run(["--quiet", "eval", "character", "juno", "--golden", str(_file(tmp_path, hard))])
    text = capsys.readouterr().out
    assert "✗ light.1" in text
    assert "- facts: wanted one of Xanadu" in text
    assert "of 3 probes are right" in text
