"""The messages of KServe v2 and of Triton's model configuration, compiled when they are needed by Debian's protoc."""

import importlib
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

_HERE = Path(__file__).resolve().parent
_KSERVE = _HERE.parent.parent / "protocol" / "kserve-v2.proto"
_CONFIG = _HERE / "model-config.proto"


@cache
def _compiled(source: Path) -> ModuleType:
    """Python's module of a .proto file. The name is made plain, for '-' is none of Python's."""
    name = source.stem.replace("-", "_")
    folder = Path(tempfile.mkdtemp(prefix="centralita-proto-"))
    plain = folder / f"{name}.proto"
    plain.write_bytes(source.read_bytes())
    try:
        subprocess.run(
            ["protoc", f"--proto_path={folder}", f"--python_out={folder}", plain.name], check=True, capture_output=True, text=True
        )
    except FileNotFoundError as cause:
        raise RuntimeError("protoc is not installed: apt-get install protobuf-compiler") from cause
    sys.path.append(str(folder))
    return importlib.import_module(f"{name}_pb2")


def kserve() -> Any:
    """Messages of inference/protocol/kserve-v2.proto."""
    return _compiled(_KSERVE)


def model_configuration() -> Any:
    """Messages of model-config.proto."""
    return _compiled(_CONFIG)
