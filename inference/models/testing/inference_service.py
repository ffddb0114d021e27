"""KServe v2 over gRPC in front of hosted models: the part of Triton that its clients see."""

import queue
import threading
from typing import Any, Callable, Iterator, Mapping, Optional

import grpc

import protocol
from hosted_model import Asked, HostedModel
from triton_python_backend_utils import InferenceResponse, TritonError
from wire_tensors import TensorRule, WireError, decode_inputs, encode_outputs

_SERVICE = "inference.GRPCInferenceService"
_CODES = {
    TritonError.UNKNOWN: grpc.StatusCode.UNKNOWN,
    TritonError.INTERNAL: grpc.StatusCode.INTERNAL,
    TritonError.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    TritonError.INVALID_ARG: grpc.StatusCode.INVALID_ARGUMENT,
    TritonError.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    TritonError.UNSUPPORTED: grpc.StatusCode.UNIMPLEMENTED,
    TritonError.ALREADY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    TritonError.CANCELLED: grpc.StatusCode.CANCELLED,
}
_UNARY_LIMIT_S = 60


class Refused(Exception):
    """A request that is answered with a gRPC code."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class InferenceService:
    """The calls, over a fixed set of models."""

    def __init__(self, models: Mapping[str, HostedModel]) -> None:
        self._models = models
        self._messages = protocol.kserve()

    def handler(self) -> Any:
        """What a gRPC server is given: each call with its messages."""
        unary = {
            "ServerLive": lambda request: self._messages.ServerLiveResponse(live=True),
            "ServerReady": lambda request: self._messages.ServerReadyResponse(
                ready=all(one.unusable is None for one in self._models.values())
            ),
            "ModelReady": lambda request: self._messages.ModelReadyResponse(ready=self._model(request.name).unusable is None),
            "ModelMetadata": self._metadata,
            "ModelStatistics": self._statistics,
            "RepositoryIndex": self._index,
            "RepositoryModelLoad": _refuse_loading,
            "RepositoryModelUnload": _refuse_loading,
        }
        handlers = {name: self._unary(name, answer) for name, answer in unary.items()}
        handlers["ModelInfer"] = grpc.unary_unary_rpc_method_handler(
            self._infer, self._messages.ModelInferRequest.FromString, self._messages.ModelInferResponse.SerializeToString
        )
        handlers["ModelStreamInfer"] = grpc.stream_stream_rpc_method_handler(
            self._stream, self._messages.ModelInferRequest.FromString, self._messages.ModelStreamInferResponse.SerializeToString
        )
        return grpc.method_handlers_generic_handler(_SERVICE, handlers)

    def _unary(self, name: str, answer: Callable[[Any], Any]) -> Any:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return answer(request)
            except Refused as refused:
                context.abort(refused.code, str(refused))

        read = getattr(self._messages, f"{name}Request").FromString
        return grpc.unary_unary_rpc_method_handler(handle, read, getattr(self._messages, f"{name}Response").SerializeToString)

    def _model(self, name: str) -> HostedModel:
        model = self._models.get(name)
        if model is None:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"Request for unknown model: '{name}' is not found")
        return model

    def _ready_model(self, name: str) -> HostedModel:
        model = self._model(name)
        if model.unusable is not None:
            raise Refused(grpc.StatusCode.UNAVAILABLE, f"Request for unknown model: '{name}' has no available versions: {model.unusable}")
        return model

    def _metadata(self, request: Any) -> Any:
        model = self._ready_model(request.name)
        reply = self._messages.ModelMetadataResponse(name=model.name, versions=["1"], platform=model.configuration.backend)
        for rules, written in ((model.inputs, reply.inputs), (model.outputs, reply.outputs)):
            for rule in rules:
                written.add(name=rule.name, datatype=rule.datatype, shape=list(rule.shape))
        return reply

    def _statistics(self, request: Any) -> Any:
        reply = self._messages.ModelStatisticsResponse()
        for model in [self._model(request.name)] if request.name else self._models.values():
            counted = model.statistics
            written = reply.model_stats.add(
                name=model.name,
                version="1",
                last_inference=counted.last_at_ms,
                inference_count=counted.succeeded,
                execution_count=counted.executions,
            )
            times = written.inference_stats
            times.success.count, times.success.ns = counted.succeeded, counted.succeeded_ns + counted.queued_ns
            times.fail.count, times.fail.ns = counted.failed, counted.failed_ns
            times.queue.count, times.queue.ns = counted.succeeded, counted.queued_ns
            times.compute_infer.count, times.compute_infer.ns = counted.succeeded, counted.succeeded_ns
        return reply

    def _index(self, request: Any) -> Any:
        reply = self._messages.RepositoryIndexResponse()
        for model in self._models.values():
            if model.unusable is None:
                reply.models.add(name=model.name, version="1", state="READY")
            elif not request.ready:
                reply.models.add(name=model.name, version="1", state="UNAVAILABLE", reason=model.unusable)
        return reply

    def _accept(self, request: Any) -> HostedModel:
        model = self._ready_model(request.model_name)
        if request.model_version not in ("", "1"):
            message = f"Request for unknown model: '{model.name}' version {request.model_version} is not found"
            raise Refused(grpc.StatusCode.NOT_FOUND, message)
        return model

    def _ask(self, request: Any, cancelled: threading.Event, receive: Callable[[Optional[InferenceResponse], bool], None]) -> HostedModel:
        model = self._accept(request)
        try:
            inputs = decode_inputs(request, model.inputs, model.configuration.max_batch_size)
        except WireError as error:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        model.ask(Asked(request.id, inputs, receive, cancelled))
        return model

    def _infer(self, request: Any, context: grpc.ServicerContext) -> Any:
        answers: "queue.Queue[Optional[InferenceResponse]]" = queue.Queue()
        cancelled = threading.Event()
        context.add_callback(cancelled.set)
        try:
            if self._accept(request).is_decoupled:
                raise Refused(grpc.StatusCode.UNIMPLEMENTED, "ModelInfer RPC doesn't support models with decoupled transaction policy")
            model = self._ask(request, cancelled, lambda response, is_final: answers.put(response))
            response = answers.get(timeout=_UNARY_LIMIT_S)
            _raise_error_of(response)
            return self._reply(request, model.outputs, response)
        except Refused as refused:
            context.abort(refused.code, str(refused))

    def _stream(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        parts: "queue.Queue[Any]" = queue.Queue()
        cancelled = threading.Event()
        context.add_callback(cancelled.set)
        context.add_callback(lambda: parts.put(None))
        ends_on_error = ("triton_grpc_error", "true") in context.invocation_metadata()
        reader = threading.Thread(target=self._read_stream, args=(requests, cancelled, parts), daemon=True)
        reader.start()
        running, is_read = 0, False
        while not (is_read and running == 0):
            part = parts.get()
            if part is None or cancelled.is_set():
                return
            kind, value = part
            if kind == "end":
                is_read = True
            elif kind == "asked":
                running += 1
            else:
                request, model, response, is_final = value
                running -= 1 if is_final else 0
                yield from self._parts_of(request, model, response, is_final, context if ends_on_error else None)

    def _read_stream(self, requests: Iterator[Any], cancelled: threading.Event, parts: "queue.Queue[Any]") -> None:
        try:
            for request in requests:
                parts.put(("asked", None))
                self._read_request(request, cancelled, parts)
        except grpc.RpcError:
            cancelled.set()
        parts.put(("end", None))

    def _read_request(self, request: Any, cancelled: threading.Event, parts: "queue.Queue[Any]") -> None:
        def receive(response: Optional[InferenceResponse], is_final: bool) -> None:
            parts.put(("part", (request, self._models.get(request.model_name), response, is_final)))

        try:
            self._ask(request, cancelled, receive)
        except Refused as refused:
            code = next(own for own, status in _CODES.items() if status == refused.code)
            receive(InferenceResponse([], TritonError(str(refused), code)), True)

    def _parts_of(
        self,
        request: Any,
        model: Optional[HostedModel],
        response: Optional[InferenceResponse],
        is_final: bool,
        ending: Optional[grpc.ServicerContext],
    ) -> Iterator[Any]:
        """What goes out for one part: nothing for a bare end, unless the request wants to be told of it."""
        error = None if response is None else response.error()
        if error is not None and ending is not None:
            ending.abort(_CODES[error.code()], error.message())
        if response is None and not request.parameters["triton_enable_empty_final_response"].bool_param:
            return
        outputs = [] if model is None else model.outputs
        part = self._messages.ModelStreamInferResponse(error_message="" if error is None else error.message() or "unknown error")
        try:
            part.infer_response.CopyFrom(self._reply(request, outputs, None if error is not None else response))
        except Refused as refused:
            part.error_message = str(refused)
        part.infer_response.parameters["triton_final_response"].bool_param = is_final
        yield part

    def _reply(self, request: Any, outputs: list[TensorRule], response: Optional[InferenceResponse]) -> Any:
        reply = self._messages.ModelInferResponse(model_name=request.model_name, model_version="1", id=request.id)
        try:
            encode_outputs(reply, [] if response is None else response.output_tensors(), outputs)
        except ValueError as error:
            raise Refused(grpc.StatusCode.INTERNAL, str(error)) from error
        return reply


def _refuse_loading(request: Any) -> Any:
    """As Triton does without --model-control-mode=explicit, which ours is never given: whoever may load a model may run a program."""
    raise Refused(grpc.StatusCode.UNAVAILABLE, "explicit model load / unload is not allowed if polling is enabled")


def _raise_error_of(response: Optional[InferenceResponse]) -> None:
    error = None if response is None else response.error()
    if error is not None:
        raise Refused(_CODES[error.code()], error.message())
