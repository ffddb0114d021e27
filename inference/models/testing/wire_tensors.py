"""Tensors on the wire, held against config.pbtxt as Triton holds them: what is refused here never reaches a model."""

import struct
from dataclasses import dataclass
from typing import Any, Optional, Sequence

import numpy as np

from triton_python_backend_utils import Tensor

_NUMPY = {"BOOL": np.bool_, "INT16": np.int16, "INT32": np.int32, "UINT32": np.uint32, "FP32": np.float32}
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "UINT32": "uint_contents",
    "FP32": "fp32_contents",
    "BYTES": "bytes_contents",
}


class WireError(ValueError):
    """A request that Triton would refuse as INVALID_ARGUMENT."""


@dataclass(frozen=True)
class TensorRule:
    """One input or output of a configuration; `shape` has the batch's dimension in front where the model has one."""

    name: str
    datatype: str
    shape: Sequence[int]
    optional: bool


def rules_of(tensors: Sequence[Any], configuration: Any, type_name: Any) -> list[TensorRule]:
    """Rules of a configuration's inputs or outputs."""
    batch = [-1] if configuration.max_batch_size > 0 else []
    return [
        TensorRule(one.name, _wire_name(type_name(one.data_type)), [*batch, *one.dims], bool(getattr(one, "optional", False)))
        for one in tensors
    ]


def _wire_name(configured: str) -> str:
    name = configured.removeprefix("TYPE_")
    return "BYTES" if name == "STRING" else name


def decode_inputs(request: Any, rules: Sequence[TensorRule], max_batch_size: int) -> list[Tensor]:
    """The tensors of a request. Raises WireError for one that is missing, unknown or of another type or shape, and for a batch that is too
    large."""
    known = {rule.name: rule for rule in rules}
    sent = [tensor.name for tensor in request.inputs]
    model = request.model_name
    for name in sent:
        if name not in known or sent.count(name) > 1:
            raise WireError(f"unexpected inference input '{name}' for model '{model}'")
    missing = [rule.name for rule in rules if not rule.optional and rule.name not in sent]
    if missing:
        raise WireError(f"expected {len(known)} inputs but got {len(sent)} inputs for model '{model}'. Missing: {', '.join(missing)}")
    raw = list(request.raw_input_contents)
    if raw and any(tensor.HasField("contents") for tensor in request.inputs):
        raise WireError(f"contents field must not be specified when using raw_input_contents for model '{model}'")
    if raw and len(raw) != len(sent):
        raise WireError(f"expected {len(sent)} raw inputs, got {len(raw)} for model '{model}'")
    tensors = [_decode(tensor, known[tensor.name], raw[at] if raw else None) for at, tensor in enumerate(request.inputs)]
    batches = {tensor.as_numpy().shape[0] for tensor in tensors} if max_batch_size > 0 else {1}
    if len(batches) > 1 or not 1 <= min(batches) <= max(1, max_batch_size):
        raise WireError(f"inference request batch-size must be the same and <= {max_batch_size} for '{model}', got {sorted(batches)}")
    return tensors


def _decode(tensor: Any, rule: TensorRule, raw: Optional[bytes]) -> Tensor:
    if raw is not None and tensor.HasField("contents"):
        raise WireError(f"contents field must not be specified when using raw_input_contents for '{rule.name}'")
    if tensor.datatype != rule.datatype:
        raise WireError(f"inference input '{rule.name}' data-type is '{tensor.datatype}', but the model expects '{rule.datatype}'")
    shape = list(tensor.shape)
    if len(shape) != len(rule.shape) or any(want not in (-1, got) or got < 0 for want, got in zip(rule.shape, shape)):
        raise WireError(f"unexpected shape for input '{rule.name}'. Expected {list(rule.shape)}, got {shape}")
    count = int(np.prod(shape))
    values = _from_contents(tensor, rule) if raw is None else _from_raw(raw, rule, count)
    if values.size != count:
        raise WireError(f"input '{rule.name}' has {values.size} elements or more, its shape {shape} says {count}")
    return Tensor(rule.name, values.reshape(shape))


def _from_contents(tensor: Any, rule: TensorRule) -> np.ndarray:
    written = getattr(tensor.contents, _CONTENTS[rule.datatype])
    return np.array(list(written), dtype=_NUMPY.get(rule.datatype, np.object_))


def _from_raw(raw: bytes, rule: TensorRule, count: int) -> np.ndarray:
    if rule.datatype != "BYTES":
        kind = np.dtype(_NUMPY[rule.datatype])
        if len(raw) % kind.itemsize != 0:
            raise WireError(f"input '{rule.name}' has {len(raw)} bytes, which is no whole number of {rule.datatype}")
        return np.frombuffer(raw, dtype=kind)
    texts: list[bytes] = []
    at = 0
    # One text too many is enough to know that there are too many.
    while at < len(raw) and len(texts) <= count:
        size = int.from_bytes(raw[at : at + 4], "little")
        if at + 4 + size > len(raw):
            raise WireError(f"input '{rule.name}' ends within an element")
        texts.append(raw[at + 4 : at + 4 + size])
        at += 4 + size
    return np.array(texts, dtype=np.object_)


def encode_outputs(reply: Any, tensors: Sequence[Tensor], rules: Sequence[TensorRule]) -> None:
    """Writes tensors into a ModelInferResponse. Raises ValueError for one that config.pbtxt does not promise: that is the model's fault."""
    known = {rule.name: rule for rule in rules}
    for tensor in tensors:
        rule, values = known.get(tensor.name()), tensor.as_numpy()
        if rule is None:
            raise ValueError(f"config.pbtxt promises no output {tensor.name()}")
        kind = _NUMPY.get(rule.datatype, np.object_)
        if values.dtype != kind:
            raise ValueError(f"output {rule.name} is {values.dtype}, config.pbtxt promises {rule.datatype}")
        if len(values.shape) != len(rule.shape) or any(want not in (-1, got) for want, got in zip(rule.shape, values.shape)):
            raise ValueError(f"output {rule.name} has shape {list(values.shape)}, config.pbtxt promises {list(rule.shape)}")
        reply.outputs.add(name=rule.name, datatype=rule.datatype, shape=list(values.shape))
        reply.raw_output_contents.append(_raw_of(values))


def _raw_of(values: np.ndarray) -> bytes:
    if values.dtype != np.object_:
        return np.ascontiguousarray(values).tobytes()
    return b"".join(struct.pack("<I", len(text)) + text for text in values.reshape(-1))
