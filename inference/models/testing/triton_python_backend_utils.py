"""Stand-in for the module of the same name that Triton's Python backend brings: what our model.py files use of it, and nothing more."""

import sys
from typing import Any, Callable, Mapping, Optional, Sequence

import numpy as np

TRITONSERVER_RESPONSE_COMPLETE_FINAL = 1


class TritonError:
    """An error with a code, by Triton's names."""

    UNKNOWN, INTERNAL, NOT_FOUND, INVALID_ARG, UNAVAILABLE, UNSUPPORTED, ALREADY_EXISTS, CANCELLED = range(8)

    def __init__(self, message: str, code: int = INTERNAL) -> None:
        self._message = message
        self._code = code

    def message(self) -> str:
        """What went wrong."""
        return self._message

    def code(self) -> int:
        """One of the codes above."""
        return self._code


class Tensor:
    """A named array."""

    def __init__(self, name: str, values: np.ndarray) -> None:
        if not isinstance(values, np.ndarray):
            raise TypeError(f"tensor {name} must be a numpy array")
        self._name = name
        self._values = values

    def name(self) -> str:
        """The tensor's name."""
        return self._name

    def as_numpy(self) -> np.ndarray:
        """The tensor's values."""
        return self._values


class InferenceResponse:
    """Tensors, or an error."""

    def __init__(self, output_tensors: Sequence[Tensor], error: Optional[TritonError] = None) -> None:
        self._tensors = list(output_tensors)
        self._error = error

    def output_tensors(self) -> Sequence[Tensor]:
        """Empty when there is an error."""
        return self._tensors

    def error(self) -> Optional[TritonError]:
        """None when there are tensors."""
        return self._error


class ResponseSender:
    """Where a decoupled model sends its parts; nothing may come after the final flag."""

    def __init__(self, send: Callable[[Optional[InferenceResponse], bool], None], is_cancelled: Callable[[], bool]) -> None:
        self._send = send
        self._is_cancelled = is_cancelled
        self._is_closed = False

    def is_cancelled(self) -> bool:
        """Whether the caller went away."""
        return self._is_cancelled()

    def send(self, response: Optional[InferenceResponse] = None, flags: int = 0) -> None:
        """Sends a part, or closes the request, or both."""
        if self._is_closed:
            raise RuntimeError("a response was sent after the final one")
        if response is None and flags == 0:
            raise ValueError("neither a response nor the final flag was given")
        self._is_closed = flags == TRITONSERVER_RESPONSE_COMPLETE_FINAL
        self._send(response, self._is_closed)


class InferenceRequest:
    """One request, already held against the model's configuration."""

    def __init__(self, request_id: str, inputs: Sequence[Tensor], sender: ResponseSender) -> None:
        self._request_id = request_id
        self._inputs: Mapping[str, Tensor] = {tensor.name(): tensor for tensor in inputs}
        self._sender = sender

    def request_id(self) -> str:
        """As the caller gave it."""
        return self._request_id

    def inputs(self) -> Sequence[Tensor]:
        """Those that the caller sent."""
        return list(self._inputs.values())

    def input(self, name: str) -> Optional[Tensor]:
        """One of them."""
        return self._inputs.get(name)

    def is_cancelled(self) -> bool:
        """Whether the caller went away."""
        return self._sender.is_cancelled()

    def get_response_sender(self) -> ResponseSender:
        """For decoupled models alone."""
        return self._sender


def get_input_tensor_by_name(request: InferenceRequest, name: str) -> Optional[Tensor]:
    """None for an optional tensor that the caller left out."""
    return request.input(name)


class Logger:
    """Triton's log; here it is the host's standard error."""

    @staticmethod
    def _log(level: str, message: Any) -> None:
        print(f"{level} {message}", file=sys.stderr, flush=True)

    @staticmethod
    def log_info(message: Any) -> None:
        """Worth knowing."""
        Logger._log("I", message)

    @staticmethod
    def log_warn(message: Any) -> None:
        """Worth a look."""
        Logger._log("W", message)

    @staticmethod
    def log_error(message: Any) -> None:
        """Something failed."""
        Logger._log("E", message)
