// The admin's look at calls: lists, one call with what was said, and what is up now.
import { z } from '@hono/zod-openapi';
import { callStates } from '#db/schema/calls.ts';
import { createRoutes } from '#http/app.ts';
import { fromCursor, pageQuerySchema, toCursor } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { CallStore, CallSummary } from './call-store.ts';
import type { LiveCallBoard } from './live-calls.ts';

const instant = z.iso.datetime();
const ms = z.number().nullable();

const callSchema = z
  .object({
    organizationId: z.string(),
    callId: z.string(),
    agentId: z.string().nullable(),
    legId: z.string().nullable(),
    dialledNumber: z.string(),
    callerNumber: z.string(),
    state: z.enum(callStates),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
    startedAt: instant,
    answeredAt: instant.nullable(),
    endedAt: instant.nullable(),
    setupMs: ms,
    durationMs: ms,
    recordingPath: z.string().nullable(),
  })
  .openapi('Call');

const turnSchema = z
  .object({
    seq: z.int(),
    role: z.enum(['caller', 'agent']),
    text: z.string(),
    input: z.enum(['speech', 'dtmf']).nullable(),
    startedAt: instant,
    endedAt: instant,
    heardMs: ms,
    interrupted: z.boolean(),
    endpointMs: ms,
    speechToTextMs: ms,
    replyMs: ms,
    textToSpeechMs: ms,
    firstFrameMs: ms,
  })
  .openapi('Turn');

const noteSchema = z
  .object({ name: z.string(), fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])), at: instant })
  .openapi('Note');

const liveCallSchema = z
  .object({
    callId: z.string(),
    organizationId: z.string(),
    agentId: z.string(),
    dialledNumber: z.string(),
    callerNumber: z.string(),
    startedAt: instant,
    answeredAt: instant.nullable(),
    turns: z.int(),
  })
  .openapi('LiveCall');

const positionSchema = z.strictObject({ startedAt: z.iso.datetime(), callId: z.string().max(100) });

function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

/** What the routes read, and who may. */
export type CallRouteParts = { readonly calls: CallStore; readonly board: LiveCallBoard; readonly guards: Guards };

export function createCallRoutes({ calls, board, guards }: CallRouteParts) {
  const listCalls = adminRoute(guards, {
    method: 'get',
    path: '/admin/calls',
    summary: 'Calls of every organization, newest first',
    request: { query: pageQuerySchema },
    responses: { 200: json('A page', z.object({ calls: z.array(callSchema), nextCursor: z.string().nullable() })) },
  });
  const getCall = adminRoute(guards, {
    method: 'get',
    path: '/admin/calls/{callId}',
    summary: 'One call with its turns and notes',
    request: { params: z.object({ callId: z.string().max(100) }) },
    responses: { 200: json('The call', z.object({ call: callSchema, turns: z.array(turnSchema), notes: z.array(noteSchema) })) },
  });
  const listLiveCalls = adminRoute(guards, {
    method: 'get',
    path: '/admin/live-calls',
    summary: 'Calls that are up now, oldest first',
    responses: { 200: json('All of them', z.object({ calls: z.array(liveCallSchema) })) },
  });
  return createRoutes()
    .openapi(listCalls, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const position = fromCursor(positionSchema, cursor);
      const after = position && { ...position, startedAt: new Date(position.startedAt) };
      // One row more than the page tells whether another page follows.
      const rows = await calls.list(context.get('applianceScope'), { limit: limit + 1, after });
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      const nextCursor = last ? toCursor({ startedAt: last.startedAt.toISOString(), callId: last.callId }) : null;
      return context.json({ calls: page.map(callBody), nextCursor }, 200);
    })
    .openapi(getCall, async (context) => {
      const { callId } = context.req.valid('param');
      const found = isId('call', callId) ? await calls.find(context.get('applianceScope'), callId) : null;
      if (!found) throw notFound('call');
      const turns = found.turns.map((turn) => ({ ...turn, startedAt: iso(turn.startedAt), endedAt: iso(turn.endedAt) }));
      const notes = found.notes.map((note) => ({ ...note, at: iso(note.at) }));
      return context.json({ call: callBody(found.call), turns, notes }, 200);
    })
    .openapi(listLiveCalls, (context) => {
      const live = board.list().map((call) => ({ ...call, startedAt: iso(call.startedAt), answeredAt: isoOrNull(call.answeredAt) }));
      return context.json({ calls: live }, 200);
    });
}

function callBody(call: CallSummary) {
  return { ...call, startedAt: iso(call.startedAt), answeredAt: isoOrNull(call.answeredAt), endedAt: isoOrNull(call.endedAt) };
}

function iso(at: Date): string {
  return at.toISOString();
}

function isoOrNull(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
