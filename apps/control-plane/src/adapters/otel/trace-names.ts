// Names of a call's trace, made of the call's own: who knows the call finds its trace, and every process that serves it names the same one.
import { createHash } from 'node:crypto';

/** Identifiers of W3C Trace Context: the trace, and the span that stands for the whole call. */
export type TraceNames = { readonly traceId: string; readonly rootSpanId: string };

/** The first 16 bytes of the SHA-256 of the call's id, and the next 8. */
export function traceNamesOf(callId: string): TraceNames {
  const hash = createHash('sha256').update(callId).digest('hex');
  return { traceId: hash.slice(0, 32), rootSpanId: hash.slice(32, 48) };
}

/** Whether a trace belongs to the `ratio` that is sent although nothing went wrong: the same answer wherever it is asked. */
export function isSampled({ traceId }: Pick<TraceNames, 'traceId'>, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) < ratio * 0x1_0000_0000;
}
