"""What a press keeps: the moment before it, all of it, and no more than that."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from companion.sound.resample import resample
from companion.sound.ring import Ring

OK = SimpleNamespace(input_overflow=False)


def hear(ring: Ring, *levels: float, frames: int = 100, status=OK) -> None:
    for level in levels:
        ring.hear(np.full((frames, 2), level, np.float32), frames, None, status)


def kept(take) -> list[float]:
    """The levels in a take of blocks of 100 frames, at 16 kHz."""
    return [float(level) for level in take.whole()[::100]]


def test_the_ring_keeps_only_its_pre_roll_until_a_press():
    ring = Ring(250, 1_000)
    hear(ring, *range(9))
    take = ring.begin()
    hear(ring, 9, 10)
    assert kept(take) == [6, 7, 8, 9, 10]


def test_a_press_on_a_microphone_that_fell_silent_still_has_its_pre_roll():
    ring = Ring(250, 1_000)
    hear(ring, *range(9))
    assert kept(ring.begin()) == [6, 7, 8]


def test_what_was_kept_once_is_not_kept_again():
    ring = Ring(250, 1_000)
    take = ring.begin()
    hear(ring, 1, 2)
    ring.end(take)
    assert kept(take) == [1, 2]
    assert kept(ring.begin()) == []


def test_an_interruption_keeps_nothing_from_before():
    ring = Ring(250, 1_000)
    hear(ring, 1, 2)
    take = ring.begin(keep_pre_roll=False)
    hear(ring, 3)
    assert kept(take) == [3]


def test_a_press_before_the_last_one_was_fetched_leaves_that_one_whole():
    ring = Ring(250, 1_000)
    first = ring.begin()
    hear(ring, 1, 2)
    second = ring.begin()
    hear(ring, 3)
    ring.end(first)
    hear(ring, 4)
    assert (kept(first), kept(second)) == ([1, 2], [3, 4])


def test_a_ring_without_pre_roll_still_knows_its_level():
    ring = Ring(0, 1_000)
    noise = np.random.default_rng(1).normal(0, 0.1, (1_600, 1)).astype(np.float32)
    ring.hear(noise, 1_600, None, OK)
    assert ring.level_db() == pytest.approx(-20, abs=1)


def test_direct_current_is_no_level():
    ring = Ring(250, 1_000)
    hear(ring, 0.5, 0.5, 0.5, frames=1_600)
    assert ring.level_db() == -120


def test_a_press_that_never_ends_stops_growing():
    ring = Ring(200, 1_000)
    hear(ring, 8, 9)
    take = ring.begin()
    hear(ring, *range(50))
    assert take.full
    assert kept(take) == [8, 9, *range(10)]
    assert ring.frames == 5_200


def test_a_press_that_goes_on_with_another_device_is_no_longer_than_another():
    ring = Ring(200, 1_000)
    take = ring.begin(made=np.ones(700, np.float32))
    hear(ring, *range(50))
    assert len(take.whole()) == 1_000


def test_after_the_release_no_more_than_the_tail_is_kept():
    ring = Ring(200, 1_000)
    take = ring.begin()
    hear(ring, 1, 2)
    take.stop_after(200)
    hear(ring, 3, 4, 5)
    assert kept(take) == [1, 2, 3, 4]


def test_sound_lost_on_the_way_in_is_counted():
    ring = Ring(200, 1_000)
    hear(ring, 1, status=SimpleNamespace(input_overflow=True))
    hear(ring, 1)
    assert ring.overflows == 1


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_what_was_recorded_so_far_is_how_the_whole_begins(rate):
    noise = np.random.default_rng(1).normal(0, 0.1, (3 * rate, 2)).astype(np.float32)
    ring, seen = Ring(0, 10 * rate, rate), []
    take = ring.begin()
    for number, block in enumerate(np.array_split(noise, 301)):
        ring.hear(block, len(block), None, OK)
        if number % 30 == 29:
            seen.append(take.so_far())
    whole = take.whole()
    assert np.array_equal(whole, resample(noise.mean(axis=1), rate, 16_000))
    assert all(np.array_equal(part, whole[: len(part)]) for part in seen)
    assert len(seen[-1]) / 16_000 > 3 * 300 / 301 - 0.1


def test_eleven_minutes_of_holding_keep_a_minute_and_no_more_memory_than_that():
    ring = Ring(14_400, 60 * 48_000, 48_000)
    block = np.random.default_rng(1).normal(0, 0.1, (480, 2)).astype(np.float32)
    take = ring.begin()
    tracemalloc.start()
    for number in range(11 * 60 * 100):
        ring.hear(block, 480, None, OK)
        if number % 20 == 0:
            take.so_far()
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(take.whole()) == 60 * 16_000
    assert held < 5_000_000  # a minute at 16 kHz: 3.8 MB
    assert most < 20_000_000
