"""The limits of a role's contract (inference/contracts), which Triton's own configuration cannot express: lengths, characters, ranges."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np

from failures import RequestRefused


@dataclass(frozen=True)
class TensorLimits:
    """What one input may hold; None is no limit, and a size of -1 is any."""

    shape: tuple[int, ...]
    max_elements: Optional[int]
    max_characters: Optional[int]
    minimum: Optional[float]
    maximum: Optional[float]


def read_limits(path: Path) -> Mapping[str, TensorLimits]:
    """Limits of each input named in a contract file."""
    contract = json.loads(path.read_text(encoding="utf-8"))
    return {tensor["name"]: _limits_of(tensor["shape"], tensor.get("limits", {})) for tensor in contract["inputs"]}


def _limits_of(shape: Sequence[int], written: Mapping[str, Any]) -> TensorLimits:
    return TensorLimits(tuple(shape), written.get("maxElements"), written.get("maxCharacters"), written.get("min"), written.get("max"))


def check_limits(limits: Mapping[str, TensorLimits], inputs: Mapping[str, np.ndarray]) -> None:
    """Raises RequestRefused naming the first tensor that breaks a limit."""
    for name, values in inputs.items():
        limit = limits.get(name)
        if limit is None:
            continue
        # Triton lets several rows through where batches are allowed; one request is one row here.
        if len(values.shape) != len(limit.shape) or any(size not in (-1, found) for size, found in zip(limit.shape, values.shape)):
            raise RequestRefused(f"tensor {name} has shape [{_sizes(values.shape)}], must be [{_sizes(limit.shape)}]")
        _check_tensor(name, values.reshape(-1), limit)


def _sizes(shape: Sequence[int]) -> str:
    return ",".join(str(size) for size in shape)


def _check_tensor(name: str, values: np.ndarray, limit: TensorLimits) -> None:
    if limit.max_elements is not None and values.size > limit.max_elements:
        raise RequestRefused(f"tensor {name} has {values.size} elements, the limit is {limit.max_elements}")
    if limit.max_characters is not None:
        for text in texts_of(name, values):
            if _code_units(text) > limit.max_characters:
                raise RequestRefused(f"tensor {name} has a text of {_code_units(text)} characters, the limit is {limit.max_characters}")
    if limit.minimum is None and limit.maximum is None:
        return
    low = -np.inf if limit.minimum is None else limit.minimum
    high = np.inf if limit.maximum is None else limit.maximum
    for value in values:
        # Written so that NaN is outside too.
        if not low <= float(value) <= high:
            raise RequestRefused(f"tensor {name} holds {value:g}, must be between {low:g} and {high:g}")


def _code_units(text: str) -> int:
    """UTF-16 code units, which is what the contract counts."""
    return len(text.encode("utf-16-le")) // 2


def texts_of(name: str, values: np.ndarray) -> list[str]:
    """The texts of a BYTES tensor. Raises RequestRefused when one is not UTF-8."""
    try:
        return [bytes(value).decode("utf-8") for value in values.reshape(-1)]
    except UnicodeDecodeError as cause:
        raise RequestRefused(f"tensor {name} is not UTF-8") from cause
