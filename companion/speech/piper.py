"""A Piper voice: clauses to sound, with the place in the text for every moment of it.

Knows nothing of loudspeakers. The voice's graph runs in a session of our own, because Piper's
takes every core and keeps spinning between two sentences (performance 3.4).
"""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from companion.errors import BadData, EngineError, MissingInput, ModelMissing
from companion.speech.clauses import LONGEST
from companion.speech.marks import Timed, place_marks, sounds
from companion.values import Samples, Speech

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from piper import PiperVoice

    from companion.flow import Cancel
    from companion.values import Clause

LEAD_IN = 0.03
"""Seconds of silence left before a reply; the rest of the voice's own is cut off."""

SILENCE = 0.003
"""Level (-50 dB) below which a voice that has not begun yet is silent; full scale is 1."""

SENTENCE_PAUSE = 0.18
CLAUSE_PAUSE = 0.07
"""Seconds of silence that follow a sentence and a clause at the least. A voice that was trained on
single sentences, as ours were, leaves none by itself."""

CLOSERS = " \t\n\"'”’»)]"
"""What may stand behind the last mark of a clause."""

KNEE = 0.8
"""Level above which peaks are rounded instead of clipped."""

SPEEDS = (0.25, 4.0)
"""Slowest and fastest that a voice is asked to speak."""

_CURE = "Fetch a voice with `companion voices pull NAME`, or name another one."


class _Sound(BaseModel):
    sample_rate: Annotated[int, Field(ge=8000, le=96_000, strict=True)]


class _Inference(BaseModel):
    noise_scale: float = 0.667
    length_scale: Annotated[float, Field(gt=0)] = 1.0
    noise_w: float = 0.8


