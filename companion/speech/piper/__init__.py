"""A Piper voice: clauses to sound, with the place in the text for every moment of it.

Knows nothing of loudspeakers. `engine` runs its graph, `edges` shapes how a clause begins and ends.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from companion.errors import BadData, MissingInput
from companion.speech.acknowledge import mark_of
from companion.speech.clauses import LONGEST
from companion.speech.marks import Timed, place_marks, sounds
from companion.speech.piper.edges import SENTENCE_PAUSE, limited, pause_after, paused, trimmed
from companion.speech.piper.engine import BEGIN_SECONDS, LATER_SECONDS, Engine, Sentence
from companion.speech.piper.espeak import told_once
from companion.speech.piper.file import CURE, read_config
from companion.values import Clause, Samples, Speech

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from companion.flow import Cancel

SPEEDS = (0.25, 4.0)
"""Slowest and fastest that a voice is asked to speak."""

WARM = "Well, that is good to hear, and there is a lot to tell you of."
"""What is spoken into nothing at the start: as long as most clauses are."""

_NOTHING: Samples = np.zeros(0, np.float32)
_NO_WORDS = Clause("", "")


@dataclass(frozen=True, slots=True)
class _Read:
    """What the voice is to say of a clause, before it is rendered.

    Attributes:
        timed: Its phonemes, and where each ends.
        sentences: As espeak sees them.
    """

    timed: list[Timed]
    sentences: list[Sentence]


class Piper:
    """One voice, ready to speak.

    Args:
        model: The voice's `.onnx` file, with its `.onnx.json` beside it.
        threads: Threads of the engine.
        speed: How fast it speaks; 1 is the voice's own pace.
        gain: What its samples are multiplied with.
        speaker: Which of its speakers; None for its first.

    Raises:
        ModelMissing: One of the two files is not there.
        BadData: One of them is not what it should be.
        MissingInput: It has no such speaker.
    """

    def __init__(
        self,
        model: Path,
        threads: int = 1,
        speed: float = 1.0,
        gain: float = 1.0,
        speaker: int | None = None,
    ) -> None:
        import piper

        told_once()
        self.name = model.name.removesuffix(".onnx")
        config = read_config(model)
        self._engine = Engine(model, threads, config.hop_length, config.sample_rate)
        self._voice: Any = piper.PiperVoice(session=self._engine.session, config=config)
        self._file, self._gain = model, gain
        speakers = config.num_speakers
        if speaker is not None and not 0 <= speaker < speakers:
            raise MissingInput(
                f"The voice {self.name} has no speaker {speaker}.",
                f"It has {speakers}: 0 to {speakers - 1}." if speakers > 1 else "It has only one.",
            )
        self._speaker = speaker
        pace = min(max(speed, SPEEDS[0]), SPEEDS[1])
        self._length_scale = config.length_scale / pace
        self._count = lru_cache(maxsize=4096)(self._count_sounds)
        self._count_sounds("a")

    @property
    def rate(self) -> int:
        """Samples a second, in Hz."""
        return int(self._voice.config.sample_rate)

    @property
    def language(self) -> str:
        """What it speaks, as espeak names it: "en-us"."""
        return str(self._voice.config.espeak_voice)

    @property
    def mark(self) -> str:
        """What another voice, pace or loudness would change."""
        return mark_of(self._file, self._length_scale, self._speaker, self._gain)

    @property
    def streams(self) -> bool:
        """Whether it can begin a sentence before all of it is rendered."""
        return self._engine.streams

    def warm(self) -> float:
        """Speak into nothing: the engine's first run is its slowest.

        Returns:
            Its work for each second of sound.
        """
        share = 0.0
        for text in ("one", WARM):
            began, samples = time.monotonic(), 0
            for sentence in self._read(text).sentences:
                samples += sum(map(len, sentence.pieces(BEGIN_SECONDS)))
            share = (time.monotonic() - began) * self.rate / max(samples, 1)
        return share

    def paced(self, factor: float) -> Piper:
        """The same voice at another pace; the two share one engine."""
        other = copy.copy(self)
        other._length_scale = self._length_scale / factor  # noqa: SLF001 - its own
        return other

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Speak clause by clause; a clause with nothing to say passes without sound.

        A clause comes in pieces where the voice can begin before it is rendered to its end.

        Raises:
            EngineError: The engine failed; the clauses before were given out.
        """
        begun = False
        for clause in clauses:
            read = self._read(clause.spoken, cancel)
            if cancel:
                return
            if not read.sentences:
                yield Speech(clause, _NOTHING, self.rate)
                continue
            for speech in self._sound(clause, read, begins=not begun):
                if cancel:
                    return
                yield speech
            begun = True

    def _sound(self, clause: Clause, read: _Read, *, begins: bool) -> Iterator[Speech]:
        """The clause in pieces; the first one knows where in the text all of them are."""
        cut, first = 0, read.sentences[0].pieces(BEGIN_SECONDS if begins else LATER_SECONDS)
        if begins:
            cut, first = trimmed(first, self.rate)
        timed = [Timed(one.phoneme, max(one.end - cut, 0)) for one in read.timed]
        marks = place_marks(clause, timed, self._count)
        pieces = self._pieces(clause, read, cut, first)
        if not self.streams:
            joined = np.concatenate([samples for samples, _ in pieces])
            pieces = iter([(joined, True)])
        for number, (samples, last) in enumerate(pieces):
            words, where = (_NO_WORDS, ()) if number else (clause, marks)
            yield Speech(words, limited(samples, self._gain), self.rate, where, last)

    def _pieces(
        self, clause: Clause, read: _Read, cut: int, first: Iterator[Samples]
    ) -> Iterator[tuple[Samples, bool]]:
        """All sentences of a clause, with a pause between them."""
        pieces = first
        for number, sentence in enumerate(read.sentences, 1):
            final = number == len(read.sentences)
            pause = pause_after(clause.spoken) if final else SENTENCE_PAUSE
            length = sentence.length - (cut if number == 1 else 0)
            for samples, last in paused(pieces, length, pause, self.rate):
                yield samples, last and final
            if not final:
                pieces = read.sentences[number].pieces(LATER_SECONDS)

    def _read(self, spoken: str, cancel: Cancel | None = None) -> _Read:
        """Sentence by sentence, as espeak sees them; a stop ends it early."""
        timed: list[Timed] = []
        sentences: list[Sentence] = []
        known = self._voice.config.phoneme_id_map
        begin = 0
        for text in _portions(_clean(spoken)):
            for phonemes in self._voice.phonemize(text):
                said = [phoneme for phoneme in phonemes if phoneme in known]
                if not sounds(said) or cancel:
                    continue
                sentence = self._engine.sentence(self._inputs(said))
                ends = self._ends(said, sentence)
                timed += [
                    Timed(phoneme, begin + end) for phoneme, end in zip(said, ends, strict=True)
                ]
                sentences.append(sentence)
                begin += sentence.length + round(SENTENCE_PAUSE * self.rate)
        return _Read(timed, sentences)

    def _inputs(self, phonemes: list[str]) -> dict[str, npt.NDArray[Any]]:
        """What a voice's graph takes."""
        ids = np.array([self._voice.phonemes_to_ids(phonemes)], np.int64)
        config = self._voice.config
        scales = [config.noise_scale, self._length_scale, config.noise_w_scale]
        inputs: dict[str, npt.NDArray[Any]] = {
            "input": ids,
            "input_lengths": np.array([ids.shape[1]], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if config.num_speakers > 1:
            default = config.default_speaker_id
            speaker = default if self._speaker is None else self._speaker
            inputs["sid"] = np.array([speaker], np.int64)
        return inputs

    def _ends(self, phonemes: list[str], sentence: Sentence) -> list[int]:
        """Where each phoneme ends; without alignments, in proportion."""
        known = self._voice.config.phoneme_id_map
        padding = len(known["_"])
        start = len(known["^"]) + padding
        widths = [len(known[phoneme]) + padding for phoneme in phonemes]
        places = start + np.cumsum(widths)
        spans, length = sentence.spans, sentence.length
        if spans is None or np.size(spans) != start + sum(widths) + len(known["$"]):
            spans = np.full(start + sum(widths), length / (start + sum(widths)))
        ends = np.cumsum(spans)[places - 1]
        return [min(int(end), length) for end in ends]

    def _count_sounds(self, word: str) -> int:
        try:
            return sum(map(sounds, self._voice.phonemize(_clean(word)[:LONGEST])))
        except RuntimeError as error:
            language = self._voice.config.espeak_voice
            raise BadData(f"The voice {self.name}: no language {language!r}.", CURE) from error


def _clean(text: str) -> str:
    """Without what would stop the phonemiser, or be read by it as raw phonemes (M11)."""
    text = text.replace("\0", "").replace("[[", "").replace("]]", "")
    return text.encode("utf-8", "ignore").decode("utf-8")


def _portions(text: str) -> Iterator[str]:
    """At most `LONGEST` characters each, cut between words where there are any."""
    while len(text) > LONGEST:
        cut = text.rfind(" ", LONGEST // 2, LONGEST)
        cut = LONGEST if cut < 0 else cut
        yield text[:cut]
        text = text[cut:].lstrip()
    if text:
        yield text
