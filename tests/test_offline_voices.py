"""The three voices in voices/ as Piper sees them: real files, real engine, nothing trained here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from companion.cards.folder import list_cards
from companion.flow import Cancel
from companion.speech.clauses import split_clauses
from companion.speech.piper import Piper

onnxruntime = pytest.importorskip("onnxruntime")
piper = pytest.importorskip("piper")

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from piper import PiperVoice

FOLDER = Path(__file__).parents[1] / "voices"
NAMES = ("en_US-juno-low", "en_US-tam-low", "en_US-wren-low")
RATE = 16000
HOP = 80
ODD_IDS = {
    "nothing": [],
    "padding": [0, 0, 0],
    "strangers": [1, 0, 999, 0, -5, 0, 2],
    "no edges": [25, 0, 120, 0, 39, 0, 32],
    "one": [10],
}
ODD_TEXTS = (
    "I paid $3.50 for 12 eggs at 7:45 PM.",
    "naïve café, jalapeño — “quoted” … 😀",
    "Привет мир",
    "Hmm... well; okay: yes!",
    "a " * 200,
)


@pytest.fixture(scope="module", params=NAMES)
def voice(request: pytest.FixtureRequest) -> PiperVoice:
    """A voice in a session of one thread."""
    path = FOLDER / f"{request.param}.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    config = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    return piper.PiperVoice(session=session, config=piper.PiperConfig.from_dict(config))


def spoken(voice: PiperVoice, text: str, **settings: float) -> NDArray[np.float32]:
    """The samples of a text, at the voice's own level."""
    chosen = piper.SynthesisConfig(normalize_audio=False, **settings)
    return np.concatenate([c.audio_float_array for c in voice.synthesize(text, chosen)])