class _VoiceFile(BaseModel):
    """What a voice's `.onnx.json` must hold; Piper itself checks none of it (M11)."""

    audio: _Sound
    num_symbols: Annotated[int, Field(gt=0)]
    num_speakers: Annotated[int, Field(gt=0)]
    hop_length: Annotated[int, Field(gt=0)] = 256
    inference: _Inference = _Inference()
    phoneme_id_map: dict[str, list[int]]


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

        self.name = model.name.removesuffix(".onnx")
        self._voice = _load(model, threads)
        self._gain = gain
        speakers = self._voice.config.num_speakers
        if speaker is not None and not 0 <= speaker < speakers:
            raise MissingInput(
                f"The voice {self.name} has no speaker {speaker}.",
                f"It has {speakers}: 0 to {speakers - 1}." if speakers > 1 else "It has only one.",
            )
        pace = min(max(speed, SPEEDS[0]), SPEEDS[1])
        self._how = piper.SynthesisConfig(
            speaker_id=speaker, length_scale=self._voice.config.length_scale / pace
        )
        self._count = lru_cache(maxsize=4096)(self._count_sounds)
        self._count_sounds("a")

    @property
    def rate(self) -> int:
        """Samples a second, in Hz."""
        return int(self._voice.config.sample_rate)

    def warm(self) -> None:
        """Speak one word into nothing: the engine's first run is its slowest."""
        self._render("one")

    def paced(self, factor: float) -> Piper:
        """The same voice at another pace; the two share one engine."""
        import piper

        other = copy.copy(self)
        slower = (self._how.length_scale or 1.0) / factor
        other._how = piper.SynthesisConfig(self._how.speaker_id, slower)  # noqa: SLF001 - its own
        return other

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Speak clause by clause; a clause with nothing to say passes without sound.

        Raises:
            EngineError: The engine failed; the clauses before were given out.
        """
        begun = False
        for clause in clauses:
            timed, samples = self._speak(clause.spoken, cancel)
            if cancel:
                return
            if len(samples) and not begun:
                begun = True
                samples, timed = _trimmed(samples, timed, self.rate)
            marks = place_marks(clause, timed, self._count)
            sound = _limited(_paused(samples, clause.spoken, self.rate), self._gain)
            yield Speech(clause, sound, self.rate, marks)

    def _speak(self, spoken: str, cancel: Cancel) -> tuple[list[Timed], Samples]:
        timed: list[Timed] = []
        sound: list[Samples] = []
        for text in _portions(_clean(spoken)):
            if cancel:
                break
            more, samples = self._render(text, sum(map(len, sound)))
            timed += more
            sound.append(samples)
        return timed, np.concatenate(sound or [_NOTHING])

    def _render(self, text: str, start: int = 0) -> tuple[list[Timed], Samples]:
        """Sentence by sentence, as espeak sees them."""
        timed: list[Timed] = []
        sound: list[Samples] = []
        known = self._voice.config.phoneme_id_map
        for sentence in self._voice.phonemize(text):
            phonemes = [phoneme for phoneme in sentence if phoneme in known]
            if sounds(phonemes):
                samples, ends = self._run(phonemes)
                begin = start + sum(map(len, sound))
                timed += [
                    Timed(phoneme, begin + end) for phoneme, end in zip(phonemes, ends, strict=True)
                ]
                sound.append(samples)
        return timed, np.concatenate(sound or [_NOTHING])

    def _run(self, phonemes: list[str]) -> tuple[Samples, list[int]]:
        """The samples of one sentence, and where each phoneme ends."""
        ids = self._voice.phonemes_to_ids(phonemes)
        try:
            result: Any = self._voice.phoneme_ids_to_audio(ids, self._how, include_alignments=True)
        except _engine_errors() as error:
            raise EngineError(
                "voice", f"The voice {self.name} failed: {_first_line(error)}", _CURE
            ) from error
        samples = np.atleast_1d(result[0])
        if samples.ndim != 1 or samples.dtype != np.float32 or not np.isfinite(samples).all():
            raise EngineError("voice", f"The voice {self.name} gave no mono sound.", _CURE)
        spans = result[1] if result[1] is not None and np.size(result[1]) == len(ids) else None
        return samples, self._ends(phonemes, spans, len(samples))

    def _ends(
        self, phonemes: list[str], spans: npt.NDArray[np.int64] | None, length: int
    ) -> list[int]:
        """Where each phoneme ends; without alignments, in proportion."""
        known = self._voice.config.phoneme_id_map
        padding = len(known["_"])
        start = len(known["^"]) + padding
        widths = [len(known[phoneme]) + padding for phoneme in phonemes]
        places = start + np.cumsum(widths)
        if spans is None or places[-1] > len(spans):
            spans = np.full(start + sum(widths), length / (start + sum(widths)))
        ends = np.cumsum(spans)[places - 1]
        return [min(int(end), length) for end in ends]

    def _count_sounds(self, word: str) -> int:
        try:
            return sum(map(sounds, self._voice.phonemize(_clean(word)[:LONGEST])))
        except RuntimeError as error:
            language = self._voice.config.espeak_voice
            raise BadData(f"The voice {self.name}: no language {language!r}.", _CURE) from error


_NOTHING: Samples = np.zeros(0, np.float32)


def _load(model: Path, threads: int) -> PiperVoice:
    import onnxruntime
    import piper

    config = _config(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
    except _engine_errors() as error:
        raise BadData(f"{model} is damaged: {_first_line(error)}", _CURE) from error
    wanted = {"input", "input_lengths", "scales"}
    if not wanted <= {given.name for given in session.get_inputs()}:
        raise BadData(
            f"{model} is no Piper voice: its graph does not take {sorted(wanted)}.", _CURE
        )
    if session.get_outputs()[0].type != "tensor(float)":
        raise BadData(f"{model} is no Piper voice: its graph gives no float32 sound.", _CURE)
    return piper.PiperVoice(session=session, config=config)


def _config(model: Path) -> Any:  # noqa: ANN401 - piper's own, untyped for mypy
    import piper

    file = model.with_name(f"{model.name}.json")
    for needed in (model, file):
        if not needed.is_file():
            raise ModelMissing(f"There is no {needed}.", f"A voice needs both files. {_CURE}")
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        checked = _VoiceFile.model_validate(raw)
        config = piper.PiperConfig.from_dict(raw)
    except (UnicodeDecodeError, json.JSONDecodeError, ValidationError) as error:
        raise BadData(f"{file} is no Piper configuration: {_first_line(error)}", _CURE) from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{file} is no Piper configuration: {error!r}", _CURE) from error
    missing = [mark for mark in "^$_" if not checked.phoneme_id_map.get(mark)]
    if missing:
        raise BadData(f"{file}: phoneme_id_map lacks {' '.join(missing)}.", _CURE)
    return config


def _engine_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its errors have no common parent of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoModel NoSuchFile NotImplemented"
    found = [getattr(state, name) for name in [*names.split(), "RuntimeException", "EPFail"]]
    return (RuntimeError, ValueError, *found)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


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


def _paused(samples: Samples, spoken: str, rate: int) -> Samples:
    """With at least the silence at its end that the punctuation asks for."""
    last = spoken.rstrip(CLOSERS)[-1:]
    pause = SENTENCE_PAUSE if last in ".!?…" else CLAUSE_PAUSE if last in ",;:—" else 0.0
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    if not last or not len(loud):
        return samples
    missing = round(pause * rate) - (len(samples) - 1 - int(loud[-1]))
    return np.pad(samples, (0, max(missing, 0)))


def _limited(samples: Samples, gain: float) -> Samples:
    """Apply the gain; round what would be louder than full scale, so that nothing crackles."""
    louder = samples * np.float32(gain)
    level = np.abs(louder)
    over = level > KNEE
    if over.any():
        room = 1 - KNEE
        rounded = KNEE + room * np.tanh((level[over] - KNEE) / room)
        louder[over] = np.sign(louder[over]) * rounded
    return np.ascontiguousarray(louder, np.float32)


def _trimmed(samples: Samples, timed: list[Timed], rate: int) -> tuple[Samples, list[Timed]]:
    """Without the silence before the first word, but for `LEAD_IN`."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    cut = max(int(loud[0]) - round(LEAD_IN * rate), 0) if len(loud) else 0
    return samples[cut:], [Timed(one.phoneme, max(one.end - cut, 0)) for one in timed]
