// An application that feature routes are mounted on: request ids, one log line per request, limits, and one place that turns errors into problems.
import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, ErrorHandler, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { matchedRoutes } from 'hono/route';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { isDatabaseAway } from '#shared/database-away.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { putHeaders, putMissingHeaders } from './answer-headers.ts';
import { limitBody } from './body.ts';
import { problemResponse, ProblemError } from './problem.ts';
import type { ProblemCode } from './problem.ts';
import { ofTheKit } from './route-check.ts';
import { checkTarget } from './target.ts';
import { timeLimit } from './time-limit.ts';

/** A request that takes longer is answered 503, or 408 when it has not even arrived; its work goes on until the database's own limits. */
const REQUEST_LIMIT_MS = 15_000;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/**
 * On every answer; a route may say otherwise. Browsers show nothing of what comes and run nothing in it. No CORS header: no other site's
 * page may ask. HSTS is the business of whoever ends TLS, a proxy in front of this port.
 */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
/** What the framework itself refuses, by the status that it gives. */
const frameworkProblems: Readonly<Record<number, readonly [ProblemCode, string | null]>> = {
  400: ['invalid_request', null],
  413: ['body_too_large', null],
  415: ['unsupported_media_type', 'a body is sent as content-type: application/json'],
};

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

/** A request that was answered. `route` is the path as declared, such as `/calls/:callId`; null where there is none. */
export type HttpAnswer = {
  readonly method: string;
  readonly route: string | null;
  readonly status: number;
  readonly tookMs: number;
  /** Whether its organization's plan was asked, so that a 429 came from there. */
  readonly isCounted: boolean;
};

/** The outermost application. */
export function createApp(options: { log: Log; clock: Clock; observeHttp?: (answer: HttpAnswer) => void }): OpenAPIHono {
  const app = createRoutes();
  for (const middleware of [requestLog(options), timeLimit(REQUEST_LIMIT_MS), checkTarget, limitBody()]) app.use(ofTheKit(middleware));
  app.notFound((context) => problemResponse(context, missingRoute(app, context)));
  app.onError(createErrorHandler(options.log));
  return app;
}

/** A path that is there under other methods is told apart from one that is not. */
function missingRoute(app: OpenAPIHono, { req }: Context): ProblemError {
  const takes = (method: string): boolean => app.router.match(method, req.path)[0].some(([[, route]]) => route.method !== 'ALL');
  const allowed = METHODS.filter((method) => takes(method === 'HEAD' ? 'GET' : method));
  if (allowed.length === 0) return new ProblemError('not_found', `there is no ${req.method} on this path`);
  return new ProblemError('method_not_allowed', `this path takes ${allowed.join(', ')}`, { headers: { allow: allowed.join(', ') } });
}

/** Expected outcomes are answered as they are; anything else is a fault, logged with its causes and answered without them. */
function createErrorHandler(log: Log): ErrorHandler {
  return (error, context) => {
    if (error instanceof ProblemError) return problemResponse(context, error);
    const refused = error instanceof HTTPException ? frameworkProblems[error.status] : undefined;
    if (refused) return problemResponse(context, new ProblemError(refused[0], refused[1] ?? error.message));
    const fields = { requestId: context.get('requestId'), organizationId: organizationOf(context), error: loggableError(error) };
    if (isDatabaseAway(error)) {
      log.warn(fields, 'request refused: the database is away');
      return problemResponse(context, new ProblemError('unavailable', 'the database does not answer'));
    }
    log.error(fields, 'request failed');
    return problemResponse(context, new ProblemError('internal_error', 'the fault has been logged under this requestId'));
  };
}

/** One line per request: its path, which holds ids alone, and status, never the query, which may carry a caller's number. */
function requestLog({ log, clock, observeHttp }: Parameters<typeof createApp>[0]): MiddlewareHandler {
  return async (context, next) => {
    const startedAtMs = clock.nowMs();
    const requestId = randomUUID();
    context.set('requestId', requestId);
    const headers = { ...SECURITY_HEADERS, 'x-request-id': requestId };
    putHeaders(context, headers);
    await next();
    putMissingHeaders(context, headers);
    const { method, path } = context.req;
    const { status } = context.res;
    const tookMs = clock.nowMs() - startedAtMs;
    observeHttp?.({ method, route: routeOf(context), status, tookMs, isCounted: context.res.headers.has('ratelimit') });
    const fields = { requestId, organizationId: organizationOf(context), method, path, status, durationMs: Math.round(tookMs) };
    // Probes come every few seconds.
    if (path.startsWith('/health') || path === '/metrics') log.debug(fields, 'request');
    else log.info(fields, 'request');
  };
}

/** Whose request it is; left out of the line for the admin key's and for those that were refused before anybody knew. */
function organizationOf(context: Context): string | undefined {
  const scope: unknown = context.get('scope');
  return typeof scope === 'object' && scope !== null && 'organizationId' in scope ? String(scope.organizationId) : undefined;
}

/** The path that the last handler was declared under; the kit's own middleware is declared under every path. */
function routeOf(context: Context): string | null {
  const path = matchedRoutes(context).at(-1)?.path ?? '/*';
  return path.endsWith('/*') || path === '*' ? null : path;
}
