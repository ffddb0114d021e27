// An organization's own calls: the list with filters, one call with what was said, what is up now, and hanging up.
import { z } from '@hono/zod-openapi';
import type { CallEngine } from '#engine/call-engine.ts';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import { notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import type { Clock } from '#shared/clock.ts';
import { isId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { CallAccessStore } from './call-access-store.ts';
import { listCalls } from './call-listing.ts';
import { callQuerySchema, toCallPage, toCallQuery } from './call-query.ts';
import {
  callBody,
  callConversationSchema,
  callSchema,
  liveCallBody,
  liveCallSchema,
  noteSchema,
  ownWordsBody,
  qualitiesSchema,
  turnSchema,
} from './call-schemas.ts';
import type { CallStore } from './call-store.ts';
import type { LiveCallBoard } from './live-calls.ts';

/** What the routes read and end, and who may. */
export type CallRouteParts = {
  readonly calls: CallStore;
  readonly callAccess: CallAccessStore;
  readonly board: LiveCallBoard;
  readonly engine: Pick<CallEngine, 'hangUp'>;
  readonly guards: Guards;
  readonly clock: Clock;
};

const wholeCallSchema = z.object({
  call: callSchema,
  quality: qualitiesSchema,
  turns: z.array(turnSchema),
  notes: z.array(noteSchema),
  conversation: callConversationSchema.nullable().openapi({ description: 'Null before a turn of the agent' }),
});
const callIdParams = z.object({ callId: z.string().max(100) });

export function createCallRoutes(parts: CallRouteParts) {
  const { calls, callAccess, board, engine, guards, clock } = parts;
  return createRoutes()
    .openapi(listRoute(guards), async (context) => {
      const asked = context.req.valid('query');
      const rows = await listCalls(calls, context.get('scope'), toCallQuery(asked, clock.wallAt()));
      const page = toCallPage(rows, asked);
      return context.json({ ...page, calls: page.calls.map(callBody) }, 200);
    })
    .openapi(getRoute(guards), async (context) => {
      const { callId } = context.req.valid('param');
      const found = isId('call', callId) ? await calls.find(context.get('scope'), callId) : null;
      if (!found) throw notFound('call');
      const { conversation } = found;
      const stands = conversation && { ...conversation, slots: { ...conversation.slots } };
      return context.json({ call: callBody(found.call), ...ownWordsBody(found), conversation: stands }, 200);
    })
    .openapi(liveRoute(guards), (context) =>
      context.json({ calls: board.list(context.get('scope').organizationId).map(liveCallBody) }, 200),
    )
    .openapi(hangUpRoute(guards), async (context) => {
      const { callId } = context.req.valid('param');
      const scope = context.get('scope');
      if (!isId('call', callId)) throw notFound('call');
      const live = board.find(callId);
      if (live?.organizationId !== scope.organizationId) throw await whyNotLive(calls, scope, callId);
      await callAccess.noteHangUp(scope, callId, context.get('actor'));
      if (!engine.hangUp(callId, scope.organizationId)) throw await whyNotLive(calls, scope, callId);
      return context.json({ callId, state: 'ending' as const }, 202);
    });
}

/** Why a call that is not up in this process cannot be hung up here. */
async function whyNotLive(calls: CallStore, scope: OrgScope, callId: string): Promise<ProblemError> {
  const found = await calls.findSummary(scope, callId);
  if (!found) return notFound('call');
  const { endedAt, outcome } = found;
  if (endedAt !== null) return new ProblemError('conflict', `the call is over since ${endedAt.toISOString()} (${outcome})`);
  return new ProblemError(
    'conflict',
    'the call is open in the journal and not up in this server process: another one holds it, or it has just ended; ask again in a moment',
  );
}

function listRoute(guards: Guards) {
  return orgRoute(
    guards,
    { scope: 'calls:read' },
    {
      method: 'get',
      path: '/calls',
      tags: ['Calls'],
      summary: 'Calls, filtered and sorted, newest first unless asked otherwise',
      request: { query: callQuerySchema },
      responses: { 200: json('A page', z.object({ calls: z.array(callSchema), nextCursor: z.string().nullable() })) },
    },
  );
}

function getRoute(guards: Guards) {
  return orgRoute(
    guards,
    { scope: 'calls:read' },
    {
      method: 'get',
      path: '/calls/{callId}',
      tags: ['Calls'],
      summary: 'One call with what was said, the time that each stage took, how well it was carried, and what else happened',
      request: { params: callIdParams },
      responses: { 200: json('The call', wholeCallSchema) },
    },
  );
}

function liveRoute(guards: Guards) {
  return orgRoute(
    guards,
    { scope: 'calls:read' },
    {
      method: 'get',
      path: '/live-calls',
      tags: ['Calls'],
      summary: 'Calls that are up now in this server process, oldest first',
      responses: { 200: json('All of them', z.object({ calls: z.array(liveCallSchema) })) },
    },
  );
}

function hangUpRoute(guards: Guards) {
  return orgRoute(
    guards,
    { scope: 'calls:write' },
    {
      method: 'post',
      path: '/calls/{callId}/hang-up',
      tags: ['Calls'],
      summary: 'Ends a call that is up; 409 when it is over or another server process holds it',
      request: { params: callIdParams },
      responses: {
        202: json('The call is ending', z.object({ callId: z.string(), state: z.literal('ending') })),
      },
    },
  );
}
