// Numbers over HTTP: the admin gives them to organizations, an organization says which of its agents answers.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { adminPageQuerySchema, fromCursor, pageQuerySchema, readScopeOf, toPage } from '#http/page.ts';
import { conflict, deletionPending, notFound } from '#http/problem.ts';
import type { ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute, orgRoute } from '#http/route.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import { isId } from '#shared/id.ts';
import {
  changedNumberBody,
  heardWithin,
  newNumberSchema,
  numberBody,
  numberChangeSchema,
  numberPageSchema,
  numberParams,
  numberPositionSchema,
  numberSchema,
  unknownAgent,
} from './number-schemas.ts';
import type { NumberCreation, NumberStore, NumberSummary } from './number-store.ts';

/** What the routes work with. */
export type NumberRouteParts = { readonly numbers: NumberStore; readonly guards: Guards };

const tags = ['Numbers'];
export function createNumberRoutes(parts: NumberRouteParts) {
  return createRoutes().route('/', createAdminRoutes(parts)).route('/', createClientRoutes(parts));
}

function createAdminRoutes({ numbers, guards }: NumberRouteParts) {
  const routes = declareAdminRoutes(guards);
  const onOwner = async (scope: ApplianceScope, numberId: string) => {
    const owner = isId('number', numberId) ? await numbers.findOwner(scope, numberId) : null;
    if (owner === null) throw notFound('number');
    return onOrganization(scope, owner);
  };
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor, organizationId } = context.req.valid('query');
      const scope = readScopeOf(context.get('applianceScope'), organizationId);
      const rows = await numbers.list(scope, { limit: limit + 1, after: fromCursor(numberPositionSchema, cursor)?.number ?? null });
      return context.json(pageBody(rows, limit), 200);
    })
    .openapi(routes.create, async (context) => {
      const { organizationId } = context.req.valid('param');
      if (!isId('organization', organizationId)) throw notFound('organization');
      const by = { scope: onOrganization(context.get('applianceScope'), organizationId), actor: context.get('actor') };
      return context.json(createdBody(await numbers.create(by, context.req.valid('json'))), 201);
    })
    .openapi(routes.get, async (context) => {
      const { numberId } = context.req.valid('param');
      const number = isId('number', numberId) ? await numbers.find(context.get('applianceScope'), numberId) : null;
      if (!number) throw notFound('number');
      return context.json(numberBody(number), 200);
    })
    .openapi(routes.change, async (context) => {
      const { numberId } = context.req.valid('param');
      const by = { scope: await onOwner(context.get('applianceScope'), numberId), actor: context.get('actor') };
      return context.json(changedNumberBody(await numbers.lead(by, numberId, context.req.valid('json'))), 200);
    })
    .openapi(routes.remove, async (context) => {
      const { numberId } = context.req.valid('param');
      const by = { scope: await onOwner(context.get('applianceScope'), numberId), actor: context.get('actor') };
      if (!(await numbers.remove(by, numberId))) throw notFound('number');
      return context.body(null, 204);
    });
}

function createClientRoutes({ numbers, guards }: NumberRouteParts) {
  const routes = declareClientRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(numberPositionSchema, cursor)?.number ?? null;
      return context.json(pageBody(await numbers.list(context.get('scope'), { limit: limit + 1, after }), limit), 200);
    })
    .openapi(routes.get, async (context) => {
      const { numberId } = context.req.valid('param');
      const number = isId('number', numberId) ? await numbers.find(context.get('scope'), numberId) : null;
      if (!number) throw notFound('number');
      return context.json(numberBody(number), 200);
    })
    .openapi(routes.change, async (context) => {
      const { numberId } = context.req.valid('param');
      if (!isId('number', numberId)) throw notFound('number');
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      return context.json(changedNumberBody(await numbers.lead(by, numberId, context.req.valid('json'))), 200);
    });
}

/** A page from rows that were read with `limit + 1`. */
function pageBody(rows: readonly NumberSummary[], limit: number) {
  const { page, nextCursor } = toPage(rows, limit, ({ number }) => ({ number }));
  return { numbers: page.map(numberBody), nextCursor };
}

function createdBody(outcome: NumberCreation) {
  switch (outcome.kind) {
    case 'created':
      return numberBody(outcome.number);
    case 'organization_not_found':
      throw notFound('organization');
    case 'deletion_pending':
      throw deletionPending();
    case 'agent_not_found':
      throw unknownAgent();
    case 'taken':
      throw numberTaken();
  }
}

function numberTaken(): ProblemError {
  return conflict('number', 'it is taken; choose another one');
}

function declareAdminRoutes(guards: Guards) {
  const one = { path: '/admin/numbers/{numberId}', tags } as const;
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: '/admin/numbers',
      tags,
      summary: 'Numbers of every organization or of one',
      request: { query: adminPageQuerySchema },
      responses: { 200: json('A page', numberPageSchema) },
    }),
    create: adminRoute(guards, {
      method: 'post',
      path: '/admin/organizations/{organizationId}/numbers',
      tags,
      summary: 'Give an organization a number and say which of its agents answers',
      description: heardWithin,
      request: { params: z.object({ organizationId: z.string().max(100) }), body: jsonBody(newNumberSchema) },
      responses: { 201: json('The number', numberSchema) },
    }),
    get: adminRoute(guards, {
      ...one,
      method: 'get',
      summary: 'One number',
      request: { params: numberParams },
      responses: { 200: json('The number', numberSchema) },
    }),
    change: adminRoute(guards, {
      ...one,
      method: 'patch',
      summary: "Let another of the organization's agents answer",
      description: heardWithin,
      request: { params: numberParams, body: jsonBody(numberChangeSchema) },
      responses: { 200: json('The number', numberSchema) },
    }),
    remove: adminRoute(guards, {
      ...one,
      method: 'delete',
      summary: 'Take a number away; it is answered by nobody then',
      description: heardWithin,
      request: { params: numberParams },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}

function declareClientRoutes(guards: Guards) {
  const one = { path: '/numbers/{numberId}', tags } as const;
  return {
    list: orgRoute(
      guards,
      { scope: 'agent:read' },
      {
        method: 'get',
        path: '/numbers',
        tags,
        summary: 'Numbers of the organization',
        request: { query: pageQuerySchema },
        responses: { 200: json('A page', numberPageSchema) },
      },
    ),
    get: orgRoute(
      guards,
      { scope: 'agent:read' },
      {
        ...one,
        method: 'get',
        summary: 'One number',
        request: { params: numberParams },
        responses: { 200: json('The number', numberSchema) },
      },
    ),
    change: orgRoute(
      guards,
      { scope: 'agent:write' },
      {
        ...one,
        method: 'patch',
        summary: 'Let another agent answer',
        description: heardWithin,
        request: { params: numberParams, body: jsonBody(numberChangeSchema) },
        responses: { 200: json('The number', numberSchema) },
      },
    ),
  };
}
