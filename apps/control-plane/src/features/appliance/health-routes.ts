// Is the process alive, is it ready for a call, and what does it count: for supervisors, balancers and Prometheus.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { publicRoute } from '#http/route.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { within } from '#shared/waiting.ts';

/** One thing that a call needs. `check` settles with null when it is there and with the reason when it is not. */
export type ReadinessCheck = { readonly name: string; readonly check: (options: { signal: AbortSignal }) => Promise<string | null> };

/** A check that does not answer within this time has failed: a balancer asks every few seconds. */
const CHECK_LIMIT_MS = 2_500;

const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().nullable() })),
  })
  .openapi('Readiness');

/** What the routes ask. */
export type HealthRouteParts = {
  readonly checks: readonly ReadinessCheck[];
  /** The series in Prometheus' text form, and its content type. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
};

export function createHealthRoutes({ checks, metrics }: HealthRouteParts) {
  const alive = publicRoute({
    method: 'get',
    path: '/health',
    summary: 'Answers as long as the process turns its event loop',
    responses: {
      200: { description: 'Alive', content: { 'application/json': { schema: z.object({ status: z.literal('alive') }) } } },
    },
  });
  const readiness = { 'application/json': { schema: readinessSchema } };
  const ready = publicRoute({
    method: 'get',
    path: '/health/ready',
    summary: 'Whether a call would be answered now, and why not',
    responses: {
      200: { description: 'Ready', content: readiness },
      503: { description: 'Not ready, with the reasons', content: readiness },
    },
  });
  const series = publicRoute({
    method: 'get',
    path: '/metrics',
    summary: 'Series in Prometheus text form',
    responses: { 200: { description: 'The series', content: { 'text/plain': { schema: z.string() } } } },
  });
  return createRoutes()
    .openapi(alive, (context) => context.json({ status: 'alive' as const }, 200))
    .openapi(ready, async (context) => {
      const results = await Promise.all(checks.map(runCheck));
      const isReady = results.every(({ ok }) => ok);
      return context.json({ ready: isReady, checks: results }, isReady ? 200 : 503);
    })
    .openapi(series, async (context) => context.body(await metrics.text(), 200, { 'content-type': metrics.contentType }) as never);
}

async function runCheck({ name, check }: ReadinessCheck) {
  const signal = AbortSignal.timeout(CHECK_LIMIT_MS);
  const asked = check({ signal }).catch((error: unknown) => loggableError(error).causes.at(-1)?.message ?? 'failed');
  const answer = await within(asked, CHECK_LIMIT_MS);
  const reason = answer === 'late' ? `no answer within ${CHECK_LIMIT_MS} ms` : answer.value;
  return { name, ok: reason === null, reason };
}
