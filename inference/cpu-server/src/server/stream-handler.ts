// ModelStreamInfer: every request on the stream gets its replies and a final flag; leaving the stream cancels them all.
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { ModelInferRequest, ModelStreamInferResponse } from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { FINAL_RESPONSE, fromWireParameters, toWireReply, WANT_EMPTY_FINAL_RESPONSE } from 'triton-client-grpc-generated/infer-message.ts';
import type { Tensor } from 'triton-client-grpc-generated';
import type { ModelHost } from './model-host.ts';
import { failureOf } from './request-failure.ts';

type InferStream = ServerDuplexStream<ModelInferRequest, ModelStreamInferResponse>;

// One client needs one; Triton allows many. More than this on one stream is a client that never reads.
const MAX_REQUESTS_PER_STREAM = 64;

/** Serves one stream until the client has closed its side and everything is answered. */
export function handleStream(call: InferStream, findHost: (name: string) => ModelHost): void {
  const controller = new AbortController();
  // As in Triton: with this header the first error ends the stream with its gRPC code, else it travels inside the stream.
  const wantsGrpcErrors = call.metadata.get('triton_grpc_error')[0] === 'true';
  let running = 0;
  let isHalfClosed = false;
  call.on('cancelled', () => controller.abort());
  call.on('error', () => controller.abort());
  call.on('end', () => {
    isHalfClosed = true;
    if (running === 0) call.end();
  });
  call.on('data', (request: ModelInferRequest) => {
    running += 1;
    if (running === MAX_REQUESTS_PER_STREAM) call.pause();
    void serve(request).finally(() => {
      running -= 1;
      if (running === MAX_REQUESTS_PER_STREAM - 1) call.resume();
      if (isHalfClosed && running === 0 && !call.destroyed) call.end();
    });
  });

  const serve = async (request: ModelInferRequest): Promise<void> => {
    try {
      const host = findHost(request.modelName);
      for await (const outputs of host.answer(request, controller.signal)) {
        await send(call, message(request, { outputs, isFinal: false }), controller.signal);
      }
      const wantsEmptyFinal = fromWireParameters(request.parameters)[WANT_EMPTY_FINAL_RESPONSE] === true;
      if (wantsEmptyFinal) await send(call, message(request, { outputs: [], isFinal: true }), controller.signal);
    } catch (cause) {
      if (controller.signal.aborted || call.destroyed) return;
      const failure = failureOf(cause);
      if (wantsGrpcErrors) call.emit('error', failure);
      else call.write({ ...message(request, { outputs: [], isFinal: true }), errorMessage: failure.details });
    }
  };
}

function message(
  request: ModelInferRequest,
  reply: { readonly outputs: readonly Tensor[]; readonly isFinal: boolean },
): ModelStreamInferResponse {
  const { modelName: model, id } = request;
  const parameters = { [FINAL_RESPONSE]: reply.isFinal };
  return { errorMessage: '', inferResponse: toWireReply({ model, version: '1', id, outputs: reply.outputs, parameters }) };
}

/** Writes and, when the client reads more slowly than the model speaks, waits: a full buffer here is memory lost. */
async function send(call: InferStream, response: ModelStreamInferResponse, signal: AbortSignal): Promise<void> {
  if (call.write(response)) return;
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      call.off('drain', go);
      reject(signal.reason as Error);
    };
    const go = () => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    if (signal.aborted) return stop();
    call.once('drain', go);
    signal.addEventListener('abort', stop, { once: true });
  });
}
