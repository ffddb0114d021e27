"""What Whisper sees of a sound: 30 s as 3,000 columns of 10 ms, each the energy in bands of the mel scale. In numpy, so that no framework
is needed."""

import numpy as np

RATE_HZ = 16_000
HOP = 160
WINDOW = 400
FRAMES = 3_000
"""30 s: the encoder knows no shorter picture, so a short utterance costs as much as a long one."""

_LOG_OF_NOTHING = -10.0
_LINEAR_HZ_PER_MEL = 200 / 3
_LOG_FROM_HZ = 1_000.0
_LOG_STEP = np.log(6.4) / 27
"""Slaney's mel scale: straight up to 1 kHz, then 27 bands for a factor of 6.4."""


def mel_of(hz: np.ndarray) -> np.ndarray:
    """Hertz on Slaney's mel scale."""
    straight = hz / _LINEAR_HZ_PER_MEL
    bent = _LOG_FROM_HZ / _LINEAR_HZ_PER_MEL + np.log(np.maximum(hz, 1e-9) / _LOG_FROM_HZ) / _LOG_STEP
    return np.where(hz < _LOG_FROM_HZ, straight, bent)


def hz_of(mel: np.ndarray) -> np.ndarray:
    """The way back."""
    knee = _LOG_FROM_HZ / _LINEAR_HZ_PER_MEL
    return np.where(mel < knee, mel * _LINEAR_HZ_PER_MEL, _LOG_FROM_HZ * np.exp(_LOG_STEP * (mel - knee)))


def mel_filters(bands: int) -> np.ndarray:
    """Triangles over the bins of the spectrum, each of the same area: `[bands, WINDOW // 2 + 1]`."""
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    corners = hz_of(np.linspace(0.0, float(mel_of(np.array(RATE_HZ / 2))), bands + 2))
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    return (np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)


def log_mel(samples: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The picture of at most 30 s of sound between -1 and 1: `[bands, FRAMES]`, about -1 to 1.5; what is missing is silence."""
    heard = samples[: FRAMES * HOP].astype(np.float32)
    # Columns that the sound reaches into; the rest is silence, whose logarithm is known without a transform.
    columns = min(FRAMES, -(-(heard.size + WINDOW // 2) // HOP))
    padded = np.zeros(max(columns * HOP + WINDOW // 2, WINDOW), dtype=np.float32)
    padded[: heard.size] = heard
    around = np.concatenate([padded[WINDOW // 2 : 0 : -1], padded])
    frames = np.lib.stride_tricks.sliding_window_view(around, WINDOW)[::HOP][:columns]
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    logs = np.full((filters.shape[0], FRAMES), _LOG_OF_NOTHING, dtype=np.float32)
    logs[:, :columns] = np.log10(np.maximum(filters @ power.T, 10**_LOG_OF_NOTHING))
    # 80 dB below the loudest is the floor of what the model was trained on.
    return (np.maximum(logs, logs.max() - 8) + 4) / 4
