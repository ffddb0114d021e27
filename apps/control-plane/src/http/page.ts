// Keyset pages: a cursor names the last row of a page, so that rows added meanwhile repeat nothing and skip nothing.
import { z } from '@hono/zod-openapi';
import type { AdminOrgScope, ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import { isId } from '#shared/id.ts';
import { parseJson } from '#shared/json-text.ts';
import { ProblemError } from './problem.ts';
import { findUnstorableText } from './storable-text.ts';

/** Rows of a page when none are asked for, and at most. */
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** The query of a list. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z.string().max(500).optional(),
});

/** The query of a list of the admin, who may look at one organization alone. */
export const adminPageQuerySchema = pageQuerySchema.extend({
  organizationId: z
    .string()
    .regex(/^org_[0-9a-f]{32}$/, "must be an organization's id")
    .optional(),
});

/** What the admin asked to see: every organization, or the one that the query names. */
export function readScopeOf(scope: ApplianceScope, organizationId: string | undefined): ApplianceScope | AdminOrgScope {
  return organizationId !== undefined && isId('organization', organizationId) ? onOrganization(scope, organizationId) : scope;
}

/** Cuts a page from rows that were read with `limit + 1`: the row too many tells whether another page follows. */
export function toPage<Row>(rows: readonly Row[], limit: number, positionOf: (last: Row) => Readonly<Record<string, unknown>>) {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { page, nextCursor: last === undefined ? null : toCursor(positionOf(last)) };
}

/** Makes the cursor of a position. It is opaque to the reader, and no secret. */
export function toCursor(position: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position that a cursor names, or null without one. Throws a problem for anything that no page of ours gave out. */
export function fromCursor<Position>(schema: z.ZodType<Position>, cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const position = parseJson(Buffer.from(cursor, 'base64url').toString());
  const parsed = schema.safeParse(position);
  if (parsed.success && !findUnstorableText(position)) return parsed.data;
  const fields = [{ path: 'cursor', message: 'must be the nextCursor of an earlier page' }];
  throw new ProblemError('invalid_request', 'query: 1 field(s) do not parse', { fields });
}
