// Chats, conversations and traces on the wire.
import { z } from '@hono/zod-openapi';
import type { DialogInput } from '#dialog/dialog.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { ChatReply } from './chats.ts';
import type { ChatDetails } from './conversation-store.ts';

/** As much as somebody types or pastes in one message; a page has 3,000. */
const MESSAGE_CHARACTERS = 4_000;
const CHANNEL_FIELDS = 20;
const CHANNEL_CHARACTERS = 500;

const channelDataSchema = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, 'a name is 1 to 60 letters, digits and _, and starts with a letter'),
    z.string().max(CHANNEL_CHARACTERS),
  )
  .refine((fields) => Object.keys(fields).length <= CHANNEL_FIELDS, `at most ${CHANNEL_FIELDS} fields`)
  .openapi({
    description: 'Kept with a new conversation. `callerNumber`, when given, is the number that tools take for the other side’s.',
  });

export const chatBodySchema = z
  .strictObject({
    agentId: z.string().max(100).optional().openapi({ description: 'Who answers a new conversation' }),
    conversationId: z.string().max(100).optional().openapi({ description: 'The conversation to go on with; absent: a new one' }),
    message: z.string().max(MESSAGE_CHARACTERS).optional(),
    keys: z
      .string()
      .regex(/^[0-9*#]{1,32}$/, 'keys are 1 to 32 of 0-9, * and #')
      .optional()
      .openapi({ description: 'Keys of a telephone, in place of a message' }),
    silences: z.int().min(1).max(100).optional().openapi({ description: 'Nobody answers, for this many times in a row' }),
    transferFailed: z.literal(true).optional().openapi({ description: 'The transfer that nextStep asked for reached nobody' }),
    channelData: channelDataSchema.optional(),
  })
  .superRefine((body, check) => {
    const given = [body.message, body.keys, body.silences, body.transferFailed].filter((field) => field !== undefined).length;
    if (given > 1) check.addIssue({ code: 'custom', path: ['message'], message: 'give one of message, keys, silences and transferFailed' });
    if (given === 0 && body.conversationId !== undefined)
      check.addIssue({
        code: 'custom',
        path: ['message'],
        message: 'a conversation goes on with message, keys, silences or transferFailed',
      });
    if (body.agentId === undefined && body.conversationId === undefined)
      check.addIssue({ code: 'custom', path: ['agentId'], message: 'name the agent that answers a new conversation' });
    if (body.channelData !== undefined && body.conversationId !== undefined)
      check.addIssue({ code: 'custom', path: ['channelData'], message: 'is given when a conversation begins, and stays' });
  })
  .openapi('ChatMessage');

/** What the agent is to answer. A new conversation without any input is opened by the agent. */
export function inputOf(body: z.infer<typeof chatBodySchema>, agent: AgentProfile): DialogInput {
  if (body.message !== undefined) return { kind: 'said', text: body.message, confidence: 1 };
  if (body.keys !== undefined) return { kind: 'dtmf', digits: body.keys };
  if (body.silences !== undefined)
    return { kind: 'no_input', count: body.silences, isLast: body.silences > agent.conversation.noInputPrompts };
  return body.transferFailed === true ? { kind: 'transfer_failed' } : { kind: 'call_opened' };
}

const nextStepSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('listen') }),
    z.object({
      kind: z.literal('transfer'),
      destination: z.string(),
      ringMs: z.number(),
      requiresKey: z.boolean().openapi({ description: 'Whether whoever answers must press a key before the two are connected' }),
      brief: z.string().nullable().openapi({ description: 'What whoever takes over is told first: who it is, what was settled' }),
    }),
    z.object({ kind: z.literal('end_call') }),
  ])
  .openapi('NextStep');
const slotsSchema = z.record(z.string(), z.string());
const noteSchema = z.object({ name: z.string(), fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])) });

const whoFields = { conversationId: z.string(), agentId: z.string(), agentVersion: z.int() } as const;

export const chatReplySchema = z
  .object({
    ...whoFields,
    turn: z.int().openapi({ description: 'Number of this reply, for its trace' }),
    reply: z.string(),
    node: z.string(),
    slots: slotsSchema,
    nextStep: nextStepSchema,
    notes: z.array(noteSchema).openapi({ description: 'What happened on the way: nodes entered, tools called, what was not understood' }),
    firstTextMs: z.number().nullable(),
    replyMs: z.number(),
  })
  .openapi('ChatReply');

export const conversationSchema = z
  .object({
    ...whoFields,
    node: z.string(),
    slots: slotsSchema,
    nextStep: nextStepSchema,
    summary: z.string().nullable().openapi({ description: 'What was said so long ago that the model is told no more than this of it' }),
    channelData: z.record(z.string(), z.string()),
    turns: z.array(
      z.object({
        seq: z.int(),
        role: z.enum(['caller', 'agent']),
        text: z.string(),
        input: z.enum(['text', 'dtmf']).nullable(),
        at: z.iso.datetime(),
      }),
    ),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Conversation');

export const chatParams = z.object({ conversationId: z.string().max(100) });
const seq = z.coerce.number().int().min(0).max(2_147_483_647);
export const chatTurnParams = chatParams.extend({ seq });
export const callTurnParams = z.object({ callId: z.string().max(100), seq });

export function chatReplyBody({ text, result, stagesMs, ...who }: ChatReply): z.infer<typeof chatReplySchema> {
  const { state, nextStep, notes } = result;
  return {
    ...who,
    reply: text,
    node: state.node,
    slots: { ...state.slots },
    nextStep,
    notes: [...notes].map(ownNote),
    ...roundedMs(stagesMs),
  };
}

/** The words of a fault may name the appliance's own servers. */
function ownNote<Note extends { readonly name: string; readonly fields: object }>(note: Note) {
  return note.name === 'model_failed' ? { name: note.name, fields: {} } : { name: note.name, fields: { ...note.fields } as Note['fields'] };
}

export function conversationBody({
  state,
  turns,
  createdAt,
  updatedAt,
  channelData,
  ...chat
}: ChatDetails): z.infer<typeof conversationSchema> {
  return {
    ...chat,
    node: state.node,
    slots: { ...state.slots },
    summary: state.summary ?? null,
    channelData: { ...channelData },
    turns: turns.map((turn) => ({ ...turn, at: turn.at.toISOString() })),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

/** To a tenth of a millisecond: what is behind it says nothing. */
function roundedMs({ firstTextMs, replyMs }: ChatReply['stagesMs']): ChatReply['stagesMs'] {
  const rounded = (ms: number): number => Math.round(ms * 10) / 10;
  return { firstTextMs: firstTextMs === null ? null : rounded(firstTextMs), replyMs: rounded(replyMs) };
}
