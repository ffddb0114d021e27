// POST /chat with an organization's token: one message, one reply, at once or as it is made.
import { z } from 'zod';
import { failureOf, refused, sendRequest } from './api-client.ts';
import type { ApiClientOptions } from './api-client.ts';
import { CommandFailure } from './command-failure.ts';
import { openOrganizationAccess } from './organization-access.ts';
import type { Terminal } from './terminal.ts';

const noteSchema = z.object({ name: z.string(), fields: z.record(z.string(), z.unknown()) });

/** What an agent replied. What else the API says is not looked at. */
export const replySchema = z.object({
  conversationId: z.string(),
  turn: z.number(),
  reply: z.string(),
  node: z.string(),
  slots: z.record(z.string(), z.string()),
  nextStep: z.looseObject({ kind: z.string() }),
  notes: z.array(noteSchema),
});
export type ChatReply = z.infer<typeof replySchema>;

/** What is said; nothing opens a conversation. */
export type ChatInput = {
  readonly message?: string;
  readonly keys?: string;
  readonly silences?: number;
  readonly transferFailed?: true;
};

export type ChatClient = {
  /** Says something, in a new conversation when `conversationId` is null. Words are handed over as they come where they are asked for. */
  send(to: { agentId: string; conversationId: string | null }, input: ChatInput, onText?: (text: string) => void): Promise<ChatReply>;
};

/** A turn may wait for a model and for tools. */
const TURN_TIMEOUT_MS = 60_000;

/** Opens the chat that this terminal has a token for. Throws saying how to give one. */
export async function openChatClient(terminal: Terminal, urlOption: string | undefined): Promise<ChatClient> {
  const how = 'centralita token create chat --org … --scope calls:write';
  return createChatClient(await openOrganizationAccess(terminal, urlOption, how));
}

function createChatClient(access: ApiClientOptions): ChatClient {
  const { url, credential } = access;
  return {
    async send({ agentId, conversationId }, input, onText) {
      const body = JSON.stringify({ ...(conversationId === null ? { agentId } : { conversationId }), ...input });
      const accept = onText ? 'text/event-stream' : 'application/json';
      const headers = { 'content-type': 'application/json', accept };
      const response = await sendRequest(access, '/chat', { method: 'POST', headers, body, timeoutMs: TURN_TIMEOUT_MS });
      try {
        if (!response.ok) throw refused(response, await response.text(), credential.hintAt401);
        const text = onText ? await readEvents(response, onText) : await response.text();
        return toReply(url, text);
      } catch (error) {
        throw failureOf(error, { ...access, timeoutMs: TURN_TIMEOUT_MS });
      }
    },
  };
}

/** Hands over the words of a stream and returns the data of its last event. Throws for a stream that ends with a problem or too early. */
async function readEvents(response: Response, onText: (text: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(bytes, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1] ?? '';
      if (event === 'delta') onText(deltaSchema.parse(JSON.parse(data)).text);
      if (event === 'problem') throw refused(response, data);
      if (event === 'done') return data;
    }
  }
  throw new CommandFailure(3, 'the reply ended before it was complete');
}

const deltaSchema = z.object({ text: z.string() });

function toReply(url: string, text: string): ChatReply {
  try {
    return replySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CommandFailure(3, `${url} answers no reply of an agent: is this address a Centralita of this release?`, { cause });
  }
}
