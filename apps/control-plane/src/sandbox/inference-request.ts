/** The seam between the stand-in inference server and what its models answer. */
import type { Tensor } from 'triton-client-grpc-generated';

/** Roles that have a contract under `inference/contracts`. */
export const inferenceRoles = ['speech_to_text', 'text_to_speech', 'language_model'] as const;
export type InferenceRole = (typeof inferenceRoles)[number];

/** One request as a stand-in model sees it. */
export type InferenceRequest = {
  /** The client's own id, echoed in every reply. */
  readonly id: string;
  readonly inputs: readonly Tensor[];
  /** Aborted when the client cancels or goes away. */
  readonly signal: AbortSignal;
};

/** One reply. `text` is what was understood, spoken or written, for whoever records the requests. */
export type InferenceAnswer = { readonly outputs: readonly Tensor[]; readonly text: string };

/** A model that answers in one part (`ModelInfer`) or in many (`ModelStreamInfer`), as its role's contract says. */
export type StandInModel = { answer(request: InferenceRequest): AsyncIterable<InferenceAnswer> };

/** Thrown by a stand-in model to fail with this gRPC status; any other error is INTERNAL. */
export class StandInFailure extends Error {
  override readonly name = 'StandInFailure';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** When one request came and was answered: milliseconds of Unix time with fractions, comparable between processes of one machine. */
export type InferenceTiming = {
  readonly role: InferenceRole;
  readonly id: string;
  /** All answers' texts, joined. */
  readonly text: string;
  readonly receivedAt: number;
  /** Null when the request ended before any answer. */
  readonly firstReplyAt: number | null;
  readonly lastReplyAt: number | null;
  /** When its model had done with it, or the client had withdrawn it. */
  readonly endedAt: number;
  readonly outcome: 'answered' | 'cancelled' | 'failed';
};

/** Unix time in milliseconds, finer than `Date.now()`. */
export function unixMs(): number {
  return performance.timeOrigin + performance.now();
}
