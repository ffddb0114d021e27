"""Whether a recording of another rate can be used, and the change of its rate: done once when a voice is read, never while somebody
waits."""

from dataclasses import dataclass
from math import gcd
from typing import Optional

import numpy as np

from failures import RequestRefused

_ZEROS = 24
_ATTENUATION_BETA = 9.0


@dataclass(frozen=True)
class Ratio:
    """Output samples for input samples."""

    up: int
    down: int


def resampling_of(from_hz: int, to_hz: int) -> Optional[Ratio]:
    """None when the rates are the same. Raises RequestRefused for a rate below the output's 22.05 kHz class: what was never recorded
    cannot be
    brought back, and a voice learned from the telephone sounds like it."""
    if from_hz == to_hz:
        return None
    if from_hz < 22_050 or from_hz > 192_000:
        raise RequestRefused(f"the recording has {from_hz} Hz, must have 22050 to 192000 Hz; {to_hz} Hz is best")
    common = gcd(from_hz, to_hz)
    return Ratio(to_hz // common, from_hz // common)


def resample(samples: np.ndarray, ratio: Ratio) -> np.ndarray:
    """By windowed sinc at the lower of the two rates, 24 zero crossings on each side."""
    offsets, table = _filters(ratio)
    count = samples.size * ratio.up // ratio.down
    padded = np.pad(samples.astype(np.float32), offsets.size)
    positions = np.arange(count, dtype=np.int64) * ratio.down
    bases, phases = positions // ratio.up, positions % ratio.up
    out = np.empty(count, dtype=np.float32)
    # In slices: all at once would take gigabytes for a recording of 12 s.
    for start in range(0, count, 8_192):
        part = slice(start, start + 8_192)
        out[part] = (padded[bases[part, None] + offsets + offsets.size] * table[phases[part]]).sum(axis=1)
    return out


def _filters(ratio: Ratio) -> tuple[np.ndarray, np.ndarray]:
    """Which neighbours of an input sample count, and how much for each of the `up` places between it and the next."""
    cutoff = min(1.0, ratio.up / ratio.down) * 0.95
    reach = int(np.ceil(_ZEROS / cutoff))
    offsets = np.arange(-reach + 1, reach + 1)
    distance = np.arange(ratio.up)[:, None] / ratio.up - offsets
    window = np.i0(_ATTENUATION_BETA * np.sqrt(np.maximum(0, 1 - (distance / reach) ** 2))) / np.i0(_ATTENUATION_BETA)
    return offsets, (cutoff * np.sinc(cutoff * distance) * window).astype(np.float32)
