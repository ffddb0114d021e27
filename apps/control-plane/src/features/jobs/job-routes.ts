// The admin's look at the job queue: what was given up and why, and asking for it again.
import { z } from '@hono/zod-openapi';
import { jobKinds, jobStates } from '#db/schema/jobs.ts';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import { adminPageQuerySchema, fromCursor, readScopeOf, toPage } from '#http/page.ts';
import { notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { JobAdminStore, JobSummary } from './job-admin-store.ts';

/** What the routes work with, and who may. */
export type JobRouteParts = { readonly jobAdmin: JobAdminStore; readonly guards: Guards };

const instant = z.iso.datetime();
const jobSchema = z
  .object({
    organizationId: z.string(),
    jobId: z.string(),
    kind: z.enum(jobKinds),
    key: z.string().openapi({ description: "What it is about, such as a call's id" }),
    state: z.enum(jobStates).openapi({ description: '`dead`: given up, until it is asked for again' }),
    attempts: z.int(),
    maxAttempts: z.int(),
    nextAttemptAt: instant,
    lastError: z.string().nullable().openapi({ description: 'Why the last attempt failed' }),
    createdAt: instant,
    endedAt: instant.nullable(),
  })
  .openapi('Job');
const querySchema = adminPageQuerySchema.extend({ state: z.enum(jobStates).default('dead') });
const positionSchema = z.strictObject({ jobId: z.string().max(100) });

export function createJobRoutes({ jobAdmin, guards }: JobRouteParts) {
  return createRoutes()
    .openapi(listRoute(guards), async (context) => {
      const { limit, cursor, organizationId, state } = context.req.valid('query');
      const scope = readScopeOf(context.get('applianceScope'), organizationId);
      const before = fromCursor(positionSchema, cursor)?.jobId ?? null;
      const rows = await jobAdmin.list(scope, { state, limit: limit + 1, before });
      const { page, nextCursor } = toPage(rows, limit, ({ jobId }) => ({ jobId }));
      return context.json({ jobs: page.map(jobBody), nextCursor }, 200);
    })
    .openapi(retryRoute(guards), async (context) => {
      const { jobId } = context.req.valid('param');
      const by = { scope: context.get('applianceScope'), actor: context.get('actor') };
      const outcome = isId('job', jobId) ? await jobAdmin.retry(by, jobId) : null;
      if (!outcome) throw notFound('job');
      if (outcome.kind === 'not_dead')
        throw new ProblemError('conflict', `the job is ${outcome.state}; only one that was given up (dead) can be asked for again`);
      return context.json(jobBody(outcome.job), 200);
    });
}

function listRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'get',
    path: '/admin/jobs',
    tags: ['Jobs'],
    summary: 'Work that was given up, or that is in another state, the newest first',
    request: { query: querySchema },
    responses: { 200: json('A page', z.object({ jobs: z.array(jobSchema), nextCursor: z.string().nullable() })) },
  });
}

function retryRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'post',
    path: '/admin/jobs/{jobId}/retry',
    tags: ['Jobs'],
    summary: 'Put a job that was given up back, with all its attempts; 409 when it was not given up',
    request: { params: z.object({ jobId: z.string().max(100) }) },
    responses: { 200: json('The job', jobSchema) },
  });
}

function jobBody(job: JobSummary) {
  return {
    ...job,
    nextAttemptAt: job.nextAttemptAt.toISOString(),
    createdAt: job.createdAt.toISOString(),
    endedAt: job.endedAt?.toISOString() ?? null,
  };
}
