// The admin's look at the registry of servers, and the wish that everything be sent anew.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import { ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import { licenceStandings } from './licence.ts';
import type { RegistryReport, ReportParts } from './registry-report.ts';
import { registryReport, registryStates } from './registry-report.ts';

export type RegistryRouteParts = {
  readonly serverRegistry: ReportParts & {
    /** Has everything sent anew, by whichever process speaks. */
    readonly push: (scope: ApplianceScope) => Promise<void>;
  };
  readonly guards: Guards;
  readonly clock: Pick<Clock, 'wallAt'>;
};

const instant = z.iso.datetime({ offset: true });
const amount = z.int().min(0);
const standingSchema = z.object({
  pushedAt: instant.nullable().openapi({ description: 'When the registry last had everything; null: never' }),
  pulledAt: instant.nullable().openapi({ description: 'When it last told everything' }),
  pushAgeSeconds: z.number().nullable(),
  pullAgeSeconds: z.number().nullable(),
  waiting: amount.openapi({ description: 'Changes that it was not told of yet' }),
  oldestWaitingSeconds: z.number().nullable(),
  refused: amount.openapi({ description: 'Rows that it will not have as they are' }),
  refusal: z.string().nullable().openapi({ description: 'Why, of one of them' }),
  lastError: z.string().nullable(),
  lastErrorAt: instant.nullable(),
});
const reportSchema = z
  .object({
    state: z.enum(registryStates).openapi({ description: '`local_only`: no registry is configured, and nothing is missing for it' }),
    serverId: z.string().nullable(),
    fleetId: z.string().nullable(),
    tokenExpiresAt: instant.nullable(),
    standing: standingSchema.nullable(),
    licence: z
      .object({
        plan: z.string(),
        standing: z.enum(licenceStandings),
        maxConcurrentCalls: z.int().nullable(),
        validUntil: instant.nullable(),
      })
      .nullable()
      .openapi({ description: 'As the operator of the registry wrote it; no call is refused for it' }),
    servers: z.array(
      z.object({
        serverId: z.string(),
        release: z.string(),
        addresses: z.array(z.string()),
        heartbeat: z.object({ at: instant, liveCalls: amount, maxCalls: amount, accepting: z.boolean() }).nullable(),
        organizations: amount,
      }),
    ),
    agents: z
      .array(
        z.object({
          serverId: z.string(),
          agentId: z.string(),
          organizationId: z.string(),
          name: z.string(),
          state: z.string(),
          numbers: z.array(z.string()),
        }),
      )
      .openapi({ description: 'Agents that live on other servers, 500 at most' }),
    agentsKnown: amount,
  })
  .openapi('ServerRegistry');
const wishSchema = z.object({ wanted: z.literal(true) }).openapi('RegistryPush');
const tags = ['Appliance'];

export function createRegistryRoutes({ serverRegistry, guards, clock }: RegistryRouteParts) {
  return createRoutes()
    .openapi(showRoute(guards), async (context) => {
      const report = await registryReport(serverRegistry, context.get('applianceScope'), clock.wallAt());
      return context.json(bodyOf(report), 200);
    })
    .openapi(pushRoute(guards), async (context) => {
      if (serverRegistry.identity() === null)
        throw new ProblemError('conflict', 'no registry is configured: set SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_TOKEN_FILE');
      await serverRegistry.push(context.get('applianceScope'));
      return context.json({ wanted: true as const }, 202);
    });
}

function showRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'get',
    path: '/admin/registry',
    tags,
    summary: 'How this server and the registry of servers stand, and which agent lives on which other server',
    responses: { 200: json('The registry', reportSchema) },
  });
}

function pushRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'post',
    path: '/admin/registry/push',
    tags,
    summary: 'Have everything of this server sent to the registry anew, and what is gone taken out there',
    responses: { 202: json('Noted; it begins within seconds, or when the registry answers again', wishSchema) },
  });
}

function bodyOf({ identity, standing, ...report }: RegistryReport): z.infer<typeof reportSchema> {
  return {
    ...report,
    servers: report.servers.map((server) => ({ ...server, addresses: [...server.addresses] })),
    agents: report.agents.map((agent) => ({ ...agent, numbers: [...agent.numbers] })),
    serverId: identity?.serverId ?? null,
    fleetId: identity?.fleetId ?? null,
    tokenExpiresAt: textOf(identity?.expiresAt),
    standing: standing && {
      pushedAt: textOf(standing.pushedAt),
      pulledAt: textOf(standing.pulledAt),
      pushAgeSeconds: standing.pushAgeSeconds,
      pullAgeSeconds: standing.pullAgeSeconds,
      waiting: standing.waiting,
      oldestWaitingSeconds: standing.oldestWaitingSeconds,
      refused: standing.refused,
      refusal: standing.refusal,
      lastError: standing.lastError,
      lastErrorAt: textOf(standing.lastErrorAt),
    },
  };
}

function textOf(at: Date | null | undefined): string | null {
  return at?.toISOString() ?? null;
}
