// What an organization uses, for itself and for the admin.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute, orgRoute } from '#http/route.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import { isId } from '#shared/id.ts';
import type { UsageStore } from './usage-store.ts';

const amount = z.int().min(0);
const usageSchema = z
  .object({
    organizationId: z.string(),
    planId: z.string(),
    planName: z.string(),
    at: z.iso.datetime(),
    since: z.iso.datetime().openapi({ description: 'Beginning of the month, UTC: from then on calls are counted' }),
    limits: z.object({
      concurrentCalls: amount,
      agents: amount,
      requestsPerMinute: amount,
      dailyDials: amount,
      storageBytes: amount,
      recordingRetentionDays: amount,
      textRetentionDays: amount,
    }),
    used: z.object({
      liveCalls: amount.openapi({ description: 'Calls that are up now on this server' }),
      agents: amount,
      storageBytes: amount.openapi({ description: 'Recordings that are kept, bytes' }),
      activeTokens: amount,
      calls: amount.openapi({ description: 'Calls of this month' }),
      callMinutes: z.number().min(0).openapi({ description: 'Their length, minutes with one decimal' }),
    }),
  })
  .openapi('Usage');

export type UsageRouteParts = {
  readonly usage: UsageStore;
  readonly guards: Guards;
  readonly clock: Clock;
  /** Calls of an organization that are up in this process. */
  readonly liveCalls: (organizationId: string) => number;
};

export function createUsageRoutes({ usage, guards, clock, liveCalls }: UsageRouteParts) {
  const responses = { 200: { description: 'Limits and use', content: { 'application/json': { schema: usageSchema } } } };
  const tags = ['Usage'];
  const own = orgRoute(
    guards,
    { scope: 'calls:read' },
    { method: 'get', path: '/usage', tags, summary: 'What the plan allows and what is used', responses },
  );
  const ofOne = adminRoute(guards, {
    method: 'get',
    path: '/admin/organizations/{organizationId}/usage',
    tags,
    summary: "What an organization's plan allows and what is used",
    request: { params: z.object({ organizationId: z.string().max(100) }) },
    responses,
  });
  const read = async (scope: OneOrganization) => {
    const { organizationId } = scope;
    const at = clock.wallAt();
    const since = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth()));
    const found = await usage.find(scope, { since, at });
    if (!found) throw notFound('organization');
    const used = { ...found.used, liveCalls: liveCalls(organizationId) };
    return { organizationId, ...found, used, at: at.toISOString(), since: since.toISOString() };
  };
  return createRoutes()
    .openapi(own, async (context) => context.json(await read(context.get('scope')), 200))
    .openapi(ofOne, async (context) => {
      const { organizationId } = context.req.valid('param');
      if (!isId('organization', organizationId)) throw notFound('organization');
      return context.json(await read(onOrganization(context.get('applianceScope'), organizationId)), 200);
    });
}
