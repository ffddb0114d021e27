"""One model as Triton runs it: its configuration, its queue, the one thread that calls it, and what it was asked so far."""

import importlib.util
import json
import queue
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

from google.protobuf import json_format, text_format

import protocol
from triton_python_backend_utils import InferenceRequest, InferenceResponse, ResponseSender, Tensor, TritonError
from wire_tensors import TensorRule, rules_of

Receive = Callable[[Optional[InferenceResponse], bool], None]


@dataclass
class Statistics:
    """What ModelStatistics tells."""

    succeeded: int = 0
    failed: int = 0
    executions: int = 0
    succeeded_ns: int = 0
    failed_ns: int = 0
    queued_ns: int = 0
    last_at_ms: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Asked:
    """A request in the queue."""

    request_id: str
    inputs: Sequence[Tensor]
    receive: Receive
    cancelled: threading.Event
    came_at_ns: int = field(default_factory=time.monotonic_ns)


def read_configuration(path: Path) -> Any:
    """Parses config.pbtxt. Raises text_format.ParseError for a field that Triton does not know by that name."""
    return text_format.Parse(path.read_text(encoding="utf-8"), protocol.model_configuration().ModelConfig())


class HostedModel:
    """A role that is loaded, or the reason why it is not."""

    def __init__(self, folder: Path) -> None:
        self.configuration = read_configuration(folder / "config.pbtxt")
        self.name = folder.name
        kinds = protocol.model_configuration().DataType
        self.inputs: list[TensorRule] = rules_of(self.configuration.input, self.configuration, kinds.Name)
        self.outputs: list[TensorRule] = rules_of(self.configuration.output, self.configuration, kinds.Name)
        self.is_decoupled = self.configuration.model_transaction_policy.decoupled
        self.statistics = Statistics()
        self.unusable: Optional[str] = None
        self._queue: "queue.Queue[Optional[Asked]]" = queue.Queue()
        self._model = self._load(folder)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def _load(self, folder: Path) -> Any:
        version = folder / "1"
        # As Triton's stub does: the version's folder, then the model's, at the end of the path.
        sys.path.extend([str(version), str(folder)])
        try:
            if self.configuration.name != self.name:
                raise ValueError(f"config.pbtxt names the model {self.configuration.name!r}, its folder is {self.name!r}")
            # By its path: the models of several roles live in one process here, and all are called model.py.
            spec = importlib.util.spec_from_file_location(f"{self.name}_model", version / "model.py")
            if spec is None or spec.loader is None:
                raise ImportError(f"{version / 'model.py'} is no Python")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            model = module.TritonPythonModel()
            model.initialize(self._arguments(folder))
            return model
        except Exception as error:  # noqa: BLE001 - as in Triton, whatever it is becomes the reason
            self.unusable = f"{type(error).__name__}: {error}"
            return None

    def _arguments(self, folder: Path) -> dict[str, str]:
        group = self.configuration.instance_group[0]
        kinds = type(group).Kind
        configuration = json_format.MessageToDict(self.configuration, preserving_proto_field_name=True)
        return {
            "model_config": json.dumps(configuration),
            "model_instance_kind": kinds.Name(group.kind).removeprefix("KIND_"),
            "model_instance_device_id": str(group.gpus[0] if group.gpus else 0),
            "model_repository": str(folder),
            "model_version": "1",
            "model_name": self.name,
        }

    def ask(self, asked: Asked) -> None:
        """Queues a request; one too many is answered at once, as the configuration's queue says."""
        limit = self.configuration.dynamic_batching.default_queue_policy.max_queue_size
        if limit and self._queue.qsize() >= limit:
            asked.receive(_failure("Exceeds maximum queue size", TritonError.UNAVAILABLE), True)
            return
        self._queue.put(asked)

    def close(self) -> None:
        """Answers what is queued, then unloads."""
        self._queue.put(None)
        self._thread.join()
        if self._model is not None and hasattr(self._model, "finalize"):
            self._model.finalize()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, is_last = self._gather(first)
            live = [asked for asked in batch if self._is_in_time(asked)]
            if live:
                self._execute(live)
            if is_last:
                return

    def _gather(self, first: Asked) -> tuple[list[Asked], bool]:
        """The batch that Triton's dynamic batcher would make: what comes within the delay, up to the size."""
        batch = [first]
        until = time.monotonic() + self.configuration.dynamic_batching.max_queue_delay_microseconds / 1e6
        while len(batch) < self.configuration.max_batch_size:
            try:
                more = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if more is None:
                return batch, True
            batch.append(more)
        return batch, False

    def _is_in_time(self, asked: Asked) -> bool:
        limit_us = self.configuration.dynamic_batching.default_queue_policy.default_timeout_microseconds
        if not limit_us or time.monotonic_ns() - asked.came_at_ns <= limit_us * 1_000:
            return True
        self._count(asked, time.monotonic_ns(), is_success=False)
        asked.receive(_failure("Request timeout expired", TritonError.UNAVAILABLE), True)
        return False

    def _execute(self, batch: Sequence[Asked]) -> None:
        started_ns = time.monotonic_ns()
        self.statistics.executions += 1
        requests = [self._request_of(asked, started_ns) for asked in batch]
        try:
            responses = self._model.execute(requests)
            if not self.is_decoupled and (responses is None or len(responses) != len(batch)):
                raise ValueError(f"execute gave {responses and len(responses)} responses for {len(batch)} requests")
        except Exception as error:  # noqa: BLE001 - as in Triton, a fault of the model answers its whole batch
            responses = [_failure(f"{type(error).__name__}: {error}", TritonError.INTERNAL)] * len(batch)
        for request, response in zip(requests, responses or []):
            request.get_response_sender().send(response, flags=1)

    def _request_of(self, asked: Asked, started_ns: int) -> InferenceRequest:
        seen = {"failed": False}

        def send(response: Optional[InferenceResponse], is_final: bool) -> None:
            seen["failed"] = seen["failed"] or (response is not None and response.error() is not None)
            if is_final:
                self._count(asked, started_ns, is_success=not seen["failed"])
            asked.receive(response, is_final)

        return InferenceRequest(asked.request_id, asked.inputs, ResponseSender(send, asked.cancelled.is_set))

    def _count(self, asked: Asked, started_ns: int, is_success: bool) -> None:
        now_ns = time.monotonic_ns()
        with self.statistics.lock:
            self.statistics.queued_ns += started_ns - asked.came_at_ns
            self.statistics.last_at_ms = time.time_ns() // 1_000_000
            if is_success:
                self.statistics.succeeded += 1
                self.statistics.succeeded_ns += now_ns - started_ns
            else:
                self.statistics.failed += 1
                self.statistics.failed_ns += now_ns - started_ns


def _failure(message: str, code: int) -> InferenceResponse:
    return InferenceResponse([], TritonError(message, code))
