"""A model's parameters from config.pbtxt, read once when it is loaded: a wrong one stops the load with its name and what it may be."""

import json
from pathlib import Path
from typing import Any, Mapping

from failures import ModelUnusable


class Parameters:
    """The `parameters` block of a model's configuration. Every value is a string there."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def text(self, name: str) -> str:
        """A parameter that must be there."""
        value = self._values.get(name)
        if value is None:
            raise ModelUnusable(f"config.pbtxt: parameter {name} is missing")
        return value

    def folder(self, name: str) -> Path:
        """An absolute path of a folder that is there."""
        path = Path(self.text(name))
        if not path.is_absolute() or not path.is_dir():
            raise ModelUnusable(f"config.pbtxt: parameter {name} is {str(path)!r}, must be the absolute path of a folder that exists")
        return path

    def number(self, name: str, low: float, high: float) -> float:
        """A number between two limits, both included."""
        text = self.text(name)
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ModelUnusable(f"config.pbtxt: parameter {name} is {text!r}, must be a number between {low:g} and {high:g}")
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number between two limits, both included."""
        value = self.number(name, low, high)
        if value != int(value):
            raise ModelUnusable(f"config.pbtxt: parameter {name} is {self.text(name)!r}, must be a whole number")
        return int(value)

    def choice(self, name: str, *choices: str) -> str:
        """One of a few words."""
        value = self.text(name)
        if value not in choices:
            raise ModelUnusable(f"config.pbtxt: parameter {name} is {value!r}, must be one of {', '.join(choices)}")
        return value

    def flag(self, name: str) -> bool:
        """`true` or `false`."""
        return self.choice(name, "true", "false") == "true"


def read_parameters(model_config: str) -> Parameters:
    """Parameters out of the JSON that Triton hands to `initialize` as `model_config`."""
    written: Mapping[str, Any] = json.loads(model_config).get("parameters", {})
    return Parameters({name: value["string_value"] for name, value in written.items()})
