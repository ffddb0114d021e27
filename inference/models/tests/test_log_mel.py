"""The picture that Whisper sees."""

import numpy as np

from log_mel import FRAMES, HOP, RATE_HZ, WINDOW, hz_of, log_mel, mel_filters, mel_of

FILTERS = mel_filters(128)


def tone(hz: float, seconds: float) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def plainly(samples: np.ndarray) -> np.ndarray:
    """The same by the definition: 30 s of sound, frame by frame, nothing left out."""
    padded = np.zeros(FRAMES * HOP)
    padded[: samples.size] = samples
    around = np.pad(padded, WINDOW // 2, mode="reflect")
    window = np.hanning(WINDOW + 1)[:-1]
    power = np.array([np.abs(np.fft.rfft(around[at * HOP : at * HOP + WINDOW] * window)) ** 2 for at in range(FRAMES)])
    logs = np.log10(np.maximum(FILTERS @ power.T, 1e-10))
    return (np.maximum(logs, logs.max() - 8) + 4) / 4


def test_a_short_utterance_gives_the_same_picture_as_thirty_seconds_of_it_with_silence() -> None:
    noise = np.random.default_rng(7).normal(0, 0.1, 37_123).astype(np.float32)
    np.testing.assert_allclose(log_mel(noise, FILTERS), plainly(noise), atol=1e-4)


def test_thirty_seconds_and_more_fill_the_picture() -> None:
    noise = np.random.default_rng(7).normal(0, 0.1, 31 * RATE_HZ).astype(np.float32)
    picture = log_mel(noise, FILTERS)
    assert picture.shape == (128, FRAMES) and picture.dtype == np.float32
    # The last column reaches 12 ms beyond the sound, which is silence here and the sound's mirror image in the definition.
    np.testing.assert_allclose(picture[:, :-1], plainly(noise[: FRAMES * HOP])[:, :-1], atol=1e-4)


def test_a_tone_is_brightest_in_its_own_band_and_only_while_it_lasts() -> None:
    picture = log_mel(tone(1_000, 2), FILTERS)
    centres = hz_of(np.linspace(0, float(mel_of(np.array(8_000.0))), 130))[1:-1]
    assert abs(centres[int(picture[:, 100].argmax())] - 1_000) < 40
    assert picture[:, 100].max() > picture[:, 300].max() + 1.5


def test_no_sound_at_all_is_an_even_picture() -> None:
    assert np.ptp(log_mel(np.zeros(0, dtype=np.float32), FILTERS)) == 0


def test_the_scale_is_straight_below_a_kilohertz_and_every_band_hears_something() -> None:
    hertz = np.array([0.0, 200.0, 1_000.0, 6_400.0])
    np.testing.assert_allclose(mel_of(hertz), [0, 3, 15, 42])
    np.testing.assert_allclose(hz_of(mel_of(hertz)), hertz)
    assert (mel_filters(80).max(axis=1) > 0).all() and (FILTERS.max(axis=1) > 0).all()
