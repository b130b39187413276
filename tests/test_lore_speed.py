"""Thousands of keys cost a turn a few milliseconds."""

import random
import string
import time

import pytest

from companion.lore import Lorebook, Message, parse_book

KEYS = 3_000


def word(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 10)))


def fastest(work, runs=15):
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.rule("7.speed", "12.6")
def test_three_thousand_keys_cost_less_than_five_plain_searches():
    chance = random.Random(1)
    keys = [word(chance) for _ in range(KEYS)]
    said = [word(chance) for _ in range(250)] + chance.sample(keys, 10)
    text = " ".join(said)
    read, _ = parse_book({"entries": [{"keys": [key], "content": key} for key in keys]})
    lore, messages = Lorebook(read, len), [Message("user", "", text)]
    plain = fastest(lambda: [text.find(key) for key in keys])
    assert len(lore.told(messages, 1, {}).entries) >= 10
    assert fastest(lambda: lore.told(messages, 1, {})) < 5 * plain
