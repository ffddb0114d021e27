/** The one error of this client, so that a caller can tell "no such channel" from "Asterisk cannot be reached". */

/**
 * Why an operation failed.
 * - `refused`: Asterisk answered with a status of 400 or more (see `status`).
 * - `unreachable`: the request never reached Asterisk.
 * - `connection_lost`: the connection broke before the answer; whether it was carried out is unknown.
 * - `timed_out`: no answer in time; whether it was carried out is unknown.
 * - `malformed_answer`: Asterisk answered something that is not JSON.
 * - `overloaded`: too many requests are waiting for an answer already.
 * - `closed`: the client was disposed.
 */
export type AriErrorKind = 'refused' | 'unreachable' | 'connection_lost' | 'timed_out' | 'malformed_answer' | 'overloaded' | 'closed';

export interface AriErrorFields {
  readonly kind: AriErrorKind;
  /** HTTP status, for `refused` only. */
  readonly status?: number;
  /** Asterisk's own words, or the limit that was passed. */
  readonly detail?: string;
  readonly cause?: unknown;
}

export class AriError extends Error {
  override readonly name = 'AriError';
  readonly operation: string;
  readonly kind: AriErrorKind;
  readonly status: number | null;

  constructor(operation: string, fields: AriErrorFields) {
    const status = fields.status === undefined ? '' : ` ${fields.status}`;
    const detail = fields.detail === undefined ? '' : `: ${fields.detail}`;
    super(`ARI ${operation} ${fields.kind}${status}${detail}`, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.operation = operation;
    this.kind = fields.kind;
    this.status = fields.status ?? null;
  }
}

/** The channel, bridge or other object does not exist (any more). */
export function isNotFound(error: unknown): error is AriError {
  return error instanceof AriError && error.status === 404;
}

/** The object exists but is in the wrong state for this operation, such as a channel that has left Stasis. */
export function isConflict(error: unknown): error is AriError {
  return error instanceof AriError && error.status === 409;
}
