// Puts the caller through to a person. The channel rings; when nobody answers, the caller comes back to the dialog as `transfer_failed`.
import { z } from 'zod';
import { BRIEF_CHARACTERS_MAX, plainText } from '#dialog/transfer-brief.ts';
import { isSpanish } from '#shared/text-language.ts';
import type { Tool } from './tool.ts';

/** Somebody whom an agent may ring, as the organization named them. */
export type TransferDestination = {
  /** What the model chooses by, such as `reception`. */
  readonly name: string;
  /** A representative's extension. Never the model's choice: it would dial anything. */
  readonly destination: string;
  readonly ringMs: number;
  /** Whether whoever answers must press a key to be connected. */
  readonly requiresKey: boolean;
};

type Arguments = { readonly brief: string; readonly to?: string | undefined };

/** Offers `transfer_to_person`. Throws without a destination: an agent that can reach nobody is not offered it. */
export function createTransferToPersonTool(parts: { readonly destinations: readonly TransferDestination[] }): Tool<Arguments> {
  const [first] = parts.destinations;
  if (first === undefined) throw new Error('transfer_to_person needs at least one destination');
  const byName = new Map(parts.destinations.map((destination) => [destination.name, destination]));
  const brief = z
    .string()
    .trim()
    .min(2)
    .max(BRIEF_CHARACTERS_MAX)
    .describe('For the person who answers: who calls, what they want, what was settled. One or two sentences');
  const to = z.enum([...byName.keys()]).describe('Whom to ring');
  return {
    name: 'transfer_to_person',
    description: 'Puts the caller through to a person, when the caller asks for one or you cannot help. Say first that you are doing it.',
    // The ringing is the channel's, once, after the reply: asking again rings nobody twice, and after a failed transfer it must ring again.
    effect: 'read',
    arguments: byName.size > 1 ? z.strictObject({ to, brief }) : z.strictObject({ brief }),
    budgetMs: 500,
    async run(args, { language }) {
      const { destination, ringMs, requiresKey } = (args.to === undefined ? undefined : byName.get(args.to)) ?? first;
      return Promise.resolve({
        kind: 'done',
        text: isSpanish(language)
          ? 'Después de sus palabras suena el teléfono de esa persona. Diga que la comunica y nada más.'
          : 'That person’s phone rings after your words. Say that you are putting the caller through, and nothing else.',
        // Read out to that person and shown to no model again. Nothing but signs is no brief: then one is made of what is known.
        nextStep: { kind: 'transfer', destination, ringMs, requiresKey, brief: plainText(args.brief, BRIEF_CHARACTERS_MAX) || null },
      });
    },
  };
}
