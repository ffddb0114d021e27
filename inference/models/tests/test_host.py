"""Our model.py files behind a real gRPC server: what a caller of Triton would see, with stand-ins for the weights alone."""

import json
import signal
import subprocess
import sys
import time
from typing import Any, Iterator

import grpc
import numpy as np
import pytest

import protocol
from conftest import MODELS

RATE_HZ = 16_000
SERVICE = "/inference.GRPCInferenceService/"


class Caller:
    """A client of the host."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", 64 * 2**20)])
        self._messages = protocol.kserve()

    def ask(self, name: str, /, **fields: Any) -> Any:
        """One call without a stream."""
        reply = getattr(self._messages, f"{name}Response")
        call = self._channel.unary_unary(SERVICE + name, lambda message: message.SerializeToString(), reply.FromString)
        return call(fields["request"] if "request" in fields else getattr(self._messages, f"{name}Request")(**fields), timeout=20)

    def infer(self, model: str, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
        """Tensors of an answer by name."""
        return self.read(self.ask("ModelInfer", request=self.request(model, inputs)))

    def stream(self, requests: list[Any], metadata: tuple = ()) -> Any:
        """The parts of an answer, as they come."""
        reply = self._messages.ModelStreamInferResponse
        call = self._channel.stream_stream(f"{SERVICE}ModelStreamInfer", lambda message: message.SerializeToString(), reply.FromString)
        return call(iter(requests), timeout=20, metadata=metadata)

    def request(self, model: str, inputs: dict[str, np.ndarray], request_id: str = "", wants_end: bool = False) -> Any:
        """A request with its tensors in their raw form."""
        names = {"object": "BYTES", "int16": "INT16", "float32": "FP32", "bool": "BOOL"}
        request = self._messages.ModelInferRequest(model_name=model, id=request_id)
        for name, values in inputs.items():
            request.inputs.add(name=name, datatype=names[str(values.dtype)], shape=values.shape)
            texts = b"".join(len(text).to_bytes(4, "little") + text for text in values.reshape(-1)) if values.dtype == object else b""
            request.raw_input_contents.append(texts or values.tobytes() if values.size else b"")
        if wants_end:
            request.parameters["triton_enable_empty_final_response"].bool_param = True
        return request

    @staticmethod
    def read(reply: Any) -> dict[str, Any]:
        """Values of a reply's tensors."""
        kinds = {"INT16": "<i2", "INT32": "<i4", "FP32": "<f4"}
        values: dict[str, Any] = {}
        for tensor, raw in zip(reply.outputs, reply.raw_output_contents):
            if tensor.datatype == "BYTES":
                texts, at = [], 0
                while at < len(raw):
                    size = int.from_bytes(raw[at : at + 4], "little")
                    texts.append(raw[at + 4 : at + 4 + size].decode())
                    at += 4 + size
                values[tensor.name] = texts
            else:
                values[tensor.name] = np.frombuffer(raw, kinds[tensor.datatype]).tolist()
        return values


