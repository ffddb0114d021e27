// What the calls of a twin organization leave: a contact, and the jobs that their ends left.
import { asc } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { jobs } from '#db/schema/jobs.ts';
import { noteContact } from '#features/contacts/contact-memory-store.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Adds a contact, and finds the jobs, in whatever state: where a worker runs it may have done them by now. */
export async function addTwinAfterCalls(database: Database, scope: OrgScope) {
  return await database.inOrg(scope, async (queries) => {
    const contactId = await noteContact(queries, scope, { number: '+34600000000', seenAt: new Date('2026-11-21T10:00:00Z') });
    const left = await queries.select({ jobId: jobs.id }).from(jobs).orderBy(asc(jobs.id));
    if (contactId === null || left.length === 0) throw new Error('the calls of a twin organization left no contact or no job');
    return { contactIds: [contactId], jobIds: left.map(({ jobId }) => jobId) };
  });
}

/** Adds a job that was given up, which may be asked for again, and returns its id. */
export async function addGivenUpJob(database: Database, scope: OrgScope, callId: string): Promise<string> {
  const id = newId('job');
  const job = { kind: 'call_outcome' as const, key: `again-${callId}`, payload: { callId }, attempts: 3, maxAttempts: 3 };
  await database.inOrg(scope, (queries) =>
    queries.insert(jobs).values({ orgId: scope.organizationId, id, ...job, state: 'dead', lastError: 'no model', endedAt: new Date() }),
  );
  return id;
}
