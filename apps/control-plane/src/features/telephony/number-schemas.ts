// How numbers look on the wire, for the routes of the admin and of their organization alike.
import { z } from '@hono/zod-openapi';
import type { ProblemError } from '#http/problem.ts';
import { notFound, unprocessable } from '#http/problem.ts';
import type { NumberChange, NumberSummary } from './number-store.ts';

const form = /^[+]?[0-9]{2,20}$/;

/** The form that the table itself demands. */
const dialledNumber = z
  .string()
  .regex(form, 'a number is E.164 such as +34910000001, or an extension: 2 to 20 digits, with or without + before them')
  .openapi({ example: '+34910000001' });
const agentId = z.string().max(100).openapi({ description: 'The agent that answers, of the same organization' });

export const newNumberSchema = z.strictObject({ number: dialledNumber, agentId }).openapi('NewNumber');
export const numberChangeSchema = z.strictObject({ agentId }).openapi('NumberChange');
export const numberParams = z.object({ numberId: z.string().max(100) });
export const numberSchema = z
  .object({ organizationId: z.string(), numberId: z.string(), number: z.string(), agentId: z.string(), createdAt: z.iso.datetime() })
  .openapi('Number');
export const numberPageSchema = z.object({ numbers: z.array(numberSchema), nextCursor: z.string().nullable() });
/** Where a page ends. */
export const numberPositionSchema = z.strictObject({ number: z.string().regex(form) });

/** A change is in the database at once; calls hear it when routing forgets what it remembered. */
export const heardWithin = 'Callers hear the change within 5 s. The telephone system needs no push: it hands every dialled number over.';

export function numberBody(number: NumberSummary) {
  return { ...number, createdAt: number.createdAt.toISOString() };
}

/** The number as it was changed; throws the problem when it was not. */
export function changedNumberBody(outcome: NumberChange) {
  if (outcome.kind === 'not_found') throw notFound('number');
  if (outcome.kind === 'agent_not_found') throw unknownAgent();
  return numberBody(outcome.number);
}

export function unknownAgent(): ProblemError {
  return unprocessable('agentId', 'the organization has no such agent');
}

/** A response or a request body of JSON. */
export function json<Schema extends z.ZodType>(text: string, schema: Schema) {
  return { description: text, content: { 'application/json': { schema } } };
}
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } };
}
