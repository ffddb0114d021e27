// The stores behind the work after calls, composed: the queue that it waits in, what it comes to, and the contacts that it remembers.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { createContactMemoryStore } from '#features/contacts/contact-memory-store.ts';
import { createContactStore } from '#features/contacts/contact-store.ts';
import { createJobQueueStore } from '#features/jobs/job-queue-store.ts';
import { createOutcomeStore } from '#features/outcomes/outcome-store.ts';

export function createAfterCallStores({ database, audit }: { database: Database; audit: AuditTrail }) {
  return {
    jobQueue: createJobQueueStore(database),
    outcomes: createOutcomeStore(database),
    contacts: createContactStore({ database, audit }),
    contactMemory: createContactMemoryStore({ database, audit }),
  };
}
