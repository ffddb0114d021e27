// How numbers look on the wire, for the routes of the admin and of their organization alike.
import { z } from '@hono/zod-openapi';
import type { ProblemError } from '#http/problem.ts';
import { notFound, unprocessable } from '#http/problem.ts';
import { DIALLED_NUMBER_ADVICE, DIALLED_NUMBER_FORM } from '#shared/dialled-number.ts';
import type { NumberChange, NumberSummary } from './number-store.ts';

const dialledNumber = z.string().regex(DIALLED_NUMBER_FORM, DIALLED_NUMBER_ADVICE).openapi({ example: '+34910000001' });
const agentId = z.string().max(100).openapi({ description: 'The agent that answers, of the same organization' });

export const newNumberSchema = z.strictObject({ number: dialledNumber, agentId }).openapi('NewNumber');
export const numberChangeSchema = z.strictObject({ agentId }).openapi('NumberChange');
export const numberParams = z.object({ numberId: z.string().max(100) });
export const numberSchema = z
  .object({ organizationId: z.string(), numberId: z.string(), number: z.string(), agentId: z.string(), createdAt: z.iso.datetime() })
  .openapi('Number');
export const numberPageSchema = z.object({ numbers: z.array(numberSchema), nextCursor: z.string().nullable() });
/** Where a page ends. */
export const numberPositionSchema = z.strictObject({ number: z.string().regex(DIALLED_NUMBER_FORM) });

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
