"""Which module runs a model: the parameter `engine` names it, and its one function `load` is all that touches weights and the GPU."""

import importlib
import importlib.util
import re
from dataclasses import dataclass
from typing import Any

from failures import ModelUnusable
from parameters import Parameters


@dataclass(frozen=True)
class Placement:
    """Where Triton put this instance of the model."""

    device: str
    """`cuda` or `cpu`."""
    device_index: int


def placement_of(kind: str, device_id: str) -> Placement:
    """From `model_instance_kind` and `model_instance_device_id`, which Triton hands over as texts."""
    return Placement("cuda", int(device_id)) if kind == "GPU" else Placement("cpu", 0)


def load_engine(parameters: Parameters, placement: Placement) -> Any:
    """Imports `<engine>_engine` beside the model and loads it."""
    name = parameters.text("engine")
    if re.fullmatch(r"[a-z0-9-]{1,32}", name) is None:
        raise ModelUnusable(f"config.pbtxt: parameter engine is {name!r}, must be lower-case letters, digits and '-'")
    module_name = f"{name.replace('-', '_')}_engine"
    if importlib.util.find_spec(module_name) is None:
        raise ModelUnusable(f"config.pbtxt: parameter engine is {name!r}, but this model's folder has no {module_name}.py")
    try:
        return importlib.import_module(module_name).load(parameters, placement)
    except ImportError as cause:
        raise ModelUnusable(f"the engine {name} cannot start, this image lacks a package: {cause}") from cause
