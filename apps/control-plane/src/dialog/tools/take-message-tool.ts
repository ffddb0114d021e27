// Takes a message for the organization, for when nobody can be reached or nobody has to be. Every word of it is read out first: a document may have told
// the model what to write.
import { z } from 'zod';
import type { MessageBox } from '#ports/message-box.ts';
import { isSpanish } from '#shared/text-language.ts';
import { cleanText } from './quoted-text.ts';
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

type Arguments = z.infer<typeof argumentsSchema>;

/** Offers `take_message`. */
export function createTakeMessageTool(parts: { readonly messages: MessageBox }): Tool<Arguments> {
  return {
    name: 'take_message',
    description:
      'Records a message from the caller for the organization. Ask for the name and the message first; it is read back to the caller for you.',
    effect: 'guarded',
    arguments: argumentsSchema,
    budgetMs: BUDGET_MS,
    question: readOut,
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

/** All that would be written down: what was not read out, nobody agreed to. */
function readOut({ message, from, callbackNumber, urgent }: Arguments, language: string): string {
  const texts = isSpanish(language) ? SPANISH : ENGLISH;
  const parts = [
    `${texts.message} «${cleanText(message, MESSAGE_CHARACTERS_MAX)}»`,
    ...(from === undefined ? [] : [`${texts.from} ${cleanText(from, FROM_CHARACTERS_MAX)}`]),
    // Groups of three: a synthetic voice reads a long number as a quantity.
    ...(callbackNumber === undefined
      ? []
      : [`${texts.callback} ${callbackNumber.replaceAll(/[^0-9+]/g, '').replaceAll(/(\d{3})(?=\d)/g, '$1 ')}`]),
    ...(urgent ? [texts.urgent] : []),
  ];
  return `${parts.join(', ')}. ${texts.shallI}`;
}

const SPANISH = {
  message: 'Le leo el recado:',
  from: 'de parte de',
  callback: 'para llamar al',
  urgent: 'y es urgente',
  shallI: '¿Lo dejo así?',
};
const ENGLISH: typeof SPANISH = {
  message: 'This is the message:',
  from: 'from',
  callback: 'to be called back on',
  urgent: 'and it is urgent',
  shallI: 'Shall I leave it like that?',
};
