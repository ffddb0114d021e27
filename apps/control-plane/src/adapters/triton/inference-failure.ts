// What the client says about a failed request, in the words of our ports.
import { InferenceError, type InferenceRole } from '#ports/inference-error.ts';
import { TritonError } from 'triton-client-grpc-generated';

/** The port's error for anything that a request to `role` threw; whether to retry is decided here, where the status is known. */
export function inferenceErrorFrom(role: InferenceRole, cause: unknown): InferenceError {
  if (cause instanceof InferenceError) return cause;
  const isKnown = TritonError.isInstance(cause);
  const kind = isKnown ? cause.kind : 'internal';
  return new InferenceError({ role, message: `${role} request failed: ${kind}`, isRetryable: isKnown && cause.isRetryable, cause });
}

/** The error for an answer that lacks what the role's contract promises. */
export function brokenContract(role: InferenceRole, what: string): InferenceError {
  return new InferenceError({
    role,
    message: `${role} answered without ${what}: is another model loaded under this name?`,
    isRetryable: false,
  });
}
