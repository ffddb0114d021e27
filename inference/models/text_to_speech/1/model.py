"""The text_to_speech role for Triton's Python backend: a sentence in, its sound piece by piece. What is decided is decided in the modules
beside it."""

import time
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import triton_python_backend_utils as pb_utils

from clauses import pause_ms, split_clauses
from contract_limits import check_limits, read_limits
from engine_loading import load_engine, placement_of
from failures import RequestRefused, code_of, message_of
from parameters import read_parameters
from pcm import pcm_of
from speech_engine import Speaker, SpeechEngine, read_wanted
from speech_queue import MAX_WAITING, SpeechJob, SpeechQueue
from speech_trim import silence, trim_silence

_INPUTS = ("TEXT", "LANGUAGE", "VOICE", "SPEED")
_FINAL = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL


class TritonPythonModel:
    """Triton calls it from one thread; the pieces are spoken by another, so that a sentence that comes need not wait for a whole other
    one."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Loads the engine that config.pbtxt names. What is raised here becomes the reason why the model is unavailable."""
        parameters = read_parameters(args["model_config"])
        self._limits = read_limits(Path(__file__).with_name("contract.json"))
        self._engine: SpeechEngine = load_engine(parameters, placement_of(args["model_instance_kind"], args["model_instance_device_id"]))
        self._queue = SpeechQueue(self._speak_next)

    def execute(self, requests: Sequence[Any]) -> None:
        """Takes sentences and comes back at once: their sound goes out by each request's own sender."""
        for request in requests:
            sender = request.get_response_sender()
            try:
                self._take(request, sender)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this request's alone
                _end(sender, error)

    def finalize(self) -> None:
        """Ends when all that was taken is spoken."""
        self._queue.close()

    def _take(self, request: Any, sender: Any) -> None:
        inputs = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in _INPUTS}
        check_limits(self._limits, inputs)
        wanted = read_wanted(inputs)
        speaker = self._engine.speaker(wanted)
        clauses = split_clauses(speaker.spelled(wanted.text), speaker.max_characters)
        if not clauses:
            _end(sender)
        elif not self._queue.add(clauses, (speaker, sender)):
            raise RequestRefused(f"{MAX_WAITING} sentences are waiting already; ask again later", "UNAVAILABLE")

    def _speak_next(self, job: SpeechJob) -> bool:
        speaker, sender = job.extra
        if sender.is_cancelled():
            _end(sender, RequestRefused("the caller went away", "CANCELLED"))
            return False
        try:
            self._speak_piece(job, speaker, sender)
        except Exception as error:  # noqa: BLE001 - an engine's fault ends this sentence, the others go on
            pb_utils.Logger.log_error(f"text_to_speech: {message_of(error)}")
            _end(sender, error)
            return False
        if job.done < len(job.clauses):
            return True
        _end(sender)
        return False

    def _speak_piece(self, job: SpeechJob, speaker: Speaker, sender: Any) -> None:
        clause = job.clauses[job.done]
        rate_hz = self._engine.rate_hz
        spoken = trim_silence(speaker.speak(clause), rate_hz)
        is_last = job.done + 1 == len(job.clauses)
        pcm = pcm_of(spoken if is_last else np.concatenate([spoken, silence(pause_ms(clause), rate_hz)]))
        if job.done == 0:
            job.started_at_ms = time.monotonic() * 1_000
        job.done += 1
        job.made_ms += pcm.size * 1_000 // rate_hz
        if pcm.size > 0:
            sender.send(_chunk(pcm, rate_hz))


def _chunk(pcm: np.ndarray, rate_hz: int) -> Any:
    return pb_utils.InferenceResponse(
        output_tensors=[
            pb_utils.Tensor("AUDIO", pcm.reshape(1, -1)),
            pb_utils.Tensor("SAMPLE_RATE", np.array([[rate_hz]], dtype=np.int32)),
        ]
    )


def _end(sender: Any, error: Optional[BaseException] = None) -> None:
    """Closes a request, with its error if there is one."""
    if error is None:
        sender.send(flags=_FINAL)
        return
    told = pb_utils.TritonError(message_of(error), getattr(pb_utils.TritonError, code_of(error)))
    sender.send(pb_utils.InferenceResponse(output_tensors=[], error=told), flags=_FINAL)
