"""Stand-in for Whisper's weights: understands the first thing that it is told to expect, and makes up subtitles of quiet noise as Whisper
does."""

from typing import Sequence

from engine_loading import Placement
from parameters import Parameters
from pcm import level_dbfs, pcm_of
from speech_request import RATE_HZ, SpeechRequest
from transcript_filter import Transcription
from whisper_engine import Decoded
from whisper_segments import Segment

_NOISE_DBFS = -45.0
_UNTOLD = "uno dos tres"


def load(parameters: Parameters, placement: Placement) -> "Ears":
    """Has nothing to load, and reads what the real engine would read."""
    parameters.choice("precision", "float16", "int8_float16", "int8", "bfloat16", "float32")
    parameters.whole("beam_size", 1, 8)
    return Ears(parameters.whole("max_batch", 1, 32))


class Ears:
    """Answers by loudness and hints."""

    def __init__(self, max_batch: int) -> None:
        self._max_batch = max_batch

    def transcribe(self, requests: Sequence[SpeechRequest]) -> list[Decoded]:
        """One answer for each request."""
        if len(requests) > self._max_batch:
            raise ValueError(f"{len(requests)} utterances at once, {self._max_batch} may come")
        return [_heard(request) for request in requests]


def _heard(request: SpeechRequest) -> Decoded:
    duration_ms = request.samples.size * 1_000 // RATE_HZ
    if level_dbfs(pcm_of(request.samples)) < _NOISE_DBFS:
        return Decoded(Transcription("Subtítulos realizados por la comunidad de Amara.org", -0.2, 0.7, duration_ms), [])
    words = (request.hints[0] if request.hints else _UNTOLD).split()
    times = [duration_ms * at // len(words) for at in range(len(words) + 1)]
    segments = [Segment(word, start, end) for word, start, end in zip(words, times, times[1:])]
    return Decoded(Transcription(" ".join(words), -0.1, 0.02, duration_ms), segments)
