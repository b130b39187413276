"""Every group that measures runs to its end with small models, and gives a figure for each row.

What a figure is depends on the machine: nothing here asks for one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from companion import config
from companion.measure.bench import turn
from companion.measure.bench.bare import Bare
from companion.measure.bench.catalogue import group
from companion.measure.bench.recall import lines_of_talk
from companion.measure.bench.rig import Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench
from companion.measure.shapes import REPLY, Shapes, Sizes, make
from companion.measure.shapes_gguf import QwenSize
from companion.measure.shapes_voice import VoiceSize
from companion.measure.shapes_whisper import WhisperSize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = Sizes(
    tiny=WhisperSize(64, 1, 1),
    base=WhisperSize(64, 1, 1),
    qwen=QwenSize(4_160, 128, 1, 2, 1, 1536, 2048),
    voice=VoiceSize(width=32, inner=32, layers=1, couplings=1, waves=1, channels=64),
)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    return make(tmp_path_factory.mktemp("shapes"), SMALL)


@pytest.fixture
def bench(shapes: Shapes, workspace: Path, tmp_path: Path) -> Bench:
    home = tmp_path / "home"
    home.mkdir()
    return Bench(config.load(workspace / "config.toml"), home, 1, 0.05, _shapes=shapes)


@pytest.fixture
def rig(bench: Bench) -> Iterator[Rig]:
    rig = Rig(shaped(bench), utterance(0.3), Sink())
    yield rig
    rig.close()


@pytest.mark.parametrize("name", ["frames", "load", "recall", "sound", "tail", "tax"])
def test_a_group_gives_a_figure_for_each_of_its_rows(bench: Bench, name: str) -> None:
    chosen = group(name)
    figures = chosen.run(bench)
    assert set(figures) == {row.id for row in chosen.rows}
    assert all(math.isfinite(figure.ours) for figure in figures.values())


def test_a_turn_of_the_rig_is_heard_answered_and_timed(rig: Rig) -> None:
    found = rig.turn()
    assert 0.0 < found.first <= found.whole
    assert found.record["tokens"]["generated"] == len(rig.parts.llm.encode(REPLY, special=False))


def test_a_head_start_is_part_of_the_turns_own_figures(rig: Rig) -> None:
    rig.microphone.recording = utterance(1.0)
    assert rig.turn(ahead=True).record["early"]["hit"] == "all"


def test_every_turn_begins_with_the_same_history(rig: Rig) -> None:
    prompts = []
    for _ in range(2):
        prompts.append(rig.turn().record["tokens"]["prompt"])
        assert len(rig.parts.companion.history) == 4
    assert prompts[0] == prompts[1]


def test_the_floor_of_a_turn_is_the_sum_of_its_engines(rig: Rig) -> None:
    bare = Bare(rig)
    rig.turn()
    floor = bare.turn()
    bare.close()
    assert set(floor.parts) == {"stt", "recall", "llm", "voice"}
    assert all(seconds > 0 for seconds in floor.parts.values())
    assert floor.first == sum(floor.parts.values())


class _Script:
    """Answers as the naive script does."""

    def turn(self, wav: Path) -> dict[str, Any]:
        assert wav.name == "said.wav"
        return {"first": 1.0, "cpu": 1.0}


def test_the_four_ways_of_a_turn_are_gone_through_in_turn(bench: Bench, rig: Rig) -> None:
    bare = Bare(rig)
    rounds = list(turn._rounds(bench, rig, bare, (_Script(), bench.home / "said.wav")))  # type: ignore[arg-type]
    bare.close()
    assert [set(one) for one in rounds] == [{"plain", "floor", "ahead", "naive"}]
    assert set(turn.figures(rounds)) == {row.id for row in turn.GROUP.rows}


def test_made_up_talk_is_the_same_every_time() -> None:
    lines = lines_of_talk(50)
    assert lines == lines_of_talk(50)
    assert all(6 <= len(line.split()) <= 24 for line in lines)
