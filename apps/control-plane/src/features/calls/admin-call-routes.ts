// The admin's look at calls: lists, one call, and what is up now. What was said is the organization's: it opens for a reason that is written down.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import { readScopeOf } from '#http/page.ts';
import { notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { isId } from '#shared/id.ts';
import type { CallAccessStore } from './call-access-store.ts';
import { listCalls } from './call-listing.ts';
import { adminCallQuerySchema, toCallPage, toCallQuery } from './call-query.ts';
import {
  adminCallBody,
  adminCallSchema,
  adminLiveCallBody,
  adminLiveCallSchema,
  adminNoteSchema,
  adminTurnSchema,
  qualitiesSchema,
  wordsBody,
} from './call-schemas.ts';
import type { CallStore } from './call-store.ts';
import type { LiveCallBoard } from './live-calls.ts';

const breakGlassSchema = z.object({
  'x-break-glass': z
    .string()
    .regex(/^[\x20-\x7e]{8,200}$/, 'X-Break-Glass: must be the reason in 8 to 200 printable ASCII characters')
    .optional()
    .openapi({ description: "Why what was said is looked at. It is written into the organization's audit log." }),
});

/** What the routes read, and who may. */
export type AdminCallRouteParts = {
  readonly calls: CallStore;
  readonly callAccess: CallAccessStore;
  readonly board: LiveCallBoard;
  readonly guards: Guards;
  readonly clock: Clock;
};

export function createAdminCallRoutes({ calls, callAccess, board, guards, clock }: AdminCallRouteParts) {
  return createRoutes()
    .openapi(listRoute(guards), async (context) => {
      const { organizationId, ...asked } = context.req.valid('query');
      const query = toCallQuery(asked, clock.wallAt());
      const scope = readScopeOf(context.get('applianceScope'), organizationId);
      if (query.search !== undefined) {
        // Whether words were said is as much as the words.
        const reason = context.req.valid('header')['x-break-glass'];
        if (!('organizationId' in scope) || reason === undefined) throw searchRefused();
        await callAccess.noteSearch(scope, { actor: context.get('actor'), reason });
      }
      const page = toCallPage(await listCalls(calls, scope, query), asked);
      return context.json({ ...page, calls: page.calls.map(adminCallBody) }, 200);
    })
    .openapi(getRoute(guards), async (context) => {
      const { callId } = context.req.valid('param');
      const reason = context.req.valid('header')['x-break-glass'];
      const appliance = context.get('applianceScope');
      const outline = isId('call', callId) ? await calls.outline(appliance, callId) : null;
      if (!outline) throw notFound('call');
      if (reason === undefined) return context.json({ call: adminCallBody(outline.call), ...wordsBody(outline) }, 200);
      const scope = onOrganization(appliance, outline.call.organizationId as OrganizationId);
      const opened = await callAccess.openForAdmin(scope, callId, { actor: context.get('actor'), reason });
      if (!opened) throw notFound('call');
      return context.json({ call: adminCallBody(opened.call), ...wordsBody(opened) }, 200);
    })
    .openapi(liveRoute(guards), (context) => context.json({ calls: board.list(null).map(adminLiveCallBody) }, 200));
}

function listRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'get',
    path: '/admin/calls',
    tags: ['Calls'],
    summary: 'Calls of every organization or of one, filtered and sorted',
    request: { query: adminCallQuerySchema, headers: breakGlassSchema },
    responses: { 200: json('A page', z.object({ calls: z.array(adminCallSchema), nextCursor: z.string().nullable() })) },
  });
}

function getRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'get',
    path: '/admin/calls/{callId}',
    tags: ['Calls'],
    summary: 'One call with its turns and notes; what was said only for a reason given in X-Break-Glass',
    request: { params: z.object({ callId: z.string().max(100) }), headers: breakGlassSchema },
    responses: {
      200: json(
        'The call',
        z.object({ call: adminCallSchema, quality: qualitiesSchema, turns: z.array(adminTurnSchema), notes: z.array(adminNoteSchema) }),
      ),
    },
  });
}

function liveRoute(guards: Guards) {
  return adminRoute(guards, {
    method: 'get',
    path: '/admin/live-calls',
    tags: ['Calls'],
    summary: 'Calls that are up now in this process, oldest first',
    responses: { 200: json('All of them', z.object({ calls: z.array(adminLiveCallSchema) })) },
  });
}

function searchRefused(): ProblemError {
  const message = 'searches what was said: name one organization in organizationId and the reason in the header X-Break-Glass';
  return new ProblemError('invalid_request', `query: search ${message}`, { fields: [{ path: 'search', message }] });
}
