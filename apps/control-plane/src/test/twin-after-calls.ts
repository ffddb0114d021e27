// What the calls of a twin organization leave: a contact, and the jobs that their ends left.
import type { Database } from '#db/client.ts';
import { noteContact } from '#features/contacts/contact-memory-store.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Adds a contact, and finds the jobs. */
export async function addTwinAfterCalls(
  { database, askAdmin }: { database: Database; askAdmin: (path: string) => Promise<Record<string, unknown>> },
  scope: OrgScope,
) {
  const contactId = await database.inOrg(scope, (queries) =>
    noteContact(queries, scope, { number: '+34600000000', seenAt: new Date('2026-11-21T10:00:00Z') }),
  );
  const { jobs } = (await askAdmin(`/admin/jobs?state=ready&organizationId=${scope.organizationId}`)) as { jobs: { jobId: string }[] };
  if (contactId === null || jobs.length === 0) throw new Error('the calls of a twin organization left no contact or no job');
  return { contactIds: [contactId], jobIds: jobs.map(({ jobId }) => jobId) };
}
