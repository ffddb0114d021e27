// One request on its own bidirectional stream: cancelling a stream cancels all that runs on it, so nothing shares one.
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { ModelInferRequest, ModelStreamInferResponse } from './generated/kserve-v2.ts';
import {
  FINAL_RESPONSE,
  fromWireReply,
  toWireRequest,
  WANT_EMPTY_FINAL_RESPONSE,
  type InferReply,
  type InferRequest,
} from './infer-message.ts';
import { TritonError } from './triton-error.ts';
import { callError, cancelledError } from './unary-call.ts';

type InferStream = ClientDuplexStream<ModelInferRequest, ModelStreamInferResponse>;

/**
 * Sends `request` and yields its replies until the final one. Leaving the loop early, or aborting, cancels the request on the server.
 * @throws TritonError, also when the server ends the stream without a final response.
 */
export async function* streamCall(
  open: () => InferStream,
  request: InferRequest,
  signal?: AbortSignal,
): AsyncGenerator<InferReply, void, undefined> {
  const { model } = request;
  if (signal?.aborted === true) throw cancelledError(model, signal);
  const stream = open();
  // A stream's error may come after its reader has left; without a listener that ends the whole process.
  stream.on('error', () => undefined);
  const cancel = () => stream.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  let isFinished = false;
  try {
    stream.end(toWireRequest({ ...request, parameters: { ...request.parameters, [WANT_EMPTY_FINAL_RESPONSE]: true } }));
    for await (const message of stream as AsyncIterable<ModelStreamInferResponse>) {
      const reply = replyOf(message, model);
      isFinished = reply.parameters[FINAL_RESPONSE] === true;
      if (!isFinished || reply.outputs.length > 0) yield reply;
      if (isFinished) return;
    }
    throw new TritonError({ kind: 'malformed_reply', code: 'OK', model, message: 'the stream ended before its final response' });
  } catch (cause) {
    throw callError(cause, model, signal);
  } finally {
    signal?.removeEventListener('abort', cancel);
    if (!isFinished) stream.cancel();
  }
}

function replyOf(message: ModelStreamInferResponse, model: string): InferReply {
  if (message.errorMessage !== '') {
    throw new TritonError({ kind: 'stream_failed', code: 'OK', model, message: message.errorMessage });
  }
  if (message.inferResponse === undefined) {
    throw new TritonError({ kind: 'malformed_reply', code: 'OK', model, message: 'a streamed response carries neither answer nor error' });
  }
  return fromWireReply(message.inferResponse);
}
