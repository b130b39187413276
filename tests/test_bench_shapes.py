"""Models of random weights: they load in the real engines, and say what they are made to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from companion.flow import Cancel
from companion.llm.engine import Limits, Llama
from companion.measure.shapes import HEARD, REPLY, Shapes, Sizes, make
from companion.measure.shapes_gguf import QwenSize, fields_of
from companion.measure.shapes_voice import RATE, VoiceSize
from companion.measure.shapes_whisper import WhisperSize
from companion.pack.fits import check_gguf
from companion.speech.piper import Piper
from companion.stt import Whisper
from companion.values import Clause, Prompt, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = Sizes(
    tiny=WhisperSize(64, 1, 1),
    base=WhisperSize(64, 2, 1),
    qwen=QwenSize(4_160, 128, 2, 2, 1, 1536, 1024),
    voice=VoiceSize(width=32, inner=32, layers=1, couplings=1, waves=1, channels=64),
)
SECOND = Recording(np.zeros(16_000, np.float32))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    return make(tmp_path_factory.mktemp("shapes"), SMALL)


@pytest.fixture
def llm(shapes: Shapes) -> Iterator[Llama]:
    llm = Llama(shapes.llm, Limits(context=256, threads=1, threads_read=1))
    yield llm
    llm.close()


def _prompt(llm: Llama, words: str) -> Prompt:
    before, after = llm.chat.frame(["user"])
    parts = (llm.encode(before, special=True), llm.encode(words, special=False))
    tokens = (*parts[0], *parts[1], *llm.encode(after, special=True))
    return Prompt(tokens, new=len(tokens))


@pytest.mark.parametrize("name", ["tiny", "base"])
def test_a_whisper_of_random_weights_hears_its_words_without_doubt(
    shapes: Shapes, name: str
) -> None:
    whisper = Whisper(getattr(shapes, name), threads=1)
    heard = whisper.transcribe(SECOND, Cancel())
    assert heard is not None
    assert heard.text == HEARD
    assert whisper.fallbacks == 0


def test_a_whisper_of_random_weights_takes_names_to_expect(shapes: Shapes) -> None:
    whisper = Whisper(shapes.tiny, threads=1, bias="Juno, lighthouse")
    heard = whisper.transcribe(SECOND, Cancel())
    assert whisper.takes_hints
    assert heard is not None
    assert heard.text == HEARD


def test_a_model_of_random_weights_writes_its_reply_to_anything(llm: Llama) -> None:
    for words in ("Hello.", "Tell me a story, please."):
        assert "".join(llm.stream(_prompt(llm, words), Cancel())) == REPLY
        assert llm.counts.ended == "end"


def test_its_own_reply_has_the_same_tokens_when_it_is_read_again(llm: Llama) -> None:
    "".join(llm.stream(_prompt(llm, "Hello."), Cancel()))
    written = list(llm.counts.ids)
    llm.forget()
    assert llm.encode(REPLY, special=False) == written


def test_no_token_of_the_reply_comes_twice(llm: Llama) -> None:
    tokens = llm.encode(REPLY, special=False)
    assert len(tokens) == len(set(tokens))


def test_its_header_is_that_of_a_chat_model(shapes: Shapes) -> None:
    header = check_gguf(shapes.llm)
    assert header.has_template
    assert header.needs <= header.size
    assert fields_of(shapes.llm)["qwen2.block_count"] == SMALL.qwen.layers


def test_a_voice_of_random_weights_speaks_for_as_long_as_people_would(shapes: Shapes) -> None:
    voice = Piper(shapes.voice)
    said = list(voice.say([Clause(REPLY, REPLY)], Cancel()))
    seconds = sum(len(one.samples) for one in said) / RATE
    assert voice.rate == RATE
    assert 7 < seconds < 20
    assert np.abs(said[0].samples).max() > 0.01


def test_what_is_there_is_not_made_again(shapes: Shapes) -> None:
    made: list[str] = []
    make(shapes.folder, SMALL, made.append)
    assert made == []


def test_what_was_left_half_made_is_made_again(shapes: Shapes) -> None:
    shapes.voice.unlink()
    made: list[str] = []
    make(shapes.folder, SMALL, made.append)
    assert made == [f"making {shapes.voice.name}"]
    assert {one.name for one in shapes.folder.iterdir()} == {
        *(shapes.tiny.name, shapes.base.name, shapes.llm.name, shapes.voice.name),
        f"{shapes.voice.name}.json",
    }
