"""Sound as numbers: 16-bit samples on the wire, floats between -1 and 1 in the models."""

import math

import numpy as np

FULL_SCALE = 32_768
"""One more than the loudest positive sample: int16 reaches from -32768 to 32767."""


def floats_of(pcm: np.ndarray) -> np.ndarray:
    """int16 to float32 between -1 and 1."""
    return pcm.astype(np.float32) / FULL_SCALE


def pcm_of(samples: np.ndarray) -> np.ndarray:
    """Floats to int16. What is too loud is clipped, not wrapped around; what is not a number is silence."""
    finite = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(np.rint(finite * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def level_dbfs(pcm: np.ndarray) -> float:
    """Root mean square against full scale, in dB; minus infinity for digital silence or no samples at all."""
    if pcm.size == 0:
        return -math.inf
    mean_square = float(np.mean(np.square(floats_of(pcm), dtype=np.float64)))
    return -math.inf if mean_square == 0 else 10 * math.log10(mean_square)
