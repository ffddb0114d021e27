// Who configures what can be booked, and who books, take turns within an organization: no limit is overrun and no service goes while it is booked.
import { sql } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Waits until no other transaction changes the organization's services and staff, or books one of them. Held until this one ends. */
export async function lockCatalogue(queries: Queries, { organizationId }: OrgScope): Promise<void> {
  await queries.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`booking ${organizationId}`}, 0))`);
}

/** Waits for those who change services and staff, and makes them wait; others may book at the same time. */
export async function shareCatalogue(queries: Queries, { organizationId }: OrgScope): Promise<void> {
  await queries.execute(sql`select pg_advisory_xact_lock_shared(hashtextextended(${`booking ${organizationId}`}, 0))`);
}
