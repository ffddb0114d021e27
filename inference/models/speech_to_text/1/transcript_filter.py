"""What Whisper writes although nobody said it: on silence and noise it repeats subtitles of its training (44 % of silences with the turbo
model, as
published). Each rule is a pure function; a transcript that one of them catches is empty for the caller, with the rule's name beside it."""

import re
import unicodedata
import zlib
from dataclasses import dataclass
from typing import Optional, Sequence

from hallucinations import CERTAIN, DOUBTFUL, MARKS


@dataclass(frozen=True)
class Transcription:
    """One utterance as the engine wrote it."""

    text: str
    average_log_probability: float
    no_speech_probability: float
    duration_ms: int


@dataclass(frozen=True)
class Thresholds:
    """Where doubt begins. The first three are those of OpenAI's own decoding."""

    no_speech: float = 0.6
    log_probability: float = -1.0
    compression_ratio: float = 2.4
    # Chosen: a phrase that callers do say ("gracias") passes when the engine is fairly sure of it.
    doubtful_no_speech: float = 0.3
    doubtful_log_probability: float = -0.7
    # Chosen: below a mean of 18 % a token, what is left is guessing.
    hopeless_log_probability: float = -1.7


DEFAULT_THRESHOLDS = Thresholds()

MAX_CHARACTERS_PER_SECOND = 40
"""Twice the fastest speech; beyond it the text cannot come from so little sound."""
SHORT_TEXT = 24
"""Characters below which the rule above says nothing: the ends of an utterance are cut closely."""


def discard_reason(heard: Transcription, hints: Sequence[str], limits: Thresholds = DEFAULT_THRESHOLDS) -> Optional[str]:
    """Name of the rule that the transcription breaks, the surest first; None when it can be believed."""
    words = plain_words(heard.text)
    if not words:
        return "empty"
    if heard.no_speech_probability > limits.no_speech and heard.average_log_probability < limits.log_probability:
        return "no_speech"
    if is_known_hallucination(words, hints) or (is_doubtful_phrase(words) and _is_doubted(heard, limits)):
        return "hallucinated_phrase"
    if echoes_hints(words, hints) and _is_doubted(heard, limits):
        return "hint_echo"
    if compression_ratio(heard.text) > limits.compression_ratio or has_repeated_phrase(words):
        return "repetition"
    if is_too_much_text(heard.text, heard.duration_ms):
        return "too_much_text"
    if heard.average_log_probability < limits.hopeless_log_probability:
        return "low_probability"
    return None


def _is_doubted(heard: Transcription, limits: Thresholds) -> bool:
    return heard.no_speech_probability > limits.doubtful_no_speech or heard.average_log_probability < limits.doubtful_log_probability


def plain_words(text: str) -> list[str]:
    """Words in lower case without accents and punctuation, so that "¡Suscríbete!" and "suscribete" are the same."""
    unaccented = "".join(mark for mark in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(mark))
    return re.findall(r"\w+", unaccented)


def is_known_hallucination(words: Sequence[str], hints: Sequence[str]) -> bool:
    """Whether the whole text is a phrase that no caller says, or holds a mark of subtitles. A phrase that the flow expects is none."""
    text = " ".join(words)
    if any(" ".join(plain_words(hint)) == text for hint in hints):
        return False
    return text in _CERTAIN or any(f" {mark} " in f" {text} " for mark in _MARKS)


def is_doubtful_phrase(words: Sequence[str]) -> bool:
    """Whether the whole text is a phrase that silence is often turned into, and that callers say as well."""
    return " ".join(words) in _DOUBTFUL


def echoes_hints(words: Sequence[str], hints: Sequence[str]) -> bool:
    """Whether the text is two or more hints in the order in which they were given: the decoder read its own prompt aloud."""
    spoken = list(words)
    runs = [plain for plain in (plain_words(hint) for hint in hints) if plain]
    for first in range(len(runs) - 1):
        joined: list[str] = []
        for last in range(first, len(runs)):
            joined = joined + runs[last]
            if last > first and joined == spoken:
                return True
    return False


def compression_ratio(text: str) -> float:
    """Bytes of the text over its bytes when compressed; a loop is above 2.4."""
    written = text.encode("utf-8")
    return len(written) / len(zlib.compress(written)) if written else 0.0


def has_repeated_phrase(words: Sequence[str]) -> bool:
    """Whether a run of words is said over and over. People repeat a word ("no, no, no, no"), not six times, and a phrase not four times."""
    return any(_longest_repeat(words, size) >= (6 if size == 1 else 4) for size in range(1, 7))


def _longest_repeat(words: Sequence[str], size: int) -> int:
    """How often in a row the same `size` words come, at most."""
    best = 1
    for start in range(min(size, len(words))):
        count = 1
        for at in range(start + size, len(words) - size + 1, size):
            count = count + 1 if words[at : at + size] == words[at - size : at] else 1
            best = max(best, count)
    return best


def is_too_much_text(text: str, duration_ms: int) -> bool:
    """Whether so much cannot be said in so short a time."""
    return len(text) > SHORT_TEXT and len(text) * 1_000 > MAX_CHARACTERS_PER_SECOND * max(1, duration_ms)


_CERTAIN = frozenset(" ".join(plain_words(phrase)) for phrase in CERTAIN)
_DOUBTFUL = frozenset(" ".join(plain_words(phrase)) for phrase in DOUBTFUL)
_MARKS = tuple(" ".join(plain_words(mark)) for mark in MARKS)
