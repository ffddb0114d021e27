"""A model repository as the provisioner lays it out (provision/src/triton), made of the sources beside this folder, with stand-ins for the
engines."""

import re
import shutil
from pathlib import Path
from typing import Mapping

_MODELS = Path(__file__).resolve().parent.parent
_CONTRACTS = _MODELS.parent / "contracts"

STAND_INS: Mapping[str, Mapping[str, str]] = {
    "speech_to_text": {"engine": "stand-in-ears"},
    "text_to_speech": {"engine": "stand-in-voice"},
}
"""Roles whose Python is ours, and the engines that play the weights' part. vLLM's backend is not ours: there is nothing of it to host."""


def with_parameters(configuration: str, values: Mapping[str, str]) -> str:
    """config.pbtxt with other values of its parameters. Raises ValueError for a parameter that it has not."""
    for name, value in values.items():
        pattern = re.compile(rf'(parameters {{ key: "{re.escape(name)}" value: {{ string_value: )"[^"]*"')
        found = pattern.search(configuration)
        if found is None:
            raise ValueError(f"config.pbtxt has no parameter {name}")
        configuration = f'{configuration[: found.start()]}{found.group(1)}"{value}"{configuration[found.end() :]}'
    return configuration


def lay_out_model(target: Path, role: str, values: Mapping[str, str]) -> None:
    """Writes one role's folder: its configuration, its modules with the shared ones beside them, and its contract."""
    source, version = _MODELS / role, target / role / "1"
    version.mkdir(parents=True)
    configuration = (source / "config.pbtxt").read_text(encoding="utf-8")
    (target / role / "config.pbtxt").write_text(with_parameters(configuration, values), encoding="utf-8")
    for module in [*sorted((source / "1").glob("*.py")), *sorted((_MODELS / "shared").glob("*.py"))]:
        if (version / module.name).exists():
            raise ValueError(f"{role} has a module {module.name} of its own and shared/ has one as well")
        shutil.copy(module, version)
    shutil.copy(_CONTRACTS / f"{role}.json", version / "contract.json")
