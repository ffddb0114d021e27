// How a change of who may do what reaches every process that remembers the opposite: a notification in the transaction that makes it.
import { sql } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';

/** The channel of every change of tokens, organizations and plans. */
export const ACCESS_CHANGES = 'access_changes';

/** What changed. A token is named by its keyed hash, which opens nothing. */
export type AccessChange =
  | { readonly kind: 'token'; readonly mac: string }
  | { readonly kind: 'organization'; readonly organizationId: string }
  | { readonly kind: 'plan'; readonly planId: string };

/** Tells every process once the transaction has committed, and nobody when it has not. */
export async function announceAccessChange(queries: Queries, change: AccessChange): Promise<void> {
  await queries.execute(sql`select pg_notify(${ACCESS_CHANGES}, ${payloadOf(change)})`);
}

/** The change that a payload names; null when it is of a release that we do not know. */
export function parseAccessChange(payload: string): AccessChange | null {
  const [kind, id, ...rest] = payload.split(' ');
  if (!id || rest.length > 0) return null;
  if (kind === 'token') return { kind, mac: id };
  if (kind === 'organization') return { kind, organizationId: id };
  return kind === 'plan' ? { kind, planId: id } : null;
}

function payloadOf(change: AccessChange): string {
  switch (change.kind) {
    case 'token':
      return `token ${change.mac}`;
    case 'organization':
      return `organization ${change.organizationId}`;
    case 'plan':
      return `plan ${change.planId}`;
  }
}
