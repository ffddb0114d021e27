// Ends the call, once the goodbye was spoken.
import { z } from 'zod';
import { isSpanish } from '#shared/text-language.ts';
import type { Tool } from './tool.ts';

const argumentsSchema = z.strictObject({});

/** Offers `end_call`. */
export function createEndCallTool(): Tool<z.infer<typeof argumentsSchema>> {
  return {
    name: 'end_call',
    description: 'Ends the conversation after your goodbye. Use it only when the caller said goodbye or wants nothing more.',
    effect: 'read',
    arguments: argumentsSchema,
    budgetMs: 500,
    run: async (_, { language }) =>
      Promise.resolve({
        kind: 'done',
        text: isSpanish(language) ? 'Despídase en una frase; después se cuelga.' : 'Say goodbye in one sentence; then the call ends.',
        nextStep: { kind: 'end_call' },
      }),
  };
}
