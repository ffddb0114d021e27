// Failures of a request as gRPC statuses: one place decides the code.
import { status } from '@grpc/grpc-js';
import { RequestRefused, type Refusal } from './role-model.ts';

const codes: Readonly<Record<Refusal, status>> = {
  invalid_argument: status.INVALID_ARGUMENT,
  unavailable: status.UNAVAILABLE,
  exhausted: status.RESOURCE_EXHAUSTED,
  unimplemented: status.UNIMPLEMENTED,
  not_found: status.NOT_FOUND,
  cancelled: status.CANCELLED,
  not_loaded: status.FAILED_PRECONDITION,
};

/** What a caller is told. */
export interface RequestFailure {
  readonly code: status;
  readonly details: string;
}

/** The status of a failure. A bug is INTERNAL with its message; its causes are for the log. */
export function failureOf(cause: unknown): RequestFailure {
  if (cause instanceof RequestRefused) return { code: codes[cause.refusal], details: cause.message };
  return { code: status.INTERNAL, details: cause instanceof Error ? cause.message : String(cause) };
}

/** `INVALID_ARGUMENT` rather than 3: what metrics and logs show. */
export function codeName(code: status): string {
  return status[code];
}
