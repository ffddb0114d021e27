"""Engines begin and end with silences of their own making; the caller waits through the first, so it is cut off."""

import numpy as np

_WINDOW_MS = 10
_QUIET = 10 ** (-50 / 20)
"""-50 dBFS: below the quietest consonant of a voice that peaks near full scale."""
_LEAD_MS = 20
_TAIL_MS = 40


def trim_silence(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """The sound from just before its first to just after its last loud window; nothing at all when none is loud."""
    size = rate_hz * _WINDOW_MS // 1_000
    count = -(-samples.size // size)
    padded = np.zeros(count * size, dtype=np.float32)
    padded[: samples.size] = samples
    levels = np.sqrt(np.mean(np.square(padded.reshape(count, size)), axis=1)) if count else np.zeros(0)
    loud = np.flatnonzero(levels > _QUIET)
    if loud.size == 0:
        return samples[:0]
    first = max(0, int(loud[0]) * size - rate_hz * _LEAD_MS // 1_000)
    last = (int(loud[-1]) + 1) * size + rate_hz * _TAIL_MS // 1_000
    return samples[first:last]


def silence(duration_ms: int, rate_hz: int) -> np.ndarray:
    """So much silence."""
    return np.zeros(rate_hz * duration_ms // 1_000, dtype=np.float32)
