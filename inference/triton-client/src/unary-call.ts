// One unary call as a promise with a deadline and an AbortSignal.
import type { CallOptions, ClientUnaryCall, ServiceError } from '@grpc/grpc-js';
import { TritonError, tritonErrorFrom } from './triton-error.ts';

/** How long one call may take and what ends it early. */
export interface CallLimits {
  /** Time until the call fails with kind `deadline_exceeded`, milliseconds; absent: the client's default. */
  readonly deadlineMs?: number;
  /** Aborting cancels the call on the server too. */
  readonly signal?: AbortSignal | undefined;
}

type StartUnary<Reply> = (options: Partial<CallOptions>, callback: (error: ServiceError | null, reply: Reply) => void) => ClientUnaryCall;

/** Deadline as gRPC wants it: an instant. */
export function deadlineAt(deadlineMs: number): Date {
  return new Date(Date.now() + deadlineMs);
}

/** The error of a call that its own caller gave up. */
export function cancelledError(model: string | undefined, signal: AbortSignal): TritonError {
  return new TritonError({
    kind: 'cancelled',
    code: 'CANCELLED',
    model,
    message: 'the caller cancelled the request',
    cause: signal.reason,
  });
}

/** The error of a call that failed with `cause`: the caller's own abort wins over what the transport says about it. */
export function callError(cause: unknown, model: string | undefined, signal: AbortSignal | undefined): TritonError {
  return signal?.aborted === true ? cancelledError(model, signal) : tritonErrorFrom(cause, model);
}

/** Runs one unary call. @throws TritonError always and only. */
export function unaryCall<Reply>(
  start: StartUnary<Reply>,
  limits: { readonly deadlineMs: number; readonly signal?: AbortSignal | undefined; readonly model?: string },
): Promise<Reply> {
  const { signal, model } = limits;
  if (signal?.aborted === true) return Promise.reject(cancelledError(model, signal));
  return new Promise<Reply>((resolve, reject) => {
    const call = start({ deadline: deadlineAt(limits.deadlineMs) }, (error, reply) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) return resolve(reply);
      reject(callError(error, model, signal));
    });
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
