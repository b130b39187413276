"""What a lorebook costs a turn: many keys, many entries, and patterns that do not end.

    python benchmarks/lorebook.py

Keys and conversation are made of seeded random words; times are the best (and the middle) of
several runs, in milliseconds of the processor; patterns also by the clock on the wall. The
yardstick is one plain pass of `str.find` over the same keys and the same text.
"""

from __future__ import annotations

import random
import statistics
import string
import time
from typing import TYPE_CHECKING

from companion.lore import Lorebook, Message, Setting, parse_book

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = 3_000
LETTERS = 1_700
ENDLESS = ["/(a|aa)+$/", "/(a|a?)+$/", "/((a{1,1000}){1,1000}){1,1000}$/"]


def words(chance: random.Random, count: int) -> list[str]:
    """Words of three to ten letters."""
    return [
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 10)))
        for _ in range(count)
    ]


def talk(chance: random.Random, keys: list[str], letters: int) -> list[Message]:
    """Four messages of so many letters together; ten of the keys are said."""
    said = [*words(chance, letters // 7), *chance.sample(keys, 10)]
    chance.shuffle(said)
    quarter = len(said) // 4
    texts = [" ".join(said[n * quarter : (n + 1) * quarter]) for n in range(4)]
    return [Message(("assistant", "user")[n % 2], "", text) for n, text in enumerate(texts)]


def best(work: Callable[[], object], runs: int = 50) -> tuple[float, float]:
    """The best and the middle of several runs, in milliseconds."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append(1000 * (time.process_time() - began))
    return min(times), statistics.median(times)


def book(keys: list[str], *, fuzzy: bool = False, each: int = 1) -> Lorebook:
    """A book whose entries have so many of the keys each."""
    entries = [
        {"keys": keys[n : n + each], "content": f"About {keys[n]}."}
        for n in range(0, len(keys), each)
    ]
    extensions = {"companion": {"fuzzy": fuzzy}}
    read, _ = parse_book({"entries": entries, "extensions": extensions, "recursive_scanning": True})
    return Lorebook(read, lambda text: len(text) // 4, "b", Setting(400, clock=time.monotonic))


def many_keys(chance: random.Random) -> None:
    """3,000 keys against one plain pass."""
    keys = words(chance, KEYS)
    messages = talk(chance, keys, LETTERS)
    text = "\n".join(message.text for message in messages).casefold()
    plain, plain_middle = best(lambda: [text.find(key) for key in keys])
    print(f"{KEYS} keys, {len(text)} letters; plain str.find: {plain:.2f} ms ({plain_middle:.2f})")
    shapes = {
        "a key an entry": book(keys),
        "five keys an entry": book(keys, each=5),
        "misheard names too": book([key.title() for key in keys], fuzzy=True),
    }
    for name, lore in shapes.items():
        took, middle = best(lambda lore=lore: lore.told(messages, 1, {}))
        told = len(lore.told(messages, 1, {}).entries)
        print(
            f"  {name}: {took:.2f} ms ({middle:.2f}), {took / plain:.2f} × plain;"
            f" {told} told, recursion on"
        )
    took, _ = best(lambda: book(keys), 5)
    print(f"  reading and compiling the book: {took:.1f} ms")


def many_entries() -> None:
    """5,000 entries that are all called, with room for a few."""
    raw = {"entries": [{"keys": ["tower"], "content": f"Fact {n}."} for n in range(5_000)]}
    read, _ = parse_book(raw)
    lore = Lorebook(read, lambda text: len(text) // 4, "b", Setting(400))
    messages = [Message("user", "", "What about the tower?")]
    took, middle = best(lambda: lore.told(messages, 1, {}), 10)
    told = lore.told(messages, 1, {})
    print(
        f"5000 entries called at once: {took:.1f} ms ({middle:.1f});"
        f" {len(told.entries)} told, {len(told.left_out)} left out and named"
    )


def endless() -> None:
    """Patterns that do not end, alone and fifty together: the first turn, which is the longest."""
    messages = [Message("user", "", "the tower " + "a" * 300 + "!")]
    cases = {key: [key] for key in ENDLESS}
    cases["fifty of them"] = [f"/(a|aa)+{n}$/" for n in range(50)]
    for name, keys in cases.items():
        read, _ = parse_book({"entries": [{"keys": [key], "content": "x"} for key in keys]})
        times, busy = [], []
        for _ in range(10):
            lore = Lorebook(read, len, "b", Setting(clock=time.monotonic))
            began, worked = time.perf_counter(), time.process_time()
            notices = lore.told(messages, 1, {}).notices
            times.append(1000 * (time.perf_counter() - began))
            busy.append(1000 * (time.process_time() - worked))
        print(
            f"{name}: 10 first turns: longest {max(times):.0f} ms, middle"
            f" {statistics.median(times):.0f}, of the processor {max(busy):.0f}; {notices[0]}"
        )


def main() -> None:
    """All of it."""
    chance = random.Random(1)
    many_keys(chance)
    many_entries()
    endless()


if __name__ == "__main__":
    main()
