"""Tokens back into words with their times."""

import math

from test_whisper_prompt import SPECIAL
from whisper_segments import Segment, average_log_probability, confidence_of, split_segments

ZERO = SPECIAL.first_timestamp


def spell(tokens: list[int]) -> str:
    return " " + " ".join(f"w{token}" for token in tokens) if tokens else ""


def test_text_without_marks_lasts_as_long_as_the_utterance() -> None:
    assert split_segments([1, 2, SPECIAL.end], SPECIAL, 1_500, spell) == [Segment("w1 w2", 0, 1_500)]


def test_marks_are_20_ms_apart_and_end_with_the_sound() -> None:
    tokens = [ZERO + 5, 1, 2, ZERO + 50, ZERO + 60, 3, ZERO + 1_000]
    assert split_segments(tokens, SPECIAL, 2_000, spell) == [Segment("w1 w2", 100, 1_000), Segment("w3", 1_200, 2_000)]


def test_marks_that_run_backwards_give_no_negative_length() -> None:
    assert split_segments([ZERO + 50, 1, ZERO + 10], SPECIAL, 2_000, spell) == [Segment("w1", 1_000, 1_000)]


def test_nothing_written_is_no_segment() -> None:
    assert split_segments([ZERO, ZERO + 1], SPECIAL, 2_000, spell) == []


def test_confidence_is_the_mean_probability_of_a_token() -> None:
    assert math.isclose(average_log_probability(-0.5, 9), -0.45)
    assert math.isclose(confidence_of(-0.45), math.exp(-0.45))
    assert confidence_of(0.3) == 1.0
    assert confidence_of(-1e9) == 0.0
