"""One request of the speech_to_text role as the engine takes it, checked."""

from dataclasses import dataclass
from typing import Mapping, Sequence

import numpy as np

from contract_limits import texts_of
from pcm import floats_of, level_dbfs
from whisper_languages import whisper_code

RATE_HZ = 16_000
MIN_SAMPLES = RATE_HZ // 10
"""100 ms: no word is shorter."""
SILENCE_DBFS = -65.0
"""20 dB below the quietest speech that the voice activity detection still finds; a telephone line's own noise is about -70."""


@dataclass(frozen=True)
class SpeechRequest:
    """Sound of one utterance between -1 and 1 at 16 kHz, and what is known about it."""

    samples: np.ndarray
    language: str
    hints: Sequence[str]
    with_times: bool
    is_silent: bool


def read_request(inputs: Mapping[str, np.ndarray]) -> SpeechRequest:
    """From the tensors of a request whose limits hold. Raises RequestRefused for a language that Whisper does not know."""
    pcm = inputs["AUDIO"].reshape(-1)
    times = inputs.get("TIMESTAMPS")
    return SpeechRequest(
        samples=floats_of(pcm),
        language=whisper_code(texts_of("LANGUAGE", inputs["LANGUAGE"])[0]),
        hints=[hint for hint in texts_of("HINTS", inputs["HINTS"]) if hint.strip() != ""],
        with_times=times is not None and bool(times.reshape(-1)[0]),
        is_silent=is_silent(pcm),
    )


def is_silent(pcm: np.ndarray) -> bool:
    """Whether there is nothing to ask the engine about, which would make up a sentence."""
    return pcm.size < MIN_SAMPLES or level_dbfs(pcm) < SILENCE_DBFS
