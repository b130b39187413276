"""What holds for every lorebook and every conversation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lore_world import words

from companion.lore import Lorebook, Message, Setting, parse_book
from companion.lore.explain import sentence
from companion.lore.patterns import compiled, translated

WORDS = ["tower", "moon", "sun", "sea", "well"]
word = st.sampled_from(WORDS)
lists = st.lists(word, max_size=3)
small = st.integers(0, 5)
head = st.sampled_from(
    ["", "@@activate\n", "@@depth 2\n", "@@keep_activate_after_match\n", "@@exclude_keys sun\n",
     "@@dont_activate_after_match\n", "@@ignore_on_max_context\n", "@@activate_only_after 1\n",
     "@@additional_keys sea,well\n", "@@reverse_depth 1\n", "@@scan_depth 1\n"]
)  # fmt: skip
extensions = st.fixed_dictionaries(
    {},
    optional={
        "sticky": small, "cooldown": small, "delay": small, "probability": st.integers(0, 100),
        "group": st.sampled_from(["g", "h", "g,h"]), "group_override": st.booleans(),
        "use_group_scoring": st.booleans(), "group_weight": small, "selectiveLogic": small,
        "exclude_recursion": st.booleans(), "prevent_recursion": st.booleans(),
        "delay_until_recursion": small, "position": st.integers(-1, 9), "depth": small,
        "role": small, "scan_depth": st.none() | small, "ignore_budget": st.booleans(),
    },
)  # fmt: skip
entries = st.builds(
    lambda top, head, body, more: {**top, "content": head + " ".join(body), "extensions": more},
    st.fixed_dictionaries(
        {"keys": lists},
        optional={
            "secondary_keys": lists, "selective": st.booleans(), "constant": st.booleans(),
            "enabled": st.booleans(), "insertion_order": small, "priority": small, "id": small,
        },
    ),
    head,
    lists,
    extensions,
)  # fmt: skip
books = st.fixed_dictionaries(
    {"entries": st.lists(entries, max_size=8)},
    optional={"token_budget": small, "scan_depth": small, "recursive_scanning": st.booleans()},
)
talks = st.lists(st.lists(word, max_size=4).map(" ".join), min_size=1, max_size=8)


def conversation(raw, texts):
    """What is told in each turn, a turn a message, and all that decided it."""
    read, _ = parse_book(raw)
    lore = Lorebook(read, words, "seed", Setting(tokens=6))
    state, turns = {}, []
    messages = [Message(("assistant", "user")[n % 2], "", text) for n, text in enumerate(texts)]
    for n in range(1, len(messages) + 1):
        turns.append(lore.told(messages[:n], n, state, everyone=True))
        state = json.loads(json.dumps(turns[-1].state))
    return read, lore, turns


@pytest.mark.rule("12.6")
@given(books, talks)
def test_every_conversation_keeps_the_rules(raw, texts):
    read, lore, turns = conversation(raw, texts)
    by_uid = {entry.uid: entry for entry in read.entries}
    for told in turns:
        names = [one.uid for one in told.entries]
        budgeted = [one for one in told.entries if not by_uid[one.uid].unbudgeted]
        assert len(names) == len(set(names))
        assert all(by_uid[name].enabled for name in names)
        assert sum(words(one.text) for one in budgeted) == told.tokens <= lore.limit
        assert [one.order for one in told.entries] == sorted(one.order for one in told.entries)
        assert {why.uid for why in told.why if why.told} == set(names)
        assert len(told.why) == len(read.entries)
        assert all("{" not in sentence(why) for why in told.why)


@given(books, talks)
def test_the_same_conversation_is_told_the_same(raw, texts):
    assert conversation(raw, texts)[2] == conversation(raw, texts)[2]


@pytest.mark.rule("12.8")
@given(books, talks)
def test_what_is_constant_is_told_in_every_turn_word_for_word(raw, texts):
    _, lore, turns = conversation(raw, texts)
    for told in turns:
        assert tuple(one for one in told.entries if one.constant) == lore.constants()


@given(books, talks)
def test_to_ask_about_everyone_changes_nothing(raw, texts):
    read, lore, turns = conversation(raw, texts)
    messages = [Message(("assistant", "user")[n % 2], "", text) for n, text in enumerate(texts)]
    state = turns[-2].state if len(turns) > 1 else {}
    plain = Lorebook(read, words, "seed", lore.setting).told(messages, len(turns), state)
    assert plain.entries == turns[-1].entries
    assert plain.state == turns[-1].state


@pytest.mark.rule("7.regex")
@given(st.text(st.sampled_from("ab(){}[]|*+?.^$\\/:=!<>,-01dwpukx&~"), max_size=30))
def test_every_pattern_is_compiled_or_refused(pattern):
    ready = compiled(pattern)
    assert ready is None or ready.pattern == translated(pattern)
