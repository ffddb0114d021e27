// An application that feature routes are mounted on: request ids, one log line per request, limits, and one place that turns errors into problems.
import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { ErrorHandler, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { problemResponse, ProblemError } from './problem.ts';

/** Largest body of a request; nothing that the API takes today comes near it. */
const MAX_BODY_BYTES = 1_048_576;
/** A request that takes longer is answered 503; its work goes on until the database's own limit. */
const REQUEST_LIMIT_MS = 15_000;

/** A set of routes of one feature; what does not parse becomes a problem that names each field. */
export function createRoutes() {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const fields = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
      throw new ProblemError('invalid_request', `${result.target}: ${fields.length} field(s) do not parse`, { fields });
    },
  });
}

/** The outermost application. */
export function createApp(options: { log: Log; clock: Clock }): OpenAPIHono {
  const app = createRoutes();
  app.use(requestLog(options), timeLimit(REQUEST_LIMIT_MS));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => refuseLargeBody() }));
  app.notFound((context) => problemResponse(context, new ProblemError('not_found', `there is no ${context.req.method} on this path`)));
  app.onError(createErrorHandler(options.log));
  return app;
}

function refuseLargeBody(): never {
  throw new ProblemError('body_too_large', `a body may have ${MAX_BODY_BYTES} bytes`);
}

/** Expected outcomes are answered as they are; anything else is a fault, logged with its causes and answered without them. */
function createErrorHandler(log: Log): ErrorHandler {
  return (error, context) => {
    if (error instanceof ProblemError) return problemResponse(context, error);
    // A malformed JSON body is refused by the framework itself.
    if ('status' in error && error.status === 400) return problemResponse(context, new ProblemError('invalid_request', error.message));
    log.error({ requestId: context.get('requestId'), error: loggableError(error) }, 'request failed');
    return problemResponse(context, new ProblemError('internal_error', 'the fault has been logged under this requestId'));
  };
}

/** One line per request: its path, which holds ids alone, and status, never the query, which may carry a caller's number. */
function requestLog({ log, clock }: { log: Log; clock: Clock }): MiddlewareHandler {
  return async (context, next) => {
    const startedAtMs = clock.nowMs();
    const requestId = randomUUID();
    context.set('requestId', requestId);
    context.header('x-request-id', requestId);
    await next();
    const { method, path } = context.req;
    const fields = { requestId, method, path, status: context.res.status, durationMs: Math.round(clock.nowMs() - startedAtMs) };
    // Probes come every few seconds.
    if (path.startsWith('/health') || path === '/metrics') log.debug(fields, 'request');
    else log.info(fields, 'request');
  };
}

function timeLimit(limitMs: number): MiddlewareHandler {
  return async (_context, next) => {
    const { promise: expiry, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new ProblemError('unavailable', `no answer within ${limitMs} ms`)), limitMs);
    try {
      await Promise.race([next(), expiry]);
    } finally {
      clearTimeout(timer);
    }
  };
}
