// Tries work of a turn three times, so that a model server that is restarted costs the caller a pause and not the call.
import { InferenceError } from '#ports/inference-error.ts';
import { pause } from '#shared/waiting.ts';
import { retryWaitMs } from './failure-policy.ts';

/** How work is tried. */
export type RetryOptions = {
  /** Ends the tries and their waits. */
  readonly signal: AbortSignal;
  /** Told of each try that failed and is followed by another. */
  readonly onTryFailed: (error: unknown) => void;
};

/** Whether another try may follow. Waits for it; false when there is none, or the signal aborted. */
export async function mayRetry(error: unknown, attempt: number, { signal, onTryFailed }: RetryOptions): Promise<boolean> {
  const waitMs = retryWaitMs(attempt);
  if (signal.aborted || waitMs === null || !(error instanceof InferenceError) || !error.isRetryable) return false;
  onTryFailed(error);
  await pause(waitMs, signal);
  return !signal.aborted;
}

/** A signal that aborts with the error after the time, so that whoever is waited for knows that it was late. Disposing stops the clock. */
export function lateSignal(limitMs: number, error: () => InferenceError): Disposable & { readonly signal: AbortSignal; stop(): void } {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(error()), limitMs);
  const stop = (): void => clearTimeout(timer);
  return { signal: aborter.signal, stop, [Symbol.dispose]: stop };
}
