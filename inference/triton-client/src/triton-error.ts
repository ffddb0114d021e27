// One error type for everything an inference server can answer, so a caller decides by `kind` and never by message text.
import { status as GrpcStatus, type ServiceError } from '@grpc/grpc-js';

/** What went wrong, in the words a caller acts on. `stream_failed` is a model's own error inside a stream that stays open. */
export type TritonErrorKind =
  | 'cancelled'
  | 'deadline_exceeded'
  | 'unavailable'
  | 'overloaded'
  | 'invalid_request'
  | 'not_found'
  | 'unsupported'
  | 'stream_failed'
  | 'malformed_reply'
  | 'internal';

const marker = Symbol.for('triton-client-grpc-generated.TritonError');

const kindByStatus: Readonly<Partial<Record<GrpcStatus, TritonErrorKind>>> = {
  [GrpcStatus.CANCELLED]: 'cancelled',
  [GrpcStatus.DEADLINE_EXCEEDED]: 'deadline_exceeded',
  [GrpcStatus.UNAVAILABLE]: 'unavailable',
  [GrpcStatus.RESOURCE_EXHAUSTED]: 'overloaded',
  [GrpcStatus.INVALID_ARGUMENT]: 'invalid_request',
  [GrpcStatus.OUT_OF_RANGE]: 'invalid_request',
  [GrpcStatus.FAILED_PRECONDITION]: 'invalid_request',
  [GrpcStatus.NOT_FOUND]: 'not_found',
  [GrpcStatus.UNIMPLEMENTED]: 'unsupported',
};

/** What a {@link TritonError} is made of. */
export interface TritonErrorParts {
  readonly kind: TritonErrorKind;
  /** gRPC status name, `OK` when the stream itself was healthy and the model failed. */
  readonly code: string;
  /** Model the request was for; undefined for questions about the server. */
  readonly model?: string | undefined;
  readonly message: string;
  readonly cause?: unknown;
}

/** A request to an inference server that did not get its answer. */
export class TritonError extends Error {
  override readonly name = 'TritonError';
  readonly [marker] = true;
  readonly kind: TritonErrorKind;
  readonly code: string;
  readonly model: string | undefined;

  constructor(parts: TritonErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.kind = parts.kind;
    this.code = parts.code;
    this.model = parts.model;
  }

  /** True when the same request may succeed a moment later: the server was away or full. A deadline is not retried: the caller's time is spent. */
  get isRetryable(): boolean {
    return this.kind === 'unavailable' || this.kind === 'overloaded';
  }

  /** Works across copies of this package, where `instanceof` does not. */
  static isInstance(value: unknown): value is TritonError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}

/** Turns a gRPC failure into a {@link TritonError}; one that is already ours passes unchanged. */
export function tritonErrorFrom(cause: unknown, model: string | undefined): TritonError {
  if (TritonError.isInstance(cause)) return cause;
  if (!isServiceError(cause)) {
    const about = model === undefined ? 'inference call' : `inference call to ${model}`;
    return new TritonError({ kind: 'internal', code: 'UNKNOWN', model, message: `${about} failed`, cause });
  }
  const code = GrpcStatus[cause.code] ?? String(cause.code);
  return new TritonError({ kind: kindByStatus[cause.code] ?? 'internal', code, model, message: cause.details, cause });
}

function isServiceError(value: unknown): value is ServiceError {
  return value instanceof Error && 'code' in value && typeof value.code === 'number' && 'details' in value;
}
