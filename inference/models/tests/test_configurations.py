"""config.pbtxt against the contract that the control plane keeps to, and a repository as the provisioner lays it out."""

import json
from pathlib import Path
from typing import Any

import pytest

import protocol
from conftest import MODELS
from hosted_model import read_configuration
from repository import lay_out_model, with_parameters

ROLES = ("speech_to_text", "text_to_speech", "language_model")


def tensors_of(configured: Any, has_batch: bool) -> dict[str, tuple[str, list[int]]]:
    names = protocol.model_configuration().DataType
    batch = [1] if has_batch else []
    return {
        one.name: (names.Name(one.data_type).removeprefix("TYPE_").replace("STRING", "BYTES"), [*batch, *one.dims]) for one in configured
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_configuration_promises_what_the_contract_asks_for(role: str) -> None:
    configuration = read_configuration(MODELS / role / "config.pbtxt")
    contract = json.loads((MODELS.parent / "contracts" / f"{role}.json").read_text(encoding="utf-8"))
    assert configuration.name == role
    has_batch = configuration.max_batch_size > 0
    written = {tensor["name"]: (tensor["datatype"], tensor["shape"]) for tensor in contract["inputs"]}
    assert tensors_of(configuration.input, has_batch) == written
    outputs = tensors_of(configuration.output, has_batch)
    for tensor in contract["outputs"]:
        kind, shape = outputs[tensor["name"]]
        # A fixed size keeps a promise of any size.
        assert kind == tensor["datatype"] and all(size in (promised, 1) for size, promised in zip(shape, tensor["shape"]))
    assert set(outputs) == {tensor["name"] for tensor in contract["outputs"]}
    assert configuration.model_transaction_policy.decoupled == (contract["call"] == "ModelStreamInfer")
    may_be_missing = {tensor["name"] for tensor in contract["inputs"] if tensor.get("optional", False)}
    assert may_be_missing <= {one.name for one in configuration.input if one.optional}


def test_torch_brings_the_cuda_that_ctranslate2_loads_and_torchaudio_is_of_its_number() -> None:
    lines = (MODELS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    major, minor = (int(part) for part in pinned["torch"].split(".")[:2])
    # From 2.11 on PyPI's torch is CUDA 13's, and nothing in the image has libcublas.so.12.
    assert (major, minor) < (2, 11) and pinned["torchaudio"] == pinned["torch"] and "ctranslate2" in pinned


def test_vllm_may_load_the_kernels_that_it_compiles_into_its_home() -> None:
    """An engine mounts a tmpfs `noexec` unless it is told: "failed to map segment from shared object", and no language model."""
    compose = (MODELS.parent.parent / "docker-compose.yml").read_text(encoding="utf-8")
    assert "HOME: /tmp" in compose.split("\n  triton-speech:")[1].split("\n\n")[0]
    language = compose.split("\n  triton-language:")[1].split("\n\n")[0]
    assert [line.strip() for line in language.splitlines() if "tmpfs:" in line] == ["tmpfs: ['/tmp:size=4g,mode=1777,exec']"]


def test_a_misspelt_field_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.pbtxt").write_text('name: "x" max_batch_sise: 8', encoding="utf-8")
    with pytest.raises(Exception, match="max_batch_sise"):
        read_configuration(tmp_path / "config.pbtxt")


def test_parameters_are_replaced_by_name_and_one_that_is_not_there_is_an_error() -> None:
    text = 'parameters { key: "a" value: { string_value: "1" } }\nparameters { key: "b" value: { string_value: "2" } }\n'
    assert with_parameters(text, {"b": "3"}) == text.replace('"2"', '"3"')
    with pytest.raises(ValueError, match="no parameter c"):
        with_parameters(text, {"c": "1"})


def test_every_module_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Two of one name would hide each other: in a version's folder, or where both roles are loaded by one process."""
    modules = [
        path.name for folder in ("shared", "speech_to_text/1", "text_to_speech/1", "testing") for path in (MODELS / folder).glob("*.py")
    ]
    assert sorted(name for name in set(modules) if modules.count(name) > 1) == ["model.py"]
    for role in ("speech_to_text", "text_to_speech"):
        lay_out_model(tmp_path, role, {})
        assert (tmp_path / role / "1" / "contract.json").is_file() and (tmp_path / role / "1" / "failures.py").is_file()
        assert not list((tmp_path / role / "1").glob("stand_in*"))
