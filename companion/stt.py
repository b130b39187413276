"""Sound to text with faster-whisper, in a window no longer than the speech needs.

Whisper was made for 30 s at a time, and its cost grows faster than its window: four seconds of
speech in a window of seven cost a tenth (performance 3.3). A short window can make a model loop
or guess; such an answer is thrown away and the speech heard again in the full window. Knows no
microphone and no memory.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.errors import BadData, EngineError, ModelMissing
from companion.values import SPEECH_RATE, Heard, Recording

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from companion.flow import Cancel

FULL_WINDOW = 3000
"""Frames of the window that faster-whisper always uses, and the most that a model takes."""

STEP = 8
"""Windows are multiples of so many frames, so that few different sizes are ever encoded."""

TOKENS_A_SECOND = 8
TOKENS_OF_SMALL = 20
SMALL_VOCABULARY = 10_000
TOKENS_MORE = 16
"""Nobody says more in a second; a model that writes more is looping. In a small vocabulary a word
is spelled in more pieces."""

QUIET_SECONDS = 5.0
"""How far before the end of a full window a long recording may be cut, at its quietest frame."""

_CURE = "Fetch one with `companion models pull`, or set [stt] model to another folder."


@dataclass(frozen=True, slots=True)
class Window:
    """How the encoder's window is fitted to the speech.

    Attributes:
        floor: Its shortest length, in seconds.
        margin: How much longer than the speech it is, in seconds.
    """

    floor: float = 5.0
    margin: float = 2.56


@dataclass(frozen=True, slots=True)
class Doubts:
    """When an answer is not believed.

    Attributes:
        compression: Its text compresses better than this: it repeats itself.
        logprob: The mean log probability of its tokens is below this.
        silence: The model takes it for silence with more than this probability.
    """

    compression: float = 2.4
    logprob: float = -1.0
    silence: float = 0.6


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    logprob: float
    compression: float
    silence: float
    capped: bool


class Whisper:
    """One Whisper model, ready to listen.

    Args:
        folder: The model in CTranslate2 form; nothing is ever downloaded.
        threads: Threads of the engine.
        language: Code of the language that is spoken, like "en".
        bias: Names and words to expect.
        window: How the encoder's window is fitted.
        doubts: When an answer is not believed.

    Attributes:
        frames_encoded: Mel frames encoded so far.
        fallbacks: How often the full window was needed after a short one.
        takes_hints: Whether words to expect help it. A model with a small vocabulary copies nothing
            from them: with three names ours spells as many right as without, with eight it mishears
            three words where it misheard one, with twenty all of them.

    Raises:
        ModelMissing: The folder or a file in it is not there.
        BadData: A file in it is damaged, or the model does not know the language.
    """

    def __init__(
        self,
        folder: Path,
        threads: int = 2,
        language: str = "en",
        bias: str = "",
        window: Window | None = None,
        doubts: Doubts | None = None,
    ) -> None:
        self.frames_encoded = 0
        self.fallbacks = 0
        self._window = window or Window()
        self._doubts = doubts or Doubts()
        self._model = _load(folder, threads)
        self._tokens = _tokenizer(self._model, folder, language)
        self._suppressed = _suppressed(self._tokens)
        small = self._model.hf_tokenizer.get_vocab_size() < SMALL_VOCABULARY
        self._fastest = TOKENS_OF_SMALL if small else TOKENS_A_SECOND
        self.takes_hints = not small
        self.expect(bias)

    def expect(self, bias: str) -> None:
        """Names and words to expect from now on; "" for none."""
        self._prompt: list[int] = self._model.get_prompt(
            self._tokens,
            [],
            without_timestamps=True,
            hotwords=bias if bias and self._tokens.sot_prev is not None else None,
        )

    def warm(self) -> None:
        """Listen to half a second of silence: the engine's first run is its slowest."""
        self._hear(np.zeros((self._bands, 48), np.float32), STEP * 8)

    def transcribe(self, recording: Recording, cancel: Cancel) -> Heard | None:
        """What was said; None where nothing was, or where the turn was stopped.

        Raises:
            EngineError: The engine failed.
        """
        if not len(recording.samples):
            return None
        mel = self._model.feature_extractor(np.ascontiguousarray(recording.samples, np.float32))
        answers: list[_Answer] = []
        for part in self._parts(mel):
            answer = self._listen(part, cancel)
            if cancel:
                return None
            if answer is not None:
                answers.append(answer)
        return _heard(answers, recording.seconds)

    @property
    def _bands(self) -> int:
        return int(self._model.model.n_mels)

    @property
    def _rate(self) -> float:
        """Frames a second."""
        return SPEECH_RATE / float(self._model.feature_extractor.hop_length)

    def _parts(self, mel: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """Pieces that each fit into the full window, cut where it is quiet."""
        longest = min(int(self._model.feature_extractor.nb_max_frames), FULL_WINDOW)
        parts = []
        while mel.shape[1] > longest:
            start = longest - round(QUIET_SECONDS * self._rate)
            cut = start + int(np.argmin(mel[:, start:longest].mean(axis=0)))
            parts.append(mel[:, :cut])
            mel = mel[:, cut:]
        return [*parts, mel]

    def _listen(self, mel: npt.NDArray[np.float32], cancel: Cancel) -> _Answer | None:
        """Hear one piece in a fitted window, and in the full one where that is doubtful."""
        size = self._fitted(mel.shape[1])
        answer = None if cancel else self._hear(mel, size, cancel)
        if answer is not None and size < FULL_WINDOW and self._doubtful(answer):
            self.fallbacks += 1
            again = self._hear(mel, FULL_WINDOW, cancel)
            if again is not None and (not self._doubtful(again) or again.logprob > answer.logprob):
                answer = again
        return answer if answer is not None and self._said(answer) else None

    def _fitted(self, frames: int) -> int:
        """How many frames the window needs for so many frames of speech."""
        wanted = max(self._window.floor * self._rate, frames + self._window.margin * self._rate)
        return min(math.ceil(wanted / STEP) * STEP, FULL_WINDOW)

    def _hear(
        self, mel: npt.NDArray[np.float32], size: int, cancel: Cancel | None = None
    ) -> _Answer | None:
        window = np.pad(mel, ((0, 0), (0, size - mel.shape[1])))
        most = round(mel.shape[1] / self._rate * self._fastest) + TOKENS_MORE
        most = min(most, int(self._model.max_length) - len(self._prompt))
        try:
            self.frames_encoded += size
            states = self._model.encode(window)
            if cancel:
                return None
            result = self._model.model.generate(
                states,
                [self._prompt],
                beam_size=1,
                max_length=len(self._prompt) + most,
                return_scores=True,
                return_no_speech_prob=True,
                suppress_tokens=self._suppressed,
            )[0]
        except (RuntimeError, ValueError) as error:
            raise EngineError("stt", f"Whisper failed: {error}", _CURE) from error
        return self._answer(result, most)

    def _answer(self, result: Any, most: int) -> _Answer:  # noqa: ANN401 - untyped library
        from faster_whisper.transcribe import get_compression_ratio

        tokens = result.sequences_ids[0]
        text = _clean(self._tokens.decode(tokens))
        return _Answer(
            text=text,
            logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            compression=get_compression_ratio(text) if text else 0.0,
            silence=result.no_speech_prob,
            capped=len(tokens) >= most,
        )

    def _doubtful(self, answer: _Answer) -> bool:
        loops = answer.capped or answer.compression > self._doubts.compression
        return loops or (answer.logprob < self._doubts.logprob and not self._silent(answer))

    def _silent(self, answer: _Answer) -> bool:
        unsure = answer.logprob < self._doubts.logprob
        return unsure and answer.silence > self._doubts.silence

    def _said(self, answer: _Answer) -> bool:
        """Whether there are words in it that somebody may have said."""
        loops = answer.capped and answer.compression > self._doubts.compression
        words = any(character.isalnum() for character in answer.text)
        return words and not loops and not self._silent(answer)


def _heard(answers: list[_Answer], seconds: float) -> Heard | None:
    if not answers:
        return None
    sure = math.exp(min(sum(answer.logprob for answer in answers) / len(answers), 0.0))
    return Heard(" ".join(answer.text for answer in answers), sure, seconds)


def _clean(text: str) -> str:
    """Printable words with one space between them."""
    kept = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(kept).replace("\ufffd", " ").split())


