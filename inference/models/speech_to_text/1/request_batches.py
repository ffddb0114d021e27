"""Which utterances go through the GPU together: one pass for eight costs little more than one for one."""

from typing import Hashable, Sequence, TypeVar

from whisper_prompt import SpecialTokens

Item = TypeVar("Item")


def prompt_shape(prompt: Sequence[int], special: SpecialTokens) -> tuple[int, int]:
    """What must be the same in one pass: CTranslate2 refuses prompts whose start mark is not at the same position, and reads the length of
    the
    first prompt's marks as everybody's (whisper.cc, check_prompts)."""
    return prompt.index(special.start), len(prompt)


def group_in_batches(items: Sequence[Item], shapes: Sequence[Hashable], max_batch: int) -> list[list[Item]]:
    """Items of one shape together, `max_batch` at most, in the order in which their first one came."""
    groups: dict[Hashable, list[list[Item]]] = {}
    batches: list[list[Item]] = []
    for item, shape in zip(items, shapes):
        group = groups.setdefault(shape, [])
        if not group or len(group[-1]) == max_batch:
            group.append([])
            batches.append(group[-1])
        group[-1].append(item)
    return batches
