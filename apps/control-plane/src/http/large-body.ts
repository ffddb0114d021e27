// What a route declares that takes more than the kit's usual body, such as an upload: how much, and how long it may take to come and be answered.
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { bodyCutShort, ProblemError } from './problem.ts';

/** A body beyond the usual one. The kit does not hold it in memory: the handler reads it with `readLargeBody`. */
export type LargeBody = {
  readonly maxBytes: number;
  /** From the first header to the answer, instead of the usual limit. The server cuts bodies that take more than 30 s to arrive. */
  readonly limitMs: number;
};

const declared = Symbol('large body');

/** Marks a route's first middleware with what the route takes. */
export function withLargeBody<Handler extends MiddlewareHandler>(middleware: Handler, largeBody: LargeBody | undefined): Handler {
  return largeBody === undefined ? middleware : Object.assign(middleware, { [declared]: largeBody });
}

/** What the route of a request declares; null for the usual body. */
export function largeBodyOf(context: Context): LargeBody | null {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return null;
  for (const { handler } of matchedRoutes(context)) if (declared in handler) return handler[declared] as LargeBody;
  return null;
}

/** Throws when the length that is announced is over the limit. */
export function checkAnnouncedLength(context: Context, { maxBytes }: LargeBody): void {
  const announced = Number(context.req.header('content-length') ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
}

/** The pieces of a body as they arrive. Throws at the route's limit, and when the body ends before it was complete. */
export async function* readLargeBody(context: Context): AsyncGenerator<Uint8Array, void, undefined> {
  const maxBytes = largeBodyOf(context)?.maxBytes ?? 0;
  let bytes = 0;
  for await (const piece of arriving(context)) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield piece;
  }
}

async function* arriving({ req }: Context): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* req.raw.body ?? [];
  } catch (cause) {
    throw bodyCutShort(cause);
  }
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError('body_too_large', `a body may have ${maxBytes} bytes here`);
}
