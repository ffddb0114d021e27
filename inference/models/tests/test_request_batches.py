"""Which utterances share a pass."""

from request_batches import group_in_batches, prompt_shape
from test_whisper_prompt import SPANISH, SPECIAL
from whisper_prompt import prompt_tokens


def test_prompts_fit_together_when_their_start_is_at_the_same_place_and_both_ask_for_times_or_neither() -> None:
    plain = prompt_shape(prompt_tokens(SPECIAL, SPANISH, [], False), SPECIAL)
    english = prompt_shape(prompt_tokens(SPECIAL, SPANISH - 3, [], False), SPECIAL)
    hinted = prompt_shape(prompt_tokens(SPECIAL, SPANISH, [1, 2], False), SPECIAL)
    timed = prompt_shape(prompt_tokens(SPECIAL, SPANISH, [], True), SPECIAL)
    assert plain == english
    assert len({plain, hinted, timed}) == 3


def test_batches_keep_the_order_and_the_limit() -> None:
    assert group_in_batches("abcdefg", [0, 1, 0, 0, 1, 0, 0], 2) == [["a", "c"], ["b", "e"], ["d", "f"], ["g"]]
    assert group_in_batches([], [], 8) == []
