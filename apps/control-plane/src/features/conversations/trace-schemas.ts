// The trace of a turn on the wire: everything that was kept of it, but for the words of a fault, which may name the appliance's own servers.
import { z } from '@hono/zod-openapi';

const ms = z.number().nullable();
const noteValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const noteSchema = z.object({ name: z.string(), fields: z.record(z.string(), noteValue) });

const requestSchema = z.object({
  messages: z.array(z.looseObject({ role: z.string(), text: z.string() })),
  tools: z.array(z.string()).openapi({ description: 'Names of the tools that the model was offered' }),
  text: z.string(),
  inputTokens: z.int().nullable(),
  outputTokens: z.int().nullable(),
  firstPartMs: ms,
  ms: z.number(),
  failed: z.boolean().openapi({ description: 'Whether its answer was of no use: repaired, asked anew, or left to the flow' }),
});

const toolSchema = z.object({ name: z.string(), argumentsJson: z.string(), verdict: z.string(), text: z.string(), ms: z.number() });

export const traceSchema = z
  .object({
    seq: z.int(),
    fromNode: z.string(),
    node: z.string(),
    notes: z.array(noteSchema),
    nextStep: z.looseObject({ kind: z.string() }),
    slots: z.record(z.string(), z.string()),
    stagesMs: z.record(z.string(), ms),
    model: z
      .object({ answeredBy: z.enum(['model', 'flow']), requests: z.array(requestSchema), tools: z.array(toolSchema), ms: z.number() })
      .nullable()
      .openapi({ description: 'What the model was asked and what its tools did; null where none was asked' }),
  })
  .openapi('TurnTrace');

/** As it was stored: a model's failure in words. */
const storedSchema = z.looseObject({
  notes: z.array(noteSchema),
  model: z.looseObject({ requests: z.array(z.looseObject({ failure: z.string().nullable() })) }).nullable(),
});

/** A stored trace as its organization sees it. Throws when it is none. */
export function traceBody(seq: number, stored: unknown): z.infer<typeof traceSchema> {
  const { notes, model, ...rest } = storedSchema.parse(stored);
  const own = model && { ...model, requests: model.requests.map(({ failure, ...request }) => ({ ...request, failed: failure !== null })) };
  const shown = notes.map(({ name, fields }) => ({ name, fields: name === 'model_failed' ? {} : fields }));
  return traceSchema.parse({ ...rest, seq, notes: shown, model: own });
}