def run(voice: PiperVoice, ids: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Samples and frames per id."""
    given = {
        "input": np.array([ids], np.int64).reshape(1, len(ids)),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array([0.667, 1.0, 0.8], np.float32),
    }
    sound, frames = voice.session.run(None, given)
    return sound.reshape(-1), frames.reshape(-1)


def quiet(sound: NDArray[np.float32]) -> int:
    """Samples before the level comes within 40 dB of the loudest."""
    return int(np.argmax(np.abs(sound) > np.abs(sound).max() / 100))


def pitch(sound: NDArray[np.float32]) -> float:
    """Hz of a stretch of voice, by autocorrelation between 55 and 450 Hz."""
    sound = sound - sound.mean()
    whole = np.correlate(sound, sound, "full")[len(sound) - 1 :]
    shortest, longest = RATE // 450, RATE // 55
    return RATE / (shortest + int(np.argmax(whole[shortest:longest])))


def last_pitch(voice: PiperVoice, text: str) -> float:
    """Hz in the last 60 ms but 50 of a text that ends in voice."""
    sound = spoken(voice, text, noise_scale=0.0)
    return pitch(sound[-int(0.11 * RATE) : -int(0.05 * RATE)])


def test_the_voices_together_are_small() -> None:
    """A clone carries them."""
    assert sum((FOLDER / f"{name}.onnx").stat().st_size for name in NAMES) < 11_000_000


def test_a_sentence_lasts_as_long_as_people_take_for_it(voice: PiperVoice) -> None:
    """Eight words: two to four seconds, neither silent nor clipped."""
    sound = spoken(voice, "Please put the dishes into the sink, Tom.")
    assert 1.5 < len(sound) / RATE < 4
    assert 0.2 < np.abs(sound).max() < 1.0


def test_speech_starts_and_ends_at_once(voice: PiperVoice) -> None:
    """The listener waits for the first sound; joins are the caller's business."""
    sound = spoken(voice, "Good evening.")
    assert quiet(sound) < 0.06 * RATE
    assert quiet(sound[::-1]) < 0.12 * RATE


def test_a_sentence_begins_and_ends_in_silence(voice: PiperVoice) -> None:
    """So that no join clicks."""
    sound = spoken(voice, "My cat is called Luna.")
    assert max(abs(sound[0]), abs(sound[-1])) < 1e-6
    assert np.abs(np.concatenate([sound[:16], sound[-16:]])).max() < 0.01


def test_the_same_sentence_gives_the_same_samples(voice: PiperVoice) -> None:
    """Repeatable demos and tests depend on it."""
    text = "Where did I leave my keys?"
    assert np.array_equal(spoken(voice, text), spoken(voice, text))


def test_alignments_add_up_to_the_sound(voice: PiperVoice) -> None:
    """A cut reply is mapped back to words through them."""
    ids = voice.phonemes_to_ids(voice.phonemize("Open the window, please.")[0])
    sound, frames = run(voice, ids)
    assert len(frames) == len(ids)
    assert int(frames.sum()) * HOP == len(sound)


def test_piper_itself_reports_alignments(voice: PiperVoice) -> None:
    """Without its patch and the onnx package: the graph carries them."""
    chunk = next(iter(voice.synthesize("Open the window, please.", include_alignments=True)))
    assert chunk.phoneme_alignments is not None
    assert sum(a.num_samples for a in chunk.phoneme_alignments) == len(chunk.audio_float_array)


@pytest.mark.parametrize("name", NAMES)
def test_piper_finds_the_durations_by_their_only_ceil(name: str) -> None:
    """Its patcher gives up at two."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(FOLDER / f"{name}.onnx").graph
    assert sum(node.op_type == "Ceil" for node in graph.node) == 1


@pytest.mark.parametrize("ids", ODD_IDS.values(), ids=ODD_IDS.keys())
def test_odd_ids_are_survived(voice: PiperVoice, ids: list[int]) -> None:
    """Nothing, padding, ids that no table has."""
    sound, frames = run(voice, ids)
    assert np.isfinite(sound).all()
    assert len(frames) == len(ids)
    assert np.abs(sound).max() < 1.0


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_are_spoken(voice: PiperVoice, text: str) -> None:
    """Numbers, signs, other alphabets, 200 times the same."""
    sound = spoken(voice, text)
    assert np.isfinite(sound).all()
    assert len(sound) > 0.3 * RATE


@pytest.mark.parametrize(("scale", "least", "most"), [(2.0, 1.8, 2.2), (0.667, 0.6, 0.74)])
def test_length_scale_sets_the_tempo(
    voice: PiperVoice, scale: float, least: float, most: float
) -> None:
    """Half and one and a half speed."""
    text = "The children are playing in the garden."
    ratio = len(spoken(voice, text, length_scale=scale)) / len(spoken(voice, text))
    assert least < ratio < most


def test_noise_scale_changes_the_sound_and_not_its_length(voice: PiperVoice) -> None:
    """Breath and pitch movement."""
    still, breathy = (spoken(voice, "I am here.", noise_scale=s) for s in (0.0, 1.0))
    assert len(still) == len(breathy)
    assert np.abs(still - breathy).max() > 0.01


def test_noise_w_changes_the_rhythm(voice: PiperVoice) -> None:
    """Durations vary, the order of sounds does not."""
    text = "The children are playing in the garden."
    assert len(spoken(voice, text, noise_w_scale=0.0)) != len(
        spoken(voice, text, noise_w_scale=1.0)
    )


@pytest.mark.parametrize("text", ["Is it the moon", "Are you coming home", "Do you have a room"])
def test_questions_rise(voice: PiperVoice, text: str) -> None:
    """Against the same words as a statement."""
    assert last_pitch(voice, f"{text}?") > 1.2 * last_pitch(voice, f"{text}.")


def test_the_voices_are_told_apart_by_pitch() -> None:
    """Tam is low, Juno higher, Wren the highest; all read the same sentence."""
    found = []
    for name in NAMES:
        sound = spoken(piper.PiperVoice.load(FOLDER / f"{name}.onnx"), "We are all alone.")
        middle = len(sound) // 2
        found.append(pitch(sound[middle - 1600 : middle + 1600]))
    juno, tam, wren = found
    assert juno > 1.3 * tam
    assert wren > 1.3 * juno


@pytest.mark.parametrize("name", NAMES)
def test_no_join_of_a_spoken_reply_clicks(name: str) -> None:
    """The way a reply goes: clause by clause; 5 ms around each join, against all of it."""
    text = "Good evening, my friend. The lamp is lit; come in! Is it still raining, or not?"
    engine = Piper(FOLDER / f"{name}.onnx")
    clauses = [each.samples for each in engine.say(split_clauses([text]), Cancel())]
    steps = np.abs(np.diff(np.concatenate(clauses)))
    ends = np.cumsum([len(samples) for samples in clauses])[:-1]
    assert len(ends) >= 3
    assert max(steps[end - 80 : end + 80].max() for end in ends) < 0.01 * steps.max()


def test_every_shipped_voice_has_a_character_and_every_character_a_voice() -> None:
    """Nobody shares a voice."""
    asked = [card.voice.model for card in list_cards(FOLDER.parent / "characters")]
    assert sorted(str(name) for name in asked) == sorted(p.stem for p in FOLDER.glob("*.onnx"))
