// How long a request may take, and a mark for work that goes on when its limit was answered in its place.
import type { Context, MiddlewareHandler } from 'hono';
import { largeBodyOf } from './large-body.ts';
import { ProblemError } from './problem.ts';

const OVERDUE = 'overdue';

/** Answers what takes longer, or than the route of a large body declares: 503, or 408 when the request has not even arrived. Its work goes on, and nobody gets its answer. */
export function timeLimit(usualLimitMs: number): MiddlewareHandler<{ Bindings: { incoming?: { complete: boolean } } }> {
  return async (context, next) => {
    const limitMs = largeBodyOf(context)?.limitMs ?? usualLimitMs;
    const { promise: expiry, reject } = Promise.withResolvers<never>();
    const expire = (): void => {
      // Without a server around the application there is no environment.
      const isWholeHere = (context.env as typeof context.env | undefined)?.incoming?.complete ?? true;
      const code = isWholeHere ? 'unavailable' : 'request_timeout';
      const detail = isWholeHere ? `no answer within ${limitMs} ms` : `the body did not arrive within ${limitMs} ms`;
      const overdue = new ProblemError(code, detail);
      (context as Context).set(OVERDUE, overdue);
      reject(overdue);
    };
    const timer = setTimeout(expire, limitMs);
    try {
      await Promise.race([next(), expiry]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * Whether the work below a middleware has ended with an answer that nobody got: the framework keeps the limit's and drops it. False when it
 * failed after the limit: then the context has that failure's answer.
 */
export function endedUnheard(context: Context): boolean {
  const overdue: unknown = context.get(OVERDUE);
  return overdue !== undefined && context.error === overdue;
}
