"""Sound without a device: sample rates and sound files."""

from __future__ import annotations

import stat
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.errors import BadData, CannotCreate, Forbidden, MissingInput
from companion.sound.resample import Resampler, resample
from companion.sound.wav import read_wav, write_wav

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def tone(rate: int, seconds: float = 0.5, pitch: float = 1_000.0) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def pitch_of(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    return float(np.argmax(spectrum)) * rate / (1 << 18)


def signal_to_noise(samples: np.ndarray, rate: int, pitch: float = 1_000.0) -> float:
    """Decibels between a sine fitted to the middle of `samples` and all the rest."""
    inner = samples[len(samples) // 8 : -len(samples) // 8].astype(np.float64)
    angle = 2 * np.pi * pitch * np.arange(len(inner)) / rate
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, inner, rcond=None)[0]
    return float(10 * np.log10((fitted**2).mean() / ((inner - fitted) ** 2).mean()))


@pytest.mark.parametrize("target", RATES)
@pytest.mark.parametrize("source", RATES)
def test_a_tone_keeps_its_pitch_and_length_at_every_pair_of_rates(source, target):
    heard = resample(tone(source), source, target)
    assert abs(len(heard) - len(tone(source)) * target / source) <= 1
    assert pitch_of(heard, target) == pytest.approx(1_000, abs=1)
    assert signal_to_noise(heard, target) > 60


@given(cuts=st.lists(st.integers(0, 4_000), max_size=12), pair=st.sampled_from(RATES))
@settings(max_examples=60, deadline=None)
def test_sound_in_any_pieces_comes_out_as_in_one(cuts, pair):
    sound = np.random.default_rng(1).standard_normal(4_000).astype(np.float32)
    stream = Resampler(pair, 44_100)
    pieces = [stream.feed(piece) for piece in np.split(sound, sorted(cuts))]
    streamed = np.concatenate([*pieces, stream.end()])
    np.testing.assert_allclose(streamed, resample(sound, pair, 44_100), atol=1e-6)


@pytest.mark.parametrize("kind", ["wav", "flac"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("rate", RATES)
def test_a_file_of_any_rate_and_channels_is_read_as_mono_16_khz(tmp_path, rate, channels, kind):
    path = tmp_path / f"tone.{kind}"
    soundfile.write(path, np.repeat(tone(rate)[:, None], channels, axis=1), rate)
    recording = read_wav(path)
    assert recording.seconds == pytest.approx(0.5, abs=0.001)
    assert recording.source == str(path)
    assert pitch_of(recording.samples, 16_000) == pytest.approx(1_000, abs=1)
    assert signal_to_noise(recording.samples, 16_000) > 40


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "said.wav"
    write_wav(path, tone(16_000), 16_000)
    assert np.abs(read_wav(path).samples - tone(16_000)).max() < 1e-4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["said.wav"]


def test_sound_beyond_full_scale_is_clipped_and_never_wraps(tmp_path):
    write_wav(tmp_path / "loud.wav", np.array([2.0, -2.0, np.nan], np.float32), 16_000)
    read = soundfile.read(tmp_path / "loud.wav", dtype="int16")[0]
    assert read.tolist() == [32_767, -32_767, 0]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(CannotCreate, match=r"folder\.wav cannot be written"):
        write_wav(tmp_path / "folder.wav", tone(16_000), 16_000)
    assert [file.name for file in tmp_path.iterdir()] == ["folder.wav"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CannotCreate, match="No such file"):
        write_wav(tmp_path / "no" / "said.wav", tone(16_000), 16_000)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingInput, match=r"no sound file .*gone\.wav"):
        read_wav(tmp_path / "gone.wav")


def test_a_folder_is_no_sound(tmp_path):
    with pytest.raises(BadData, match="is not a file"):
        read_wav(tmp_path)


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = tmp_path / "mine.wav"
    write_wav(path, tone(16_000), 16_000)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may read everything
    with pytest.raises(Forbidden, match="may not be read"):
        read_wav(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "cannot be read as sound"),
        (b"<!DOCTYPE html><title>not sound</title>" * 40, "cannot be read as sound"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "cannot be read as sound"),
    ],
)
def test_a_file_that_is_no_sound_is_refused_by_name(tmp_path, content, told):
    (tmp_path / "odd.wav").write_bytes(content)
    with pytest.raises(BadData, match=rf"odd\.wav {told}"):
        read_wav(tmp_path / "odd.wav")


def write_pcm(path, rate: int, frames: int) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(2 * frames))


@pytest.mark.parametrize(
    ("rate", "frames", "told"),
    [
        (1_092_676, 100, "claims 1092676 samples a second"),
        (100, 100, "claims 100 samples a second"),
        (16_000, 0, "holds no sound"),
        (4_000, 1_801 * 4_000, "lasts 1801 s; the limit is 1800 s"),
    ],
)
def test_a_length_or_rate_that_cannot_be_right_is_refused(tmp_path, rate, frames, told):
    write_pcm(tmp_path / "odd.wav", rate, frames)
    with pytest.raises(BadData, match=told):
        read_wav(tmp_path / "odd.wav")


def test_a_file_cut_in_the_middle_is_refused_or_shorter_but_never_noise(tmp_path):
    soundfile.write(tmp_path / "whole.flac", tone(16_000, 2), 16_000)
    half = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "half.flac").write_bytes(half[: len(half) // 2])
    with pytest.raises(BadData, match=r"half\.flac"):
        read_wav(tmp_path / "half.flac")


def test_samples_that_are_not_numbers_are_refused(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.full(800, np.nan), 16_000, subtype="FLOAT")
    with pytest.raises(BadData, match="not numbers"):
        read_wav(tmp_path / "nan.wav")
