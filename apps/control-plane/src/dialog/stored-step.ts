// What a turn led to, as it is read back out of the database.
import { z } from 'zod';

/** A `NextStep` that was stored. */
export const storedStepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('listen') }),
  z.object({
    kind: z.literal('transfer'),
    destination: z.string(),
    ringMs: z.number(),
    // Steps of before these existed have neither.
    requiresKey: z.boolean().default(false),
    brief: z.string().nullable().default(null),
  }),
  z.object({ kind: z.literal('end_call') }),
]);
