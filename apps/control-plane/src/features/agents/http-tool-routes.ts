// Tools of an agent that its organization defines: what the agent may do in systems of the organization.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { conflict, notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { givenFields } from '#shared/given-fields.ts';
import { isId } from '#shared/id.ts';
import { httpToolFields } from './http-tool-draft.ts';
import type { HttpToolChange, HttpToolDetails, HttpToolStore } from './http-tool-store.ts';
import { MAX_HTTP_TOOLS } from './http-tool-store.ts';

/** What the routes work with. */
export type HttpToolRouteParts = { readonly httpToolStore: HttpToolStore; readonly guards: Guards };

const secret = z
  .string()
  .regex(/^[\x21-\x7e]{1,500}$/, '1 to 500 printable characters without spaces')
  .openapi({ description: 'Stored sealed; never told again' });
const newToolSchema = z
  .strictObject({
    ...httpToolFields,
    headers: httpToolFields.headers.default([]),
    secret: secret.nullable().default(null),
  })
  .openapi('NewHttpTool');
const { name: _, ...changeableFields } = httpToolFields;
const toolChangesSchema = z
  .strictObject({ ...changeableFields, secret: secret.nullable() })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'must change something')
  .openapi('HttpToolChanges');
const toolSchema = z
  .object({
    ...httpToolFields,
    toolId: z.string(),
    agentId: z.string(),
    hasSecret: z.boolean(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('HttpTool');
const pageSchema = z.object({ httpTools: z.array(toolSchema), nextCursor: z.string().nullable() });
const positionSchema = z.strictObject({ name: z.string().max(48) });
const agentParams = z.object({ agentId: z.string().max(100) });
const toolParams = z.object({ agentId: z.string().max(100), toolId: z.string().max(100) });

export function createHttpToolRoutes({ httpToolStore, guards }: HttpToolRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(positionSchema, cursor)?.name ?? null;
      const rows = await httpToolStore.list(context.get('scope'), agentOf(context.req.valid('param')), { limit: limit + 1, after });
      if (!rows) throw notFound('agent');
      const { page, nextCursor } = toPage(rows, limit, ({ name }) => ({ name }));
      return context.json({ httpTools: page.map(toolBody), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor'), agentId: agentOf(context.req.valid('param')) };
      const outcome = await httpToolStore.create(by, context.req.valid('json'));
      return context.json(toolBody(changedTool(outcome, 'agent')), 201);
    })
    .openapi(routes.get, async (context) => {
      const { agentId, toolId } = toolOf(context.req.valid('param'));
      const tool = await httpToolStore.find(context.get('scope'), agentId, toolId);
      if (!tool) throw notFound('tool');
      return context.json(toolBody(tool), 200);
    })
    .openapi(routes.change, async (context) => {
      const { agentId, toolId } = toolOf(context.req.valid('param'));
      const by = { scope: context.get('scope'), actor: context.get('actor'), agentId };
      return context.json(
        toolBody(changedTool(await httpToolStore.update(by, toolId, givenFields(context.req.valid('json'))), 'tool')),
        200,
      );
    })
    .openapi(routes.remove, async (context) => {
      const { agentId, toolId } = toolOf(context.req.valid('param'));
      const removed = await httpToolStore.remove({ scope: context.get('scope'), actor: context.get('actor'), agentId }, toolId);
      if (!removed) throw notFound('tool');
      return context.body(null, 204);
    });
}

function agentOf({ agentId }: { agentId: string }): string {
  if (!isId('agent', agentId)) throw notFound('agent');
  return agentId;
}

function toolOf({ agentId, toolId }: { agentId: string; toolId: string }) {
  if (!isId('agent', agentId) || !isId('httpTool', toolId)) throw notFound('tool');
  return { agentId, toolId };
}

function changedTool(outcome: HttpToolChange, missing: 'agent' | 'tool'): HttpToolDetails {
  switch (outcome.kind) {
    case 'changed':
      return outcome.tool;
    case 'not_found':
      throw notFound(missing);
    case 'taken':
      throw conflict('name', 'the agent has a tool with this name; choose another one');
    case 'too_many':
      throw new ProblemError('unprocessable', `the agent has ${MAX_HTTP_TOOLS} tools, which is the limit; remove one first`);
    case 'invalid':
      throw new ProblemError('unprocessable', `${outcome.fields.length} field(s) of the tool do not go together`, {
        fields: outcome.fields,
      });
  }
}

function toolBody(tool: HttpToolDetails) {
  return { ...tool, createdAt: tool.createdAt.toISOString(), updatedAt: tool.updatedAt.toISOString() };
}

function declareRoutes(guards: Guards) {
  const [read, write] = [{ scope: 'agent:read' }, { scope: 'agent:write' }] as const;
  const tags = ['Agent tools'];
  const all = { path: '/agents/{agentId}/http-tools', tags } as const;
  const one = { path: '/agents/{agentId}/http-tools/{toolId}', tags } as const;
  const heard = 'The next conversation within 5 s has it so.';
  return {
    list: orgRoute(guards, read, {
      ...all,
      method: 'get',
      summary: "An agent's own tools, by name",
      request: { params: agentParams, query: pageQuerySchema },
      responses: { 200: json('A page', pageSchema) },
    }),
    create: orgRoute(guards, write, {
      ...all,
      method: 'post',
      summary: 'Let an agent ask or change something in a system of yours',
      description: `One request each, 5 s in all, to public addresses only, without redirects; 64 kB of the answer are read, as data. ${heard}`,
      request: { params: agentParams, body: jsonBody(newToolSchema) },
      responses: { 201: json('The tool', toolSchema) },
    }),
    get: orgRoute(guards, read, {
      ...one,
      method: 'get',
      summary: 'One tool, without its secret',
      request: { params: toolParams },
      responses: { 200: json('The tool', toolSchema) },
    }),
    change: orgRoute(guards, write, {
      ...one,
      method: 'patch',
      summary: 'Change a tool; its name stays',
      description: heard,
      request: { params: toolParams, body: jsonBody(toolChangesSchema) },
      responses: { 200: json('The tool', toolSchema) },
    }),
    remove: orgRoute(guards, write, {
      ...one,
      method: 'delete',
      summary: 'Take a tool from an agent',
      description: heard,
      request: { params: toolParams },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}
