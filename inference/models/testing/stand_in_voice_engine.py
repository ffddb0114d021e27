"""Stand-in for a voice's weights: a tone as long as the words would take, with the silences around it that engines make."""

import time

import numpy as np

from engine_loading import Placement
from failures import RequestRefused
from licences import check_licence
from parameters import Parameters
from speech_engine import SpeechWanted, Speaker
from speech_trim import silence

_SECONDS_PER_CHARACTER = 0.065
_VOICES = ("", "tone")
_LANGUAGES = ("es", "en", "pt", "fr", "it", "ca")
_SECONDS_PER_SECOND = 0.05
"""A GPU's real-time factor, about F5-TTS's published one."""


def load(parameters: Parameters, placement: Placement) -> "ToneVoice":
    """Has nothing to load; the licence is checked as for real weights."""
    check_licence(parameters)
    return ToneVoice()


class ToneVoice:
    """One voice, at the rate of both real engines."""

    rate_hz = 24_000

    def speaker(self, wanted: SpeechWanted) -> Speaker:
        """Raises RequestRefused for a voice or a language that it has not."""
        if wanted.voice not in _VOICES:
            raise RequestRefused(f"tensor VOICE: there is no voice {wanted.voice!r}; there are: tone")
        if wanted.language.lower().split("-")[0] not in _LANGUAGES:
            raise RequestRefused(f"tensor LANGUAGE: this voice does not speak {wanted.language!r}")
        return Speaker(max_characters=200, speak=lambda clause: self._speak(clause, wanted.speed))

    def _speak(self, clause: str, speed: float) -> np.ndarray:
        seconds = len(clause) * _SECONDS_PER_CHARACTER / speed
        time.sleep(seconds * _SECONDS_PER_SECOND)
        tone = 0.4 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * self.rate_hz)) / self.rate_hz)
        return np.concatenate([silence(200, self.rate_hz), tone.astype(np.float32), silence(300, self.rate_hz)])
