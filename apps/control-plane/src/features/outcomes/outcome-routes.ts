// What a call came to, over HTTP.
import { z } from '@hono/zod-openapi';
import { outcomeMethods, sentiments } from '#db/schema/call-outcomes.ts';
import { createRoutes } from '#http/app.ts';
import { json } from '#http/json-content.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { Outcome, Shown } from './outcome.ts';
import type { OutcomeState, OutcomeStore } from './outcome-store.ts';

/** What the routes read, and who may. */
export type OutcomeRouteParts = { readonly outcomes: OutcomeStore; readonly guards: Guards };

const turns = z.array(z.int()).openapi({ description: 'Numbers of the turns that show it' });
const shown = <Value extends z.ZodType>(value: Value) => z.object({ value, turns }).nullable();
const fieldValue = z.union([z.string(), z.number(), z.boolean()]);

const outcomeSchema = z
  .object({
    method: z.enum(outcomeMethods).openapi({ description: '`rules`: no language model is configured, or its answer could not be used' }),
    summary: shown(z.string()).openapi({ description: 'Without turns when it was made by rules: it says what happened and quotes nobody' }),
    sentiment: shown(z.enum(sentiments)),
    disposition: shown(z.string()),
    fields: z.array(z.object({ name: z.string(), value: fieldValue, turns })),
    notes: z.array(z.object({ about: z.string(), reason: z.string() })).openapi({ description: 'What was dropped, and why' }),
    madeAt: z.iso.datetime(),
  })
  .openapi('CallOutcome');
const states = ['pending', 'done', 'failed', 'none'] as const;
const answerSchema = z.object({
  callId: z.string(),
  state: z.enum(states),
  reason: z.string().nullable().openapi({ description: 'Why there is no outcome; null when there is one' }),
  outcome: outcomeSchema.nullable(),
});

export function createOutcomeRoutes({ outcomes, guards }: OutcomeRouteParts) {
  return createRoutes().openapi(getRoute(guards), async (context) => {
    const { callId } = context.req.valid('param');
    const found = isId('call', callId) ? await outcomes.find(context.get('scope'), callId) : null;
    if (!found) throw notFound('call');
    return context.json({ callId, state: found.kind, reason: reasonOf(found), outcome: found.kind === 'done' ? bodyOf(found) : null }, 200);
  });
}

function getRoute(guards: Guards) {
  return orgRoute(
    guards,
    { scope: 'calls:read' },
    {
      method: 'get',
      path: '/calls/{callId}/outcome',
      tags: ['Calls'],
      summary: 'What a call came to: fields, summary, sentiment and disposition, each with the turns that show it',
      description: 'Made once, seconds after the call. `pending` until then; `failed` when it was given up.',
      request: { params: z.object({ callId: z.string().max(100) }) },
      responses: { 200: json('The outcome, or why there is none', answerSchema) },
    },
  );
}

/** The words of a fault may name the appliance's own servers: they are for the admin. */
function reasonOf(state: OutcomeState): string | null {
  switch (state.kind) {
    case 'done':
      return null;
    case 'pending':
      return state.attempts === 0 ? 'the work has not begun yet' : `attempt ${state.attempts} is under way, or waits for the next one`;
    case 'failed':
      return `it was given up after ${state.attempts} attempts; the appliance's admin sees why under /admin/jobs, and can have it tried again`;
    case 'none':
      return 'the call is not over, was never answered, or is older than this work';
  }
}

function bodyOf({ outcome, madeAt }: Extract<OutcomeState, { kind: 'done' }>) {
  const { method, summary, sentiment, disposition, fields, notes }: Outcome = outcome;
  return {
    method,
    summary: mutable(summary),
    sentiment: mutable(sentiment),
    disposition: mutable(disposition),
    fields: fields.map((field) => ({ ...field, turns: [...field.turns] })),
    notes: [...notes],
    madeAt: madeAt.toISOString(),
  };
}

/** The port's lists are read-only and the schema's are not. */
function mutable<Value>(value: Shown<Value> | null): { value: Value; turns: number[] } | null {
  return value && { value: value.value, turns: [...value.turns] };
}
