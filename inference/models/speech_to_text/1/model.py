"""The speech_to_text role for Triton's Python backend: tensors in, tensors out. What is decided is decided in the modules beside it."""

from pathlib import Path
from typing import Any, Mapping, Sequence

import numpy as np
import triton_python_backend_utils as pb_utils

from contract_limits import check_limits, read_limits
from engine_loading import load_engine, placement_of
from failures import code_of, message_of
from parameters import read_parameters
from speech_request import SpeechRequest, read_request
from transcript_filter import Thresholds, discard_reason
from whisper_segments import Segment, confidence_of

_INPUTS = ("AUDIO", "LANGUAGE", "HINTS", "TIMESTAMPS")


class TritonPythonModel:
    """Triton makes one of these for each instance and calls it from one thread."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Loads the engine that config.pbtxt names. What is raised here becomes the reason why the model is unavailable."""
        parameters = read_parameters(args["model_config"])
        self._limits = read_limits(Path(__file__).with_name("contract.json"))
        self._thresholds = Thresholds(
            no_speech=parameters.number("no_speech_threshold", 0, 1),
            log_probability=parameters.number("log_probability_threshold", -10, 0),
            compression_ratio=parameters.number("compression_ratio_threshold", 1, 10),
        )
        self._engine = load_engine(parameters, placement_of(args["model_instance_kind"], args["model_instance_device_id"]))

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answers a batch: those that can be answered go through the engine together, the others are refused one by one."""
        responses: dict[int, Any] = {}
        asked: dict[int, SpeechRequest] = {}
        for at, request in enumerate(requests):
            if request.is_cancelled():
                responses[at] = _failure("the caller went away", "CANCELLED")
                continue
            try:
                inputs = _arrays_of(request)
                check_limits(self._limits, inputs)
                heard = read_request(inputs)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this request's alone
                responses[at] = _failure(message_of(error), code_of(error))
                continue
            if heard.is_silent:
                responses[at] = _answer("", 0.0, 1.0, "silence", [])
            else:
                asked[at] = heard
        responses.update(self._transcribe(asked))
        return [responses[at] for at in range(len(requests))]

    def _transcribe(self, asked: Mapping[int, SpeechRequest]) -> dict[int, Any]:
        if not asked:
            return {}
        try:
            decoded = self._engine.transcribe(list(asked.values()))
        except Exception as error:  # noqa: BLE001 - an engine's fault must answer every request of the batch
            pb_utils.Logger.log_error(f"speech_to_text: {message_of(error)}")
            # Alone, a request fails for its own fault only.
            if len(asked) > 1:
                return {at: response for at, heard in asked.items() for response in self._transcribe({at: heard}).values()}
            return {at: _failure(message_of(error), code_of(error)) for at in asked}
        return {at: self._judged(heard, one) for (at, heard), one in zip(asked.items(), decoded)}

    def _judged(self, heard: SpeechRequest, decoded: Any) -> Any:
        found = decoded.transcription
        reason = discard_reason(found, heard.hints, self._thresholds)
        if reason is not None:
            return _answer("", 0.0, found.no_speech_probability, reason, [])
        segments = decoded.segments if heard.with_times else []
        return _answer(found.text, confidence_of(found.average_log_probability), found.no_speech_probability, "", segments)


def _arrays_of(request: Any) -> dict[str, np.ndarray]:
    tensors = {name: pb_utils.get_input_tensor_by_name(request, name) for name in _INPUTS}
    return {name: tensor.as_numpy() for name, tensor in tensors.items() if tensor is not None}


def _answer(text: str, confidence: float, no_speech: float, reason: str, segments: Sequence[Segment]) -> Any:
    no_speech = min(1.0, max(0.0, no_speech))
    return pb_utils.InferenceResponse(
        output_tensors=[
            _texts("TEXT", [text]),
            pb_utils.Tensor("CONFIDENCE", np.array([[confidence]], dtype=np.float32)),
            pb_utils.Tensor("NO_SPEECH_PROBABILITY", np.array([[no_speech]], dtype=np.float32)),
            _texts("DISCARDED", [reason]),
            _texts("SEGMENT_TEXTS", [segment.text for segment in segments]),
            pb_utils.Tensor("SEGMENT_STARTS_MS", np.array([[segment.start_ms for segment in segments]], dtype=np.int32)),
            pb_utils.Tensor("SEGMENT_ENDS_MS", np.array([[segment.end_ms for segment in segments]], dtype=np.int32)),
        ]
    )


def _texts(name: str, texts: Sequence[str]) -> Any:
    return pb_utils.Tensor(name, np.array([[text.encode("utf-8") for text in texts]], dtype=np.object_))


def _failure(message: str, code: str) -> Any:
    return pb_utils.InferenceResponse(output_tensors=[], error=pb_utils.TritonError(message, getattr(pb_utils.TritonError, code)))
