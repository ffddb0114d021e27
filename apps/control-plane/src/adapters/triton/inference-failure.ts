// What the client says about a failed request, in the words of our ports.
import { InferenceError, type InferenceRole } from '#ports/inference-error.ts';
import { TritonError } from 'triton-client-grpc-generated';

/** The port's error for anything that a request to `role` threw; whether to retry is decided here, where the status is known. */
export function inferenceErrorFrom(role: InferenceRole, cause: unknown): InferenceError {
  if (cause instanceof InferenceError) return cause;
  if (!TritonError.isInstance(cause))
    return new InferenceError({ role, message: `${role} request failed: internal`, isRetryable: false, cause });
  // What broke inside a model, such as a worker that died or an error of the GPU, is most often over at the next request; the tries cost 1.8 s.
  const isRetryable = cause.isRetryable || cause.kind === 'internal';
  return new InferenceError({ role, message: `${role} request failed: ${cause.kind}`, isRetryable, cause });
}

/** The error for an answer that lacks what the role's contract promises. */
export function brokenContract(role: InferenceRole, what: string): InferenceError {
  return new InferenceError({
    role,
    message: `${role} answered without ${what}: is another model loaded under this name?`,
    isRetryable: false,
  });
}
