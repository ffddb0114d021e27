// Is the process alive, has it started, is it ready for a call, what is wrong, and what does it count: for supervisors, balancers and Prometheus.
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import type { Guards } from '#http/route.ts';
import { monitorRoute, publicRoute } from '#http/route.ts';
import type { DependencyBoard, DependencyView } from './dependency-board.ts';
import { dependencyStates } from './dependency-board.ts';
import type { CheckResult, ReadinessCheck } from './readiness.ts';
import { createStartUp, runChecks } from './readiness.ts';
import { isFromOutside, refuseFromOutside } from './series-access.ts';

const checkSchema = z.object({ name: z.string(), ok: z.boolean(), reason: z.string().nullable() });
const readinessSchema = z.object({ ready: z.boolean(), checks: z.array(checkSchema) }).openapi('Readiness');
const startUpSchema = z
  .object({ started: z.boolean(), pending: z.array(checkSchema).openapi({ description: 'What was not there once yet' }) })
  .openapi('StartUp');
const instant = z.iso.datetime();
const dependencySchema = z
  .object({
    name: z.string(),
    state: z.enum(dependencyStates).openapi({ description: '`off`: this box is not configured to have it, and does without' }),
    mode: z.string().nullable(),
    model: z.string().nullable(),
    reason: z.string().nullable(),
    latencyMs: z.number(),
    since: instant,
    lastError: z.object({ reason: z.string(), at: instant }).nullable(),
  })
  .openapi('Dependency');
const detailSchema = z
  .object({ ready: z.boolean(), checks: z.array(checkSchema), dependencies: z.array(dependencySchema) })
  .openapi('DetailedHealth');

/** What the routes ask. */
export type HealthRouteParts = {
  /** What a call needs now. */
  readonly checks: readonly ReadinessCheck[];
  /** What must have been there once before the process counts as started. */
  readonly startUpChecks: readonly ReadinessCheck[];
  readonly dependencies: DependencyBoard;
  /** The series in Prometheus' text form, and its content type. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
};

export function createHealthRoutes({ checks, startUpChecks, dependencies, metrics, guards }: HealthRouteParts & { guards: Guards }) {
  const pendingOf = createStartUp(startUpChecks);
  return createRoutes()
    .openapi(aliveRoute(), (context) => context.json({ status: 'alive' as const }, 200))
    .openapi(startUpRoute(), async (context) => {
      const pending = await pendingOf();
      return context.json({ started: pending.length === 0, pending: told(context, pending) }, pending.length === 0 ? 200 : 503);
    })
    .openapi(readyRoute(), async (context) => {
      const results = await runChecks(checks);
      const isReady = results.every(({ ok }) => ok);
      return context.json({ ready: isReady, checks: told(context, results) }, isReady ? 200 : 503);
    })
    .openapi(detailedRoute(guards), async (context) => {
      const [results, views] = await Promise.all([runChecks(checks), dependencies.look()]);
      const body = { ready: results.every(({ ok }) => ok), checks: results, dependencies: views.map(dependencyBody) };
      return context.json(body, 200);
    })
    .openapi(seriesRoute(), async (context) => {
      refuseFromOutside(context);
      return context.body(await metrics.text(), 200, { 'content-type': metrics.contentType }) as never;
    });
}

/** From outside only what is missing is told: a reason may hold an address of ours or an administrator's words. */
function told(context: Context, results: readonly CheckResult[]): CheckResult[] {
  return results.map((result) => (isFromOutside(context) ? { ...result, reason: null } : result));
}

function aliveRoute() {
  return publicRoute({
    method: 'get',
    path: '/health',
    summary: 'Answers as long as the process turns its event loop',
    responses: { 200: json('Alive', z.object({ status: z.literal('alive') })) },
  });
}

function startUpRoute() {
  return publicRoute({
    method: 'get',
    path: '/health/startup',
    summary: 'Whether everything that the process needs was there once',
    responses: { 200: json('Started', startUpSchema), 503: json('Still starting, with what is awaited', startUpSchema) },
  });
}

function readyRoute() {
  return publicRoute({
    method: 'get',
    path: '/health/ready',
    summary: 'Whether a call would be answered now, and why not',
    responses: { 200: json('Ready', readinessSchema), 503: json('Not ready, with the reasons', readinessSchema) },
  });
}

function detailedRoute(guards: Guards) {
  return monitorRoute(guards, 'health:read', {
    method: 'get',
    path: '/health/detailed',
    summary: 'Everything that the appliance depends on: state, latency, mode, model, since when, last error; looked at once a second',
    responses: { 200: json('The dependencies', detailSchema) },
  });
}

function seriesRoute() {
  return publicRoute({
    method: 'get',
    path: '/metrics',
    summary: 'Series in Prometheus text form',
    responses: { 200: { description: 'The series', content: { 'text/plain': { schema: z.string() } } } },
  });
}

function dependencyBody({ sinceAt, lastError, ...view }: DependencyView) {
  return { ...view, since: sinceAt.toISOString(), lastError: lastError && { ...lastError, at: lastError.at.toISOString() } };
}
