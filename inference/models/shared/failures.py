"""What goes wrong in a model, in the codes that Triton sends on: the caller decides by the code whether to ask again."""


class RequestRefused(Exception):
    """A request that cannot be served as it is. The message names the tensor, the limit and what to change."""

    def __init__(self, message: str, code: str = "INVALID_ARG") -> None:
        super().__init__(message)
        self.code = code


class ModelUnusable(Exception):
    """A model that must not or cannot be loaded: a licence, a missing file, a wrong parameter. Triton lists it as unavailable with the
    message."""


# By name: whoever raises them (torch, CTranslate2) is not installed where these functions are tested.
_OUT_OF_MEMORY = ("OutOfMemoryError", "MemoryError")


def code_of(error: BaseException) -> str:
    """Name of the code on `TritonError` for anything that a request raised.

    UNAVAILABLE is worth another try and INTERNAL is not known to be: a board whose memory is full for a moment says the former.
    """
    if isinstance(error, RequestRefused):
        return error.code
    if any(kind.__name__ in _OUT_OF_MEMORY for kind in type(error).__mro__):
        return "UNAVAILABLE"
    # CTranslate2 has no class of its own for a full board.
    if isinstance(error, RuntimeError) and "out of memory" in str(error).lower():
        return "UNAVAILABLE"
    return "INTERNAL"


def message_of(error: BaseException) -> str:
    """What the caller is told: a refusal speaks for itself, a fault is named with its class."""
    if isinstance(error, RequestRefused):
        return str(error)
    return f"{type(error).__name__}: {error}"
