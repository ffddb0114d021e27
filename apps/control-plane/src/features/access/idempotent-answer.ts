// Runs a write once per idempotency key, and gives its answer to whoever repeats it.
import { createHash } from 'node:crypto';
import type { Context, Next } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { bodyCutShort, ProblemError, renderProblem } from '#http/problem.ts';
import { endedUnheard } from '#http/time-limit.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { IdempotencyStore, KeyedRequest, StoredAnswer } from './idempotency-store.ts';
import { RENEW_EVERY_MS } from './idempotency-store.ts';

/** The form that the routes declare; a header of another form is refused by the route's own validation. */
const KEY_FORM = /^[\x21-\x7e]{8,128}$/;
/** A repeated request finds the first one still at work: it may come again after this. */
const RETRY_AFTER_S = '1';

/** The work of a guard for writes: without the header the request just goes on. */
export type OnceOnly = (context: Context, next: Next, scope: OrgScope) => Promise<Response | undefined>;

export function createOnceOnly({ store, log }: { store: IdempotencyStore; log: Log }): OnceOnly {
  return async (context, next, scope) => {
    const key = context.req.header('idempotency-key');
    if (key === undefined || !KEY_FORM.test(key)) {
      await next();
      return undefined;
    }
    const request = { key, requestHash: await hashOf(context) };
    const reservation = await store.reserve(scope, request);
    switch (reservation.kind) {
      case 'answered':
        return replay(context, reservation.answer);
      case 'under_way':
        throw new ProblemError('conflict', 'the first request with this idempotency key is still being answered', {
          headers: { 'retry-after': RETRY_AFTER_S },
        });
      case 'other_request':
        throw new ProblemError('idempotency_mismatch', 'this idempotency key came with another method, path or body before');
      case 'reserved': {
        const hold = holdKey(store, scope, { ...request, reservedAt: reservation.reservedAt });
        await next().finally(hold.stop);
        // The work is done: that its answer could not be kept is no reason to answer anything else. The key is free again after a minute.
        await Promise.all([hold.since(), answerToKeep(context)])
          .then(([reservedAt, answer]) => store.settle(scope, { ...request, reservedAt }, answer))
          .catch((error: unknown) => {
            const requestId: unknown = context.get('requestId');
            const { organizationId } = scope;
            log.warn({ requestId, organizationId, error: loggableError(error) }, 'an answer was not kept under its idempotency key');
          });
        return undefined;
      }
    }
  };
}

/** Keeps a key reserved until `stop`, which may be long after the request was answered. `since` tells the last renewal. */
function holdKey(store: IdempotencyStore, scope: OrgScope, { reservedAt, ...request }: KeyedRequest & { reservedAt: Date }) {
  let held = Promise.resolve(reservedAt);
  const renew = (since: Date) => store.renew(scope, { ...request, reservedAt: since }).catch(() => since);
  const timer = setInterval(() => (held = held.then(renew)), RENEW_EVERY_MS).unref();
  return { stop: () => clearInterval(timer), since: () => held };
}

async function hashOf(context: Context): Promise<string> {
  const { method, url } = context.req;
  const { pathname, search } = new URL(url);
  const body = await context.req.text().catch((cause: unknown) => {
    throw bodyCutShort(cause);
  });
  return createHash('sha256').update(`${method} ${pathname}${search}\n${body}`).digest('hex');
}

/** What did not happen may be tried again under the same key: faults, refused tokens and rates are not kept. */
async function answerToKeep(context: Context): Promise<StoredAnswer | null> {
  if (endedUnheard(context)) return unheardAnswer();
  const { res: response } = context;
  const { status } = response;
  if (status >= 500 || status === 429 || status === 401) return null;
  return { status, contentType: response.headers.get('content-type'), body: await response.clone().text() };
}

/** For work that ended after its request was answered 503. It is done, so it must not be done again; its own answer is lost. */
function unheardAnswer(): StoredAnswer {
  const problem = new ProblemError(
    'conflict',
    'the first request with this idempotency key took longer than its answer was waited for, and has ended since: read what came of it',
  );
  const { status, text } = renderProblem(problem);
  return { status, contentType: 'application/problem+json', body: text };
}

function replay(context: Context, { status, contentType, body }: StoredAnswer): Response {
  context.header('idempotency-replayed', 'true');
  if (contentType) context.header('content-type', contentType);
  return body === '' ? context.body(null, status as 204) : context.body(body, status as ContentfulStatusCode);
}
