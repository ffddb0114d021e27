// Talking to an agent without a telephone, reading what came of it, and why each turn of a chat or call was as it was.
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { notFound, ProblemError, unprocessable } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { InferenceError } from '#ports/inference-error.ts';
import { isId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { eventStream, wantsEvents } from './chat-stream.ts';
import type { BegunTurn, ChatReply, Chats } from './chats.ts';
import { ConversationMovedError } from './chats.ts';
import {
  callTurnParams,
  chatBodySchema,
  chatParams,
  chatReplyBody,
  chatReplySchema,
  chatTurnParams,
  conversationBody,
  conversationSchema,
  inputOf,
} from './conversation-schemas.ts';
import type { ConversationCache } from './conversation-cache.ts';
import type { ConversationStore } from './conversation-store.ts';
import { traceBody, traceSchema } from './trace-schemas.ts';

/** What the routes work with. */
export type ConversationRouteParts = {
  readonly chats: Chats;
  readonly conversations: ConversationStore;
  readonly conversationCache: Pick<ConversationCache, 'forget'>;
  readonly guards: Guards;
};

/** A message that finds another one being answered may come again after this. */
const RETRY_AFTER_S = '1';

export function createConversationRoutes({ chats, conversations, conversationCache, guards }: ConversationRouteParts) {
  const routes = declareRoutes(guards);
  const trace = async (scope: OrgScope, conversationId: string, seq: number) => {
    const found = await conversations.findTrace(scope, conversationId, seq);
    if (found === null) throw notFound('trace of a turn');
    return traceBody(seq, found);
  };
  return createRoutes()
    .openapi(routes.chat, async (context) => {
      const body = context.req.valid('json');
      const traceParent = context.req.header('traceparent') ?? null;
      const begun = await beginTurn(chats, { scope: context.get('scope'), body, requestId: requestIdOf(context), traceParent });
      if (!wantsEvents(context.req.header('accept'))) {
        const reply = await begun.answer(() => {}).catch(explain);
        return context.json(chatReplyBody(reply), 200);
      }
      return streamed(context, begun);
    })
    .openapi(routes.get, async (context) => {
      const { conversationId } = context.req.valid('param');
      const found = isId('chat', conversationId) ? await conversations.find(context.get('scope'), conversationId) : null;
      if (!found) throw notFound('conversation');
      return context.json(conversationBody(found), 200);
    })
    .openapi(routes.chatTrace, async (context) => {
      const { conversationId, seq } = context.req.valid('param');
      if (!isId('chat', conversationId)) throw notFound('trace of a turn');
      return context.json(await trace(context.get('scope'), conversationId, seq), 200);
    })
    .openapi(routes.callTrace, async (context) => {
      const { callId, seq } = context.req.valid('param');
      if (!isId('call', callId)) throw notFound('trace of a turn');
      return context.json(await trace(context.get('scope'), callId, seq), 200);
    })
    .openapi(routes.remove, async (context) => {
      const { conversationId } = context.req.valid('param');
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      if (!isId('chat', conversationId) || !(await conversations.remove(by, conversationId))) throw notFound('conversation');
      conversationCache.forget(by.scope, conversationId);
      return context.body(null, 204);
    });
}

type Begun = Extract<BegunTurn, { kind: 'begun' }>;

type AskedTurn = {
  readonly scope: OrgScope;
  readonly body: z.infer<typeof chatBodySchema>;
  readonly requestId: string | null;
  readonly traceParent: string | null;
};

async function beginTurn(chats: Chats, { scope, body, ...request }: AskedTurn): Promise<Begun> {
  const { agentId = null, conversationId = null, channelData = {} } = body;
  if (conversationId !== null && !isId('chat', conversationId)) throw notFound('conversation');
  if (conversationId === null && (agentId === null || !isId('agent', agentId))) throw notFound('agent');
  const begun = await chats.begin({ scope, agentId, conversationId, channelData, ...request, inputFor: (agent) => inputOf(body, agent) });
  switch (begun.kind) {
    case 'begun':
      return begun;
    case 'agent_not_found':
      throw notFound('agent');
    case 'not_found':
      throw notFound('conversation');
    case 'busy':
      throw new ProblemError('conflict', 'another message of this conversation is being answered: send the next one after its reply', {
        headers: { 'retry-after': RETRY_AFTER_S },
      });
    case 'over':
      throw new ProblemError('conflict', 'the conversation is over: leave conversationId out to begin another');
    case 'too_long':
      throw new ProblemError('conflict', 'the conversation has as many turns as one may have: leave conversationId out to begin another');
    case 'other_agent':
      throw unprocessable('agentId', 'is not the agent of this conversation; leave it out');
  }
}

/** Why a message that was begun has no answer. */
function explain(error: unknown): never {
  if (error instanceof ConversationMovedError) throw new ProblemError('conflict', error.message, { cause: error });
  if (error instanceof InferenceError)
    throw new ProblemError('unavailable', 'a model did not answer; the message may be sent again', { cause: error });
  throw error;
}

function requestIdOf(context: Context): string | null {
  const requestId: unknown = context.get('requestId');
  return typeof requestId === 'string' ? requestId : null;
}

function streamed(context: Context, begun: Begun) {
  const stream = eventStream({
    first: { conversationId: begun.conversationId },
    answer: (onTextDelta) => begun.answer(onTextDelta).catch(explain),
    toBody: (reply: ChatReply) => chatReplyBody(reply),
    requestId: requestIdOf(context),
  });
  return context.body(stream, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
}

function declareRoutes(guards: Guards) {
  const read = { scope: 'calls:read' } as const;
  const write = { scope: 'calls:write' } as const;
  const kept = 'What was asked of the model, what its tools did, which way the flow went, and the time that each stage took.';
  return {
    chat: orgRoute(guards, write, {
      method: 'post',
      path: '/chat',
      tags: ['Conversations'],
      summary: 'Say something to an agent; the same agent that answers calls replies',
      description:
        'One message is one turn, committed with the state that it led to. With `Accept: text/event-stream` the reply comes as it is made: events `started`, `delta` {text}, and at the end `done` with the same body as without, or `problem`. A second message while one is being answered gets 409.',
      request: { body: jsonBody(chatBodySchema) },
      responses: {
        200: {
          description: 'What the agent replied',
          content: { 'application/json': { schema: chatReplySchema }, 'text/event-stream': { schema: z.string() } },
        },
      },
    }),
    get: orgRoute(guards, read, {
      method: 'get',
      path: '/conversations/{conversationId}',
      tags: ['Conversations'],
      summary: 'One conversation: where it stands and what was said',
      request: { params: chatParams },
      responses: { 200: json('The conversation', conversationSchema) },
    }),
    chatTrace: orgRoute(guards, read, {
      method: 'get',
      path: '/conversations/{conversationId}/turns/{seq}/trace',
      tags: ['Conversations'],
      summary: "How the agent's turn of that number came about",
      description: kept,
      request: { params: chatTurnParams },
      responses: { 200: json('The trace', traceSchema) },
    }),
    callTrace: orgRoute(guards, read, {
      method: 'get',
      path: '/calls/{callId}/turns/{seq}/trace',
      tags: ['Calls'],
      summary: "How the agent's turn of that number came about",
      description: kept,
      request: { params: callTurnParams },
      responses: { 200: json('The trace', traceSchema) },
    }),
    remove: orgRoute(guards, write, {
      method: 'delete',
      path: '/conversations/{conversationId}',
      tags: ['Conversations'],
      summary: 'Delete a conversation with everything that was said in it',
      request: { params: chatParams },
      responses: { 204: { description: 'It is gone' } },
    }),
  };
}
