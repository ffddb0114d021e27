"""Voices of F5-TTS: recordings that are as they must be, and what is said about those that are not."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from f5_lengths import MAX_FRAMES, frames_of, generated_frames, longest_text
from failures import RequestRefused
from reference_voices import RATE_HZ, read_recording, read_voice, reference_transcript, voice_name
from resampling import Ratio, resample, resampling_of


def recording(seconds: float = 4, rate_hz: int = RATE_HZ, channels: int = 1, width: int = 2, hz: float = 440) -> bytes:
    samples = 0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)
    pcm = np.repeat((samples * (2 ** (8 * width - 1) - 1)).astype(f"<i{width}"), channels)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, width, rate_hz, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())
    return file.getvalue()


def write_voice(folder: Path, content: bytes, transcript: str) -> None:
    folder.mkdir()
    (folder / "reference.wav").write_bytes(content)
    (folder / "reference.txt").write_text(transcript, encoding="utf-8")


SAID = "Buenos días, le atiende Clara, de la clínica."


def test_a_voice_is_its_recording_and_exactly_what_is_said_in_it(tmp_path: Path) -> None:
    write_voice(tmp_path / "clara", recording(), f" {SAID}\n")
    voice = read_voice(tmp_path, "clara")
    assert voice.transcript == f"{SAID} " and voice.samples.size == 4 * RATE_HZ


@pytest.mark.parametrize(
    ("content", "transcript", "message"),
    [
        (recording(1.5), SAID, "lasts 1.5 s, must last 2 to 12 s"),
        (recording(13), SAID, "lasts 13.0 s"),
        (recording(channels=2), SAID, "has 2 channels of 16 bits, must be mono of 16 bits"),
        (recording(width=4), SAID, "1 channels of 32 bits"),
        (recording(rate_hz=8_000), SAID, "has 8000 Hz, must have 22050 to 192000 Hz"),
        (b"ID3 not a WAV file", SAID, "is no WAV file with PCM"),
        (recording(), "  ", "reference.txt is empty"),
        (recording(10), "Hola.", "has 6 characters for 10.0 s"),
        (recording(2), SAID * 3, "is it exactly what is said"),
    ],
)
def test_a_voice_that_is_not_as_it_must_be_says_what_to_change(tmp_path: Path, content: bytes, transcript: str, message: str) -> None:
    write_voice(tmp_path / "clara", content, transcript)
    with pytest.raises(RequestRefused, match=message):
        read_voice(tmp_path, "clara")


def test_a_voice_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(RequestRefused, match="there are: none yet"):
        read_voice(tmp_path, "clara")
    (tmp_path / "default-es").mkdir()
    with pytest.raises(RequestRefused, match="there are: default-es"):
        read_voice(tmp_path, "clara")
    with pytest.raises(RequestRefused, match="lacks reference.wav"):
        read_voice(tmp_path, "default-es")


def test_without_a_name_the_language_speaks_and_no_name_leaves_the_folder() -> None:
    assert voice_name("", "es-MX") == "default-es"
    assert voice_name("agent_01", "es") == "agent_01"
    for name in ("../etc", "a/b", ".", "-x", "a" * 65, "ñ"):
        with pytest.raises(RequestRefused, match="tensor VOICE"):
            voice_name(name, "es")


def test_a_transcript_ends_as_a_sentence() -> None:
    assert [reference_transcript(text) for text in ("Hola", "¿Qué tal?\n", "Uno\ndos.")] == ["Hola. ", "¿Qué tal? ", "Uno dos. "]


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000])
def test_a_recording_of_another_rate_keeps_its_pitch_and_its_length(rate_hz: int) -> None:
    samples = read_recording(recording(2, rate_hz), "clara")
    assert samples.size == 2 * RATE_HZ
    expected = 0.3 * np.sin(2 * np.pi * 440 * np.arange(samples.size) / RATE_HZ)
    middle = slice(2_000, -2_000)
    noise = samples[middle] - expected[middle]
    assert 10 * np.log10(np.mean(expected[middle] ** 2) / np.mean(noise**2)) > 50


def test_what_the_lower_rate_cannot_hold_is_taken_out() -> None:
    ratio = resampling_of(48_000, RATE_HZ)
    assert ratio == Ratio(1, 2) and resampling_of(RATE_HZ, RATE_HZ) is None and resampling_of(44_100, RATE_HZ) == Ratio(80, 147)
    high = np.sin(2 * np.pi * 16_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(resample(high, ratio)[1_000:-1_000]).max() < 1e-3


def test_pieces_are_as_long_as_fits_beside_the_recording() -> None:
    reference = frames_of(4 * RATE_HZ)
    assert reference == 375
    assert generated_frames(reference, "x" * 50, "y" * 100, 1.0) == 750
    assert generated_frames(reference, "x" * 50, "y" * 100, 2.0) == 375
    longest = longest_text(reference, SAID, 1.0)
    assert reference + generated_frames(reference, SAID, "ñ" * longest, 1.0) <= MAX_FRAMES
    assert 200 < longest < 400
