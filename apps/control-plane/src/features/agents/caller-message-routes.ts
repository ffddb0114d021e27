// Messages that callers left: an organization reads its own, says which it dealt with, and erases them.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { CallerMessage, CallerMessageStore } from './caller-message-store.ts';

/** What the routes work with. */
export type CallerMessageRouteParts = { readonly callerMessages: CallerMessageStore; readonly guards: Guards };

const querySchema = pageQuerySchema.extend({
  agentId: z
    .string()
    .regex(/^agent_[0-9a-f]{32}$/, "must be an agent's id")
    .optional(),
  state: z.enum(['waiting', 'handled']).optional(),
});
const messageSchema = z
  .object({
    messageId: z.string(),
    agentId: z.string(),
    conversationId: z.string().openapi({ description: 'The call or chat in which it was left' }),
    fromName: z.string().nullable(),
    callbackNumber: z.string().nullable(),
    text: z.string(),
    isUrgent: z.boolean(),
    handledAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .openapi('CallerMessage');
const pageSchema = z.object({ messages: z.array(messageSchema), nextCursor: z.string().nullable() });
const changeSchema = z.strictObject({ isHandled: z.boolean() }).openapi('CallerMessageChange');
const positionSchema = z.strictObject({ messageId: z.string().max(100) });
const params = z.object({ messageId: z.string().max(100) });

export function createCallerMessageRoutes({ callerMessages, guards }: CallerMessageRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor, agentId, state } = context.req.valid('query');
      const before = fromCursor(positionSchema, cursor)?.messageId ?? null;
      const isHandled = state === undefined ? undefined : state === 'handled';
      const rows = await callerMessages.list(context.get('scope'), { limit: limit + 1, before, agentId, isHandled });
      const { page, nextCursor } = toPage(rows, limit, ({ messageId }) => ({ messageId }));
      return context.json({ messages: page.map(messageBody), nextCursor }, 200);
    })
    .openapi(routes.get, async (context) => {
      const message = await callerMessages.find(context.get('scope'), known(context.req.valid('param').messageId));
      if (!message) throw notFound('message');
      return context.json(messageBody(message), 200);
    })
    .openapi(routes.change, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const { isHandled } = context.req.valid('json');
      const message = await callerMessages.setHandled(by, known(context.req.valid('param').messageId), isHandled);
      if (!message) throw notFound('message');
      return context.json(messageBody(message), 200);
    })
    .openapi(routes.remove, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      if (!(await callerMessages.remove(by, known(context.req.valid('param').messageId)))) throw notFound('message');
      return context.body(null, 204);
    });
}

function known(messageId: string): string {
  if (!isId('callerMessage', messageId)) throw notFound('message');
  return messageId;
}

function messageBody(message: CallerMessage) {
  return { ...message, handledAt: message.handledAt?.toISOString() ?? null, createdAt: message.createdAt.toISOString() };
}

function declareRoutes(guards: Guards) {
  const [read, write] = [{ scope: 'calls:read' }, { scope: 'calls:write' }] as const;
  const tags = ['Caller messages'];
  const one = { path: '/caller-messages/{messageId}', tags } as const;
  return {
    list: orgRoute(guards, read, {
      method: 'get',
      path: '/caller-messages',
      tags,
      summary: 'Messages that callers left with agents, newest first',
      request: { query: querySchema },
      responses: { 200: json('A page', pageSchema) },
    }),
    get: orgRoute(guards, read, {
      ...one,
      method: 'get',
      summary: 'One message',
      request: { params },
      responses: { 200: json('The message', messageSchema) },
    }),
    change: orgRoute(guards, write, {
      ...one,
      method: 'patch',
      summary: 'Say that a message was dealt with, or that it was not',
      request: { params, body: jsonBody(changeSchema) },
      responses: { 200: json('The message', messageSchema) },
    }),
    remove: orgRoute(guards, write, {
      ...one,
      method: 'delete',
      summary: 'Erase a message',
      request: { params },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}
