"""What Whisper's decoder is given before it writes: hints as if they had been said before, the language, and whether to tell times."""

from dataclasses import dataclass
from typing import Sequence

MAX_LENGTH = 448
"""Tokens that the decoder can hold, prompt included: its table of positions ends there."""

MAX_HINT_TOKENS = MAX_LENGTH // 2 - 1
"""Half of it: what OpenAI's own code leaves to the text before."""

_FEWEST_NEW_TOKENS = 32
_NEW_TOKENS_PER_SECOND = 15
"""Fast Spanish is about five tokens a second. A decoder that writes three times as many is in a loop, and each costs everybody in its
batch."""


@dataclass(frozen=True)
class SpecialTokens:
    """Numbers that the tokenizer gives to Whisper's marks."""

    previous: int
    start: int
    transcribe: int
    no_timestamps: int
    end: int

    @property
    def first_timestamp(self) -> int:
        """The mark of 0.00 s; each after it is 20 ms later."""
        return self.no_timestamps + 1


def hint_text(hints: Sequence[str], max_characters: int = 800) -> str:
    """Hints as a text that might have come before: in their order, each once, whole or not at all. Empty when there are none."""
    kept: list[str] = []
    length = 0
    for hint in dict.fromkeys(" ".join(hint.split()) for hint in hints):
        if hint == "" or length + len(hint) + 2 > max_characters:
            continue
        kept.append(hint)
        length += len(hint) + 2
    return f"{', '.join(kept)}." if kept else ""


def prompt_tokens(special: SpecialTokens, language: int, hints: Sequence[int], with_times: bool) -> list[int]:
    """The decoder's prompt. Hints beyond half of its length lose their end, so that the first, which the flow asks for now, stay."""
    before = [special.previous, *hints[:MAX_HINT_TOKENS]] if hints else []
    times = [] if with_times else [special.no_timestamps]
    return [*before, special.start, language, special.transcribe, *times]


def max_new_tokens(samples: int, rate_hz: int, prompt_length: int) -> int:
    """How much may be written about so much sound: more than anybody can say, never more than the decoder holds."""
    room = MAX_LENGTH - prompt_length
    return max(1, min(room, _FEWEST_NEW_TOKENS + int(_NEW_TOKENS_PER_SECOND * samples / rate_hz)))


def length_limit(prompt_length: int, new_tokens: int) -> int:
    """CTranslate2's `max_length` under which so many tokens may be written: it takes the prompt off, and never writes more than half of it
    (whisper.cc, generate)."""
    return max(prompt_length + new_tokens, 2 * new_tokens)