def _load(folder: Path, threads: int) -> Any:  # noqa: ANN401 - untyped library
    for name in ("", "model.bin", "tokenizer.json"):
        if not (folder / name).exists():
            raise ModelMissing(f"There is no Whisper model: {folder / name} is missing.", _CURE)
    for name in ("tokenizer.json", "preprocessor_config.json", "config.json"):
        _check_json(folder / name)
    import faster_whisper

    try:
        return faster_whisper.WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise BadData(f"The Whisper model in {folder} is damaged: {error}", _CURE) from error


def _check_json(file: Path) -> None:
    """The libraries answer a broken file with an error of no class, or with a default."""
    if not file.exists():
        return
    try:
        whole = isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
    except (UnicodeDecodeError, json.JSONDecodeError):
        whole = False
    if not whole:
        raise BadData(f"The Whisper model in {file.parent} is damaged: {file.name}.", _CURE)


def _tokenizer(model: Any, folder: Path, language: str) -> Any:  # noqa: ANN401 - untyped library
    from faster_whisper.tokenizer import Tokenizer

    if language not in model.supported_languages:
        known = "English only" if not model.model.is_multilingual else "other languages"
        raise BadData(
            f"The Whisper model in {folder} understands {known}, not {language!r}.",
            "Set [stt] language to one it knows, or fetch another with `companion models pull`.",
        )
    tokens = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, "transcribe", language)
    if None in (tokens.sot, tokens.eot, tokens.no_timestamps):
        raise BadData(f"{folder / 'tokenizer.json'} is no tokenizer of a Whisper model.", _CURE)
    return tokens


def _suppressed(tokens: Any) -> list[int]:  # noqa: ANN401 - untyped library
    """Tokens that are never words: music notes, brackets, the model's own signs."""
    own = (
        tokens.transcribe,
        tokens.translate,
        tokens.sot,
        tokens.sot_prev,
        tokens.sot_lm,
        tokens.no_speech,
    )
    return sorted({*tokens.non_speech_tokens, *(token for token in own if token is not None)})
