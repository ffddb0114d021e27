// Takes a message for the organization, for when nobody can be reached or nobody has to be.
import { z } from 'zod';
import type { MessageBox } from '#ports/message-box.ts';
import { isSpanish } from '#shared/text-language.ts';
import type { Tool } from './tool.ts';

/** The longest message: two minutes of speech are about 1,600 characters. */
const MESSAGE_CHARACTERS_MAX = 2_000;
const FROM_CHARACTERS_MAX = 120;
/** One row; a database that needs longer is away. */
const BUDGET_MS = 3_000;

const argumentsSchema = z.strictObject({
  message: z.string().trim().min(2).max(MESSAGE_CHARACTERS_MAX).describe('The message in the caller’s words'),
  from: z.string().trim().min(1).max(FROM_CHARACTERS_MAX).optional().describe('Who leaves it, as they said'),
  callbackNumber: z
    .string()
    .regex(/^\+?[0-9 ()-]{4,24}$/, 'a telephone number')
    .optional()
    .describe('Only when it is not the number that they call from'),
  urgent: z.boolean().default(false).describe('Only when the caller said that it is urgent'),
});

/** Offers `take_message`. */
export function createTakeMessageTool(parts: { readonly messages: MessageBox }): Tool<z.infer<typeof argumentsSchema>> {
  return {
    name: 'take_message',
    description: 'Records a message from the caller for the organization. Ask for the name and the message first, and read it back.',
    effect: 'write',
    arguments: argumentsSchema,
    budgetMs: BUDGET_MS,
    async run({ message, from, callbackNumber, urgent }, { scope, agentId, conversationId, callerNumber, language, signal }) {
      const taken = {
        scope,
        agentId,
        conversationId,
        from: from ?? null,
        callbackNumber: callbackNumber ?? callerNumber,
        text: message,
        isUrgent: urgent,
      };
      const { messageId } = await parts.messages.take(taken, { signal });
      const text = isSpanish(language) ? 'El recado quedó registrado. Dígalo.' : 'The message was recorded. Say so.';
      return { kind: 'done', text, facts: { message_id: messageId } };
    },
  };
}
