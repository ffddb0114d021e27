// What an organization has is not changed any more once its deletion was asked for: its export is made, and would not say so.
import { eq } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { organizations } from '#db/schema/organizations.ts';
import { deletionPending } from '#http/problem.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';

/**
 * Throws a problem when the organization waits to be deleted. If it does not, its deletion is not asked for until the transaction ends. Begin with it:
 * whoever locks the organization does so before anything else. Its owner is let pass without a look, because a token of such an organization opens nothing.
 */
export async function checkStays(queries: Queries, scope: OneOrganization): Promise<void> {
  if (!('kind' in scope)) return;
  const [owner] = await queries
    .select({ deletionRequestedAt: organizations.deletionRequestedAt })
    .from(organizations)
    .where(eq(organizations.id, scope.organizationId))
    .for('share');
  if (owner?.deletionRequestedAt) throw deletionPending();
}
