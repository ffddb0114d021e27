"""What the decoder is given, and how much it may write."""

import pytest

from failures import RequestRefused
from whisper_languages import whisper_code
from whisper_prompt import MAX_HINT_TOKENS, MAX_LENGTH, SpecialTokens, hint_text, length_limit, max_new_tokens, prompt_tokens

SPECIAL = SpecialTokens(previous=50_362, start=50_258, transcribe=50_360, no_timestamps=50_364, end=50_257)
SPANISH = 50_262


def test_the_language_always_stands_in_the_prompt_and_times_only_when_asked() -> None:
    assert prompt_tokens(SPECIAL, SPANISH, [], False) == [50_258, SPANISH, 50_360, 50_364]
    assert prompt_tokens(SPECIAL, SPANISH, [], True) == [50_258, SPANISH, 50_360]


def test_hints_come_before_as_if_they_had_been_said_and_the_first_of_many_stay() -> None:
    assert prompt_tokens(SPECIAL, SPANISH, [7, 8], False) == [50_362, 7, 8, 50_258, SPANISH, 50_360, 50_364]
    long = prompt_tokens(SPECIAL, SPANISH, list(range(1_000)), False)
    assert long[1 : 1 + MAX_HINT_TOKENS] == list(range(MAX_HINT_TOKENS))
    assert len(long) == MAX_HINT_TOKENS + 5


def test_hints_become_one_text_each_once_and_whole() -> None:
    assert hint_text(["una  cita", "un pedido", "una cita", "  "]) == "una cita, un pedido."
    assert hint_text([]) == ""
    assert hint_text(["a" * 500, "b" * 500, "c"]) == f"{'a' * 500}, c."


def test_the_decoder_may_write_more_than_fifty_tokens_and_never_more_than_it_holds() -> None:
    assert max_new_tokens(10 * 16_000, 16_000, 4) == 182
    assert max_new_tokens(30 * 16_000, 16_000, 4) == MAX_LENGTH - 4
    assert max_new_tokens(1_600, 16_000, 4) == 33
    assert max_new_tokens(30 * 16_000, 16_000, 440) == 8


@pytest.mark.parametrize("prompt", [3, 4, 40, 228, 440])
@pytest.mark.parametrize("seconds", [0.1, 1, 10, 30])
def test_ctranslate2_lets_it_write_that_much_whatever_it_takes_off_and_halves(prompt: int, seconds: float) -> None:
    wanted = max_new_tokens(int(seconds * 16_000), 16_000, prompt)
    limit = length_limit(prompt, wanted)
    # whisper.cc: all of the prompt but its last mark was read before the first step.
    written = min(limit // 2, limit - (prompt - 1))
    assert wanted <= written <= wanted + 1 and prompt - 1 + written <= MAX_LENGTH


@pytest.mark.parametrize(
    ("tag", "code"), [("es", "es"), ("es-419", "es"), ("EN_us", "en"), ("nb-NO", "no"), ("yue", "yue"), (" ca ", "ca")]
)
def test_tags_become_whispers_codes(tag: str, code: str) -> None:
    assert whisper_code(tag) == code


@pytest.mark.parametrize("tag", ["", "xx", "klingon"])
def test_an_unknown_language_is_refused_not_guessed(tag: str) -> None:
    with pytest.raises(RequestRefused, match="tensor LANGUAGE"):
        whisper_code(tag)
