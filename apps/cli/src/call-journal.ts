// What the product recorded of a call, over the client API: who answered, what was said, and how each turn of the agent came about.
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { CommandFailure } from './command-failure.ts';
import { pathOf } from './command-group.ts';
import type { AgentReply } from './scenario-run.ts';

const callSchema = z.object({ callId: z.string(), agentId: z.string().nullable(), outcome: z.string().nullable() });
const turnSchema = z.object({ seq: z.int(), role: z.enum(['caller', 'agent']), text: z.string() });
const wholeSchema = z.object({ call: callSchema, turns: z.array(turnSchema) });
const traceSchema = z.object({
  node: z.string(),
  slots: z.record(z.string(), z.string()),
  nextStep: z.looseObject({ kind: z.string() }),
  notes: z.array(z.object({ name: z.string(), fields: z.record(z.string(), z.unknown()) })),
});

export type RecordedCall = z.infer<typeof callSchema>;
export type RecordedTurn = z.infer<typeof turnSchema>;

export type CallJournal = {
  /** The newest calls to a number, newest first. */
  newestTo(number: string): Promise<readonly RecordedCall[]>;
  /** A call, and what was said so far. */
  read(callId: string): Promise<{ readonly call: RecordedCall; readonly turns: readonly RecordedTurn[] }>;
  /** A turn of the agent as a reply: its words as they were heard, and where they led. */
  replyOf(callId: string, turn: RecordedTurn): Promise<AgentReply>;
};

/** More calls to one number do not begin between two looks at the list. */
const NEWEST = 50;

export function createCallJournal(api: ApiClient): CallJournal {
  return {
    async newestTo(number) {
      const query = { dialledNumber: number, sort: '-startedAt', limit: NEWEST };
      return parse(z.object({ calls: z.array(callSchema) }), (await api.get('/calls', query)).body).calls;
    },
    async read(callId) {
      return parse(wholeSchema, (await api.get(pathOf('/calls', callId))).body);
    },
    async replyOf(callId, { seq, text }) {
      const { body } = await api.get(`${pathOf('/calls', callId, 'turns')}/${seq}/trace`);
      return { reply: text, ...parse(traceSchema, body) };
    },
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(3, 'the API tells of a call in a form that is not known here: is this address a Centralita of this release?', {
    cause: parsed.error,
  });
}
