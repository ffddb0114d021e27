"""What both speech models share: limits of the contract, parameters, codes of failures, sound as numbers, engines by name."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from conftest import MODELS
from contract_limits import check_limits, read_limits
from engine_loading import Placement, load_engine, placement_of
from failures import ModelUnusable, RequestRefused, code_of, message_of
from parameters import Parameters, read_parameters
from pcm import floats_of, level_dbfs, pcm_of

CONTRACTS = MODELS.parent / "contracts"


def texts(*values: str) -> np.ndarray:
    return np.array([[value.encode() for value in values]], dtype=np.object_)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"AUDIO": np.zeros((1, 480_001), np.int16)}, "tensor AUDIO has 480001 elements, the limit is 480000"),
        ({"LANGUAGE": texts("e" * 36)}, "tensor LANGUAGE has a text of 36 characters, the limit is 35"),
        ({"HINTS": texts(*["x"] * 201)}, "tensor HINTS has 201 elements, the limit is 200"),
        ({"HINTS": np.array([[b"\xff"]], dtype=np.object_)}, "tensor HINTS is not UTF-8"),
    ],
)
def test_a_request_beyond_a_limit_is_told_which_tensor_and_which_limit(inputs: dict, message: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        check_limits(read_limits(CONTRACTS / "speech_to_text.json"), inputs)
    assert str(refused.value) == message


@pytest.mark.parametrize("speed", [0.49, 2.01, math.nan, math.inf])
def test_a_number_outside_its_range_is_refused(speed: float) -> None:
    with pytest.raises(RequestRefused, match="tensor SPEED holds .*, must be between 0.5 and 2"):
        check_limits(read_limits(CONTRACTS / "text_to_speech.json"), {"SPEED": np.array([[speed]], np.float32)})


def test_a_request_within_its_limits_passes_and_characters_are_counted_as_the_contract_does() -> None:
    limits = read_limits(CONTRACTS / "speech_to_text.json")
    check_limits(limits, {"AUDIO": np.zeros((1, 480_000), np.int16), "LANGUAGE": texts("es-419"), "HINTS": texts("ñ" * 200)})
    with pytest.raises(RequestRefused):
        check_limits(limits, {"HINTS": texts("😀" * 101)})


def test_parameters_are_read_from_tritons_json_and_a_wrong_one_says_what_it_may_be(tmp_path: Path) -> None:
    written = {
        "parameters": {"folder": {"string_value": str(tmp_path)}, "steps": {"string_value": "16"}, "free": {"string_value": "false"}}
    }
    parameters = read_parameters(json.dumps(written))
    assert parameters.folder("folder") == tmp_path and parameters.whole("steps", 4, 64) == 16 and parameters.flag("free") is False
    for ask, message in [
        (lambda: parameters.text("voice"), "parameter voice is missing"),
        (lambda: parameters.whole("steps", 32, 64), "parameter steps is '16', must be a number between 32 and 64"),
        (lambda: parameters.choice("steps", "8", "32"), "must be one of 8, 32"),
        (lambda: Parameters({"folder": "models"}).folder("folder"), "must be the absolute path of a folder that exists"),
        (lambda: Parameters({"steps": "1.5"}).whole("steps", 1, 2), "must be a whole number"),
        (lambda: Parameters({"steps": "many"}).number("steps", 1, 2), "must be a number"),
    ]:
        with pytest.raises(ModelUnusable, match=message):
            ask()


def test_an_engine_is_a_module_beside_the_model_and_one_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tuning_fork_engine.py").write_text("def load(parameters, placement):\n    return parameters.text('tone'), placement\n")
    (tmp_path / "greedy_engine.py").write_text("import a_package_that_no_image_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    placement = placement_of("GPU", "1")
    assert placement == Placement("cuda", 1) and placement_of("CPU", "0") == Placement("cpu", 0)
    assert load_engine(Parameters({"engine": "tuning-fork", "tone": "a"}), placement) == ("a", placement)
    for name, message in [("whistle", "has no whistle_engine.py"), ("../x", "must be lower-case letters"), ("greedy", "lacks a package")]:
        with pytest.raises(ModelUnusable, match=message):
            load_engine(Parameters({"engine": name}), placement)


def test_failures_carry_the_code_that_tells_whether_to_ask_again() -> None:
    class OutOfMemoryError(RuntimeError):
        """As torch calls it."""

    assert code_of(RequestRefused("no")) == "INVALID_ARG"
    assert code_of(RequestRefused("later", "UNAVAILABLE")) == "UNAVAILABLE"
    assert code_of(OutOfMemoryError("no room")) == "UNAVAILABLE"
    assert code_of(RuntimeError("CUDA failed with error out of memory")) == "UNAVAILABLE"
    assert code_of(KeyError("x")) == "INTERNAL"
    assert message_of(RequestRefused("tensor X")) == "tensor X" and message_of(KeyError("x")) == "KeyError: 'x'"


def test_sound_becomes_samples_and_back_and_what_is_too_loud_is_clipped() -> None:
    samples = np.array([-32_768, -1, 0, 1, 32_767], np.int16)
    assert (pcm_of(floats_of(samples)) == samples).all()
    assert (pcm_of(np.array([2.0, -2.0, math.nan, math.inf])) == [32_767, -32_768, 0, 32_767]).all()


def test_levels_are_against_full_scale() -> None:
    assert level_dbfs(np.zeros(0, np.int16)) == -math.inf and level_dbfs(np.zeros(160, np.int16)) == -math.inf
    assert math.isclose(level_dbfs(np.full(160, -32_768, np.int16)), 0.0)
    assert math.isclose(level_dbfs(np.full(160, 16, np.int16)), -66.2, abs_tol=0.1)
