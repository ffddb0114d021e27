"""What the decoder wrote, taken apart: pieces of text between marks of time, and how sure it was."""

import math
from dataclasses import dataclass
from typing import Callable, Sequence

from whisper_prompt import SpecialTokens

MS_PER_MARK = 20
"""Whisper's marks of time are 20 ms apart."""


@dataclass(frozen=True)
class Segment:
    """A piece of the utterance; times from its start."""

    text: str
    start_ms: int
    end_ms: int


def split_segments(
    tokens: Sequence[int], special: SpecialTokens, duration_ms: int, decode: Callable[[Sequence[int]], str]
) -> list[Segment]:
    """Pieces between marks. Text without marks lasts as long as the utterance, and no time lies beyond its end."""
    segments: list[Segment] = []
    start_ms, text = 0, []
    for token in tokens:
        if token < special.first_timestamp:
            if token < special.end:
                text.append(token)
            continue
        at_ms = min(duration_ms, (token - special.first_timestamp) * MS_PER_MARK)
        _close(segments, decode(text), start_ms, at_ms)
        start_ms, text = at_ms, []
    _close(segments, decode(text), start_ms, duration_ms)
    return segments


def _close(segments: list[Segment], text: str, start_ms: int, end_ms: int) -> None:
    if text.strip() != "":
        segments.append(Segment(text.strip(), start_ms, max(start_ms, end_ms)))


def average_log_probability(score: float, length: int) -> float:
    """Mean over the written tokens and the one that ends them, from CTranslate2's score, which is the mean over the written ones alone."""
    return score * length / (length + 1)


def confidence_of(log_probability: float) -> float:
    """Mean probability of a token, 0 to 1."""
    return min(1.0, max(0.0, math.exp(min(0.0, log_probability))))