def start_host(*arguments: str) -> tuple[subprocess.Popen, dict[str, Any]]:
    argv = [sys.executable, str(MODELS / "testing" / "host.py"), "--port", "0", *arguments]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def stop_host(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    process, ready = start_host()
    assert ready["unusable"] == {}
    yield Caller(ready["port"])
    stop_host(process)


def texts(*values: str) -> np.ndarray:
    return np.array([[value.encode() for value in values]], dtype=object).reshape(1, -1)


def noise(level: int, seconds: float = 1.0) -> np.ndarray:
    return np.random.default_rng(7).normal(0, level, (1, int(seconds * RATE_HZ))).astype(np.int16)


def speech(hints: np.ndarray | None = None, audio: np.ndarray | None = None, **more: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "AUDIO": noise(2_000) if audio is None else audio,
        "LANGUAGE": texts("es"),
        "HINTS": texts("quiero una cita") if hints is None else hints,
        **more,
    }


def sentence(text: str, voice: str = "", speed: float = 1.0) -> dict[str, np.ndarray]:
    return {"TEXT": texts(text), "LANGUAGE": texts("es"), "VOICE": texts(voice), "SPEED": np.array([[speed]], np.float32)}


def test_models_are_ready_and_say_what_they_take(caller: Caller) -> None:
    assert caller.ask("ServerReady").ready and caller.ask("ModelReady", name="speech_to_text").ready
    metadata = caller.ask("ModelMetadata", name="speech_to_text")
    assert metadata.platform == "python"
    assert [(tensor.name, tensor.datatype, list(tensor.shape)) for tensor in metadata.inputs][0] == ("AUDIO", "INT16", [-1, -1])
    assert {(one.name, one.state) for one in caller.ask("RepositoryIndex").models} == {
        ("speech_to_text", "READY"),
        ("text_to_speech", "READY"),
    }


def test_an_utterance_becomes_text_with_times_only_when_they_are_asked_for(caller: Caller) -> None:
    heard = caller.infer("speech_to_text", speech())
    assert heard["TEXT"] == ["quiero una cita"] and heard["DISCARDED"] == [""] and heard["SEGMENT_TEXTS"] == []
    assert heard["CONFIDENCE"][0] == pytest.approx(0.905, abs=1e-3) and heard["NO_SPEECH_PROBABILITY"][0] == pytest.approx(0.02)
    timed = caller.infer("speech_to_text", speech(TIMESTAMPS=np.array([[True]])))
    assert timed["SEGMENT_TEXTS"] == ["quiero", "una", "cita"]
    assert timed["SEGMENT_STARTS_MS"] == [0, 333, 666] and timed["SEGMENT_ENDS_MS"] == [333, 666, 1_000]


def test_subtitles_made_of_noise_do_not_reach_the_caller_and_silence_does_not_reach_the_engine(caller: Caller) -> None:
    noisy = caller.infer("speech_to_text", speech(audio=noise(60)))
    assert (noisy["TEXT"], noisy["DISCARDED"]) == ([""], ["hallucinated_phrase"]) and noisy["NO_SPEECH_PROBABILITY"][0] > 0.6
    for silent in (np.zeros((1, RATE_HZ), np.int16), np.zeros((1, 0), np.int16)):
        heard = caller.infer("speech_to_text", speech(audio=silent))
        assert (heard["TEXT"], heard["DISCARDED"], heard["NO_SPEECH_PROBABILITY"]) == ([""], ["silence"], [1.0])


def test_an_utterance_without_hints_is_understood(caller: Caller) -> None:
    assert caller.infer("speech_to_text", speech(hints=np.zeros((1, 0), dtype=object)))["TEXT"] == ["uno dos tres"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (speech(audio=noise(2_000).astype(np.float32)), "data-type is 'FP32'"),
        (speech(audio=noise(2_000).reshape(-1)), "unexpected shape for input 'AUDIO'"),
        (speech(audio=np.zeros((1, 480_001), np.int16)), "tensor AUDIO has 480001 elements, the limit is 480000"),
        ({name: np.concatenate([values, values]) for name, values in speech().items()}, "tensor AUDIO has shape [2,16000], must be [1,-1]"),
        ({"AUDIO": noise(2_000), "LANGUAGE": texts("es")}, "Missing: HINTS"),
        ({**speech(), "EXTRA": texts("x")}, "unexpected inference input 'EXTRA'"),
        ({**speech(), "LANGUAGE": texts("xx")}, "Whisper does not know 'xx'"),
    ],
)
def test_a_wrong_request_is_the_callers_fault_and_says_which_tensor(caller: Caller, inputs: dict, message: str) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        caller.infer("speech_to_text", inputs)
    assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT and message in failed.value.details()


def test_models_that_are_not_there_and_models_that_answer_in_parts_are_refused_by_code(caller: Caller) -> None:
    for model, inputs, code in [
        ("whistling", speech(), grpc.StatusCode.NOT_FOUND),
        ("text_to_speech", sentence("Hola."), grpc.StatusCode.UNIMPLEMENTED),
    ]:
        with pytest.raises(grpc.RpcError) as failed:
            caller.infer(model, inputs)
        assert failed.value.code() == code


def test_no_model_is_loaded_from_outside(caller: Caller) -> None:
    for call in ("RepositoryModelLoad", "RepositoryModelUnload"):
        with pytest.raises(grpc.RpcError) as failed:
            caller.ask(call, model_name="speech_to_text")
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE


LONG = "Buenos días, le atiende Clara de la clínica. Su cita es el martes a las 10:30, en la calle Mayor. ¿Le va bien así?"


