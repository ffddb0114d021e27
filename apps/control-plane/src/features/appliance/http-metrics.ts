// The API as Prometheus series: by route as declared, never by path, which holds ids.
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';
import type { HttpAnswer } from '#http/app.ts';

/** From a read out of memory to a request that is cut at its limit. Few: each costs a line per route at every scrape. */
const BUCKETS_S = [0.005, 0.02, 0.1, 0.5, 2, 10];
/** Any other word that a client sends as a method is one label. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const UNAUTHORIZED = 401;
const TOO_MANY = 429;

/** Registers the series; returns what takes the answers. */
export function createHttpMetrics(registry: Registry): (answer: HttpAnswer) => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'centralita_http_requests_total',
    help: 'Requests of the API that were answered, by route as declared, method and status',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'centralita_http_request_seconds',
    help: "From a request's headers until its answer was made, by route as declared and method",
    labelNames: ['route', 'method'],
    buckets: BUCKETS_S,
    registers,
  });
  const failures = new Counter({
    name: 'centralita_auth_failures_total',
    help: 'Requests that were refused because nobody knew who asked, by what would have opened the door',
    labelNames: ['guard'],
    registers,
  });
  const limited = new Counter({
    name: 'centralita_rate_limited_total',
    help: "Requests that were refused because there were too many: for the organization's plan, or failed attempts of one address",
    labelNames: ['reason'],
    registers,
  });
  for (const guard of ['admin_key', 'token']) failures.inc({ guard }, 0);
  for (const reason of ['plan', 'failed_attempts']) limited.inc({ reason }, 0);
  return ({ method: word, route, status, tookMs, isCounted }) => {
    const where = { route: route ?? 'none', method: METHODS.has(word) ? word : 'other' };
    requests.inc({ ...where, status });
    seconds.observe(where, tookMs / 1_000);
    if (status === UNAUTHORIZED) failures.inc({ guard: where.route.startsWith('/admin') ? 'admin_key' : 'token' });
    if (status === TOO_MANY) limited.inc({ reason: isCounted ? 'plan' : 'failed_attempts' });
  };
}
