// The admin's plans: what organizations may use.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { conflict, notFound, ProblemError, unprocessable } from '#http/problem.ts';
import type { AdminVariables, Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { DEFAULT_PLAN } from '#db/schema/plans.ts';
import { givenFields } from '#shared/given-fields.ts';
import type { Plan, PlanStore } from './plan-store.ts';

const planId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,31}$/, 'must be 2 to 32 lower-case letters, digits and hyphens, and begin with a letter');
const planName = z.string().trim().min(1).max(100);
/** Upper bounds: what the appliance itself can serve (1,000 calls at once), and ten years for what is kept. */
const limits = {
  concurrentCalls: z.int().min(1).max(1_000).openapi({ description: 'Calls up at once' }),
  agents: z.int().min(1).max(10_000).openapi({ description: 'Agents registered' }),
  requestsPerMinute: z.int().min(1).max(1_000_000).openapi({ description: 'API requests a minute, all tokens together' }),
  dailyDials: z.int().min(0).max(10_000_000).openapi({ description: 'Calls placed a day' }),
  storageBytes: z
    .int()
    .min(0)
    .max(2 ** 50)
    .openapi({ description: 'Recordings kept, bytes' }),
  recordingRetentionDays: z.int().min(1).max(3_650),
  textRetentionDays: z.int().min(1).max(3_650),
};

const planSchema = z
  .object({ planId: z.string(), name: z.string(), ...limits, createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() })
  .openapi('Plan');
const newPlanSchema = z.strictObject({ planId, name: planName, ...limits }).openapi('NewPlan');
const planChangesSchema = z
  .strictObject({ name: planName, ...limits })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'must change something')
  .openapi('PlanChanges');
const positionSchema = z.strictObject({ planId: z.string().max(100) });
const params = z.object({ planId: z.string().max(100) });

function declarePlanRoutes(guards: Guards) {
  const tags = ['Plans'];
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: '/admin/plans',
      tags,
      summary: 'Plans, by id',
      request: { query: pageQuerySchema },
      responses: { 200: json('A page', z.object({ plans: z.array(planSchema), nextCursor: z.string().nullable() })) },
    }),
    create: adminRoute(guards, {
      method: 'post',
      path: '/admin/plans',
      tags,
      summary: 'Makes a plan',
      request: { body: jsonBody(newPlanSchema) },
      responses: { 201: json('The plan', planSchema) },
    }),
    get: adminRoute(guards, {
      method: 'get',
      path: '/admin/plans/{planId}',
      tags,
      summary: 'One plan',
      request: { params },
      responses: { 200: json('The plan', planSchema) },
    }),
    update: adminRoute(guards, {
      method: 'patch',
      path: '/admin/plans/{planId}',
      tags,
      summary: 'Changes a plan; what is used beyond a lower limit stays, and more is refused',
      request: { params, body: jsonBody(planChangesSchema) },
      responses: { 200: json('The plan', planSchema) },
    }),
    remove: adminRoute(guards, {
      method: 'delete',
      path: '/admin/plans/{planId}',
      tags,
      summary: 'Deletes a plan that no organization is on',
      request: { params },
      responses: { 204: { description: 'Deleted' } },
    }),
  };
}

export function createPlanRoutes({ plans, guards }: { plans: PlanStore; guards: Guards }) {
  const routes = declarePlanRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(positionSchema, cursor)?.planId ?? null;
      const rows = await plans.list(context.get('applianceScope'), { limit: limit + 1, after });
      const { page, nextCursor } = toPage(rows, limit, ({ planId: last }) => ({ planId: last }));
      return context.json({ plans: page.map(planBody), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => {
      const plan = await plans.create(actorOf(context), context.req.valid('json'));
      if (!plan) throw conflict('planId', 'there is a plan with this id');
      return context.json(planBody(plan), 201);
    })
    .openapi(routes.get, async (context) => {
      const plan = await plans.find(context.get('applianceScope'), context.req.valid('param').planId);
      if (!plan) throw notFound('plan');
      return context.json(planBody(plan), 200);
    })
    .openapi(routes.update, async (context) => {
      const plan = await plans.update(actorOf(context), context.req.valid('param').planId, givenFields(context.req.valid('json')));
      if (!plan) throw notFound('plan');
      return context.json(planBody(plan), 200);
    })
    .openapi(routes.remove, async (context) => {
      const { planId: id } = context.req.valid('param');
      if (id === DEFAULT_PLAN) throw unprocessable('planId', 'the plan of organizations that were given none cannot be deleted');
      const outcome = await plans.remove(actorOf(context), id);
      if (outcome.kind === 'not_found') throw notFound('plan');
      if (outcome.kind === 'in_use') throw new ProblemError('conflict', `${outcome.organizations} organization(s) are on this plan`);
      return context.body(null, 204);
    });
}

function actorOf(context: { get<Key extends keyof AdminVariables>(key: Key): AdminVariables[Key] }) {
  return { scope: context.get('applianceScope'), actor: context.get('actor') };
}

function planBody(plan: Plan) {
  return { ...plan, createdAt: plan.createdAt.toISOString(), updatedAt: plan.updatedAt.toISOString() };
}