def test_a_sentence_comes_piece_by_piece_without_the_engines_silences(caller: Caller) -> None:
    parts = list(caller.stream([caller.request("text_to_speech", sentence(LONG), "one", wants_end=True)]))
    assert [part.error_message for part in parts] == [""] * len(parts) and {part.infer_response.id for part in parts} == {"one"}
    finals = [part.infer_response.parameters["triton_final_response"].bool_param for part in parts]
    assert len(parts) >= 3 and finals == [False] * (len(parts) - 1) + [True] and not parts[-1].infer_response.outputs
    chunks = [caller.read(part.infer_response) for part in parts[:-1]]
    assert {rate for chunk in chunks for rate in chunk["SAMPLE_RATE"]} == {24_000}
    seconds = sum(len(chunk["AUDIO"]) for chunk in chunks) / 24_000
    assert abs(seconds - len(LONG) * 0.065) < 1.0
    assert abs(chunks[0]["AUDIO"][24_000 // 20]) > 0 or max(chunks[0]["AUDIO"][: 24_000 // 10]) > 3_000


def test_twice_the_speed_is_half_the_length_and_no_words_are_no_sound(caller: Caller) -> None:
    def samples(inputs: dict) -> int:
        return sum(len(caller.read(part.infer_response)["AUDIO"]) for part in caller.stream([caller.request("text_to_speech", inputs)]))

    assert samples(sentence("Una sola frase.", speed=2.0)) / samples(sentence("Una sola frase.")) == pytest.approx(0.5, abs=0.06)
    assert samples(sentence(" ... ")) == 0


def test_an_error_travels_in_the_stream_or_ends_it_as_the_caller_asks(caller: Caller) -> None:
    wrong, right = (caller.request("text_to_speech", sentence("Hola.", voice), name) for voice, name in (("nobody", "a"), ("tone", "b")))
    parts = list(caller.stream([wrong, right]))
    assert {part.infer_response.id: part.error_message for part in parts}[
        "a"
    ] == "tensor VOICE: there is no voice 'nobody'; there are: tone"
    assert any(part.infer_response.id == "b" and part.infer_response.outputs for part in parts)
    with pytest.raises(grpc.RpcError) as failed:
        list(caller.stream([wrong], metadata=(("triton_grpc_error", "true"),)))
    assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_cancelled_sentence_stops_between_its_pieces(caller: Caller) -> None:
    before = caller.ask("ModelStatistics", name="text_to_speech").model_stats[0].inference_stats
    stream = caller.stream([caller.request("text_to_speech", sentence(LONG * 12))])
    next(stream)
    stream.cancel()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        now = caller.ask("ModelStatistics", name="text_to_speech").model_stats[0].inference_stats
        if now.fail.count == before.fail.count + 1:
            break
        time.sleep(0.05)
    assert now.fail.count == before.fail.count + 1 and now.success.count == before.success.count


def test_utterances_that_come_together_go_through_the_engine_together(caller: Caller) -> None:
    before = caller.ask("ModelStatistics", name="speech_to_text").model_stats[0]
    parts = list(
        caller.stream([caller.request("speech_to_text", speech(audio=noise(2_000, seconds)), str(seconds)) for seconds in (1, 2, 3, 4)])
    )
    after = caller.ask("ModelStatistics", name="speech_to_text").model_stats[0]
    assert {part.infer_response.id for part in parts} == {"1", "2", "3", "4"} and not any(part.error_message for part in parts)
    assert after.inference_count - before.inference_count == 4 and after.execution_count - before.execution_count < 4


def test_a_model_that_must_not_be_loaded_is_listed_with_its_reason() -> None:
    process, ready = start_host(
        "--role",
        "text_to_speech",
        "--parameter",
        "text_to_speech.allows_commercial_use=false",
        "--parameter",
        "text_to_speech.licence=CC-BY-NC-4.0",
    )
    try:
        caller = Caller(ready["port"])
        assert "CC-BY-NC-4.0" in ready["unusable"]["text_to_speech"] and not caller.ask("ServerReady").ready
        entry = caller.ask("RepositoryIndex").models[0]
        assert entry.state == "UNAVAILABLE" and "does not allow commercial use" in entry.reason
        part = next(caller.stream([caller.request("text_to_speech", sentence("Hola."))]))
        assert "no available versions" in part.error_message
    finally:
        stop_host(process)
