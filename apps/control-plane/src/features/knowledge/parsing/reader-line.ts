// What the process that reads a document says, line by line. It has read what a stranger wrote, so even this is checked.
import { z } from 'zod';

export const readerLineSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('chunks'),
    chunks: z.array(z.object({ headings: z.array(z.string()).readonly(), text: z.string().min(1) })).readonly(),
  }),
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('refused'), reason: z.string().min(1).max(400) }),
]);
export type ReaderLine = z.infer<typeof readerLineSchema>;
